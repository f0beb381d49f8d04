"""Personal access tokens: what people give to their programs instead of a password.

One does what its scopes say, until it ends, and makes no other. It is shown once and kept as a
hash; its prefix lets scanners of source code find one that has leaked.
https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partnership-program/secret-scanning-partner-program
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from core.accounts.tokens import token_hash
from core.errors import Conflict, InvalidInput, NotFound, Unauthorized
from core.storage.database import Database
from core.storage.sessions import PersonalToken
from core.storage.users import User

PREFIX = "na_"

SCOPES = {
    "content:read": "read my history, and export it",
    "content:write": "write texts, and remove them",
    "notion": "save to Notion, and see where to",
    "account": "read who I am, and what I spent",
}
"""Every scope, with what it lets a program do."""

LONGEST_DAYS = 365
MOST = 50
"""Tokens of one person."""

_HINT = len(PREFIX) + 4
_USED_EVERY = timedelta(minutes=1)
"""How exact `last_used_at` is: one write a minute, not one a request."""


class PersonalTokens:
    """Makes, knows and ends them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, user_id: UUID, name: str, scopes: Collection[str], days: int
    ) -> tuple[PersonalToken, str]:
        """A new one, good for 1 to 365 days, and the token itself, which is kept nowhere.

        Raises InvalidInput for a scope or an end that cannot be, Conflict where there are 50.
        """
        unknown = sorted(set(scopes) - SCOPES.keys())
        if unknown or not scopes:
            raise InvalidInput(f"scopes: choose some of {', '.join(SCOPES)}.")
        if not 1 <= days <= LONGEST_DAYS:
            raise InvalidInput(f"expires_in_days: choose 1 to {LONGEST_DAYS}.")
        secret = f"{PREFIX}{secrets.token_urlsafe(32)}"
        now = datetime.now(UTC)
        token = PersonalToken(
            id=uuid4(),
            name=name.strip(),
            hint=secret[:_HINT],
            scopes=tuple(each for each in SCOPES if each in scopes),
            expires_at=now + timedelta(days=days),
            last_used_at=None,
            created_at=now,
        )
        async with self._database.begin() as uow:
            if not await uow.users.hold(user_id):
                raise Unauthorized("This account does not exist any more.")
            if len(await uow.personal.of(user_id)) >= MOST:
                raise Conflict(f"You have {MOST} tokens. Remove one first.")
            await uow.personal.add(user_id, token_hash(secret), token)
            await uow.audit.note("token.made", user_id, target=token.name)
        return token, secret

    async def of(self, user_id: UUID) -> list[PersonalToken]:
        """A person's tokens, newest first."""
        async with self._database.read() as uow:
            return await uow.personal.of(user_id)

    async def remove(self, user_id: UUID, token_id: UUID) -> None:
        """Ends one at once. Raises NotFound where they have no such."""
        async with self._database.begin() as uow:
            token = await uow.personal.delete(user_id, token_id)
            if token is None:
                raise NotFound("You have no such token. `GET /auth/tokens` lists yours.")
            await uow.audit.note("token.removed", user_id, target=token.name)

    async def caller(self, secret: str) -> tuple[User, PersonalToken]:
        """Whose token it is. Raises Unauthorized where it is none, or has ended."""
        async with self._database.read(once=True) as uow:
            found = await uow.personal.caller(token_hash(secret))
        now = datetime.now(UTC)
        if found is None or found[1].expires_at <= now:
            raise Unauthorized("This token is not valid, or not any more. Make a new one.")
        last = found[1].last_used_at
        if last is None or now - last > _USED_EVERY:
            async with self._database.begin() as uow:
                await uow.personal.used(found[1].id)
        return found
