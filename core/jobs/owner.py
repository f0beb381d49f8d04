"""Who owns the work: one process a SQLite file, one numbered slot a process on PostgreSQL.

A process that dies keeps its work under its slot's name. Whoever takes the slot next carries it on;
where nobody does, a janitor in another process sees that the slot's lock is free and takes the work
over. https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import structlog

from core.errors import Conflict, Misconfigured, Unavailable

log = structlog.get_logger(__name__)

LOCK_CLASS = 0x4E41
"""Our advisory locks' first key, apart from anybody else's in the same database."""

SLOTS = 256
CHECK_SECONDS = 5.0


class Owner(Protocol):
    """A claim on work. `executor` is the name the work is kept under."""

    executor: str

    async def gone(self, executors: set[str]) -> list[str]:
        """Those of these executors that no living process owns, held until `release`."""
        ...

    async def release(self, executors: list[str]) -> None:
        """Lets go of what `gone` held."""
        ...

    async def close(self) -> None:
        """Gives the claim up."""
        ...


class FileOwner:
    """The one owner of a SQLite file.

    A file lock ends with its process, however that ends.
    """

    executor = "local"

    def __init__(self, path: Path) -> None:
        from filelock import FileLock

        self._path = path
        self._lock = FileLock(path)

    def claim(self) -> None:
        """Makes the folder where there is none, for this person's eyes alone.

        Raises Conflict where another process owns the file, Misconfigured where the folder cannot
        be made or written.
        """
        from filelock import Timeout

        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout:
            raise Conflict(
                "Another Notion Assistant is running on this data, and SQLite has one owner at a "
                "time. Use that one, stop it, or set DATABASE_URL to PostgreSQL."
            ) from None
        except OSError as error:
            raise Misconfigured(
                f"The folder {self._path.parent} cannot be written: {error.strerror}. Give "
                "yourself the right to, or choose another: DATABASE_URL=sqlite:////path/name.db"
            ) from None

    async def gone(self, executors: set[str]) -> list[str]:  # noqa: ARG002 - the port's signature
        """None: there is but one owner."""
        return []

    async def release(self, executors: list[str]) -> None:
        """Nothing is ever held."""

    async def close(self) -> None:
        """Gives the file up."""
        self._lock.release()


class SlotOwner:
    """A numbered slot in PostgreSQL, held by an advisory lock on a connection of its own.

    Should the connection drop, others may take the slot and its work, so `lost` is called and the
    process has to end.
    """

    def __init__(self, url: str, lost: Callable[[], None]) -> None:
        self._url = url.replace("postgresql+asyncpg://", "postgresql://", 1)
        self._lost = lost
        self._connection: Any = None
        self._pulse: asyncio.Task[None] | None = None
        # A connection takes one question at a time, and raises where it is asked a second.
        self._turn = asyncio.Lock()
        self.executor = ""

    async def claim(self) -> None:
        """Takes the first free slot. Raises Unavailable where there is none or no database."""
        import asyncpg

        try:
            self._connection = await asyncpg.connect(self._url, timeout=10, command_timeout=10)
        except (OSError, TimeoutError, asyncpg.PostgresError) as error:
            raise Unavailable(
                "PostgreSQL cannot be reached. Check DATABASE_URL, and that the server runs."
            ) from error
        for slot in range(SLOTS):
            if await self._try(slot):
                self.executor = f"slot-{slot}"
                self._connection.add_termination_listener(lambda _: self._lost())
                self._pulse = asyncio.create_task(self._check())
                return
        raise Unavailable(f"All {SLOTS} slots of this database are taken by running processes.")

    async def _try(self, slot: int) -> bool:
        async with self._turn:
            taken: bool = await self._connection.fetchval(
                "SELECT pg_try_advisory_lock($1, $2)", LOCK_CLASS, slot
            )
        return taken

    async def _check(self) -> None:
        # A connection that fell silent is lost too, though no one says so.
        import asyncpg

        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                async with self._turn:
                    await self._connection.fetchval("SELECT 1")
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                self._lost()
                return

    async def gone(self, executors: set[str]) -> list[str]:
        """Executors whose slot's lock is free: their process is gone."""
        found: list[str] = []
        try:
            for executor in sorted(executors - {self.executor}):
                name, _, number = executor.partition("-")
                if name == "slot" and number.isdigit() and await self._try(int(number)):
                    found.append(executor)
        except BaseException:
            await self.release(found)
            raise
        return found

    async def release(self, executors: list[str]) -> None:
        """Lets go of the slots that `gone` held."""
        for executor in executors:
            async with self._turn:
                await self._connection.execute(
                    "SELECT pg_advisory_unlock($1, $2)", LOCK_CLASS, int(executor.partition("-")[2])
                )

    async def close(self) -> None:
        """Gives the slot up."""
        self._lost = _nothing
        if self._pulse is not None:
            self._pulse.cancel()
        if self._connection is not None:
            await self._connection.close(timeout=5)


def _nothing() -> None:
    """Nobody minds the end of a connection that was closed on purpose."""


def end_process() -> None:
    """Ends the process at once: its slot is lost, and another may be carrying on its work."""
    log.error("the lock on this process's work was lost; ending, so that nothing is done twice")
    os._exit(70)
