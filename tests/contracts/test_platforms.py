"""The contract of chat platforms, held by Slack's and Discord's ways out."""

import re
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.discord.adapter import DiscordPlatform
from bot.slack.adapter import SlackPlatform
from bot.slack.render import content
from core.config import Settings
from core.ports import Part
from sandbox.discord.rules import check_message
from sandbox.discord.server import DiscordServer
from sandbox.slack.rules import check_blocks
from sandbox.slack.server import SlackServer
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call, Hook
from tests.contracts.platform_suite import PlatformSuite, Stage

SLACK_TOKEN = "xoxb-contract-token"
DISCORD_TOKEN = "contract.bot.token"


def once(reaction: Reaction, hooks: list[Hook], names: tuple[str, ...]) -> None:
    """Answers the next call of these names with `reaction`."""

    async def hook(call: Call) -> Reaction | None:
        if not call.name.startswith(names):
            return None
        hooks.remove(hook)
        return reaction

    hooks.append(hook)


class ServedStage(Stage):
    """A stage whose server is one of the stand-ins."""

    server: SlackServer | DiscordServer
    sends: tuple[str, ...]

    def take_away(self) -> None:
        self.server.answers()[-1].deleted = True

    def lose_next_response(self) -> None:
        once(Reaction(dropped=True), self.server.hooks.after, self.sends)

    def fail_next(self, status: int) -> None:
        page = Reaction("<html>no</html>", status)
        once(page, self.server.hooks.before, self.sends)


class SlackStage(ServedStage):
    sends = ("chat.postMessage", "chat.update")

    def __init__(self, server: SlackServer) -> None:
        self.server: SlackServer = server
        response_url = server.response_urls.issue(server.general.id, server.user.id)
        self.platform = SlackPlatform(
            Settings(_env_file=None, slack_bot_token=SLACK_TOKEN, slack_api_url=server.api_url)
        )
        self.address = {
            "delivery": "d-1",
            "channel_id": server.general.id,
            "user_id": server.user.id,
            "team_id": server.space.team_id,
            "enterprise_id": "",
            "response_url": response_url,
            "accepted_at": f"{time.time():.6f}",
        }
        self.secrets = (SLACK_TOKEN, response_url)

    def fail_next(self, status: int) -> None:
        super().fail_next(status)
        # What the token may not do, the response URL would.
        once(Reaction("no", status), self.server.hooks.before, ("response_url",))

    def fits(self, part: Part) -> bool:
        written = sum(len(one["text"]) for one in part["blocks"] if one["type"] == "markdown")
        check_blocks(part["blocks"])
        return 0 < written <= 12_000 and 0 < len(part["text"]) <= 4_000

    def buttons(self, part: Part) -> list[tuple[str, str]]:
        return _slack_buttons(part["blocks"])

    def text(self, part: Part) -> str:
        return "\n".join(_markdown(part["blocks"]))

    def pressable(self) -> list[list[str]]:
        return [[label for label, _ in _slack_buttons(one.blocks)] for one in self.server.answers()]

    def calls(self, part: Part) -> list[str]:
        return re.findall(r"<[!@#][^>]*>", "\n".join(_strings(content(part))))

    def shown(self) -> list[str]:
        return ["\n".join(_markdown(one.blocks)).strip() for one in self.server.answers()]

    def limit_next(self, seconds: int) -> None:
        body = {"ok": False, "error": "ratelimited"}
        limited = Reaction(body, 429, {"Retry-After": str(seconds)})
        once(limited, self.server.hooks.before, self.sends)


def _slack_buttons(blocks: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [
        (one["text"]["text"], f"{one['action_id']} {one['value']}")
        for block in blocks
        if block["type"] == "actions"
        for one in block["elements"]
    ]


def _discord_buttons(components: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(one["label"], one["custom_id"]) for row in components for one in row["components"]]


def _markdown(blocks: list[dict[str, Any]]) -> list[str]:
    return [block["text"] for block in blocks if block["type"] == "markdown"]


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _strings(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _strings(inner)]
    return [str(value)]


class DiscordStage(ServedStage):
    sends = ("PATCH /webhooks", "POST /webhooks", "POST /channels")

    def __init__(self, server: DiscordServer, interaction_id: str, token: str) -> None:
        self.server: DiscordServer = server
        self.platform = DiscordPlatform(
            Settings(_env_file=None, discord_token=DISCORD_TOKEN, discord_api_url=server.api_url)
        )
        self.address = {
            "application_id": server.world.application_id,
            "bot_id": server.world.bot.id,
            "interaction_id": interaction_id,
            "interaction_token": token,
            "channel_id": server.general.id,
            "guild_id": server.guild.id,
            "user_id": server.user.id,
            "accepted_at": f"{time.time():.6f}",
        }
        self.secrets = (DISCORD_TOKEN, token)

    def fail_next(self, status: int) -> None:
        super().fail_next(status)
        # Where the interaction's token does not help, the bot would write into the channel.
        once(Reaction("no", status), self.server.hooks.before, ("POST /channels",))

    def fits(self, part: Part) -> bool:
        check_message(part)
        return len(part["content"].strip()) > 0 and len(part["content"]) <= 2_000

    def buttons(self, part: Part) -> list[tuple[str, str]]:
        return _discord_buttons(part["components"])

    def text(self, part: Part) -> str:
        return str(part["content"])

    def pressable(self) -> list[list[str]]:
        return [
            [label for label, _ in _discord_buttons(one.components)]
            for one in self.server.answers()
        ]

    def calls(self, part: Part) -> list[str]:
        return re.findall(r"@everyone|@here|<@[!&]?\d+>", part["content"])

    def shown(self) -> list[str]:
        return [one.content.strip() for one in self.server.answers() if not one.loading]

    def limit_next(self, seconds: int) -> None:
        body = {"message": "You are being rate limited.", "retry_after": float(seconds)}
        once(Reaction(body, 429), self.server.hooks.before, self.sends)


class TestSlack(PlatformSuite):
    @pytest.fixture
    async def stage(self) -> AsyncIterator[SlackStage]:
        async with SlackServer("signing", SLACK_TOKEN) as server:
            stage = SlackStage(server)
            yield stage
            await stage.platform.close()


class TestDiscord(PlatformSuite):
    @pytest.fixture
    async def stage(self) -> AsyncIterator[DiscordStage]:
        async with DiscordServer(DISCORD_TOKEN) as server, aiohttp.ClientSession() as http:
            commands = f"{server.api_url}/applications/{server.world.application_id}/commands"
            bot = {"Authorization": f"Bot {DISCORD_TOKEN}"}
            wanted = [{"name": "notion", "type": 1, "description": "Notion"}]
            await http.put(commands, json=wanted, headers=bot)
            asked = await server.slash_command()
            callback = f"{server.api_url}/interactions/{asked.id}/{asked.token}/callback"
            await http.post(callback, json={"type": 5})
            stage = DiscordStage(server, asked.id, asked.token)
            yield stage
            await stage.platform.close()
