"""Slack's way in before a stand-in for Slack, with a core that only writes down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.slack.entry import SlackEntry
from core.config import Settings
from core.errors import AssistantError, Unavailable
from core.messages import Channel, Message, Request, Sender
from core.ports import Choice, Chosen, Destination, Overview
from sandbox.slack.server import SlackServer
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call as ApiCall
from tests.bot.offers import Offers

SECRET = "signing-secret"
BOT_TOKEN = "xoxb-front-token"

NOTES = Destination("11111111-1111-1111-1111-111111111111", "page", "Notes", "https://notion.so/n")
PLANS = Destination("22222222-2222-2222-2222-222222222222", "page", "Plans", "https://notion.so/p")


@dataclass
class Core(Offers):
    """Takes requests, and carries out what changes how somebody stands."""

    requests: list[Request] = field(default_factory=list)
    heard: list[tuple[Channel, str, Message, bool]] = field(default_factory=list)
    asked: list[tuple[Sender, Channel | None]] = field(default_factory=list)
    away: bool = False
    choices: dict[Chosen, list[Choice]] = field(
        default_factory=lambda: {
            "provider": [Choice("openai", "openai (gpt)"), Choice("anthropic", "anthropic (opus)")],
            "template": [Choice("brief", "brief"), Choice("retro", "retro")],
            "destination": [Choice(each.id, each.title) for each in (NOTES, PLANS)],
        }
    )
    standing: Overview = field(default_factory=lambda: Overview(provider="openai", default=NOTES))
    broken: AssistantError | None = None

    async def accept(self, request: Request) -> bool:
        self._check()
        new = request.id not in {known.id for known in self.requests}
        self.requests.append(request)
        return new

    async def hear(
        self, channel: Channel, thread: str, message: Message, *, to_us: bool = False
    ) -> None:
        self._check()
        self.heard.append((channel, thread, message, to_us))

    async def follows(self, _channel: Channel, _message: str, _thread: str = "") -> bool:
        self._check()
        return False

    async def seen(self, _name: str) -> datetime | None:
        self._check()
        return None

    async def alive(self, _name: str, _at: datetime) -> None:
        self._check()

    async def takes_part(self, channel: Channel, thread: str) -> bool:
        self._check()
        return any((channel, thread) == heard[:2] for heard in self.heard)

    async def overview(
        self, sender: Sender, channel: Channel | None, _workspace: object = None
    ) -> Overview:
        if self.broken is not None:
            raise self.broken
        self.asked.append((sender, channel))
        return self.standing

    def _check(self) -> None:
        if self.away:
            raise Unavailable("The database does not answer. Try again in a minute.")


@dataclass
class Front:
    """The app, listening, and Slack before it."""

    slack: SlackServer
    entry: SlackEntry
    core: Core

    def calls(self, method: str) -> list[dict[str, Any]]:
        """What a method was called with, the first one first."""
        return [call.body for call in self.slack.requests if call.name == method]

    def refuse(self, answer: Reaction, *methods: str) -> None:
        """Has Slack answer these methods with this from now on."""

        async def instead(call: ApiCall) -> Reaction | None:
            return answer if call.name in methods else None

        self.slack.hooks.before.append(instead)


@asynccontextmanager
async def fronted(**settings: Any) -> AsyncIterator[Front]:
    """An app that listens; `settings` are changed from what is usual."""
    core = Core()
    async with SlackServer(SECRET, BOT_TOKEN) as slack:
        known = {
            "slack_bot_token": BOT_TOKEN,
            "slack_signing_secret": SECRET,
            "slack_api_url": slack.api_url,
        } | settings
        entry = SlackEntry(Settings(_env_file=None, **known), core)
        await entry.start()
        app = web.Application()
        for method, path, handler in entry.routes:
            app.router.add_route(method, path, handler)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        slack.deliver_to = f"http://{host}:{port}/slack/events"
        try:
            yield Front(slack, entry, core)
        finally:
            await runner.cleanup()
            await entry.stop()
