"""Registering, logging in, staying logged in, leaving."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Any
from uuid import UUID, uuid4

from core.accounts.admin import Admin
from core.accounts.allowance import Allowances
from core.accounts.credentials import Credentials
from core.accounts.keys import derived_key
from core.accounts.names import checked_email, checked_username, is_login
from core.accounts.passwords import Passwords
from core.accounts.personal import PREFIX, PersonalTokens
from core.accounts.sessions import Sessions
from core.accounts.tokens import (
    ACCESS_SECONDS,
    REFRESH_DAYS,
    AccessTokens,
    new_refresh_token,
    token_hash,
)
from core.accounts.usage import Usage
from core.config import LOCAL_HOSTS, Settings
from core.errors import DISABLED, Forbidden, InvalidInput, Unauthorized
from core.mail.post import Post
from core.messages import WEB, Sender
from core.origin import origin
from core.ports import Forget, nothing_more
from core.preferences import Choices
from core.storage.connections import Holder
from core.storage.connections import Row as Connection
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
    session: UUID
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


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and by what: a session, or a token of theirs that may do no more than `scopes`."""

    user: User
    session: UUID | None = None
    scopes: tuple[str, ...] | None = None


class Accounts:
    """People's accounts.

    `forget` has the work engine forget requests. `cost` is bcrypt's; only a test lowers it. `post`
    sends letters.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        forget: Forget = nothing_more,
        cost: int | None = None,
        post: Post | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._forget = forget
        self._passwords = Passwords(cost or settings.bcrypt_cost)
        self.post = post or Post(settings)
        self.credentials = Credentials(settings, database, self._passwords, self.post, self._know)
        self.sessions = Sessions(database)
        self.admin = Admin(database, own=settings.local and settings.host in LOCAL_HOSTS)
        self.allowances = Allowances(database, settings.prices)
        self.usage = Usage(database, settings.prices)
        self.personal = PersonalTokens(database)

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
            role = "admin" if await self._is_first(uow) else "member"
            user = await uow.users.add(email, username, hash_, role)
            await uow.audit.note("account.registered", user.id)
            session = await self._login(uow, user)
        self.credentials.ask_to_confirm(user)
        return session

    async def _is_first(self, uow: UnitOfWork) -> bool:
        """Whether whoever registers now runs this server: on their own machine, before others.

        On a server that others reach, whoever is quickest may be anybody: an admin is made there by
        `notion-assistant admin`.
        """
        own = self._settings.local and self._settings.host in LOCAL_HOSTS
        return own and not await uow.users.any_account()

    async def login(self, login: str, password: str) -> Session:
        """A session for the person with this email address or username.

        Raises Unauthorized, in the same words and after the same time whether or not there is such
        an account, and Forbidden where the password is right and the account switched off.
        """
        user = await self.find(login)
        same = await self._passwords.matches(password, user.password_hash if user else None)
        if user is None or not same:
            raise Unauthorized("The email address, username or password is wrong.")
        if user.disabled_at is not None:
            raise Forbidden(DISABLED)
        anew = None
        if self._passwords.is_outdated(user.password_hash or ""):
            anew = await self._passwords.hash(password)
        async with self._database.begin() as uow:
            if anew is not None:
                await uow.users.replace_hash(user.id, user.password_hash, anew)
            await uow.audit.note("login", user.id)
            return await self._login(uow, user)

    async def find(self, login: str) -> User | None:
        """The person with this email address or username; only for what they are not told of."""
        if not is_login(login):
            return None
        async with self._database.read() as uow:
            return await uow.users.by_login(login)

    async def is_known(self, user: User | None, device: str | None = None) -> bool:
        """Whether whoever asks comes from where this person has logged in, or with their session.

        `device` is a refresh token that the browser shows.
        """
        whose = user.id if user else uuid4()
        async with self._database.read() as uow:
            known = await uow.sessions.knows(whose, self._address_hash(whose))
            shown = await uow.tokens.get(token_hash(device or ""))
        return known or (shown is not None and shown.user_id == whose)

    async def admit(self, user_id: UUID) -> Session:
        """A session for somebody who has proven elsewhere who they are.

        Raises Unauthorized where they were erased, or the account is switched off.
        """
        async with self._database.begin() as uow:
            user = _welcome(await uow.users.get(user_id))
            await uow.audit.note("login", user.id)
            return await self._login(uow, user)

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
        if user is None or user.disabled_at or known.expires_at <= datetime.now(UTC):
            return None
        return await self._session(uow, user, known.family)

    def _address_hash(self, user_id: UUID) -> str:
        """A person's address as it is kept: for a comparison, and for nothing else."""
        told = f"{user_id} {origin().address}".encode()
        return hmac.new(self._address_key, told, "sha256").hexdigest()

    @cached_property
    def _address_key(self) -> bytes:
        return derived_key(self._settings.secret_keys[0], "known-address")

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
        if user is None or user.disabled_at is not None:
            return None
        is_old = known.expires_at - now < timedelta(days=REFRESH_DAYS) - ROTATED_AFTER
        if known.used_at is None and is_old and await uow.tokens.use(hash_):
            new = await self._session(uow, user, known.family)
            return Resumed(user, known.family, new.access_token, new.expires_in, new.refresh_token)
        here = origin()
        await uow.sessions.use(known.family, user.id, here.shortened, here.summary)
        access_token = self._tokens.issue(user.id, known.family)
        return Resumed(user, known.family, access_token, ACCESS_SECONDS, None)

    async def logout(self, token: str) -> None:
        """Ends the session this refresh token belongs to. One that is not known changes nothing."""
        async with self._database.read(once=True) as uow:
            known = await uow.tokens.get(token_hash(token))
        if known is None:
            return  # a writer would have to wait for the others
        async with self._database.begin() as uow:
            await uow.tokens.end_family(known.family)

    def verify(self, access_token: str) -> UUID:
        """Whose access token this is, by its signature alone. Raises Unauthorized."""
        return self._tokens.verify(access_token)[0]

    async def person(self, access_token: str) -> User:
        """The person behind an access token of a session. As `caller`."""
        caller = await self.caller(access_token)
        if caller.scopes is not None:
            raise Unauthorized("This takes an access token of a session. Log in.")
        return caller.user

    async def caller(self, token: str) -> Caller:
        """Who is behind an access token, or a personal token.

        Raises Unauthorized where the token is none or has ended, its session has, the account is
        switched off, or the person was erased.
        """
        if token.startswith(PREFIX):
            user, personal = await self.personal.caller(token)
            return Caller(_welcome(user), scopes=personal.scopes)
        user_id, session_id = self._tokens.verify(token)
        async with self._database.read(once=True) as uow:
            found = await uow.sessions.caller(user_id, session_id)
        caller = Caller(_welcome(found and found[0]), found and found[1])
        # An earlier release's token names no session. It lives for a quarter of an hour.
        if session_id is not None and caller.session is None:
            raise Unauthorized("This session has ended. Log in again.")
        return caller

    async def me(self, user_id: UUID) -> Profile:
        """All that is known of a person. Raises Unauthorized where they were erased."""
        async with self._database.read() as uow:
            user = _known(await uow.users.get(user_id))
            known = await uow.users.identities(user_id)
            notion = await uow.connections.of(Holder(user_id))
            connections = [] if notion is None else [_connection(notion)]
            return Profile(user, known, connections, preferences=user.preferences)

    async def change(
        self,
        user_id: UUID,
        username: str | None,
        preferences: Choices,
        providers: Collection[str] = (),
    ) -> Profile:
        """Changes what is named, and says how the person stands then.

        A preference that is None is taken back; they must have been checked before. `providers`
        are the server's, where any changes. Raises InvalidInput for a username that cannot be,
        Conflict where it is taken, Unauthorized where they were erased.
        """
        name = None if username is None else checked_username(username)
        async with self._database.begin() as uow:
            _known(await uow.users.get(user_id))
            if name is not None:
                await uow.users.rename(user_id, name)
                await uow.audit.note("username.changed", user_id, target=name)
            if preferences:
                await uow.users.change_preferences(user_id, preferences, providers)
                await uow.audit.note("settings.changed", user_id, target=", ".join(preferences))
        return await self.me(user_id)

    async def erase(self, user_id: UUID) -> None:
        """Forgets a person and everything of theirs, at once and for good.

        Raises Conflict where no admin would be left for the accounts that stay.
        """
        async with self._database.begin() as uow:
            heir = await self.admin.hand_over(uow, user_id)
            senders = [
                Sender(known.platform, known.external_id, workspace=known.workspace)
                for known in await uow.users.identities(user_id)
            ]
            requests = await uow.inbox.erase(user_id, [Sender(WEB, str(user_id)), *senders])
            await uow.audit.erase(user_id)
            await uow.connections.forget(senders)
            await uow.users.delete(user_id)
            await uow.audit.note("account.erased", None)
        if heir is not None:
            self.credentials.tell_admin(heir)
        await self._forget(requests)

    async def _login(self, uow: UnitOfWork, user: User) -> Session:
        """A new session, from an address that is known from now on."""
        await self._know(uow, user.id)
        return await self._session(uow, user, uuid4())

    async def _know(self, uow: UnitOfWork, user_id: UUID) -> None:
        """Notes that this person asks from here, which guesses from elsewhere do not close."""
        if origin().address:
            await uow.sessions.know(user_id, self._address_hash(user_id))

    async def _session(self, uow: UnitOfWork, user: User, family: UUID) -> Session:
        refresh_token = new_refresh_token()
        ends = datetime.now(UTC) + timedelta(days=REFRESH_DAYS)
        await uow.tokens.add(
            RefreshToken(token_hash(refresh_token), family, user.id, ends, used_at=None)
        )
        here = origin()
        await uow.sessions.use(family, user.id, here.shortened, here.summary)
        access_token = self._tokens.issue(user.id, family)
        return Session(user, access_token, ACCESS_SECONDS, refresh_token)


async def _checked(check: Callable[[str], str], text: str) -> None:
    check(text)


def _connection(row: Connection) -> dict[str, Any]:
    """What of a connection is no secret."""
    return {
        "service": "notion",
        "name": row.name,
        "owner": row.owner,
        "since": row.created_at.isoformat(),
        "lost": row.lost_at is not None,
    }


def _welcome(user: User | None) -> User:
    known = _known(user)
    if known.disabled_at is not None:
        raise Unauthorized(DISABLED)
    return known


def _known(user: User | None) -> User:
    if user is None:
        raise Unauthorized("This account does not exist any more.")
    return user
