"""What a stand-in saw: a bounded log of calls, hooks around each, and a way to wait for one."""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import web

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What goes back: a dict or list as JSON, a str as plain text, None as no body at all.

    `dropped` closes the connection instead, as a network that fails after the work was done.
    """

    payload: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    dropped: bool = False

    def response(self) -> web.Response:
        """The HTTP response. JSON goes out as exactly `application/json`, without a charset.

        discord.py parses an answer only when the header is that and nothing more.
        """
        headers = dict(self.headers)
        if self.payload is None:
            return web.Response(status=self.status, headers=headers)
        if isinstance(self.payload, str):
            return web.Response(status=self.status, headers=headers, text=self.payload)
        headers["Content-Type"] = "application/json"
        body = json.dumps(self.payload, ensure_ascii=False).encode()
        return web.Response(status=self.status, headers=headers, body=body)


@dataclass
class Call:
    """One request as it came in, and its answer once there is one."""

    name: str
    path: str
    body: dict[str, Any]
    headers: Mapping[str, str]
    at: float
    answer: Answer | None = None


Hook = Callable[[Call], Awaitable[Answer | None]]


@dataclass
class Hooks:
    """Run around every call, in order; the first that returns an answer decides.

    A `before` hook's answer replaces the work, an `after` hook's answer replaces only what the
    caller hears: the work stays done. A hook may also wait, or end a process.
    """

    before: list[Hook] = field(default_factory=list)
    after: list[Hook] = field(default_factory=list)


def public_headers(request: web.Request) -> dict[str, str]:
    """The request's headers without the credentials; names in lower case."""
    return {
        name.lower(): value
        for name, value in request.headers.items()
        if name.lower() != "authorization"
    }


class Traffic:
    """The log, the hooks and the waiting, shared by all parts of one stand-in."""

    def __init__(self, limit: int = 10_000) -> None:
        self.requests: deque[Call] = deque(maxlen=limit)
        self.hooks = Hooks()
        self._changed = asyncio.Event()

    def calls(self, name: str) -> list[Call]:
        """The logged calls of that name, oldest first."""
        return [call for call in self.requests if call.name == name]

    def changed(self) -> None:
        """Wakes everyone who waits for a new state."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_for(self, predicate: Callable[[], T], timeout: float = 20.0) -> T:
        """What `predicate` returns, as soon as that is true.

        It is asked after every change here, and every 20 ms for what changes elsewhere.
        Raises TimeoutError after `timeout` seconds, naming the last calls seen.
        """
        try:
            async with asyncio.timeout(timeout):
                while not (found := predicate()):
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(0.02):
                            await self._changed.wait()
                return found
        except TimeoutError:
            seen = ", ".join(call.name for call in list(self.requests)[-8:]) or "none"
            message = f"nothing matched within {timeout} s; last calls: {seen}"
            raise TimeoutError(message) from None

    async def serve(
        self, request: web.Request, call: Call, work: Callable[[], Awaitable[Answer]]
    ) -> web.Response:
        """Logs `call`, runs hooks and work, and returns what the caller is to hear."""
        self.requests.append(call)
        self.changed()
        answer = await self._first(self.hooks.before, call)
        if answer is None:
            answer = await work()
        call.answer = answer
        self.changed()
        answer = await self._first(self.hooks.after, call) or answer
        call.answer = answer
        self.changed()
        if answer.dropped and request.transport is not None:
            request.transport.close()
        return answer.response()

    @staticmethod
    async def _first(hooks: list[Hook], call: Call) -> Answer | None:
        for hook in list(hooks):
            answer = await hook(call)
            if answer is not None:
                return answer
        return None
