"""The connection to SQLite or PostgreSQL, and the unit of work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from pathlib import Path
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from core.errors import Unavailable
from core.storage.announced import AnnouncedTable, WebhookTable
from core.storage.audit import AuditTable
from core.storage.connect_codes import ConnectCodeTable
from core.storage.connections import ConnectionTable
from core.storage.content import ContentTable
from core.storage.destinations import AdditionTable, DestinationTable, RouteTable
from core.storage.followed import FollowedTable
from core.storage.heartbeats import HeartbeatTable
from core.storage.inbox import InboxTable
from core.storage.installations import InstallationTable
from core.storage.links import BroughtTable, LinkTable, RatingTable
from core.storage.mailed import MailedLinkTable
from core.storage.messages import MessageTable
from core.storage.pace import PaceTable
from core.storage.people import PeopleTable
from core.storage.readers import Readers
from core.storage.sessions import PersonalTokenTable, SessionTable
from core.storage.spending import SpendingTable
from core.storage.sqlite import PATIENCE, Checkpoints, spare_visits
from core.storage.tokens import IdempotencyTable, TokenTable
from core.storage.users import UserTable

CONNECTIONS = 10
"""PostgreSQL connections a process keeps at most."""

FILES = 4
"""The same for a SQLite file, where one writes at a time."""

READERS = 2
"""Beside those, connections to the file for single statements that read, and again as many for
brief ones."""


class UnitOfWork:
    """The repositories, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.users = UserTable(connection)
        self.links = LinkTable(connection)
        self.brought = BroughtTable(connection)
        self.ratings = RatingTable(connection)
        self.content = ContentTable(connection)
        self.destinations = DestinationTable(connection)
        self.routes = RouteTable(connection)
        self.additions = AdditionTable(connection)
        self.inbox = InboxTable(connection)
        self.messages = MessageTable(connection)
        self.followed = FollowedTable(connection)
        self.heartbeats = HeartbeatTable(connection)
        self.tokens = TokenTable(connection)
        self.sessions = SessionTable(connection)
        self.personal = PersonalTokenTable(connection)
        self.mailed = MailedLinkTable(connection)
        self.audit = AuditTable(connection)
        self.people = PeopleTable(connection)
        self.spending = SpendingTable(connection)
        self.installations = InstallationTable(connection)
        self.idempotency = IdempotencyTable(connection)
        self.connections = ConnectionTable(connection)
        self.announced = AnnouncedTable(connection)
        self.pace = PaceTable(connection)
        self.webhooks = WebhookTable(connection)
        self.connect_codes = ConnectCodeTable(connection)


