"""Changing a password, choosing a new one by a mailed link, and proving an email address.

The links carry their token behind the `#`, which browsers send to no server: it is in no access
log, no Referer, and nothing that looks at the link in passing uses it up.
https://cheatsheetseries.owasp.org/cheatsheets/Forgot_Password_Cheat_Sheet.html
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from core.accounts.names import is_login
from core.accounts.passwords import Passwords
from core.accounts.tokens import token_hash
from core.config import Settings
from core.errors import Forbidden, InvalidInput, RateLimited, Unauthorized
from core.mail.letters import (
    Letter,
    confirm_address,
    made_admin,
    new_password,
    password_changed,
)
from core.mail.post import Post
from core.storage.database import Database, UnitOfWork
from core.storage.mailed import MailedLink, Purpose
from core.storage.users import User

if TYPE_CHECKING:
    from core.limits.limits import Limits

RESET_LIFE = timedelta(hours=1)
CONFIRM_LIFE = timedelta(days=3)

_ENDED = {
    "reset": "This link is not valid, or not any more: it works once, for an hour. Ask for a new "
    "one.",
    "confirm": "This link is not valid, or not any more: it works once, for three days. Ask for a "
    "new one.",
}


Know = Callable[[UnitOfWork, UUID], Awaitable[None]]
"""Notes that a person asks from where the request comes from."""


class Credentials:
    """What proves who somebody is, as it changes. Letters go by `post`."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        passwords: Passwords,
        post: Post,
        know: Know,
    ) -> None:
        self._settings = settings
        self._database = database
        self._passwords = passwords
        self._post = post
        self._know = know

    async def change(self, user: User, session: UUID | None, current: str, new: str) -> None:
        """Another password. Every other session, and every link to reset it, ends.

        Raises InvalidInput for a password that cannot be, Forbidden where the current one is wrong.
        """
        await self.prove(user, current)
        try:
            await self._passwords.check(new, user.email or "", user.username or "")
        except InvalidInput as error:
            raise InvalidInput(error.message.replace("password:", "new_password:", 1)) from None
        hash_ = await self._passwords.hash(new)
        async with self._database.begin() as uow:
            await uow.users.set_password(user.id, hash_)
            await uow.sessions.end_all(user.id, session)
            await uow.mailed.end(user.id, "reset")
            await uow.audit.note("password.changed", user.id)
        self._tell(user)

    async def strength(self, user: User, password: str) -> tuple[int, str]:
        """How hard a password of this person's would be to guess. As `Passwords.strength`."""
        return await self._passwords.strength(password, user.email or "", user.username or "")

    async def prove(self, user: User, password: str) -> None:
        """Has somebody who is logged in show that they know the password. Raises Forbidden."""
        if not await self._passwords.matches(password, user.password_hash):
            raise Forbidden("current_password: this is not your password.")

    def forgot(self, email: str, limits: Limits) -> None:
        """Has a link to choose a new password mailed, where there is an account with this address.

        At once: who is looked for, and whether they are found, takes place afterwards.
        """

        async def write() -> Letter | None:
            user = await self._with_address(email)
            if user is None or user.disabled_at is not None or not await _may_write(user, limits):
                return None
            link = await self._link(user, "reset", RESET_LIFE)
            assert user.email is not None  # noqa: S101 - it was found by it
            return new_password(user.email, user.username or "", link, self._settings.public_url)

        self._post.later(write)

    async def reset(self, token: str, password: str) -> None:
        """A new password by a mailed link. Every session, token and such link ends.

        Whoever has the link has the mailbox, so the address is theirs. Raises InvalidInput where
        the link is not valid or the password cannot be; the link works on in the second case.
        """
        async with self._database.read() as uow:
            link = await uow.mailed.get(token_hash(token), "reset")
            user = await uow.users.get(link.user_id) if link else None
        if user is None or not _is_good(link, user):
            raise InvalidInput(f"token: {_ENDED['reset']}")
        await self._passwords.check(password, user.email or "", user.username or "")
        hash_ = await self._passwords.hash(password)
        async with self._database.begin() as uow:
            # Of two at once, one gets it.
            link = await uow.mailed.use(token_hash(token), "reset")
            user = await uow.users.get(link.user_id) if link else None
            is_good = _is_good(link, user)
            if user is not None and is_good:
                await uow.users.set_password(user.id, hash_)
                await uow.users.prove_email(user.id)
                await uow.sessions.end_all(user.id)
                # Whoever got in, or registered somebody else's address, may have made one.
                await uow.personal.end_all(user.id)
                # Or guesses from elsewhere could keep them out, new password and all.
                await self._know(uow, user.id)
                await uow.mailed.end(user.id, "reset")
                await uow.audit.note("password.reset", user.id)
        if user is None or not is_good:
            raise InvalidInput(f"token: {_ENDED['reset']}")
        self._tell(user)

    def ask_to_confirm(self, user: User, limits: Limits | None = None) -> None:
        """Has a link mailed by which somebody proves that their address is theirs."""

        async def write() -> Letter | None:
            if user.email is None or (limits is not None and not await _may_write(user, limits)):
                return None
            link = await self._link(user, "confirm", CONFIRM_LIFE)
            return confirm_address(user.email, user.username or "", link, self._settings.public_url)

        if user.email is not None and user.email_verified_at is None:
            self._post.later(write)

    def tell_admin(self, user: User) -> None:
        """Has a letter say that they are the admin now."""

        async def write() -> Letter | None:
            if user.email is None:
                return None
            return made_admin(user.email, user.username or "", self._settings.public_url)

        self._post.later(write)

    async def confirm(self, token: str) -> User:
        """Notes that an address is its owner's, by the link that was mailed there.

        Raises InvalidInput where the link is not valid.
        """
        async with self._database.begin() as uow:
            link = await uow.mailed.use(token_hash(token), "confirm")
            user = await uow.users.get(link.user_id) if link else None
            is_good = _is_good(link, user)
            if user is not None and is_good:
                await uow.users.prove_email(user.id)
                await uow.mailed.end(user.id, "confirm")
                await uow.audit.note("email.confirmed", user.id)
                user = await uow.users.get(user.id)
        if user is None or not is_good:
            raise InvalidInput(f"token: {_ENDED['confirm']}")
        return user

    async def _with_address(self, email: str) -> User | None:
        email = email.strip()
        if "@" not in email or not is_login(email):
            return None
        async with self._database.read() as uow:
            return await uow.users.by_login(email)

    async def _link(self, user: User, purpose: Purpose, life: timedelta) -> str:
        token = secrets.token_urlsafe(32)
        async with self._database.begin() as uow:
            if not await uow.users.hold(user.id):
                raise Unauthorized("This account does not exist any more.")
            ends = datetime.now(UTC) + life
            email = user.email or ""
            await uow.mailed.add(MailedLink(token_hash(token), user.id, purpose, email, ends))
        return f"{self._settings.public_url}/{purpose}#token={token}"

    def _tell(self, user: User) -> None:
        async def write() -> Letter | None:
            if user.email is None:
                return None
            return password_changed(user.email, user.username or "", self._settings.public_url)

        self._post.later(write)


def _is_good(link: MailedLink | None, user: User | None) -> bool:
    """Whether a link still says something: of an address that is still this person's."""
    return (
        link is not None
        and user is not None
        and user.disabled_at is None
        and link.email == user.email
        and link.expires_at > datetime.now(UTC)
    )


async def _may_write(user: User, limits: Limits) -> bool:
    """Whether somebody has had few letters: nobody is to be buried under them."""
    try:
        await limits.hit("mail", user.email or "")
    except RateLimited:
        return False
    return True
