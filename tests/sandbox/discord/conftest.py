"""A Discord stand-in and a real discord.py client connected to it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from sandbox.discord.server import DiscordServer
from tests.sandbox.discord.showcase import TOKEN, Bot, connected


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(TOKEN) as running:
        yield running


@pytest.fixture
async def bot(server: DiscordServer) -> AsyncIterator[Bot]:
    async with connected(server) as client:
        yield client


@pytest.fixture
async def api(server: DiscordServer) -> AsyncIterator["Api"]:
    headers = {"Authorization": f"Bot {TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield Api(server, session)


class Api:
    """Plain calls, for what discord.py would not send."""

    def __init__(self, server, session) -> None:
        self.server, self.session = server, session

    async def __call__(self, method: str, path: str, **kwargs):
        async with self.session.request(method, self.server.api_url + path, **kwargs) as answer:
            content = await answer.json(content_type=None) if answer.status != 204 else None
            return answer.status, content, answer.headers
