"""What is outside the product: Slack, an AI provider and Notion, as servers on loopback.

Run as a program, it prints the settings that lead to them, and ends with its standard input. So
their work is not done by the process that measures.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

from benchmarks import processes
from sandbox.ai.server import AiServer
from sandbox.notion.server import NotionServer
from sandbox.slack.payloads import Scene, command_fields
from sandbox.slack.server import SlackServer

SIGNING_SECRET = "signing-secret-of-a-benchmark"
BOT_TOKEN = "xoxb-of-a-benchmark"
THINKING = 0.4
"""Seconds until the model's first token: fast for a real one."""


@dataclass(frozen=True, slots=True)
class World:
    """The servers."""

    ai: AiServer
    notion: NotionServer
    slack: SlackServer


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    """The servers, in this process."""
    made = World(AiServer(), NotionServer(rate_limit=None), SlackServer(SIGNING_SECRET, BOT_TOKEN))
    made.ai.first_token_delay = THINKING
    # As the manifest describes the app: an agent, that hears of Slack's own stop button.
    made.slack.space.is_agent = True
    async with made.ai, made.notion, made.slack:
        yield made


def settings(made: World) -> dict[str, str]:
    """Settings that lead the product there."""
    found = {
        **made.ai.settings("openai"),
        "notion_token": made.notion.token,
        "notion_parent": made.notion.root_page_id,
        "notion_base_url": made.notion.base_url,
        "slack_signing_secret": SIGNING_SECRET,
        "slack_bot_token": BOT_TOKEN,
        "slack_api_url": made.slack.api_url,
    }
    return {name.upper(): value for name, value in found.items()}


def command(slack: SlackServer, text: str) -> dict[str, str]:
    """The form of `/notion TEXT`, all but its trigger id."""
    form = command_fields(slack.space, Scene(slack.general, slack.user), "/notion", text)
    return form | {"response_url": slack.response_urls.issue(slack.general.id, slack.user.id)}


@dataclass(frozen=True, slots=True)
class Outside:
    """What is to be known of servers in another process: settings, and a slash command's form."""

    settings: dict[str, str]
    command: dict[str, str]


@asynccontextmanager
async def elsewhere() -> AsyncIterator[Outside]:
    """The servers, in a process of their own."""
    async with processes.elsewhere("benchmarks.world") as told:
        yield Outside(**json.loads(told))


async def _serve() -> None:
    async with world() as made:
        found = Outside(settings(made), command(made.slack, "generate a launch checklist"))
        print(json.dumps(asdict(found)), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve())
