import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, column, insert, inspect, text
from sqlalchemy import table as sql_table

from core.errors import Unavailable
from core.messages import Call, Channel, Request, Sender
from core.ports import Destination
from core.storage.database import Database
from core.storage.destinations import Choices
from core.storage.migrate import NEWEST, alembic_config, current, migrate
from core.storage.spending import Day
from core.storage.tables import content_history, identities, metadata, requests, users

ADA = Sender("slack", "U1", "Ada", "T1")
NOTES = Destination(str(uuid4()), "page", "Notes", "https://notion.so/notes")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Migrated for this test, which may change its schema."""
    opened = Database(database_url)
    await migrate(opened)
    yield opened
    await opened.close()


async def alembic(run: Callable[..., Any], database: Database, revision: str) -> None:
    """Up or down to a revision, in a thread of its own: Alembic starts a loop there."""
    await asyncio.to_thread(run, alembic_config(database.url), revision)


async def fill_as_of_0001(database: Database) -> tuple[UUID, UUID]:
    """A person with an item, and a request as it was written down then; the person, the request."""
    request = Request(uuid4(), ADA, Call("generate", "a plan"), {"channel_id": "C1"})
    body = request.to_json()
    del body["place"]
    ada, now = uuid4(), datetime.now(UTC)
    identity = {"platform": "slack", "workspace": "T1", "external_id": "U1", "name": "Ada"}
    rows: list[tuple[Table, dict[str, Any]]] = [
        (users, {"id": ada}),
        (identities, identity | {"id": uuid4(), "user_id": ada}),
        (content_history, {"id": request.id, "user_id": ada, "prompt": "a plan"}),
        (requests, {"id": request.id, "platform": "slack", "body": body, "user_id": ada}),
    ]
    async with database.engine.begin() as connection:
        for table, row in rows:
            await connection.execute(table.insert().values(created_at=now, **row))
    return ada, request.id


async def test_an_empty_database_is_brought_to_the_newest_schema_once(database_url: str) -> None:
    database = Database(database_url)
    assert await current(database) is None
    assert await migrate(database) is True
    assert await current(database) == NEWEST
    assert await migrate(database) is False
    await database.close()


# SQLite cannot say what an index over an expression is.
@pytest.mark.filterwarnings("ignore:autogenerate skipping:UserWarning")
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection")
async def test_migrations_make_the_tables_that_the_code_describes(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, metadata)

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def test_the_newest_revision_is_the_one_the_program_knows(tmp_path: Path) -> None:
    scripts = ScriptDirectory.from_config(alembic_config(f"sqlite:///{tmp_path}/x.db"))
    assert scripts.get_current_head() == NEWEST


async def test_a_database_of_a_newer_program_is_refused_and_left_alone(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unavailable, match="newer version"):
        await migrate(database)
    assert await current(database) == "9999"


async def test_a_database_at_0001_keeps_its_rows_and_gains_destinations(database_url: str) -> None:
    database = Database(database_url)
    await alembic(command.upgrade, database, "0001")
    person, request = await fill_as_of_0001(database)
    assert await migrate(database) is True
    async with database.begin() as unit:
        accepted = await unit.inbox.get(request)
        item = await unit.content.get(request, person)
        await unit.destinations.choose(person, NOTES)
        choices = await unit.destinations.of(person, Channel("slack", "T1:C1"))
    assert accepted is not None
    assert (accepted.request.call.text, accepted.request.place) == ("a plan", "")
    assert item is not None
    assert choices == Choices(NOTES)
    await database.close()


async def test_going_back_to_0001_loses_the_destinations_alone(database: Database) -> None:
    person, request = await fill_as_of_0001(database)
    async with database.begin() as unit:
        await unit.destinations.choose(person, NOTES)
    await alembic(command.downgrade, database, "0001")
    async with database.engine.connect() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        prompts = list(await connection.scalars(text("SELECT prompt FROM content_history")))
    assert "destinations" not in names
    assert prompts == ["a plan"]
    assert await current(database) == "0001"
    assert await migrate(database) is True
    async with database.read() as unit:
        assert await unit.content.get(request, person)
        assert await unit.destinations.of(person, None) == Choices()


async def test_who_was_logged_in_stays_so_and_what_was_spent_is_counted(
    database: Database,
) -> None:
    await alembic(command.downgrade, database, "0007")
    ada, family, now = uuid4(), uuid4(), datetime(2026, 11, 5, 23, 30, tzinfo=UTC)
    async with database.engine.begin() as connection:
        rows: list[tuple[str, dict[str, Any]]] = [
            ("users", {"id": ada}),
            ("refresh_tokens", {"hash": "a", "family": family, "user_id": ada, "expires_at": now}),
            ("refresh_tokens", {"hash": "b", "family": family, "user_id": ada, "expires_at": now}),
        ]
        item = {"user_id": ada, "prompt": "p", "generated_content": "t", "provider": "openai"}
        rows += [
            ("content_history", item | {"id": uuid4(), "model": "m", "input_tokens": 2}),
            ("content_history", item | {"id": uuid4(), "model": "m", "input_tokens": 3}),
            ("content_history", item | {"id": uuid4(), "model": None, "input_tokens": 9}),
        ]
        for name, row in rows:
            table = metadata.tables[name]
            columns = [table.c[each] for each in (*row, "created_at")]
            # Without the columns that came later, and their defaults.
            statement = insert(sql_table(name, *(column(c.name, c.type) for c in columns)))
            await connection.execute(statement.values(created_at=now, **row))
    assert await migrate(database) is True
    async with database.read() as unit:
        [session] = await unit.sessions.of(ada)
        [spent] = await unit.spending.days("2026-11-01", "2026-11-30", ada)
    assert (session.id, session.created_at, session.agent) == (family, now, "")
    assert spent == Day("2026-11-05", "openai", "m", 2, 5, 0)
