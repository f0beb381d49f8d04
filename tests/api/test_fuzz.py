"""Whatever is sent, the answer is no 5xx and has the shape that was promised."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import create_app
from core.config import Settings
from core.limits.limits import Rule, Rules
from core.storage.database import Database
from core.storage.tables import metadata
from tests.api.conftest import Server
from tests.api.small_core import PASSWORD, SmallCore

JSON = {"Content-Type": "application/json"}
OFTEN = Rule(1_000_000)
FEW = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

odd_text = st.text(max_size=80) | st.sampled_from(
    ["", "\0", "a" * 5000, "ada@example.com", PASSWORD, "offline", "é" * 40, "💥" * 20, "../x"]
)
odd_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | odd_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_text, inner, max_size=3),
    max_leaves=8,
)
registrations = st.fixed_dictionaries(
    {"email": odd_text, "username": odd_text, "password": odd_text}
)
wishes = st.fixed_dictionaries(
    {"prompt": odd_text},
    optional={
        "provider": odd_text,
        "model": odd_text,
        "template": odd_text,
        "save_to_notion": st.booleans(),
        "destination": odd_text,
    },
)
bodies = st.binary(max_size=200) | odd_json.map(lambda value: json.dumps(value).encode())


class Running:
    """An application, and a loop of its own: each example is one request."""

    def __init__(self, folder: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(self._start(folder))

    async def _start(self, folder: Path) -> None:
        url = f"sqlite:///{folder}/fuzz.db"
        chosen = Settings(_env_file=None, database_url=url, secret_key="k" * 40)
        database = Database(chosen.database_url)
        async with database.engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
        rules = Rules(OFTEN, OFTEN, OFTEN, OFTEN, OFTEN, OFTEN)
        self._core = SmallCore(chosen, database, rules)
        self._client = TestClient(Server(create_app(self._core)))
        await self._client.start_server()
        session = await self._core.accounts.register("ada@example.com", "ada", PASSWORD)
        self.ada = {"Authorization": f"Bearer {session.access_token}"}

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        """Posts a body, checks the shape of the answer, and returns its status."""
        return self._loop.run_until_complete(self._post(path, body, headers))

    async def _post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        async with self._client.post(path, data=body, headers=headers) as response:
            answer = await response.json()
            if response.status >= 400:
                assert set(answer) == {"detail", "status", "code"}
                assert answer["status"] == response.status
            assert response.headers["X-Request-ID"]
            return response.status

    def stop(self) -> None:
        self._loop.run_until_complete(self._client.close())
        self._loop.run_until_complete(self._core.stop())
        self._loop.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("fuzz"))
    yield running
    running.stop()


@FEW
@given(body=bodies | registrations.map(lambda value: json.dumps(value).encode()))
def test_no_registration_makes_the_server_fail(running: Running, body: bytes):
    assert running.post("/auth/register", body, JSON) in (201, 400, 409)


@FEW
@given(body=bodies | wishes.map(lambda value: json.dumps(value).encode()))
def test_no_wish_makes_the_server_fail(running: Running, body: bytes):
    assert running.post("/content/generate", body, JSON | running.ada) in (200, 400)
