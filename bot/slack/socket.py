"""One websocket of Socket Mode. Imports slack_sdk and Bolt: import this when Slack is used.

slack_sdk's client reads envelopes and answers them. Left alone it also connects again, and there
it fails people: it tries an address that works once for ever, writes that address to the log, and
does not look whether Slack still pings. So here a client is one connection, never made anew, and
`bot.slack.watch` has the next one opened.
https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.async_internals import (
    run_async_bolt_app,
    send_async_response,
)
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.parse import UNREADABLE, is_shaped, kind_of
from core.errors import Misconfigured, PlatformFailed, RateLimited
from core.metrics import ACKNOWLEDGED, delivered

log = structlog.get_logger(__name__)

CALL_SECONDS = 10.0
CLOSE_SECONDS = 2.0
"""How long the other side has to answer the end of a connection."""

_PASSING = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited"}
)
_RETRY_AFTER = 30.0

_UNREACHABLE = "Slack could not be reached."


class Line(SocketModeClient):
    """A connection from its opening to its end.

    `heard` is when Slack last sent a message or a ping, on the loop's clock; `pinged` whether it
    ever pinged. `ended` is set when it is gone, `leaving` once Slack has said that it will be, with
    Slack's word for why in `reason`.
    """

    def __init__(self, app: AsyncApp, app_token: str, ping_seconds: float) -> None:
        super().__init__(
            app_token,
            logger=logging.getLogger("slack_bolt"),
            web_client=app.client,
            auto_reconnect_enabled=False,
            ping_interval=ping_seconds,
        )
        self._app = app
        self.heard = time.monotonic()
        self.pinged = False
        self.greeted = asyncio.Event()
        self.leaving = asyncio.Event()
        self.ended = asyncio.Event()
        self.reason = ""
        self.socket_mode_request_listeners.append(self._take)  # type: ignore[arg-type]

    async def connect(self) -> None:
        """Opens `wss_uri`, once. Raises PlatformFailed."""
        try:
            self.current_session = await self.aiohttp_client_session.ws_connect(
                self.wss_uri or "",
                autoping=False,
                # aiohttp pings, and ends the connection where no pong comes in half that time.
                heartbeat=self.ping_interval,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
                proxy=self.proxy,
                ssl=self.web_client.ssl if self.web_client.ssl is not None else True,
            )
        except (aiohttp.ClientError, OSError, ValueError):
            # The error names the address, which is as good as a password while it lasts.
            raise PlatformFailed("Slack's socket could not be reached.", retryable=True) from None
        self.heard = time.monotonic()
        self.message_receiver = asyncio.ensure_future(self.receive_messages())

    async def connect_to_new_endpoint(self, force: bool = False) -> None:
        """Does nothing: the next connection is another client."""

    async def receive_messages(self) -> None:
        """Reads until the end. Pongs are no sign of life: a server that forgot us pongs too."""
        session = self.current_session
        try:
            while session is not None:
                message = await session.receive()
                if message.type is aiohttp.WSMsgType.PONG:
                    continue
                if message.type is aiohttp.WSMsgType.PING:
                    self.pinged = True
                    await session.pong(message.data)
                elif message.type is aiohttp.WSMsgType.TEXT:
                    await self.enqueue_message(message.data)
                elif message.type is not aiohttp.WSMsgType.BINARY:
                    break
                self.heard = time.monotonic()
        except (aiohttp.ClientError, OSError):
            # Not even the pong went out: that is the end as well.
            return
        finally:
            self.ended.set()

    async def run_message_listeners(self, message: dict[str, Any], raw_message: str) -> None:
        """As the SDK's, which opens another connection where Slack takes this one away."""
        kind = message.get("type")
        if kind == "hello":
            self.greeted.set()
        if kind == "disconnect":
            self.reason = str(message.get("reason") or "")
            self.leaving.set()
            return
        await super().run_message_listeners(message, raw_message)

    async def close(self) -> None:
        """Ends it, within `CLOSE_SECONDS` or so. May be called twice."""
        self.ended.set()
        await super().close()  # type: ignore[no-untyped-call]  # the SDK leaves it bare

    async def _take(self, _client: SocketModeClient, request: SocketModeRequest) -> None:
        delivered("slack", kind_of(request.payload or {}))
        with ACKNOWLEDGED.labels("slack").time():
            try:
                if not is_shaped(request.payload or {}):
                    raise ValueError(request.type)
                answer = await run_async_bolt_app(self._app, request)
            except UNREADABLE as error:
                # It would be the same the next time; acknowledged, it does not come again.
                log.warning("slack delivery not understood", reason=type(error).__name__)
                answer = BoltResponse(status=200, body="")
            if answer.status == 404 and request.type == "events_api":
                # Nobody wants it; unacknowledged it would come again.
                answer = BoltResponse(status=200, body="")
            await send_async_response(self, request, answer, time.time())


async def open_line(app: AsyncApp, app_token: str, ping_seconds: float, patience: float) -> Line:
    """A new connection, at a new address.

    Raises Misconfigured where Slack does not accept the token, RateLimited, and PlatformFailed
    where it is not there within `patience` seconds.
    """
    line: Line | None = None
    try:
        async with asyncio.timeout(patience):
            url = await _address(app, app_token)
            line = Line(app, app_token, ping_seconds)
            line.wss_uri = url
            await line.connect()
            return line
    except BaseException as error:
        if line is not None:
            await line.close()
        if isinstance(error, TimeoutError):
            raise PlatformFailed(
                "Slack's socket could not be reached in time.", retryable=True
            ) from None
        raise


async def _address(app: AsyncApp, app_token: str) -> str:
    """https://docs.slack.dev/reference/methods/apps.connections.open"""
    timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
    try:
        # A session of our own: the SDK's stays open where the call is given up.
        async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
            client = AsyncWebClient(
                base_url=app.client.base_url,
                session=session,
                retry_handlers=[],
                logger=logging.getLogger("slack_sdk"),
            )
            opened = await client.apps_connections_open(app_token=app_token)
        url = opened.get("url")
    except SlackApiError as error:
        raise _refusal(error) from None
    except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError):
        raise PlatformFailed(_UNREACHABLE, retryable=True) from None
    except (AttributeError, TypeError, ValueError):
        # The SDK takes it that an answer is JSON; a proxy's page is not.
        raise PlatformFailed(_UNREACHABLE, retryable=True) from None
    if not isinstance(url, str) or not url:
        raise PlatformFailed("Slack gave no address for Socket Mode.", retryable=True)
    return url


def _refusal(error: SlackApiError) -> Misconfigured | PlatformFailed | RateLimited:
    answer = error.response
    data = getattr(answer, "data", None)
    reason = data.get("error") if isinstance(data, Mapping) else None
    status = getattr(answer, "status_code", 0) or getattr(answer, "status", 0)
    if reason == "ratelimited" or status == 429:
        headers = {name.lower(): value for name, value in dict(answer.headers).items()}
        wait = headers.get("retry-after", "")
        return RateLimited(
            "Slack asks to slow down.",
            retry_after=float(wait) if str(wait).isdecimal() else _RETRY_AFTER,
        )
    if reason in _PASSING or not isinstance(reason, str) or status >= 500:
        return PlatformFailed(f"Slack failed ({reason or status}).", retryable=True)
    return Misconfigured(
        f"Slack does not accept SLACK_APP_TOKEN ({reason}). Make one with the scope "
        "connections:write, or unset it to use HTTP alone."
    )
