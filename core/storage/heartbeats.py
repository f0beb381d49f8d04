"""When each long connection was last known to be alive: `heartbeats`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.tables import heartbeats as table
from core.storage.upsert import upsert


class HeartbeatTable:
    """`heartbeats`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, name: str) -> datetime | None:
        """When it was last alive; None where it never was."""
        query = select(table.c.seen_at).where(table.c.name == name)
        return (await self._connection.execute(query)).scalar_one_or_none()

    async def keep(self, name: str, at: datetime) -> None:
        """Notes that it was alive at this moment; an earlier one changes nothing."""
        insert = upsert(self._connection)(table).values(name=name, seen_at=at)
        await self._connection.execute(
            insert.on_conflict_do_update(
                index_elements=["name"], set_={"seen_at": at}, where=table.c.seen_at < at
            )
        )
