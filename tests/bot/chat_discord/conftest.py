"""The way in to Discord, connected."""

from collections.abc import AsyncIterator, Iterator

import discord.gateway
import discord.http
import pytest

from bot.discord.entry import DiscordEntry
from sandbox.discord.server import DiscordServer
from tests.bot.chat_discord.door import TOKEN, Recorder, Stage, make_settings


@pytest.fixture(autouse=True)
def discord_py_addresses() -> Iterator[None]:
    """Puts back what discord.py keeps in class attributes."""
    base, gateway = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
    yield
    discord.http.Route.BASE = base
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = gateway


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    intake = Recorder()
    async with DiscordServer(TOKEN) as server:
        settings = make_settings(server)
        entry = DiscordEntry(settings, intake)
        await entry.start()
        yield Stage(server, entry, intake, settings)
        await entry.stop()
