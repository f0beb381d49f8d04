"""Registering, logging in, staying logged in, leaving."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Any
from uuid import UUID, uuid4

from core.accounts.names import checked_email, checked_username, is_login
from core.accounts.passwords import COST, Passwords
from core.accounts.tokens import (
    ACCESS_SECONDS,
    REFRESH_DAYS,
    AccessTokens,
    new_refresh_token,
    token_hash,
)
from core.config import Settings
from core.errors import InvalidInput, Unauthorized
from core.messages import WEB, Sender
from core.ports import Forget, nothing_more
from core.storage.database import Database, UnitOfWork
from core.storage.tokens import RefreshToken
from core.storage.users import Identity, User

ROTATED_AFTER = timedelta(days=1)
"""How long a browser keeps a refresh token."""

TABS = timedelta(minutes=1)
"""How long the token before it is taken from a browser whose other tab was given a new one."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is logged in. `expires_in` is the access token's life in seconds.

    The refresh token gives the next session, once, within 30 days.
    """

    user: User
    access_token: str = field(repr=False)
    expires_in: int
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Resumed:
    """Somebody whose browser is still logged in.

    `refresh_token` takes the place of the one that was shown, for another 30 days; None where that
    one goes on.
    """

    user: User
    access_token: str = field(repr=False)
    expires_in: int
    refresh_token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Profile:
    """A person, who they are on each platform, what they connected and what they prefer."""

    user: User
    identities: list[Identity]
    connections: list[dict[str, Any]] = field(default_factory=list)
    preferences: dict[str, Any] = field(default_factory=dict)


class Accounts:
    """People's accounts.

    `forget` has the work engine forget requests. `cost` is bcrypt's; only a test lowers it.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        forget: Forget = nothing_more,
        cost: int = COST,
    ) -> None:
        self._settings = settings
        self._database = database
        self._forget = forget
        self._passwords = Passwords(cost)

    @cached_property
    def _tokens(self) -> AccessTokens:
        # At first use: a process that serves no HTTP needs no SECRET_KEY.
        return AccessTokens(self._settings.secret_keys, self._settings.public_url)

    async def register(self, email: str, username: str, password: str) -> Session:
        """A new account, logged in.

        Raises InvalidInput, naming each field, and Conflict where the address or the name is taken.
        """
        wrong = []
        for check in (
            partial(_checked, checked_email, email),
            partial(_checked, checked_username, username),
            partial(self._passwords.check, password, email, username),
        ):
            try:
                await check()
            except InvalidInput as error:
                wrong.append(error.message)
        if wrong:
            raise InvalidInput(" ".join(wrong))
        email, username = checked_email(email), checked_username(username)
        hash_ = await self._passwords.hash(password)
        async with self._database.begin() as uow:
            user = await uow.users.add(email, username, hash_)
            return await self._session(uow, user, uuid4())

    async def login(self, login: str, password: str) -> Session:
        """A session for the person with this email address or username.

        Raises Unauthorized, in the same words and after the same time whether or not there is such
        an account.
        """
        user = await self._by_login(login) if is_login(login) else None
        same = await self._passwords.matches(password, user.password_hash if user else None)
        if user is None or not same:
            raise Unauthorized("The email address, username or password is wrong.")
        async with self._database.begin() as uow:
            return await self._session(uow, user, uuid4())

    async def admit(self, user_id: UUID) -> Session:
        """A session for somebody who has proven elsewhere who they are.

        Raises Unauthorized where they were erased.
        """
        async with self._database.begin() as uow:
            return await self._session(uow, _known(await uow.users.get(user_id)), uuid4())

    async def refresh(self, token: str) -> Session:
        """The next session. A refresh token works once; its use again ends every one after it.

        Raises Unauthorized where the token is not known, has ended, or was used before.
        """
        async with self._database.begin() as uow:
            session = await self._next_session(uow, token_hash(token))
        # Raised outside, so that the end of a family is committed.
        if session is None:
            raise Unauthorized("This refresh token is not valid any more. Log in again.")
        return session

    async def _next_session(self, uow: UnitOfWork, hash_: str) -> Session | None:
        known = await uow.tokens.get(hash_)
        if known is None:
            return None
        if known.used_at is not None or not await uow.tokens.use(hash_):
            # Two hold the same token, and one of them has stolen it (RFC 9700, 4.14.2).
            await uow.tokens.end_family(known.family)
            return None
        user = await uow.users.get(known.user_id)
        if user is None or known.expires_at <= datetime.now(UTC):
            return None
        return await self._session(uow, user, known.family)

    async def resume(self, token: str) -> Resumed:
        """The next access token for a browser, whose tabs show the same refresh token at once.

        Unlike `refresh` it uses the token up only once it is a day old. For a minute after that it
        still gives access tokens, and no refresh token: other tabs had sent it already. Raises
        Unauthorized where the token is not known or has ended; shown later than that minute, it
        has been stolen, and every session that came of the same login ends.
        """
        async with self._database.begin() as uow:
            resumed = await self._resumed(uow, token_hash(token))
        # Raised outside, so that the end of a family is committed.
        if resumed is None:
            raise Unauthorized("You are not logged in any more. Log in again.")
        return resumed

    async def _resumed(self, uow: UnitOfWork, hash_: str) -> Resumed | None:
        known, now = await uow.tokens.get(hash_), datetime.now(UTC)
        if known is None or known.expires_at <= now:
            return None
        if known.used_at is not None and now - known.used_at > TABS:
            await uow.tokens.end_family(known.family)
            return None
        user = await uow.users.get(known.user_id)
        if user is None:
            return None
        is_old = known.expires_at - now < timedelta(days=REFRESH_DAYS) - ROTATED_AFTER
        if known.used_at is None and is_old and await uow.tokens.use(hash_):
            new = await self._session(uow, user, known.family)
            return Resumed(user, new.access_token, new.expires_in, new.refresh_token)
        return Resumed(user, self._tokens.issue(user.id), ACCESS_SECONDS, None)

    async def logout(self, token: str) -> None:
        """Ends the session this refresh token belongs to. One that is not known changes nothing."""
        async with self._database.begin() as uow:
            known = await uow.tokens.get(token_hash(token))
            if known is not None:
                await uow.tokens.end_family(known.family)

    def verify(self, access_token: str) -> UUID:
        """Whose access token this is. Raises Unauthorized."""
        return self._tokens.verify(access_token)

    async def person(self, access_token: str) -> User:
        """The person behind an access token. Raises Unauthorized, also once they are erased."""
        user_id = self.verify(access_token)
        async with self._database.read() as uow:
            return _known(await uow.users.get(user_id))

    async def me(self, user_id: UUID) -> Profile:
        """All that is known of a person. Raises Unauthorized where they were erased."""
        async with self._database.read() as uow:
            user = _known(await uow.users.get(user_id))
            known = await uow.users.identities(user_id)
            return Profile(user, known, preferences=user.preferences)

    async def change(
        self, user_id: UUID, username: str | None, preferences: Mapping[str, str | None]
    ) -> Profile:
        """Changes what is named, and says how the person stands then.

        A preference that is None is taken back; they must have been checked before. Raises
        InvalidInput for a username that cannot be, Conflict where it is taken, Unauthorized where
        they were erased.
        """
        name = None if username is None else checked_username(username)
        async with self._database.begin() as uow:
            _known(await uow.users.get(user_id))
            if name is not None:
                await uow.users.rename(user_id, name)
            if preferences:
                await uow.users.change_preferences(user_id, dict(preferences))
        return await self.me(user_id)

    async def erase(self, user_id: UUID) -> None:
        """Forgets a person and everything of theirs, at once and for good."""
        async with self._database.begin() as uow:
            senders = [
                Sender(known.platform, known.external_id, workspace=known.workspace)
                for known in await uow.users.identities(user_id)
            ]
            requests = await uow.inbox.erase(user_id, [Sender(WEB, str(user_id)), *senders])
            await uow.users.delete(user_id)
        await self._forget(requests)

    async def _by_login(self, login: str) -> User | None:
        async with self._database.read() as uow:
            return await uow.users.by_login(login)

    async def _session(self, uow: UnitOfWork, user: User, family: UUID) -> Session:
        refresh_token = new_refresh_token()
        ends = datetime.now(UTC) + timedelta(days=REFRESH_DAYS)
        await uow.tokens.add(
            RefreshToken(token_hash(refresh_token), family, user.id, ends, used_at=None)
        )
        return Session(user, self._tokens.issue(user.id), ACCESS_SECONDS, refresh_token)


async def _checked(check: Callable[[str], str], text: str) -> None:
    check(text)


def _known(user: User | None) -> User:
    if user is None:
        raise Unauthorized("This account does not exist any more.")
    return user
