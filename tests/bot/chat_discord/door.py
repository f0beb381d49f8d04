"""Discord's way in, between a stand-in and an intake that remembers."""

from dataclasses import dataclass, field
from typing import Any

from bot.discord.entry import DiscordEntry
from core.config import Settings
from core.errors import Unavailable
from core.messages import Channel, Request
from core.messages import Message as Said
from sandbox.discord.server import DiscordServer
from tests.bot.memory import Memory
from tests.bot.offers import Offers

TOKEN = "entry.bot.token"


@dataclass
class Recorder(Offers, Memory):
    """An intake that remembers what it was given."""

    requests: list[Request] = field(default_factory=list)
    heard: list[tuple[str, str, Said]] = field(default_factory=list)
    threads: set[tuple[str, str]] = field(default_factory=set)
    away: bool = False

    def __post_init__(self) -> None:
        super().__init__()
        self.silent = True

    def given(self) -> list[Request]:
        return self.requests

    async def accept(self, request: Request) -> bool:
        if self.away:
            raise Unavailable("The database does not answer. Try again in a minute.")
        self.requests.append(request)
        return True

    async def hear(
        self, channel: Channel, thread: str, message: Said, *, to_us: bool = False
    ) -> None:
        if self.away:
            raise Unavailable("The database does not answer. Try again in a minute.")
        self.heard.append((channel.place, thread, message))
        if to_us:
            self.threads.add((channel.place, thread))

    async def takes_part(self, channel: Channel, thread: str) -> bool:
        return (channel.place, thread) in self.threads


@dataclass
class Stage:
    server: DiscordServer
    entry: DiscordEntry
    intake: Recorder
    settings: Settings


def make_settings(server: DiscordServer, **changes: Any) -> Settings:
    values = {
        "discord_token": TOKEN,
        "discord_api_url": server.api_url,
        "discord_gateway_url": server.gateway_url,
    } | changes
    return Settings(_env_file=None, **values)
