"""What one process runs: the core, and the ways in that were asked for."""

from __future__ import annotations

import asyncio
import errno
import gc
import random
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import structlog
from aiohttp import web

from bot.console.adapter import ConsolePlatform
from bot.console.door import ConsoleEntry, whose
from bot.platforms import PLATFORMS, Entry
from core.assistant import Assistant
from core.bootstrap import assembled, claim
from core.config import Settings, program
from core.config_names import perhaps_meant, unread
from core.errors import AssistantError, Conflict, Misconfigured
from core.jobs.owner import Owner
from core.ports import Platform
from core.pulse import pulse
from notion_assistant import standin
from notion_assistant.sockets import as_many_as_allowed

log = structlog.get_logger(__name__)

START_AGAIN_SECONDS = 30.0
"""How long at most a platform that could not be reached is left alone before it is tried again."""

FIRST_PAUSE_SECONDS = 1.0
"""How long at first; it doubles with every try."""

OWNER_SECONDS = {"terminal": 30.0, None: 2.0, "server": 0.0}
"""How long another owner of the data is waited for: a terminal's core ends once it is idle; whoever
has no door is on the way in or out."""

ROLES = ("api", *PLATFORMS, "worker")


@asynccontextmanager
async def serving(
    settings: Settings, roles: frozenset[str], door: Path
) -> AsyncIterator[Assistant]:
    """Everything these roles need, running until the block ends.

    Terminals find their way in by a file in the folder `door`. It ends in the opposite order of its
    start: chat platforms bring nothing new, running answers are finished while terminals and HTTP
    still get theirs, then those are closed, and the core last.
    """
    async with AsyncExitStack() as stack:
        owner = await (_claimed(settings, door) if roles else claim(settings))
        settings, notion_pages = await stack.enter_async_context(standin.notion(settings))
        console = ConsolePlatform()
        platforms: dict[str, Platform] = {"console": console}
        on = {name: each.load() for name, each in PLATFORMS.items() if each.on(settings)}
        # Every process can answer everywhere: it may have to carry on the work of another.
        for name, package in on.items():
            platforms[name] = package.platform(settings)
            stack.push_async_callback(platforms[name].close)
        assistant = await stack.enter_async_context(assembled(settings, platforms, owner))
        entries = {
            name: package.entry(settings, assistant)
            for name, package in on.items()
            if name in roles
        }
        if "api" in roles:
            await _serve(stack, assistant, list(entries.values()), notion_pages)
        way_in = ConsoleEntry(door, console, assistant, lasting=bool(roles))
        await _enter(stack, "console", way_in)
        stack.push_async_callback(_finish, assistant, way_in, console)
        for name, entry in entries.items():
            await _enter(stack, name, entry)
        yield assistant


async def _claimed(settings: Settings, door: Path) -> Owner:
    loop = asyncio.get_running_loop()
    other, since = whose(door), loop.time()
    while True:
        try:
            return await claim(settings)
        except Conflict:
            if loop.time() - since >= OWNER_SECONDS[other]:
                raise
        await asyncio.sleep(0.1)
        if (now := whose(door)) != other:
            other, since = now, loop.time()


async def _finish(assistant: Assistant, way_in: ConsoleEntry, console: ConsolePlatform) -> None:
    way_in.leave()
    # Nobody may come back for those; the next start tries again.
    await assistant.finish(apart=lambda: len(console.unseen))


async def _enter(stack: AsyncExitStack, name: str, entry: Entry | ConsoleEntry) -> None:
    stack.push_async_callback(entry.stop)
    if not await _settled(name, entry):
        stack.push_async_callback(_ended, asyncio.create_task(_settle_later(name, entry)))


async def _settled(name: str, entry: Entry | ConsoleEntry) -> bool:
    """Starts it; False where that did not work and is worth another try."""
    # One platform's wrong token is not the others' outage.
    try:
        await entry.start()
    except AssistantError as error:
        log.error("a platform is not connected", platform=name, reason=error.message)
        pulse(name).fail(error.message)
        return not error.retryable
    pulse(name).begin()
    return True


async def _settle_later(name: str, entry: Entry | ConsoleEntry) -> None:
    pause = FIRST_PAUSE_SECONDS
    while True:
        # Processes that were started together do not all come at once.
        await asyncio.sleep(min(pause, START_AGAIN_SECONDS) * random.uniform(0.75, 1))  # noqa: S311
        if await _settled(name, entry):
            return
        pause = min(pause * 2, START_AGAIN_SECONDS)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


async def _serve(
    stack: AsyncExitStack,
    assistant: Assistant,
    entries: list[Entry],
    notion_pages: web.Application | None,
) -> None:
    from api.app import create_app
    from api.server import Runner

    app = create_app(
        assistant,
        mounts=[route for entry in entries for route in entry.routes],
        subapps={standin.MOUNTED_AT: notion_pages} if notion_pages is not None else {},
    )
    settings = assistant.settings
    as_many_as_allowed()
    runner = Runner(app, access_log=None, shutdown_timeout=2)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Misconfigured(
                f"Port {settings.port} of {settings.host} is taken. "
                "Stop what listens there, or choose another: PORT=8081"
            ) from None
        raise Misconfigured(
            f"Cannot listen on {settings.host}, port {settings.port}: {error.strerror}. "
            "Check HOST and PORT."
        ) from None


async def run(settings: Settings, roles: frozenset[str], say: Callable[[str], None]) -> None:
    """Runs until SIGTERM or SIGINT."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    for lost in (*unread(settings), *perhaps_meant(settings)):
        log.warning(lost)
    async with serving(settings, roles, settings.data_dir) as assistant:
        _announce(settings, roles, say)
        # Collections pass over what the start made; a full one would hold up everybody 0.1 s.
        gc.freeze()
        gc.enable()
        loading = asyncio.create_task(assistant.warm.wait())
        # What is loaded after the start is most of it.
        loading.add_done_callback(lambda done: None if done.cancelled() else gc.freeze())
        await over.wait()
        loading.cancel()
        say("Stopping; running answers are finished first …")


def _announce(settings: Settings, roles: frozenset[str], say: Callable[[str], None]) -> None:
    if "api" not in roles:
        say(f"Notion Assistant is running: {', '.join(sorted(roles))}.")
        return
    say(f"Notion Assistant is running on {settings.public_url}")
    if settings.local:
        say("")
        say("Try it from another terminal:")
        say(f"  {program()} chat '/notion generate a launch checklist --save'")
        if standin.stands_in(settings):
            say(f"Pages open at {settings.public_url}{standin.MOUNTED_AT}/ (a stand-in for Notion;")
            say("set NOTION_TOKEN for the real one).")
        say("")
    say("Stop it with Ctrl-C.")
