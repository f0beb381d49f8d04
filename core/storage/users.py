"""People, and who they are on each platform."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, Table, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Conflict, Unavailable
from core.messages import Sender
from core.preferences import Choices, together
from core.storage.kept import found
from core.storage.tables import identities, users
from core.storage.upsert import upsert


@dataclass(frozen=True, slots=True)
class User:
    """A person. `email` is None for somebody known from chat alone.

    `preferences` is what they chose for themselves, by name. `role` is "member" or "admin".
    `disabled_at` is when an admin switched the account off. `allowance` is how many tokens a month
    are theirs, and `allowance_dollars` how many US dollars, where that is not what everybody has.
    """

    id: UUID
    email: str | None
    username: str | None
    password_hash: str | None
    created_at: datetime
    preferences: dict[str, Any] = field(default_factory=dict)
    role: str = "member"
    disabled_at: datetime | None = None
    email_verified_at: datetime | None = None
    allowance: int | None = None
    allowance_dollars: float | None = None

    @property
    def proven_email(self) -> str | None:
        """The address, where they have shown that it is theirs: the one to be trusted."""
        return self.email if self.email_verified_at is not None else None

    @property
    def has_account(self) -> bool:
        """Whether they can log in; somebody known from chat alone cannot."""
        return self.email is not None or self.username is not None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a person is on one platform."""

    id: UUID
    platform: str
    workspace: str
    external_id: str
    name: str
    created_at: datetime


