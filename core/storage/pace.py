"""How many requests of the last minute each connection to Notion made: `notion_pace`.

For several processes without Redis. Requests are counted by the second they were made in, so a
minute holds no more than it may, and a place comes free a second late at most.
"""

from __future__ import annotations

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.connection_tables import notion_pace as table
from core.storage.upsert import upsert


class PaceTable:
    """`notion_pace`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def take(self, key: str, at_most: int, window: int, now: float) -> float:
        """Takes a place among `at_most` in `window` seconds and returns 0, or returns the seconds
        until there is one. `now` is in epoch seconds; `key` names the budget in 64 characters.
        """
        if self._connection.dialect.name == "postgresql":
            # One at a time for each budget; a write transaction on SQLite is alone anyhow.
            lock = text("SELECT pg_advisory_xact_lock(hashtext(:key))")
            await self._connection.execute(lock, {"key": key})
        second = int(now)
        mine = table.c.key == key
        old = delete(table).where(mine, table.c.second <= second - window)
        await self._connection.execute(old)
        counted = select(func.coalesce(func.sum(table.c.used), 0), func.min(table.c.second))
        used, oldest = (await self._connection.execute(counted.where(mine))).one()
        if used >= at_most:
            return float(max(oldest + window + 1 - now, 0.05))
        one_more = upsert(self._connection)(table).values(key=key, second=second, used=1)
        await self._connection.execute(
            one_more.on_conflict_do_update(
                index_elements=["key", "second"], set_={"used": table.c.used + 1}
            )
        )
        return 0.0
