"""What admins see and change of people, and what they chose for the whole server."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.cursors import Place
from core.storage.account_tables import instance
from core.storage.sought import words_of
from core.storage.tables import users
from core.storage.upsert import upsert
from core.storage.users import User, user_of


class PeopleTable:
    """`users`, as admins see it, and `instance`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def page(self, words: str, before: Place | None, limit: int) -> list[User]:
        """Accounts whose address or name holds every word, newest first."""
        query = select(users).where(or_(users.c.email.is_not(None), users.c.username.is_not(None)))
        for word in words_of(words):
            query = query.where(
                or_(
                    func.lower(users.c.email).contains(word, autoescape=True),
                    func.lower(users.c.username).contains(word, autoescape=True),
                )
            )
        if before is not None:
            created, last = before
            query = query.where(
                or_(
                    users.c.created_at < created,
                    and_(users.c.created_at == created, users.c.id < last),
                )
            )
        query = query.order_by(users.c.created_at.desc(), users.c.id.desc()).limit(limit)
        return [user_of(row) for row in await self._connection.execute(query)]

    async def count(self) -> tuple[int, int, int]:
        """How many accounts there are; of them, the admins, and those that are switched off."""
        query = select(
            func.count(),
            func.count().filter(users.c.role == "admin", users.c.disabled_at.is_(None)),
            func.count().filter(users.c.disabled_at.is_not(None)),
        ).where(or_(users.c.email.is_not(None), users.c.username.is_not(None)))
        every, admins, off = (await self._connection.execute(query)).one()
        return int(every), int(admins), int(off)

    async def names(self, ids: list[UUID]) -> dict[UUID, str]:
        """The usernames of these people; somebody known from chat alone has none."""
        query = select(users.c.id, users.c.username).where(users.c.id.in_(ids))
        rows = (await self._connection.execute(query)).all() if ids else []
        return {row.id: row.username for row in rows if row.username}

    async def admins(self) -> set[UUID]:
        """The admins whose accounts are on; that stays so until the transaction ends."""
        query = select(users.c.id).where(users.c.role == "admin", users.c.disabled_at.is_(None))
        rows = await self._connection.execute(query.order_by(users.c.id).with_for_update())
        return {row.id for row in rows}

    async def oldest(self, but: UUID) -> User | None:
        """The account that is on and was made first, this one aside."""
        query = select(users).where(
            or_(users.c.email.is_not(None), users.c.username.is_not(None)),
            users.c.disabled_at.is_(None),
            users.c.id != but,
        )
        query = query.order_by(users.c.created_at, users.c.id).limit(1)
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else user_of(row)

    async def change(self, user_id: UUID, **values: Any) -> None:
        """Sets columns of a person."""
        await self._connection.execute(update(users).where(users.c.id == user_id).values(**values))

    async def chosen(self, name: str) -> Any:
        """What was chosen for the whole server under this name; None where nothing was."""
        query = select(instance.c.value).where(instance.c.name == name)
        return (await self._connection.execute(query)).scalar_one_or_none()

    async def choose(self, name: str, value: Any) -> None:
        """Keeps what was chosen."""
        await self._connection.execute(
            upsert(self._connection)(instance)
            .values(name=name, value=value)
            .on_conflict_do_update(index_elements=["name"], set_={"value": value})
        )
