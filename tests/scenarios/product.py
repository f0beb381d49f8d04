"""The product as people run it: a process of its own, beside servers that play the world."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from hatchery import POSSIBLE, Hatched, Piped, hatch, hatch_piped

from sandbox.ai.server import AiServer
from sandbox.discord.server import DiscordServer
from sandbox.notion.server import NotionServer
from sandbox.slack.server import SlackServer

T = TypeVar("T")
PATIENCE = 40.0
MORTAL = Path(__file__).with_name("mortal.py")
ROOT = Path(__file__).parents[2]
CLI = ROOT / "notion_assistant/cli.py"


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Product:
    """One process; `kill` and `start` it as often as you like."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self.directory = directory
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = directory / "log.txt"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "PORT": str(self.port),
            **environment,
        }
        self.process: asyncio.subprocess.Process | Hatched | None = None

    async def start(self, *arguments: str, die_at: str | None = None, wait: bool = True) -> None:
        """Starts it and waits until it is ready, unless it is to die on the way."""
        environment = self.environment | ({"DIE_AT": die_at} if die_at else {})
        environment["PYTHONPATH"] = str(ROOT)
        with self.log.open("ab") as log:
            if POSSIBLE:
                words = (str(MORTAL), "run", *arguments)
                self.process = hatch(words, self.directory, environment, self.log)
            else:
                self.process = await asyncio.create_subprocess_exec(
                    *(sys.executable, MORTAL, "run", *arguments),
                    cwd=self.directory,
                    env=environment,
                    stdout=log,
                    stderr=log,
                )
        if wait and not die_at:
            await self.ready()

    async def ready(self) -> None:
        """Waits until it says that it is."""

        async def asked() -> bool:
            if self.process and self.process.returncode is not None:
                msg = f"the process ended with {self.process.returncode}: {self.output()[-3000:]}"
                raise AssertionError(msg)
            try:
                async with (
                    aiohttp.ClientSession() as http,
                    http.get(f"{self.url}/health/ready") as answer,
                ):
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        await eventually(asked, "the process is not ready")

    def output(self) -> str:
        """All that it wrote so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    async def dead(self) -> int:
        """Waits until the process is gone; its exit code."""
        assert self.process is not None
        return await asyncio.wait_for(self.process.wait(), PATIENCE)

    def kill(self) -> None:
        """As the operating system does it: at once, with no word."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)

    async def end(self) -> None:
        """Makes sure that it is gone."""
        if self.process is not None:
            self.kill()
            await self.dead()

    async def stop(self) -> int:
        """Asks it to end; its exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await self.dead()

    async def chat(self, *lines: str, user: str = "ada") -> tuple[int, str, str]:
        """`notion-assistant chat` with these lines piped in: exit code, output, errors."""
        process = await self.command("chat", "--user", user)
        return await said(process, "".join(line + "\n" for line in lines))

    async def command(self, *arguments: str) -> asyncio.subprocess.Process | Piped:
        """`notion-assistant` with these arguments, begun."""
        environment = self.environment | {"PYTHONPATH": str(ROOT)}
        if POSSIBLE:
            return hatch_piped((str(CLI), *arguments), self.directory, environment)
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "notion_assistant.cli", *arguments),
            cwd=self.directory,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )


async def said(process: asyncio.subprocess.Process | Piped, text: str = "") -> tuple[int, str, str]:
    """Exit code, output and errors of a command that is given this on its standard input."""
    out, err = await asyncio.wait_for(process.communicate(text.encode() or None), PATIENCE)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


class World:
    """Everything outside the product."""

    SIGNING_SECRET = "signing-secret-of-a-test"
    BOT_TOKEN = "xoxb-of-a-test"
    DISCORD_TOKEN = "discord-token-of-a-test"

    def __init__(self) -> None:
        self.ai = AiServer()
        self.notion = NotionServer(rate_limit=None)
        self.slack = SlackServer(self.SIGNING_SECRET, self.BOT_TOKEN)
        self.discord = DiscordServer(self.DISCORD_TOKEN)

    def environment(self, *platforms: str) -> dict[str, str]:
        """Settings that lead the product here."""
        found = {
            **self.ai.settings("openai"),
            "NOTION_TOKEN": self.notion.token,
            "NOTION_PARENT": self.notion.root_page_id,
            "NOTION_BASE_URL": self.notion.base_url,
        }
        if "slack" in platforms:
            found |= {
                "SLACK_SIGNING_SECRET": self.SIGNING_SECRET,
                "SLACK_BOT_TOKEN": self.BOT_TOKEN,
                "SLACK_API_URL": self.slack.api_url,
            }
        if "discord" in platforms:
            found |= {
                "DISCORD_TOKEN": self.DISCORD_TOKEN,
                "DISCORD_API_URL": self.discord.api_url,
                "DISCORD_GATEWAY_URL": self.discord.gateway_url,
            }
        return {name.upper(): value for name, value in found.items()}

    async def children(self, block: str) -> list[dict[str, Any]]:
        """What Notion holds in a page or block, all of it."""
        headers = {
            "Authorization": f"Bearer {self.notion.token}",
            "Notion-Version": "2026-03-11",
        }
        url = f"{self.notion.base_url}/v1/blocks/{block}/children"
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        async with aiohttp.ClientSession(headers=headers) as http:
            while True:
                async with http.get(url, params={"page_size": "100", **cursor}) as answer:
                    body = await answer.json()
                found += body["results"]
                if not body["has_more"]:
                    return found
                cursor = {"start_cursor": body["next_cursor"]}

    async def pages(self) -> list[dict[str, Any]]:
        """The pages that were made."""
        everything = await self.children(self.notion.root_page_id)
        return [block for block in everything if block["type"] == "child_page"]

    @property
    def paid(self) -> int:
        """How many answers the model finished."""
        return sum(call.completed for call in self.ai.calls)


async def eventually(
    what: Callable[[], Awaitable[T]], otherwise: str, patience: float = PATIENCE
) -> T:
    """What this gives once it is true. Raises AssertionError with `otherwise` after a while."""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        found = await what()
        if found:
            return found
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(otherwise)
        await asyncio.sleep(0.05)
