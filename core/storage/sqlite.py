"""SQLite's driver, with fewer visits to a connection's thread.

aiosqlite runs each call in the connection's own thread, and SQLAlchemy makes four for a query:
a cursor, the query, its rows, the cursor's end; three more begin a transaction. On a busy server
each visit waits for the interpreter's lock twice, which takes longer than the query does. Here a
statement with its rows is one visit, and a transaction begins in that of its first statement.

A brief transaction makes no visit at all: SQLite finds or writes a row in some 20 µs, a tenth of
what a visit takes, so that is done in the loop's own thread. It never waits there: where
something else is being written it goes to the connection's thread after all, and a commit does not
wait for the disk, as only a checkpoint does, which is made apart.

https://aiosqlite.omnilib.dev/en/stable/
https://docs.sqlalchemy.org/en/21/core/events.html#sqlalchemy.events.DialectEvents.do_connect
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection as Transaction
from sqlalchemy import Engine, event
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.util import EMPTY_DICT

log = structlog.get_logger(__name__)

PATIENCE = 10_000
"""Milliseconds to wait for others who write."""

WRITES = "BEGIN IMMEDIATE"

COMMITS = 150
"""From one checkpoint to the next: about the thousand pages after which SQLite itself makes one."""

LONG = 5_000
"""Pages of the log, 20 MB, after which those who write wait for a checkpoint."""


@dataclass(slots=True)
class _Done:
    """What a cursor says once its statement has run."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    arraysize: int = 1

    def close(self) -> None:
        """The cursor was closed where it ran."""


def _done(*known: Any) -> Any:
    # Of the cursor that SQLAlchemy expects, it asks no more than this once a statement has run.
    return _Done(*known)


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """Takes a statement to the thread, and its rows back."""

    __slots__ = ()

    _awaitable_cursor_close = False
    _adapt_connection: _Connection

    def __init__(self, adapt_connection: _Connection) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._cursor = _done()
        self._soft_closed_memoized = EMPTY_DICT
        self._rows = deque()

    async def _execute_async(self, operation: Any, parameters: Any) -> None:
        await self._run(lambda cursor: cursor.execute(operation, parameters or ()))

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> None:
        await self._run(lambda cursor: cursor.executemany(operation, seq_of_parameters))

    async def _run(self, execute: Callable[[sqlite3.Cursor], object]) -> None:
        async with self._adapt_connection._execute_mutex:
            done, rows = await self._adapt_connection.visit(execute)
        self._cursor, self._rows = done, deque(rows)


