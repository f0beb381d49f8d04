"""Discord's way out, on a server of its own."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.discord.adapter import DiscordPlatform
from core.config import Settings
from core.messages import Answer
from core.ports import Part
from sandbox.discord.interactions import Interaction
from sandbox.discord.server import DiscordServer
from sandbox.discord.world import Channel
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call

TOKEN = "adapter.bot.token"
DEAD = 16 * 60


@dataclass
class Stage:
    server: DiscordServer
    platform: DiscordPlatform
    http: aiohttp.ClientSession

    async def ask(self, channel: Channel | None = None) -> Interaction:
        return await self.server.slash_command(channel=channel)

    async def defer(self, asked: Interaction, *, private: bool = False) -> None:
        url = f"{self.server.api_url}/interactions/{asked.id}/{asked.token}/callback"
        data = {"flags": 64} if private else {}
        async with self.http.post(url, json={"type": 5, "data": data}) as answer:
            assert answer.status == 204

    def address(self, asked: Interaction, *, age: float = 0, **changes: str) -> dict[str, str]:
        about = {
            "interaction_id": asked.id,
            "interaction_token": asked.token,
            "channel_id": asked.channel_id,
            "user_id": asked.user_id,
            "accepted_at": f"{time.time() - age:.6f}",
        }
        return self.place(about | changes)

    def place(self, about: dict[str, str]) -> dict[str, str]:
        return {
            "application_id": self.server.world.application_id,
            "bot_id": self.server.world.bot.id,
            "guild_id": self.server.guild.id,
            "accepted_at": f"{time.time():.6f}",
        } | about

    def later(self, seconds: float) -> None:
        self.server.world.clock = lambda: time.time() + seconds

    def shown(self, channel: Channel | None = None) -> list[str]:
        return [one.content for one in self.server.answers(channel) if not one.loading]

    def lose_next_response(self, name: str) -> None:
        async def hook(call: Call) -> Reaction | None:
            if call.name != name:
                return None
            self.server.hooks.after.remove(hook)
            return Reaction(dropped=True)

        self.server.hooks.after.append(hook)


def make_platform(server: DiscordServer, **changes: Any) -> DiscordPlatform:
    values = {"discord_token": TOKEN, "discord_api_url": server.api_url} | changes
    return DiscordPlatform(Settings(_env_file=None, **values))


@asynccontextmanager
async def a_stage() -> AsyncIterator[Stage]:
    """A server that knows the command, and the platform that speaks to it."""
    async with DiscordServer(TOKEN) as server, aiohttp.ClientSession() as http:
        commands = f"{server.api_url}/applications/{server.world.application_id}/commands"
        wanted = [{"name": "notion", "type": 1, "description": "Notion"}]
        await http.put(commands, json=wanted, headers={"Authorization": f"Bot {TOKEN}"})
        platform = make_platform(server)
        yield Stage(server, platform, http)
        await platform.close()


def parts_of(text: str, **more: Any) -> list[Part]:
    return DiscordPlatform(Settings(_env_file=None)).render(Answer(text, **more))
