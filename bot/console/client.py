"""The terminal's side: sends lines, shows answers as they grow."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp

from bot.console import render
from bot.console.door import FILE, delivery_id
from core.errors import Unavailable

RECONNECT_SECONDS = 60.0
SILENCE_SECONDS = 660.0
"""Longer than any provider is waited for."""

Show = Callable[[str], None]


class Client:
    """One terminal. `show` is given text as it comes, `tell` what is said beside it."""

    def __init__(self, directory: Path, user: str, show: Show, tell: Show) -> None:
        self._file = directory / FILE
        self._user = user
        self._show = show
        self._tell = tell
        self._http: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def __aenter__(self) -> Client:
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._socket is not None:
            await self._socket.close()
        if self._http is not None:
            await self._http.close()

    async def ask(self, line: str) -> bool:
        """Sends a line and shows its answer; returns whether the command succeeded.

        A server that goes away is waited for, at most a minute, and asked for the same answer
        again. Raises Unavailable after that.
        """
        delivery = str(uuid4())
        mine = str(delivery_id(self._user, delivery))
        shown = ""
        while True:
            socket = await self._connected()
            try:
                await socket.send_json({"delivery": delivery, "line": line})
                return await self._answer(socket, mine, shown)
            except _Lost as lost:
                shown = lost.shown
                self._socket = None
                self._tell("The server went away; waiting for it to come back …")

    async def _answer(self, socket: aiohttp.ClientWebSocketResponse, mine: str, shown: str) -> bool:
        while True:
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    message = await socket.receive()
            except TimeoutError:
                raise Unavailable("The server is silent. Look at /notion history later.") from None
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise _Lost(shown)
            event: dict[str, Any] = json.loads(message.data)
            part = event["part"]
            if event["id"] != mine:
                if part["final"]:
                    self._earlier(part)
                continue
            shown = self._grow(shown, part["text"], final=part["final"])
            if part["final"]:
                for text in render.footer(part):
                    self._show(text + "\n")
                return bool(part["ok"])

    def _grow(self, shown: str, text: str, *, final: bool) -> str:
        text = text.rstrip()
        if not text.startswith(shown):
            # Another provider began anew, or the final text differs from what was streamed.
            self._show("\n")
            shown = ""
        self._show(text[len(shown) :] + ("\n" if final else ""))
        return text

    def _earlier(self, part: dict[str, Any]) -> None:
        self._tell("An answer from before:")
        self._tell("\n".join([part["text"], *render.footer(part)]))

    async def _connected(self) -> aiohttp.ClientWebSocketResponse:
        if self._socket is not None and not self._socket.closed:
            return self._socket
        assert self._http is not None  # noqa: S101 - inside the block
        deadline = asyncio.get_running_loop().time() + RECONNECT_SECONDS
        while True:
            try:
                door = json.loads(self._file.read_text(encoding="utf-8"))
                self._socket = await self._http.ws_connect(
                    door["url"],
                    headers={"Authorization": f"Bearer {door['token']}"},
                    params={"user": self._user},
                    max_msg_size=0,
                )
            except (OSError, ValueError, aiohttp.ClientError):
                if asyncio.get_running_loop().time() > deadline:
                    raise Unavailable(
                        "The server does not answer. Start it with `notion-assistant run`; what "
                        "you asked for is kept and shown at your next `notion-assistant chat`."
                    ) from None
                await asyncio.sleep(0.2)
            else:
                return self._socket


class _Lost(Exception):
    """The connection broke; `shown` is what the person has seen."""

    def __init__(self, shown: str) -> None:
        super().__init__()
        self.shown = shown