class _Connection(AsyncAdapt_aiosqlite_connection):
    """A connection whose transaction begins with its first statement."""

    __slots__ = ("_begin", "_here", "_open")

    _cursor_cls = _Cursor  # type: ignore[assignment]  # it takes this kind of connection alone

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self._begin: str | None = None
        self._here = False
        self._open = False

    def begin(self, statement: str | None, *, here: bool) -> None:
        """Has the next statement come after this one, where one is given.

        `here`: in the loop's thread, with all that comes until the next beginning.
        """
        self._begin, self._here = statement, here

    async def visit(self, execute: Callable[[sqlite3.Cursor], object]) -> tuple[Any, list[Any]]:
        """Runs it in the thread, which does one thing after the other, or here."""
        self._open = True  # until it is known better: whoever waits may leave, or meet an error
        if self._here and self._has_lock():
            done, rows, self._open = self._run(execute)
            return done, rows
        done, rows, self._open = await self._connection._execute(self._run, execute)
        return done, rows

    def _has_lock(self) -> bool:
        """Whether this can go on without waiting; where somebody else writes it cannot."""
        if self._begin != WRITES:
            return True
        cursor = self._connection._conn.cursor()
        try:
            cursor.execute("PRAGMA busy_timeout=0")
            cursor.execute(WRITES)
            self._begin = None
        except sqlite3.OperationalError:
            self._here = False
        finally:
            cursor.execute(f"PRAGMA busy_timeout={PATIENCE}")
            cursor.close()
        return self._here

    def _run(self, execute: Callable[[sqlite3.Cursor], object]) -> tuple[Any, list[Any], bool]:
        connection = self._connection._conn
        cursor = connection.cursor()
        try:
            if self._begin is not None:
                cursor.execute(self._begin)
                self._begin = None  # kept where the lock was not had: the next one tries again
            execute(cursor)
            rows = cursor.fetchall() if cursor.description else []
            done = _done(cursor.description, cursor.rowcount, cursor.lastrowid)
            return done, rows, connection.in_transaction
        finally:
            cursor.close()

    def rollback(self) -> None:
        """Takes back what was done, where anything was."""
        if self._has_begun():
            self._end(self._connection._conn.rollback, super().rollback)
            self._open = False

    def commit(self) -> None:
        """Keeps what was done, where anything was; one that fails is still to be rolled back."""
        if self._has_begun():
            self._end(self._connection._conn.commit, super().commit)
            self._open = False

    def _end(self, here: Callable[[], None], there: Callable[[], None]) -> None:
        if not self._here:
            there()
            return
        try:
            here()
        except sqlite3.Error as error:
            self._handle_exception(error)

    def _has_begun(self) -> bool:
        """Whether there is a transaction to end, or may be."""
        self._begin = None
        return self._open


class Checkpoints:
    """Brings what was written from the log into the file, in a connection's thread, now and then.

    The log begins anew where all of it is in the file. While many write that never is: there is
    more of it by the time a checkpoint ends, so once it is long they wait their `turn` for one.

    https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files
    """

    def __init__(self, engine: AsyncEngine, turn: AbstractAsyncContextManager[object]) -> None:
        self._engine = engine
        self._turn = turn
        self._commits = 0
        self._made: asyncio.Task[None] | None = None

    def count(self) -> None:
        """Something was written."""
        self._commits += 1
        if self._commits < COMMITS or self._engine.dialect.name != "sqlite":
            return
        if self._made is None or self._made.done():
            self._commits = 0
            self._made = asyncio.create_task(self._make())

    async def end(self) -> None:
        """Waits for the one under way."""
        if self._made is not None:
            await asyncio.wait([self._made])

    async def _make(self) -> None:
        try:
            async with self._engine.connect() as connection:
                if await _checkpoint(connection) > LONG:
                    async with asyncio.timeout(PATIENCE / 1000), self._turn:
                        await _checkpoint(connection)
        except (SQLAlchemyError, TimeoutError) as error:
            # The log grows until the next one.
            log.warning("no checkpoint was made", reason=type(error).__name__)


async def _checkpoint(connection: AsyncConnection) -> int:
    """Makes one that waits for nobody; how many pages the log has."""
    done = await connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
    return int(done.scalars(1).one())


def spare_visits(engine: Engine) -> None:
    """Has an engine of aiosqlite's open such connections.

    Their transactions take the write lock at once: a read that later writes would fail instead of
    waiting. With the execution option `reads` they do not wait for it; with `reads="once"` there is
    no transaction, and none to end, as one statement sees one state of the file anyway. With the
    option `brief` all is done in the loop's thread.
    """

    @event.listens_for(engine, "do_connect")
    def _connect(dialect: Any, _record: Any, arguments: Any, options: Any) -> _Connection:
        opened = dialect.loaded_dbapi.connect(*arguments, **options)
        return _Connection(opened.dbapi, opened._connection)

    @event.listens_for(engine, "begin")
    def _begin(transaction: Transaction) -> None:
        options = transaction.get_execution_options()
        reads, brief = options.get("reads"), options.get("brief", False)
        opened: Any = transaction.connection.dbapi_connection
        opened.begin(None if reads == "once" else "BEGIN" if reads else WRITES, here=brief)
