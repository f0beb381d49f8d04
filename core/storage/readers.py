"""Connections to a SQLite file that stay open, for reading by single statements.

To take a connection from SQLAlchemy's pool, begin, end and give it back takes as long as the
statement itself. A single statement needs none of that: it sees one state of the file anyway, and
between two of them nothing is held, so whoever writes waits for nobody.
https://www.sqlite.org/isolation.html
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

WAIT_SECONDS = 10.0
"""For which somebody waits until one is free."""


class Readers:
    """At most so many. Each is a thread, and stays open until `close`, or an error."""

    def __init__(self, engine: AsyncEngine, most: int) -> None:
        self._engine = engine
        self._free: list[AsyncConnection] = []
        self._places = asyncio.Semaphore(most)

    @asynccontextmanager
    async def take(self) -> AsyncIterator[AsyncConnection]:
        """One of them. Raises TimeoutError where none becomes free in time."""
        if self._places.locked():
            async with asyncio.timeout(WAIT_SECONDS):
                await self._places.acquire()
        else:
            await self._places.acquire()
        try:
            connection = self._free.pop() if self._free else await self._engine.connect()
            try:
                yield connection
            except BaseException:
                # Whatever state it is in; whoever leaves may have left a statement running.
                await asyncio.shield(connection.close())
                raise
            self._free.append(connection)
        finally:
            self._places.release()

    async def close(self) -> None:
        """Closes those that nobody uses."""
        while self._free:
            await self._free.pop().close()
