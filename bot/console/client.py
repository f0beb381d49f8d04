"""The terminal's side: sends lines, shows answers as they grow."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp

from bot.console import render
from bot.console.door import FILE, LONGEST_LINE, delivery_id
from bot.console.screen import Screen, Show
from core.errors import InvalidInput, Unavailable
from core.ports import Part

COME_BACK_SECONDS = 60.0
"""How long a server that was told of the line is waited for, before its work is taken over."""

RECONNECT_SECONDS = 5.0
"""How long a server that was not told of the line yet is waited for."""

GIVE_UP_SECONDS = 60.0
QUIET_SECONDS = 1.0
"""Where nothing was under way, a connection that is back so soon is not worth a word."""

RETRY_SECONDS = 0.2
SILENCE_SECONDS = 660.0
"""Longer than any provider is waited for."""

AWAY = "The server went away; waiting for it to come back …"


class Client:
    """One terminal. `show` is given text as it comes, `tell` what is said beside it.

    `revive` is called while nobody answers at the door: it may bring up a core of its own. Used as
    a context; between lines it keeps the connection alive, and tells of answers from before.
    """

    def __init__(
        self,
        directory: Path,
        user: str,
        show: Show,
        tell: Show,
        revive: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._file = directory / FILE
        self._user = user
        self._show = show
        self._tell = tell
        self._revive = revive
        self._http: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._lasting = False
        self._asked: _Asked | None = None
        self._earlier: list[str] = []
        self._seen: set[str] = set()
        self.kept = False
        """Whether the line that was asked last is known to be recorded."""

    async def __aenter__(self) -> Client:
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._disconnect()
        if self._http is not None:
            await self._http.close()

    async def ask(self, line: str) -> bool:
        """Sends a line and shows its answer; returns whether the command succeeded.

        Where the connection is lost it is made anew, and the same answer asked for again; a server
        that went away is waited for, at most a minute. Raises Unavailable after that, InvalidInput
        where the line is too long to send.
        """
        if len(json.dumps(line)) > LONGEST_LINE // 2:
            raise InvalidInput(f"That is {len(line):,} characters, too many for one command.")
        asked = self._asked = _Asked(self._user, line)
        self.kept = False
        screen = Screen(self._show, self._tell)
        try:
            while True:
                try:
                    await self._send(asked)
                    return await self._answer(asked, screen)
                except _Lost:
                    await self._disconnect()
        except BrokenPipeError:
            # Nobody reads on, `| head` for one; so it is not to be shown another time either.
            await self._forget(asked)
            raise
        finally:
            self._asked = None
            self._earlier, told = [], self._earlier
            for text in told:
                self._tell(text)

    async def _send(self, asked: _Asked) -> None:
        socket = await self._connected(asked)
        message = {"delivery": asked.delivery, "line": asked.line, "again": asked.sent}
        asked.sent = True
        try:
            await socket.send_json(message)
        except (ConnectionError, aiohttp.ClientError):
            raise _Lost from None

    async def _answer(self, asked: _Asked, screen: Screen) -> bool:
        while True:
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    part = await asked.parts.get()
            except TimeoutError:
                raise Unavailable("The server is silent. Look at /notion history later.") from None
            if part is None:
                raise _Lost
            if part.get("elsewhere"):
                await asyncio.sleep(RETRY_SECONDS)
                raise _Lost
            if part.get("kept"):
                self.kept = asked.kept = True
                continue
            screen.take(part)
            if part["final"]:
                self._seen.add(asked.id)
                return bool(part["ok"])

    async def _forget(self, asked: _Asked) -> None:
        if self._socket is not None:
            with suppress(ConnectionError, aiohttp.ClientError):
                await self._socket.send_json({"forget": asked.delivery})

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Takes what comes, between lines as well: so the server's heartbeat is answered."""
        try:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._take(json.loads(message.data))
        finally:
            if self._asked is not None:
                self._asked.parts.put_nowait(None)

    def _take(self, event: dict[str, Any]) -> None:
        asked, part = self._asked, event["part"]
        if asked is not None and event["id"] == asked.id:
            asked.parts.put_nowait(part)
        elif part["final"] and event["id"] not in self._seen:
            self._seen.add(event["id"])
            # Not into the middle of the text that is being shown.
            if asked is not None:
                self._earlier.append(render.earlier(part))
            else:
                self._tell(render.earlier(part))

    async def _connected(self, asked: _Asked) -> aiohttp.ClientWebSocketResponse:
        if self._socket is not None and not self._socket.closed:
            return self._socket
        await self._disconnect()
        asked.parts = asyncio.Queue()
        wait = _Wait(asked, server=self._lasting)
        while True:
            try:
                self._socket = await self._knock()
            except (OSError, ValueError, KeyError, aiohttp.ClientError):
                wait.check(self._tell)
                if self._revive is not None and not wait.for_the_server:
                    await self._revive()
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._reader = asyncio.create_task(self._read(self._socket))
                return self._socket

    async def _knock(self) -> aiohttp.ClientWebSocketResponse:
        assert self._http is not None  # noqa: S101 - inside the block
        door = json.loads(self._file.read_text(encoding="utf-8"))
        socket = await self._http.ws_connect(
            door["url"],
            headers={"Authorization": f"Bearer {door['token']}"},
            params={"user": self._user},
            max_msg_size=0,
        )
        self._lasting = door.get("lasting", True)
        return socket

    async def _disconnect(self) -> None:
        reader, self._reader = self._reader, None
        socket, self._socket = self._socket, None
        if reader is not None:
            reader.cancel()
            await asyncio.wait([reader])
        if socket is not None:
            await socket.close()


class _Asked:
    """A line on its way: `sent` to somebody at least, `kept` once it is known to be recorded."""

    def __init__(self, user: str, line: str) -> None:
        self.line = line
        self.delivery = str(uuid4())
        self.id = str(delivery_id(user, self.delivery))
        self.parts: asyncio.Queue[Part | None] = asyncio.Queue()
        self.sent = False
        self.kept = False


class _Wait:
    """How long nobody has answered, and what that means."""

    def __init__(self, asked: _Asked, *, server: bool) -> None:
        self._asked = asked
        self._began = asyncio.get_running_loop().time()
        self._told = not server
        self._quiet = 0.0 if asked.sent else QUIET_SECONDS
        self._patience = 0.0
        if server:
            self._patience = COME_BACK_SECONDS if asked.sent else RECONNECT_SECONDS

    @property
    def for_the_server(self) -> bool:
        """Whether a server is likely to come back by itself."""
        return self._waited < self._patience

    @property
    def _waited(self) -> float:
        return asyncio.get_running_loop().time() - self._began

    def check(self, tell: Show) -> None:
        """Says once that it takes long. Raises Unavailable when it has taken too long."""
        if not self._told and self._waited >= self._quiet:
            self._told = True
            tell(AWAY)
        if self._waited > self._patience + GIVE_UP_SECONDS:
            raise Unavailable(
                "Another Notion Assistant has this data and does not answer. Stop it, or start it "
                f"anew: `notion-assistant run`. {self._state()}"
            )

    def _state(self) -> str:
        if self._asked.kept:
            return "What you asked for is recorded; it will be in /notion history."
        if self._asked.sent:
            return "What you asked for may be recorded: look at /notion history."
        return "What you asked for was not recorded."


class _Lost(Exception):
    """The connection broke, or the one at its other end takes nothing any more."""
