"""Slash commands as Slack sends them, on connections that are kept open.

Written on bare sockets: what the client spends would be counted with both systems, and would make
them look more alike than they are.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Self
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

_NUMBERS = count(1)


class Commands:
    """Makes signed slash commands, each with a trigger id of its own. `fields` are the form's."""

    def __init__(self, secret: str, fields: Mapping[str, str]) -> None:
        self._verifier = SignatureVerifier(secret)
        self._fields = fields

    def next(self) -> bytes:
        """The bytes of one HTTP request, signed now."""
        number = next(_NUMBERS)
        who = {"user_id": f"U{number % 30:08d}", "trigger_id": f"{number}.{time.time_ns()}"}
        body = urlencode({**self._fields, **who})
        now = str(int(time.time()))
        signature = self._verifier.generate_signature(timestamp=now, body=body)
        head = (
            "POST /slack/events HTTP/1.1\r\n"
            "Host: 127.0.0.1\r\n"
            "User-Agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\n"
            "Accept: application/json,*/*\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body.encode())}\r\n"
            f"X-Slack-Request-Timestamp: {now}\r\n"
            f"X-Slack-Signature: {signature}\r\n\r\n"
        )
        return (head + body).encode()


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._answered: asyncio.Future[float]
        self._buffer = b""

    @classmethod
    async def to(cls, port: int) -> Self:
        """Connects."""
        _, made = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol. An acknowledgement is 200 without a body; all else is an error."""
        now = time.perf_counter()
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if not end or self._answered.done():
            return
        if b" 200 " in head.partition(b"\r\n")[0] and b"content-length: 0" in head.lower():
            self._answered.set_result(now)
        else:
            self._answered.set_exception(RuntimeError(f"no acknowledgement: {head!r} {body!r}"))

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio.Protocol."""
        if hasattr(self, "_answered") and not self._answered.done():
            self._answered.set_exception(error or ConnectionError("the server hung up"))

    async def post(self, request: bytes) -> float:
        """Seconds from the request's departure to the end of its acknowledgement."""
        self._answered, self._buffer = asyncio.get_running_loop().create_future(), b""
        began = time.perf_counter()
        self._transport.write(request)
        return await self._answered - began

    def close(self) -> None:
        """Hangs up."""
        self._transport.close()


@asynccontextmanager
async def connections(port: int, number: int) -> AsyncIterator[list[Connection]]:
    """So many open connections."""
    made = [await Connection.to(port) for _ in range(number)]
    try:
        yield made
    finally:
        for each in made:
            each.close()
