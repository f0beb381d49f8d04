"""One-time codes by which somebody connects Notion from chat: `connect_codes`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.connection_tables import connect_codes as table
from core.storage.upsert import upsert


@dataclass(frozen=True, slots=True)
class ConnectCode:
    """A code, as kept: its hash, never itself.

    It stands for the chat identity that asked, by the request kept in `request`; `shared` where it
    connects Notion for everybody in that identity's workspace. `browser` is the hash of what the
    first browser that opened it has.
    """

    hash: str
    identity_id: UUID
    shared: bool
    request: dict[str, Any]
    expires_at: datetime
    browser: str | None = None
    used_at: datetime | None = None


class ConnectCodeTable:
    """`connect_codes`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, code: ConnectCode) -> None:
        """Keeps a code, and ends the unused ones before it; the same one again changes nothing."""
        await self._connection.execute(
            delete(table).where(
                table.c.identity_id == code.identity_id,
                table.c.shared == code.shared,
                table.c.used_at.is_(None),
                table.c.hash != code.hash,
            )
        )
        await self._connection.execute(
            upsert(self._connection)(table)
            .values(
                hash=code.hash,
                identity_id=code.identity_id,
                shared=code.shared,
                request=code.request,
                expires_at=code.expires_at,
                created_at=datetime.now(UTC),
            )
            .on_conflict_do_nothing()
        )

    async def get(self, hash_: str) -> ConnectCode | None:
        """The code with this hash."""
        columns = (
            table.c.hash,
            table.c.identity_id,
            table.c.shared,
            table.c.request,
            table.c.expires_at,
            table.c.browser,
            table.c.used_at,
        )
        row = (
            await self._connection.execute(select(*columns).where(table.c.hash == hash_))
        ).one_or_none()
        return None if row is None else ConnectCode(*row)

    async def bind(self, hash_: str, browser: str) -> bool:
        """Has no other browser use the code from now on; False where another one was first."""
        ours = or_(table.c.browser.is_(None), table.c.browser == browser)
        done = await self._connection.execute(
            update(table)
            .where(table.c.hash == hash_, ours)
            .values(browser=browser)
            .returning(table.c.hash)
        )
        return bool(done.all())

    async def use(self, hash_: str) -> bool:
        """Uses a code up; False where that was done before."""
        done = await self._connection.execute(
            update(table)
            .where(table.c.hash == hash_, table.c.used_at.is_(None))
            .values(used_at=datetime.now(UTC))
            .returning(table.c.hash)
        )
        return bool(done.all())

    async def forget(self, before: datetime) -> None:
        """Deletes codes that ended before this moment."""
        await self._connection.execute(delete(table).where(table.c.expires_at < before))
