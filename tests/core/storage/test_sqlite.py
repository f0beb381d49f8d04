import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from core.errors import Conflict, Unavailable
from core.messages import Sender
from core.storage import database as module
from core.storage import readers, sqlite
from core.storage.database import READERS, Database
from core.storage.sqlite import COMMITS
from core.storage.tables import users

ADA = Sender("slack", "U1", "Ada", "T1")


@pytest.fixture
async def file(sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(sqlite_url)
    yield database
    await database.close()


def visits(caplog: pytest.LogCaptureFixture) -> int:
    """How often the connection's thread was asked for something since the last time."""
    seen = sum(record.getMessage().startswith("executing") for record in caplog.records)
    caplog.clear()
    return seen


async def test_a_statement_with_its_rows_is_one_visit_to_the_thread(
    file: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "aiosqlite")
    async with file.read(once=True) as unit:  # the first of each opens the file
        assert await unit.users.by_login("ada") is None
    async with file.begin() as unit:
        ada = await unit.users.add("ada@example.org", "ada", "hash")
    visits(caplog)
    async with file.read(once=True) as unit:
        assert await unit.users.get(ada.id) == ada
    assert visits(caplog) == 1
    async with file.read() as unit:  # with the end of the transaction
        assert await unit.users.get(ada.id) == ada
    assert visits(caplog) == 2
    async with file.begin():
        pass
    assert visits(caplog) == 0


async def test_two_reads_of_one_unit_see_the_same(file: Database) -> None:
    async with file.read() as unit:
        assert await unit.users.by_login("ada") is None
        async with file.begin() as other:
            await other.users.add("ada@example.org", "ada", "hash")
        assert await unit.users.by_login("ada") is None
    async with file.read() as unit:
        assert await unit.users.by_login("ada") is not None


async def test_what_reads_and_then_writes_waits_for_another_writer(file: Database) -> None:
    async def one() -> None:
        async with file.begin() as unit:
            await unit.users.of(ADA)
            await asyncio.sleep(0)
            await unit.users.of(Sender("slack", uuid4().hex, "", "T1"))

    await asyncio.gather(*(one() for _ in range(8)))
    async with file.engine.connect() as connection:
        assert len((await connection.execute(select(users.c.id))).all()) == 9


async def test_an_error_takes_back_what_came_before_it(file: Database) -> None:
    async with file.begin() as unit:
        await unit.users.add("ada@example.org", "ada", "hash")
        with pytest.raises(Conflict):
            await unit.users.add("ada@example.org", "bob", "hash")
        await unit.users.add("eve@example.org", "eve", "hash")

    async def fail() -> None:
        async with file.engine.begin() as connection:
            await connection.execute(text("DELETE FROM users"))
            await connection.execute(text("INSERT INTO users (id) VALUES (NULL)"))

    with pytest.raises(IntegrityError):
        await fail()
    async with file.read() as unit:
        assert await unit.users.by_login("ada") is not None
        assert await unit.users.by_login("eve") is not None


async def test_who_leaves_while_writing_leaves_no_lock(file: Database) -> None:
    async def leave() -> None:
        async with file.begin() as unit:
            await unit.users.add("ada@example.org", "ada", "hash")
            await asyncio.Event().wait()

    for pause in range(6):
        task = asyncio.create_task(leave())
        for _ in range(pause):  # at another point each time
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with file.begin() as unit:
            assert await unit.users.by_login("ada") is None


async def test_a_cursor_knows_how_many_rows_it_changed(file: Database) -> None:
    rows = [{"id": uuid4(), "created_at": datetime.now(UTC)} for _ in range(3)]
    async with file.engine.begin() as connection:
        await connection.execute(insert(users), rows)
        changed = await connection.execute(text("UPDATE users SET role = 'admin'"))
        assert changed.rowcount == 3
        gone = await connection.execute(text("DELETE FROM users RETURNING role"))
        assert list(gone.keys()) == ["role"]
        assert [row.role for row in gone] == ["admin"] * 3


async def test_many_at_once_open_no_file_anew(
    file: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def one() -> None:
        async with file.read(once=True) as unit:
            await unit.users.get(uuid4())

    await asyncio.gather(*(one() for _ in range(30)))
    caplog.set_level(logging.DEBUG, "aiosqlite")
    await asyncio.gather(*(one() for _ in range(30)))
    assert visits(caplog) == 30


async def test_what_could_not_be_committed_leaves_no_lock(file: Database) -> None:
    async def fail() -> None:
        async with file.engine.begin() as connection:
            await connection.execute(text("INSERT INTO child VALUES (7)"))

    async with file.engine.begin() as connection:
        await connection.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        await connection.execute(
            text("CREATE TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
        )
    with pytest.raises(IntegrityError):
        await fail()
    async with file.engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        assert not driver.in_transaction


async def test_what_is_brief_makes_no_visit_to_the_thread(
    file: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with file.read(brief=True) as unit:  # the first of each opens the file
        assert await unit.users.find(ADA) is None
    async with file.read() as unit:
        assert await unit.users.find(ADA) is None
    caplog.set_level(logging.DEBUG, "aiosqlite")
    async with file.begin(brief=True) as unit:
        ada = await unit.users.of(ADA)
    async with file.read(brief=True) as unit:
        assert await unit.users.get(ada.id) == ada

    async def fail() -> None:
        async with file.begin(brief=True) as unit:
            await unit.users.of(Sender("slack", "U2", "", "T1"))
            msg = "taken back"
            raise RuntimeError(msg)

    with pytest.raises(RuntimeError, match="taken back"):
        await fail()
    assert visits(caplog) == 0
    async with file.read() as unit:
        assert await unit.users.find(Sender("slack", "U2", "", "T1")) is None
    assert visits(caplog) == 2


async def test_what_is_brief_waits_for_another_writer_without_holding_up_the_loop(
    file: Database,
) -> None:
    async def brief() -> None:
        async with file.begin(brief=True) as unit:
            await unit.users.of(ADA)

    async with file.begin() as unit:
        await unit.users.add("eve@example.org", "eve", "hash")
        waiting = asyncio.create_task(brief())
        # The loop goes on meanwhile, and this one ends first.
        await asyncio.wait([waiting], timeout=0.1)
        assert not waiting.done()
    await asyncio.wait_for(waiting, 20)
    async with file.read() as unit:
        assert await unit.users.find(ADA) is not None


async def test_what_is_brief_waits_in_a_thread_for_another_program(file: Database) -> None:
    async def brief() -> None:
        async with file.begin(brief=True) as unit:
            await unit.users.of(ADA)

    other = sqlite3.connect(file.url.partition(":///")[2], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(brief())
    await asyncio.wait([waiting], timeout=0.1)
    assert not waiting.done()
    other.execute("COMMIT")
    other.close()
    await asyncio.wait_for(waiting, 20)
    async with file.read() as unit:
        assert await unit.users.find(ADA) is not None


async def test_the_log_comes_into_the_file_now_and_then(file: Database) -> None:
    def written() -> int:
        return Path(file.url.partition(":///")[2]).stat().st_mtime_ns

    before = written()
    for number in range(COMMITS + 1):
        async with file.begin(brief=True) as unit:
            await unit.users.of(Sender("slack", f"U{number}", "", "T1"))
    await file.checkpoints.end()
    assert written() > before


async def test_a_long_log_has_those_who_write_wait_for_a_checkpoint(
    file: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "COMMITS", 1)
    monkeypatch.setattr(sqlite, "LONG", 0)
    async with file.begin() as unit:
        await unit.users.of(ADA)
    async with file.begin():
        made = asyncio.create_task(file.checkpoints.end())
        await asyncio.wait([made], timeout=0.1)
        assert not made.done(), "it comes in its turn, when nobody writes"
    await asyncio.wait_for(made, 20)
    async with file.begin(brief=True) as unit:
        assert await unit.users.find(ADA) is not None


async def test_a_turn_that_is_somebody_elses_is_waited_for_so_long_alone(
    file: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = asyncio.Event()

    async def hold() -> None:
        async with file.begin():
            await done.wait()

    async with file.begin():
        holding = asyncio.create_task(hold())
        await asyncio.sleep(0)
    # Nobody writes at this moment, but somebody is about to.
    monkeypatch.setattr(module, "PATIENCE", 10)
    with pytest.raises(Unavailable):
        async with asyncio.timeout(30), file.begin():
            pytest.fail("there were two at a time")
    done.set()
    await asyncio.wait_for(holding, 20)


async def test_a_single_statement_sees_what_was_written_a_moment_ago(file: Database) -> None:
    async with file.read(once=True) as unit:
        assert await unit.users.by_login("ada") is None
    async with file.begin() as unit:
        await unit.users.add("ada@example.org", "ada", "hash")
        async with file.read(once=True) as other:
            assert await other.users.by_login("ada") is None, "it is not committed yet"
    async with file.read(once=True) as unit:
        assert await unit.users.by_login("ada") is not None


async def test_an_error_or_a_leaving_reader_leaves_the_next_one_a_good_connection(
    file: Database,
) -> None:
    async def wrong() -> None:
        async with file.read(once=True) as unit:
            await unit.content._connection.execute(text("SELECT nothing FROM nowhere"))

    async def leave() -> None:
        async with file.read(once=True) as unit:
            await unit.users.get(uuid4())
            await asyncio.Event().wait()

    async def look() -> None:
        async with asyncio.timeout(30), file.read(once=True) as unit:
            assert await unit.users.by_login("ada") is None

    for pause in range(8):
        with pytest.raises(Unavailable):
            await wrong()
        tasks = [asyncio.create_task(leave()) for _ in range(5)]
        for _ in range(pause):  # at another point each time
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(look() for _ in range(5)))


async def test_who_waits_too_long_for_a_reader_is_told_so(
    file: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "WAIT_SECONDS", 0.01)
    async with AsyncExitStack() as held:
        for _ in range(READERS):
            await held.enter_async_context(file.read(once=True))
        with pytest.raises(Unavailable, match="cannot be reached"):
            async with file.read(once=True):
                pytest.fail("there was one more")
        async with asyncio.timeout(30), file.begin() as unit:
            await unit.users.add("ada@example.org", "ada", "hash")
    async with file.read(once=True) as unit:
        assert await unit.users.by_login("ada") is not None