class Database:
    """One database. `begin` is a write transaction, committed when the block ends."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)
        self._brief = self.engine.execution_options(brief=True)
        self._reading = self.engine.execution_options(reads=True)
        self._reading_once = _once(self.engine)
        is_file = self.engine.dialect.name == "sqlite"
        self._readers = Readers(self._reading_once, READERS) if is_file else None
        brief = self._reading_once.execution_options(brief=True)
        self._brief_readers = Readers(brief, READERS) if is_file else None
        self._brief_writer = Readers(self._brief, 1) if is_file else None
        self._pinging: asyncio.Future[None] | None = None
        self._writing = asyncio.Lock() if is_file else None
        self.checkpoints = Checkpoints(self._reading_once, self._writing or nullcontext())

    @asynccontextmanager
    async def begin(self, *, brief: bool = False) -> AsyncIterator[UnitOfWork]:
        """A unit of work. An error inside takes everything back.

        Never hold one open across a call to a provider, Notion or a platform. Raises Unavailable
        where the database cannot be reached. `brief`: it finds and writes single rows by their
        keys and waits for nothing else, so that SQLite does it in the loop's own thread.
        """
        engine = self._brief if brief else self.engine
        with _told():
            await self._turn()
            try:
                async with self._writer(engine, brief) as connection, connection.begin():
                    yield UnitOfWork(connection)
            finally:
                if self._writing is not None:
                    self._writing.release()
        self.checkpoints.count()

    def _writer(
        self, engine: AsyncEngine, brief: bool
    ) -> AbstractAsyncContextManager[AsyncConnection]:
        # One that stays open: to give it back takes a turn of the loop, while others would wait.
        return self._brief_writer.take() if brief and self._brief_writer else engine.connect()

    async def _turn(self) -> None:
        """Waits for those who came before to have written. Raises TimeoutError.

        SQLite alone knows no turns: somebody might wait until it gives up, and whoever finds it
        taken would take it for long too, as they would have to wait in a thread.
        """
        if self._writing is None:
            return
        # A lock that is free may be for somebody who waits: then it is not had at once either.
        async with asyncio.timeout(PATIENCE / 1000):
            await self._writing.acquire()

    @asynccontextmanager
    async def read(self, *, once: bool = False, brief: bool = False) -> AsyncIterator[UnitOfWork]:
        """A unit of work that only reads, and so waits for no writer. Raises Unavailable.

        With `once` it is a single statement, which needs no transaction around it: on PostgreSQL
        that is one message to the server in place of three. Each further one would see what was
        written meanwhile. With `brief` it is one too, and finds few rows by their keys, so that
        SQLite does it in the loop's own thread.
        """
        with _told():
            async with self._reader(once, brief) as connection:
                yield UnitOfWork(connection)

    def _reader(self, once: bool, brief: bool) -> AbstractAsyncContextManager[AsyncConnection]:
        if not once and not brief:
            return self._reading.connect()
        readers = self._brief_readers if brief else self._readers
        return readers.take() if readers else self._reading_once.connect()

    async def ping(self) -> None:
        """Raises Unavailable where the database does not answer.

        Many who ask at once ask once: a flood of probes is no load.
        """
        if self._pinging is None or self._pinging.done():
            self._pinging = asyncio.ensure_future(self._ping())
        # Whoever leaves takes the answer from nobody else.
        await asyncio.shield(self._pinging)

    async def _ping(self) -> None:
        try:
            async with self.engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError) as error:
            raise Unavailable("The database does not answer.", retry_after=5) from error

    async def close(self) -> None:
        """Lets go of every connection."""
        await self.checkpoints.end()
        if self._readers is not None:
            await self._readers.close()
        if self._brief_readers is not None:
            await self._brief_readers.close()
        if self._brief_writer is not None:
            await self._brief_writer.close()
        await self.engine.dispose()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, OSError, NoConnectionFree) as error:
        if isinstance(error, DBAPIError) and not _is_lost(error):
            raise
        raise Unavailable(
            "The database cannot be reached. Try again in a moment.", retry_after=5
        ) from error


def _once(engine: AsyncEngine) -> AsyncEngine:
    if engine.dialect.name == "sqlite":
        return engine.execution_options(reads="once")
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _is_lost(error: DBAPIError) -> bool:
    return error.connection_invalidated or type(error).__name__ in (
        "OperationalError",
        "InterfaceError",
    )


def _engine(url: str) -> AsyncEngine:
    if not url.startswith("sqlite"):
        return create_async_engine(
            # Every other client says `sslmode`; this one calls the same thing `ssl`.
            url.replace("sslmode=", "ssl="),
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=10,
            pool_pre_ping=True,
            hide_parameters=True,
        )
    Path(url.partition(":///")[2]).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Each is a thread: opening one takes as long as ten queries, so none is closed again, and the
    # same ones are used as long as they do.
    engine = create_async_engine(
        url,
        pool_size=FILES + 2 * READERS + 1,
        max_overflow=0,
        pool_use_lifo=True,
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        # Readers go on while one writes; a commit is safe when the process dies.
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute(f"PRAGMA busy_timeout={PATIENCE}")
        # They are made apart: a commit is not to wait for the disk.
        cursor.execute("PRAGMA wal_autocheckpoint=0")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    spare_visits(engine.sync_engine)
    return engine