class UserTable:
    """`users` and `identities`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(
        self,
        email: str | None,
        username: str | None,
        password_hash: str | None,
        role: str = "member",
    ) -> User:
        """A new person. Raises Conflict where the email or the username is taken."""
        user = User(uuid4(), email, username, password_hash, datetime.now(UTC), role=role)
        try:
            async with self._connection.begin_nested():
                await self._connection.execute(
                    insert(users).values(
                        id=user.id,
                        email=email,
                        username=username,
                        password_hash=password_hash,
                        created_at=user.created_at,
                        role=role,
                    )
                )
        except IntegrityError as error:
            raise Conflict("That email address or username is taken. Log in instead?") from error
        return user

    async def settle(self, user_id: UUID, email: str | None, username: str) -> None:
        """Makes a person known from chat alone an account, whose address is known to be theirs.

        Raises Conflict as `add` does.
        """
        proven = None if email is None else datetime.now(UTC)
        try:
            async with self._connection.begin_nested():
                await self._connection.execute(
                    update(users)
                    .where(users.c.id == user_id)
                    .values(email=email, username=username, email_verified_at=proven)
                )
        except IntegrityError as error:
            raise Conflict("That email address or username is taken. Log in instead?") from error

    async def get(self, user_id: UUID) -> User | None:
        """The person with this id."""
        row = await self._connection.execute(found(users.c.id), {"key": user_id})
        return _user(row.one_or_none())

    async def any_account(self) -> bool:
        """Whether anybody has an account here."""
        query = select(users.c.id).where(users.c.username.is_not(None)).limit(1)
        return (await self._connection.execute(query)).first() is not None

    async def hold(self, user_id: UUID) -> bool:
        """Whether there is this person; they cannot be erased before the transaction ends."""
        return (await self._connection.execute(_HELD, {"key": user_id})).first() is not None

    async def by_login(self, login: str) -> User | None:
        """The person with this email address or username, whatever its case."""
        name = login.strip().lower()
        row = await self._connection.execute(
            select(users).where(
                or_(func.lower(users.c.email) == name, func.lower(users.c.username) == name)
            )
        )
        return _user(row.first())

    async def of(self, sender: Sender) -> User:
        """The person behind a chat identity, made known if this is their first word."""
        known = await self.find(sender)
        if known is not None:
            return known
        user = User(uuid4(), None, None, None, datetime.now(UTC))
        new = {"id": user.id, "created_at": user.created_at, "role": user.role}
        await self._connection.execute(_NEW, new)
        identity = {
            "id": uuid4(),
            "user_id": user.id,
            "platform": sender.platform,
            "workspace": sender.workspace,
            "external_id": sender.id,
            "name": sender.name[:128],
            "created_at": user.created_at,
        }
        done = await self._connection.execute(_identified(upsert(self._connection)), identity)
        if done.first() is not None:
            return user
        # Their first two words came at once, and the other one was quicker.
        await self._connection.execute(delete(users).where(users.c.id == user.id))
        known = await self.find(sender)
        if known is None:
            raise Unavailable("Somebody else is writing that just now. Try again in a moment.")
        return known

    async def find(self, sender: Sender) -> User | None:
        """The person behind a chat identity; None before their first word."""
        asked = {"platform": sender.platform, "workspace": sender.workspace, "key": sender.id}
        return _user((await self._connection.execute(_FOUND, asked)).one_or_none())

    async def identities(self, user_id: UUID) -> list[Identity]:
        """Who this person is on each platform, oldest first."""
        rows = await self._connection.execute(
            select(
                identities.c.id,
                identities.c.platform,
                identities.c.workspace,
                identities.c.external_id,
                identities.c.name,
                identities.c.created_at,
            )
            .where(identities.c.user_id == user_id)
            .order_by(identities.c.created_at)
        )
        return [Identity(*row) for row in rows]

    async def prefer(self, user_id: UUID, preferences: dict[str, Any]) -> None:
        """Keeps what a person chose for themselves, in place of what they chose before."""
        await self._connection.execute(
            update(users).where(users.c.id == user_id).values(preferences=preferences)
        )

    async def change_preferences(
        self, user_id: UUID, changes: Choices, providers: Collection[str]
    ) -> None:
        """Keeps some of a person's choices beside the others; None takes one back.

        `providers` are the server's, in its order: what goes with them changes too (`together`).
        """
        query = select(users.c.preferences).where(users.c.id == user_id).with_for_update()
        before = (await self._connection.execute(query)).scalar_one_or_none() or {}
        after = {**before, **together(before, changes, providers)}
        kept = {name: value for name, value in after.items() if value is not None}
        await self.prefer(user_id, kept)

    async def rename(self, user_id: UUID, username: str) -> None:
        """Gives a person another username. Raises Conflict where it is taken."""
        try:
            async with self._connection.begin_nested():
                await self._connection.execute(
                    update(users).where(users.c.id == user_id).values(username=username)
                )
        except IntegrityError as error:
            raise Conflict("That username is taken. Choose another one.") from error

    async def set_password(self, user_id: UUID, password_hash: str) -> None:
        """Keeps another hash."""
        await self._set(user_id, password_hash=password_hash)

    async def replace_hash(self, user_id: UUID, before: str | None, after: str) -> None:
        """Keeps another hash of the same password, unless that was changed meanwhile."""
        await self._connection.execute(
            update(users)
            .where(users.c.id == user_id, users.c.password_hash == before)
            .values(password_hash=after)
        )

    async def prove_email(self, user_id: UUID) -> None:
        """Notes that the address is theirs; the first time counts."""
        now = func.coalesce(users.c.email_verified_at, datetime.now(UTC))
        await self._set(user_id, email_verified_at=now)

    async def _set(self, user_id: UUID, **values: Any) -> None:
        await self._connection.execute(update(users).where(users.c.id == user_id).values(**values))

    async def delete(self, user_id: UUID) -> None:
        """Forgets a person and everything of theirs."""
        await self._connection.execute(delete(users).where(users.c.id == user_id))


# SQLite has one writer at a time anyway.
_HELD = found(users.c.id, users.c.id).with_for_update(read=True, key_share=True)
_NEW = insert(users)
_FOUND = (
    select(users)
    .join(identities, identities.c.user_id == users.c.id)
    .where(
        identities.c.platform == bindparam("platform"),
        identities.c.workspace == bindparam("workspace"),
        identities.c.external_id == bindparam("key"),
    )
)


@cache
def _identified(insert: Callable[[Table], Any]) -> Any:
    """A new identity, unless there is one; gives its id where it is new."""
    return insert(identities).on_conflict_do_nothing().returning(identities.c.id)


def user_of(row: Iterable[Any]) -> User:
    """The person in a row of `users`."""
    return User(*row)


def _user(row: Row[Any] | None) -> User | None:
    return None if row is None else user_of(tuple(row))
