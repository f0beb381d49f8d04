"""The real application on a real port and a real SQLite file, with a small core behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from api.app import create_app
from api.server import Runner
from core.config import Settings
from core.limits.limits import Rules
from core.storage.database import Database
from tests.api.small_core import PASSWORD, SmallCore


class Server(TestServer):
    """A test server that runs the application as the product does."""

    async def _make_runner(self, **kwargs: Any) -> Runner:
        return Runner(self.app, **kwargs)


Start = Callable[..., Awaitable[TestClient]]


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    return Settings(_env_file=None, database_url=sqlite_url, secret_key="k" * 40)


@pytest.fixture
async def core(settings: Settings) -> AsyncIterator[SmallCore]:
    core = SmallCore(settings, Database(settings.database_url), Rules.local())
    yield core
    await core.stop()


@pytest.fixture
async def start(core: SmallCore) -> AsyncIterator[Start]:
    """Starts the application; its keyword arguments are `create_app`'s."""
    clients: list[TestClient] = []

    async def started(**kwargs: Any) -> TestClient:
        client = TestClient(Server(create_app(core, **kwargs)))
        clients.append(client)
        await client.start_server()
        return client

    yield started
    for client in clients:
        await client.close()


@pytest.fixture
async def client(start: Start) -> TestClient:
    return await start()


Join = Callable[[str], Awaitable[dict[str, str]]]


@pytest.fixture
def join(client: TestClient) -> Join:
    """Registers somebody, and returns the headers that prove who they are."""

    async def joined(name: str) -> dict[str, str]:
        body = {"email": f"{name}@example.com", "username": name, "password": PASSWORD}
        async with client.post("/auth/register", json=body) as response:
            assert response.status == 201, await response.text()
            session = await response.json()
        return {"Authorization": f"Bearer {session['access_token']}"}

    return joined


@pytest.fixture
async def ada(join: Join) -> dict[str, str]:
    """Ada's headers: she is logged in."""
    return await join("ada")
