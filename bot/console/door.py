"""Where terminals connect: a websocket on loopback, for whoever can read a file of this person's.

The address and a token stand in `console.json` beside the data, readable by its owner alone.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from pathlib import Path
from uuid import UUID

from aiohttp import WSMsgType, web

from bot.console import render
from bot.console.adapter import ConsolePlatform, Send
from bot.dispatch import dispatch
from core.messages import Sender, stable_id
from core.ports import Intake, Part

FILE = "console.json"
LONGEST_LINE = 64 * 1024


def delivery_id(user: str, delivery: str) -> UUID:
    """The id of a line, known to both sides, so that answers from before are told apart."""
    return stable_id("console", user, delivery)


class ConsoleEntry:
    """The way in from terminals."""

    def __init__(self, directory: Path, platform: ConsolePlatform, intake: Intake) -> None:
        self._file = directory / FILE
        self._platform = platform
        self._intake = intake
        self._token = secrets.token_urlsafe(32)
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Opens the door on a free port, and writes down where it is."""
        app = web.Application()
        app.router.add_get("/", self._terminal)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        found = {"url": f"ws://127.0.0.1:{port}/", "token": self._token}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(found, file)
        fresh.replace(self._file)

    async def stop(self) -> None:
        """Closes it."""
        self._file.unlink(missing_ok=True)
        if self._runner is not None:
            await self._runner.cleanup()

    async def _terminal(self, request: web.Request) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            raise web.HTTPUnauthorized
        user = request.query.get("user", "")[:64]
        socket = web.WebSocketResponse(heartbeat=20, max_msg_size=LONGEST_LINE)
        await socket.prepare(request)

        async def send(request_id: str, part: Part) -> None:
            await socket.send_json({"id": request_id, "part": part})

        self._platform.attach(user, send)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._line(user, message.json(), send)
        finally:
            self._platform.detach(user, send)
        return socket

    async def _line(self, user: str, message: dict[str, str], send: Send) -> None:
        # The terminal keeps the delivery's name when it has to connect again.
        delivery = delivery_id(user, str(UUID(message["delivery"])))
        self._platform.asked(str(delivery), send)
        refused = await dispatch(
            self._intake,
            delivery,
            Sender("console", user, user),
            message["line"],
            {"user": user},
            user,
        )
        if refused is not None:
            await send(str(delivery), render.render(refused))
