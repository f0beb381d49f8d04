"""`notion-assistant chat`: the terminal as a chat platform."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from bot.console.client import Client
from core.config import Settings
from core.errors import AssistantError, Conflict
from notion_assistant.services import serving


def show(text: str) -> None:
    """Writes an answer's text as it comes."""
    click.echo(text, nl=False)
    sys.stdout.flush()


def tell(text: str) -> None:
    """Says something beside the answers."""
    click.echo(text, err=True)


@asynccontextmanager
async def connected(settings: Settings, user: str) -> AsyncIterator[Client]:
    """A client of the server that runs on this data, or of a core brought up for it.

    SQLite has one owner at a time: who cannot be it goes through who is.
    """
    async with AsyncExitStack() as stack:
        # A folder of its own: beside PostgreSQL a server may have its door in the data's.
        door = Path(stack.enter_context(TemporaryDirectory(prefix="notion-assistant-")))
        try:
            await stack.enter_async_context(serving(settings, frozenset(), door))
        except Conflict:
            door = settings.data_dir
        yield await stack.enter_async_context(Client(door, user, show, tell))
        if door != settings.data_dir and settings.local and settings.notion_token is None:
            tell("Pages of the local stand-in for Notion open while `notion-assistant run` runs.")


async def converse(settings: Settings, user: str, lines: list[str] | None) -> bool:
    """Sends these lines, or, without, what the person types. False where a command failed."""
    async with connected(settings, user) as client:
        if lines is None:
            return await _interactive(client)
        done = [await _ask(client, line) for line in lines if line.strip()]
        return all(done)


async def _ask(client: Client, line: str) -> bool:
    try:
        return await client.ask(line)
    except AssistantError as error:
        tell(error.message)
        return False


async def _interruptible(client: Client, line: str) -> bool:
    """Ctrl-C ends the waiting, not the prompt; the work goes on."""
    asking = asyncio.create_task(_ask(client, line))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, asking.cancel)
    try:
        return await asking
    except asyncio.CancelledError:
        tell("\nNot waiting any more; it goes on, and will be in /notion history.")
        return False
    finally:
        loop.remove_signal_handler(signal.SIGINT)


async def _interactive(client: Client) -> bool:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.patch_stdout import patch_stdout

    from core.commands.registry import COMMANDS

    words = [f"/notion {name}" for name, command in COMMANDS.items() if command.listed]
    session: PromptSession[str] = PromptSession(
        completer=WordCompleter(words, sentence=True), complete_while_typing=True
    )
    tell("Type /notion help, or Ctrl-D to leave.")
    good = True
    while True:
        try:
            with patch_stdout():
                line = await session.prompt_async("> ")
        except (EOFError, KeyboardInterrupt):
            return good
        if line.strip() in ("exit", "quit"):
            return good
        if line.strip():
            good = await _interruptible(client, line) and good
