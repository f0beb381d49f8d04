"""`notion-assistant chat`: the terminal as a chat platform."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from bot.console.client import Client
from core.assistant import Assistant
from core.config import Settings
from core.errors import AssistantError, Conflict
from notion_assistant import standin
from notion_assistant.services import serving

IDLE_SECONDS = 5.0
"""How long a core of one's own is kept at an idle prompt: meanwhile no server can start."""

INTERRUPTED = 130
GOES_ON = "Not waiting any more; it goes on, and will be in /notion history."
NOT_SENT = "Not waiting any more; nothing was recorded yet."


class Output:
    """What is written to this terminal; `pages` once a page of the stand-in was among it."""

    def __init__(self) -> None:
        self.pages = False
        self._end = ""

    def show(self, text: str) -> None:
        """Writes an answer's text as it comes."""
        self._end = (self._end + text)[-1000:]
        self.pages = self.pages or f"{standin.MOUNTED_AT}/" in self._end
        click.echo(text, nl=False)
        sys.stdout.flush()

    def tell(self, text: str) -> None:
        """Says something beside the answers."""
        click.echo(text, err=True)


class OwnCore:
    """The core this terminal brings up for itself where nobody else has the data.

    SQLite has one owner at a time: who cannot be it goes through who is. Other terminals come in by
    the same door; when this one ends they bring up a core of their own.
    """

    def __init__(self, settings: Settings, door: Path) -> None:
        self._settings = settings
        self._door = door
        self._stack: AsyncExitStack | None = None
        self._assistant: Assistant | None = None
        self._turn = asyncio.Lock()

    async def bring_up(self) -> None:
        """Brings it up, unless it runs or another process has the data."""
        async with self._turn:
            if self._stack is not None:
                return
            stack = AsyncExitStack()
            with suppress(Conflict):
                self._assistant = await stack.enter_async_context(
                    serving(self._settings, frozenset(), self._door)
                )
                self._stack = stack

    @property
    def busy(self) -> bool:
        """Whether it runs, and carries something out."""
        return self._assistant is not None and self._assistant.busy

    @property
    def runs(self) -> bool:
        """Whether it runs."""
        return self._stack is not None

    async def rest(self) -> None:
        """Ends it once nothing has been asked for a while, so that others can have the data."""
        if not self._settings.embedded:
            return
        while True:
            await asyncio.sleep(IDLE_SECONDS)
            if not self.busy:
                break
        # Once begun it is not broken off: whoever asks next waits for it, and brings up another.
        await asyncio.shield(self.close())

    async def close(self) -> None:
        """Finishes what runs, for 15 seconds at most, and ends it."""
        async with self._turn:
            stack, self._stack = self._stack, None
            if stack is not None:
                await stack.aclose()
            self._assistant = None


@asynccontextmanager
async def connected(
    settings: Settings, user: str, output: Output
) -> AsyncIterator[tuple[Client, OwnCore]]:
    """A client of whoever has this data, or of a core brought up for it."""
    async with AsyncExitStack() as stack:
        if settings.embedded:
            door = settings.data_dir
        else:
            # A server may have its door in the data's folder, and this core goes beside it.
            door = Path(stack.enter_context(TemporaryDirectory(prefix="notion-assistant-")))
        core = OwnCore(settings, door)
        stack.push_async_callback(_end, core, output)
        await core.bring_up()
        client = Client(door, user, output.show, output.tell, core.bring_up)
        yield await stack.enter_async_context(client), core
        if core.runs and output.pages and standin.stands_in(settings):
            output.tell(
                "Pages of the local stand-in for Notion open while `notion-assistant run` runs."
            )


async def _end(core: OwnCore, output: Output) -> None:
    closing = asyncio.create_task(core.close())
    # Mostly there is but a last note to be written down.
    await asyncio.wait([closing], timeout=1)
    if core.busy:
        output.tell("Finishing what runs here; Ctrl-C leaves it for the next start.")
    await closing


async def converse(settings: Settings, user: str, lines: list[str] | None) -> int:
    """Sends these lines, or, without, what the person types; the exit code."""
    output = Output()
    async with connected(settings, user, output) as (client, core):
        if lines is None:
            return await _interactive(client, core, output)
        good = True
        for line in filter(str.strip, joined(lines)):
            done = await _asked(client, line, output)
            if done is None:
                return INTERRUPTED
            good = good and done
        return 0 if good else 1


def joined(lines: list[str]) -> list[str]:
    """Commands of several lines in one piece each: `\\` at a line's end says that it goes on."""
    commands, begun = [], ""
    for line in lines:
        begun += line
        if begun.endswith("\\"):
            begun = begun[:-1] + "\n"
        else:
            commands.append(begun)
            begun = ""
    return [*commands, begun] if begun else commands


async def _asked(client: Client, line: str, output: Output) -> bool | None:
    """Whether the command succeeded; None where Ctrl-C ended the waiting. The work goes on."""
    asking = asyncio.create_task(client.ask(line))
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGINT)
    loop.add_signal_handler(signal.SIGINT, asking.cancel)
    try:
        return await asking
    except AssistantError as error:
        output.tell(error.message)
        return False
    except asyncio.CancelledError:
        this = asyncio.current_task()
        if this is not None and this.cancelling():
            raise
        output.tell("\n" + (GOES_ON if client.kept else NOT_SENT))
        return None
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        # Removing it leaves Python's own, which would break off whatever runs at that moment.
        signal.signal(signal.SIGINT, before)


async def _interactive(client: Client, core: OwnCore, output: Output) -> int:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.patch_stdout import patch_stdout

    from core.commands.registry import COMMANDS

    words = [f"/notion {name}" for name, command in COMMANDS.items() if command.listed]
    session: PromptSession[str] = PromptSession(
        completer=WordCompleter(words, sentence=True), complete_while_typing=True
    )
    output.tell("Type /notion help, or Ctrl-D to leave.")
    good = True
    while True:
        resting = asyncio.create_task(core.rest())
        try:
            with patch_stdout():
                line = await session.prompt_async("> ")
        except KeyboardInterrupt:
            # The line is given up, not the prompt.
            continue
        except EOFError:
            return 0 if good else 1
        finally:
            resting.cancel()
        if line.strip() in ("exit", "quit"):
            return 0 if good else 1
        if line.strip():
            good = bool(await _asked(client, line, output)) and good
