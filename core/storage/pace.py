"""How many requests of the last minute each connection to Notion made: `notion_pace`.

For several processes without Redis. Requests are counted by the second they were made in, so a
minute holds no more than it may, and a place comes free a second late at most. A door that is
closed is a row of its own: its second is when it opens.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.connection_tables import notion_pace as table
from core.storage.upsert import upsert


class PaceTable:
    """`notion_pace`. A key has 64 characters at most; `now` is in epoch seconds."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def made(
        self, budget: str, keys: Sequence[str], window: int, now: float
    ) -> dict[str, tuple[int, float]]:
        """How many each of these counted in `window` seconds, and the seconds until the oldest is
        out of it. Nobody else counts for this budget until the unit ends.
        """
        if self._connection.dialect.name == "postgresql":
            # One at a time for each budget; a write transaction on SQLite is alone anyhow.
            lock = text("SELECT pg_advisory_xact_lock(hashtext(:key))")
            await self._connection.execute(lock, {"key": budget})
        mine = table.c.key.in_(keys)
        old = delete(table).where(mine, table.c.second <= int(now) - window)
        await self._connection.execute(old)
        counted = select(table.c.key, func.sum(table.c.used), func.min(table.c.second))
        found = await self._connection.execute(counted.where(mine).group_by(table.c.key))
        return {key: (int(used), oldest + window + 1 - now) for key, used, oldest in found}

    async def one_more(self, key: str, now: float) -> None:
        """Counts one."""
        row = upsert(self._connection)(table).values(key=key, second=int(now), used=1)
        await self._connection.execute(
            row.on_conflict_do_update(
                index_elements=["key", "second"], set_={"used": table.c.used + 1}
            )
        )

    async def close(self, door: str, seconds: float, now: float) -> None:
        """Has a door be closed for so long."""
        row = upsert(self._connection)(table).values(key=door, second=ceil(now + seconds), used=0)
        await self._connection.execute(row.on_conflict_do_nothing())

    async def closed(self, doors: Sequence[str], now: float) -> float:
        """The seconds until all of these doors are open; 0 where they are."""
        mine = table.c.key.in_(doors)
        found = await self._connection.execute(select(func.max(table.c.second)).where(mine))
        until = found.scalar()
        if until is None:
            return 0.0
        if until > now:
            return float(until - now)
        await self._connection.execute(delete(table).where(mine, table.c.second <= int(now)))
        return 0.0
