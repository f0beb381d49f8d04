"""Where terminals connect: a websocket on loopback, for whoever can read a file of this person's.

The address and a token stand in `console.json` beside the data, readable by its owner alone.

A terminal sends `{delivery, line}`, with `again` where it may have sent that before, and `{forget}`
where it does not want an answer any more. It gets `{id, part}`: first a part that says `kept`, once
the line is recorded, or `elsewhere` where it is not and another core has to be asked.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Protocol
from uuid import UUID

from aiohttp import WSCloseCode, WSMsgType, web

from bot.console import render
from bot.console.adapter import ConsolePlatform, Send
from bot.dispatch import dispatch
from core.errors import AssistantError
from core.live import Feed
from core.messages import Answer, Sender, stable_id
from core.ports import Intake, Part

FILE = "console.json"
HEARTBEAT_SECONDS = 20.0
LONGEST_LINE = 1024 * 1024
"""Bytes of a line on its way; a command may have 20,000 characters."""

LONGEST_WAIT = 600.0

HOME = "terminals"
"""What the terminals of one server are as a workspace; whoever is at one may read its files."""


def delivery_id(user: str, delivery: str) -> UUID:
    """The id of a line, known to both sides, so that answers from before are told apart."""
    return stable_id("console", user, delivery)


def whose(directory: Path) -> Literal["server", "terminal"] | None:
    """Whose door it is: a terminal's core soon ends again. None where there is none."""
    try:
        found = json.loads((directory / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return "server" if found.get("lasting", True) else "terminal"


class Core(Intake, Protocol):
    """The core, as terminals need it."""

    def feed(self, request_id: UUID) -> Feed:
        """The answer while it grows."""
        ...

    async def result(self, request_id: UUID, feed: Feed, timeout: float) -> Answer:
        """The answer once it is done. Raises Unavailable after `timeout` seconds."""
        ...


class ConsoleEntry:
    """The way in from terminals.

    `lasting`: a server's, and not that of a core which a terminal brought up for itself.
    """

    def __init__(
        self, directory: Path, platform: ConsolePlatform, core: Core, *, lasting: bool = True
    ) -> None:
        self._file = directory / FILE
        self._platform = platform
        self._core = core
        self._lasting = lasting
        self._leaving = False
        self._token = secrets.token_urlsafe(32)
        self._runner: web.AppRunner | None = None
        self._sockets: set[web.WebSocketResponse] = set()
        self._repeats: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Opens the door on a free port, and writes down where it is."""
        app = web.Application()
        app.router.add_get("/", self._terminal)
        app.on_shutdown.append(self._close_sockets)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        found = {
            "url": f"ws://127.0.0.1:{port}/",
            "token": self._token,
            "lasting": self._lasting,
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(found, file)
        fresh.replace(self._file)

    def leave(self) -> None:
        """Takes no lines any more; answers still go out.

        Where this is a terminal's own core, others are sent elsewhere: they can bring up theirs. So
        is whoever asks again, since what is recorded already must not be refused.
        """
        self._leaving = True

    async def stop(self) -> None:
        """Closes it."""
        self._file.unlink(missing_ok=True)
        for task in self._repeats:
            task.cancel()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _close_sockets(self, _app: web.Application) -> None:
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _terminal(self, request: web.Request) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            raise web.HTTPUnauthorized
        user = request.query.get("user", "")[:64]
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS, max_msg_size=LONGEST_LINE)
        await socket.prepare(request)

        async def send(request_id: str, part: Part) -> None:
            await socket.send_json({"id": request_id, "part": part})

        self._sockets.add(socket)
        self._platform.attach(user, send)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    with suppress(ConnectionError):
                        await self._take(user, message.json(), send)
        finally:
            self._platform.detach(user, send)
            self._sockets.discard(socket)
        return socket

    async def _take(self, user: str, message: dict[str, Any], send: Send) -> None:
        # The terminal keeps the delivery's name when it has to connect again.
        name = message.get("forget") or message["delivery"]
        delivery = delivery_id(user, str(UUID(name)))
        if "forget" in message:
            self._platform.unwanted(str(delivery))
        elif self._leaving and (message.get("again") or not self._lasting):
            await send(str(delivery), render.draft("") | {"elsewhere": True})
        else:
            await self._line(user, delivery, message["line"], send)
            if message.get("again"):
                self._repeat(delivery, send)

    async def _line(self, user: str, delivery: UUID, line: str, send: Send) -> None:
        self._platform.asked(str(delivery), send)
        refused = await dispatch(
            self._core,
            delivery,
            Sender("console", user, user),
            line,
            {"user": user, "asked": line[:200], "home": HOME, "manager": "yes"},
            user,
        )
        if refused is not None:
            await send(str(delivery), render.render(refused))
        else:
            await send(str(delivery), render.draft("") | {"kept": True})

    def _repeat(self, delivery: UUID, send: Send) -> None:
        # It may have been answered to a connection that broke, and nobody answers it twice.
        task = asyncio.create_task(self._answered(delivery, send))
        self._repeats.add(task)
        task.add_done_callback(self._repeats.discard)

    async def _answered(self, delivery: UUID, send: Send) -> None:
        with suppress(AssistantError, ConnectionError):
            answer = await self._core.result(delivery, self._core.feed(delivery), LONGEST_WAIT)
            await send(str(delivery), render.render(answer))
