"""The way out to terminals: an answer goes to the terminal that asked.

Where that has gone, because the connection or the server broke, it goes to the newest terminal of
the same person, or to the next one they open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from bot.console import render
from core.errors import PlatformFailed
from core.messages import Action, Answer
from core.ports import Address, Part, Reply

Send = Callable[[str, Part], Awaitable[None]]
"""Sends a part of the answer to the request with this id."""

PATIENCE_SECONDS = 600.0
"""How long a finished answer waits for a terminal of the person who asked."""


class ConsolePlatform:
    """`core.ports.CanEdit` for terminals."""

    name = "console"
    edit_interval = 0.05

    def __init__(self) -> None:
        self.unseen: set[str] = set()
        """The requests whose finished answer waits for a terminal."""
        self._terminals: dict[str, list[Send]] = {}
        self._asked: dict[str, Send] = {}
        self._unwanted: set[str] = set()
        self._come = asyncio.Event()

    def attach(self, user: str, send: Send) -> None:
        """A terminal of this person is there."""
        self._terminals.setdefault(user, []).append(send)
        self._come.set()

    def asked(self, request: str, send: Send) -> None:
        """This terminal asked for the answer to this request."""
        self._asked[request] = send

    def unwanted(self, request: str) -> None:
        """Whoever asked does not want to see this answer any more."""
        self._unwanted.add(request)

    def detach(self, user: str, send: Send) -> None:
        """It is gone."""
        self._terminals[user].remove(send)
        self._asked = {request: each for request, each in self._asked.items() if each != send}

    def render(self, answer: Answer) -> list[Part]:
        """One message."""
        return [render.render(answer)]

    def editable(self, address: Address) -> bool:  # noqa: ARG002 - every terminal is
        """Always."""
        return True

    def waiting(self, actions: Sequence[Action] = (), why: str = "") -> Part:  # noqa: ARG002 - a terminal has none
        """An empty draft."""
        return render.draft("")

    def draft(self, text: str, actions: Sequence[Action] = ()) -> Part:  # noqa: ARG002 - as above
        """What is there so far."""
        return render.draft(text)

    async def post(self, address: Address, part: Part, marker: str, *, again: bool) -> Reply:  # noqa: ARG002 - showing a draft twice is showing it once
        """Shows a message. Raises PlatformFailed where no terminal comes for a finished answer."""
        request = marker.partition(":")[0]
        await self._send(address, request, part)
        return {"request": request}

    async def edit(self, address: Address, reply: Reply, part: Part) -> None:
        """Shows more of it. Raises PlatformFailed as `post` does."""
        await self._send(address, reply["request"], part)

    async def _send(self, address: Address, request: str, part: Part) -> None:
        user, final = address["user"], part["final"]
        if request in self._unwanted:
            if final:
                self._unwanted.discard(request)
            return
        if not self._terminals.get(user):
            # What nobody sees grow need not be kept: the finished answer holds it.
            if not final:
                return
            await self._somebody(user, request)
        send = self._asked.get(request, self._terminals[user][-1])
        try:
            await send(request, part | {"asked": address.get("asked", "")})
        except ConnectionError as error:
            raise PlatformFailed("The terminal is gone.", retryable=True) from error
        if final:
            self._asked.pop(request, None)

    async def _somebody(self, user: str, request: str) -> None:
        self.unseen.add(request)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not self._terminals.get(user):
                    self._come.clear()
                    await self._come.wait()
        except TimeoutError as error:
            raise PlatformFailed("No terminal is open.") from error
        finally:
            self.unseen.discard(request)

    async def close(self) -> None:
        """Nothing is open."""
