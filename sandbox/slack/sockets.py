"""Socket Mode: the same deliveries through a websocket that the app opened.

docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import json
import secrets
import uuid
from collections.abc import Callable
from typing import Any, Literal

from aiohttp import WSMsgType, web

from sandbox.slack.delivery import Attempt, Delivery, Timing
from sandbox.slack.workspace import Workspace

Reason = Literal["warning", "refresh_requested", "link_disabled"]


class Sockets:
    """Open connections, tickets for new ones, and acknowledgements that are awaited.

    `pinging` is the time between two pings of the server's in seconds, None for none. `deaf` keeps
    connections open, and neither sends nor takes anything on them, as a server does that has
    forgotten them; `pongs` says whether the machinery below still answers pings. `refusing` is
    what the address of a socket is answered with, None for a socket.
    """

    def __init__(self, space: Workspace, timing: Timing, changed: Callable[[], None]) -> None:
        self.space = space
        self.timing = timing
        self.changed = changed
        self.connections: list[web.WebSocketResponse] = []
        self.opened = 0
        self.pinging: float | None = None
        self.deaf = False
        self.pongs = True
        self.refusing: int | None = None
        self._tickets: set[str] = set()
        self._acknowledged: dict[str, asyncio.Future[Any]] = {}

    def issue_url(self) -> str:
        """A websocket address that works once."""
        ticket = str(uuid.uuid4())
        self._tickets.add(ticket)
        base = self.space.base_url.replace("http://", "ws://", 1)
        return f"{base}/link/?ticket={ticket}&app_id={self.space.app_id}"

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """The websocket route: hello first, then acknowledgements until it closes."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=408)
        self._tickets.discard(ticket)
        if self.refusing is not None:
            return web.Response(status=self.refusing)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self.opened += 1
        self.connections.append(socket)
        await socket.send_json(self._hello())
        self.changed()
        pinger = asyncio.create_task(self._ping(socket))
        async for message in socket:
            if message.type is WSMsgType.PING and self.pongs:
                await socket.pong(message.data)
            if message.type is WSMsgType.TEXT and not self.deaf:
                self._take(message.data)
        pinger.cancel()
        if socket in self.connections:
            self.connections.remove(socket)
        self.changed()
        return socket

    async def _ping(self, socket: web.WebSocketResponse) -> None:
        while self.pinging is not None and not socket.closed:
            if not self.deaf:
                await socket.ping(b"Ping from the sandbox")
            await asyncio.sleep(self.pinging)

    def abort(self) -> None:
        """Cuts every connection off, as a network does."""
        for socket in list(self.connections):
            if socket._req is not None and socket._req.transport is not None:
                socket._req.transport.abort()

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {
                "host": "sandbox",
                "build_number": 1,
                "approximate_connection_time": 18_060,
            },
            "connection_info": {"app_id": self.space.app_id},
        }

    def _take(self, text: str) -> None:
        body = json.loads(text)
        waiting = self._acknowledged.get(body.get("envelope_id", ""))
        if waiting and not waiting.done():
            waiting.set_result(body.get("payload"))

    async def send(self, delivery: Delivery) -> Delivery:
        """Sends to one connection and awaits the acknowledgement; events are tried again."""
        retries = self.timing.retries if delivery.kind == "events_api" else ()
        for number, delay in enumerate((0.0, *retries)):
            await asyncio.sleep(delay)
            attempt = await self._attempt(delivery, number)
            delivery.attempts.append(attempt)
            if attempt.reason is None:
                break
        return delivery

    async def _attempt(self, delivery: Delivery, number: int) -> Attempt:
        if not self.connections or self.deaf:
            return Attempt(None, "", "connection_failed")
        envelope_id = str(uuid.uuid4())
        envelope: dict[str, Any] = {
            "envelope_id": envelope_id,
            "type": delivery.kind,
            "payload": delivery.payload,
            "accepts_response_payload": delivery.kind != "events_api",
        }
        if delivery.kind == "events_api":
            reason = delivery.attempts[-1].reason if delivery.attempts else ""
            envelope |= {"retry_attempt": number, "retry_reason": reason or ""}
        waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._acknowledged[envelope_id] = waiting
        try:
            await secrets.choice(self.connections).send_json(envelope)
            payload = await asyncio.wait_for(waiting, self.timing.acknowledge)
        except (TimeoutError, ConnectionError):
            return Attempt(None, "", "timeout")
        finally:
            del self._acknowledged[envelope_id]
        return Attempt(200, "" if payload is None else json.dumps(payload), None)

    async def disconnect(self, reason: Reason = "refresh_requested") -> None:
        """Tells every connection to go, and closes them; a warning closes nothing yet."""
        notice = {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
        for socket in list(self.connections):
            await socket.send_json(notice)
            if reason != "warning":
                self.connections.remove(socket)
                await socket.close()
        self.changed()

    async def close(self) -> None:
        """Closes all connections without a word."""
        for socket in list(self.connections):
            await socket.close()
