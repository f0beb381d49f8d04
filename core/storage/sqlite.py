"""SQLite's driver, with fewer visits to a connection's thread.

aiosqlite runs each call in the connection's own thread, and SQLAlchemy makes four for a query:
a cursor, the query, its rows, the cursor's end; three more begin a transaction. On a busy server
each visit waits for the interpreter's lock twice, which takes longer than the query does. Here a
statement with its rows is one visit, and a transaction begins in that of its first statement.

https://aiosqlite.omnilib.dev/en/stable/
https://docs.sqlalchemy.org/en/21/core/events.html#sqlalchemy.events.DialectEvents.do_connect
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection as Transaction
from sqlalchemy import Engine, event
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
)
from sqlalchemy.util import EMPTY_DICT


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

    __slots__ = ("_begin", "_open")

    _cursor_cls = _Cursor  # type: ignore[assignment]  # it takes this kind of connection alone

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self._begin: str | None = None
        self._open = False

    def begin(self, statement: str) -> None:
        """Has the next statement come after this one."""
        self._begin = statement

    async def visit(self, execute: Callable[[sqlite3.Cursor], object]) -> tuple[Any, list[Any]]:
        """Runs it in the thread, which does one thing after the other."""
        self._open = True  # until it is known better: whoever waits may leave, or meet an error
        done, rows, self._open = await self._connection._execute(self._run, execute)
        return done, rows

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
            super().rollback()
            self._open = False

    def commit(self) -> None:
        """Keeps what was done, where anything was; one that fails is still to be rolled back."""
        if self._has_begun():
            super().commit()
            self._open = False

    def _has_begun(self) -> bool:
        """Whether there is a transaction to end, or may be."""
        self._begin = None
        return self._open


def spare_visits(engine: Engine) -> None:
    """Has an engine of aiosqlite's open such connections.

    Their transactions take the write lock at once: a read that later writes would fail instead of
    waiting. With the execution option `reads` they do not wait for it; with `reads="once"` there is
    no transaction, and none to end, as one statement sees one state of the file anyway.
    """

    @event.listens_for(engine, "do_connect")
    def _connect(dialect: Any, _record: Any, arguments: Any, options: Any) -> _Connection:
        opened = dialect.loaded_dbapi.connect(*arguments, **options)
        return _Connection(opened.dbapi, opened._connection)

    @event.listens_for(engine, "begin")
    def _begin(transaction: Transaction) -> None:
        reads = transaction.get_execution_options().get("reads")
        opened: Any = transaction.connection.dbapi_connection
        if reads != "once":
            opened.begin("BEGIN" if reads else "BEGIN IMMEDIATE")
