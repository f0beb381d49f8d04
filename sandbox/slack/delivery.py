"""Deliveries to the app over HTTP: signed, timed, and retried when they are events.

docs.slack.dev/authentication/verifying-requests-from-slack, docs.slack.dev/apis/events-api
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

import aiohttp

Kind = Literal["slash_commands", "events_api", "interactive"]

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Timing:
    """Slack's patience in seconds; a test may shorten it.

    Events that are not taken are sent again nearly at once, after a minute and after five.
    """

    acknowledge: float = 3.0
    retries: tuple[float, ...] = (0.0, 60.0, 300.0)


@dataclass(frozen=True)
class Attempt:
    """One try. `reason` is Slack's word for the failure, None when the app took it."""

    status: int | None
    body: str
    reason: str | None
    no_retry: bool = False


@dataclass
class Delivery:
    """One thing sent to the app, with every attempt."""

    kind: Kind
    payload: dict[str, Any]
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def acknowledged(self) -> bool:
        """Whether the app took it in time."""
        return bool(self.attempts) and self.attempts[-1].reason is None

    @property
    def status(self) -> int | None:
        """The last status, None when there was no answer."""
        return self.attempts[-1].status if self.attempts else None

    @property
    def body(self) -> str:
        """The last body; over Socket Mode the acknowledgement's payload as JSON."""
        return self.attempts[-1].body if self.attempts else ""

    def json(self) -> Any:
        """The last body parsed; ValueError when it is not JSON."""
        return json.loads(self.body)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The value of `X-Slack-Signature`."""
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def encode(kind: Kind, payload: dict[str, Any]) -> tuple[bytes, str]:
    """The body Slack sends over HTTP, and its content type."""
    if kind == "events_api":
        return json.dumps(payload).encode(), JSON
    if kind == "interactive":
        return urlencode({"payload": json.dumps(payload)}).encode(), FORM
    return urlencode(payload).encode(), FORM


class Sender:
    """Posts to `deliver_to`, the app's request URL."""

    def __init__(self, signing_secret: str, clock: Callable[[], float], timing: Timing) -> None:
        self.signing_secret = signing_secret
        self.clock = clock
        self.timing = timing
        self.deliver_to: str | None = None
        self._session: aiohttp.ClientSession | None = None

    async def send(self, delivery: Delivery) -> Delivery:
        """Delivers; events again up to three times unless the app took them or said not to."""
        retries = self.timing.retries if delivery.kind == "events_api" else ()
        for number, delay in enumerate((None, *retries)):
            headers: dict[str, str] = {}
            if delay is not None:
                await asyncio.sleep(delay)
                reason = delivery.attempts[-1].reason or ""
                headers = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
            attempt = await self._attempt(delivery, headers)
            delivery.attempts.append(attempt)
            if attempt.reason is None or attempt.no_retry:
                break
        return delivery

    async def close(self) -> None:
        """Closes the connections to the app."""
        if self._session:
            await self._session.close()
            self._session = None

    async def post(
        self, body: bytes, content_type: str, headers: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        """One signed POST: status, body and the `X-Slack-No-Retry` header.

        Raises RuntimeError without `deliver_to`, and aiohttp's errors.
        """
        if not self.deliver_to:
            raise RuntimeError("nowhere to deliver: no request URL and no socket is connected")
        if self._session is None:
            self._session = aiohttp.ClientSession()
        timestamp = str(int(self.clock()))
        signed = {
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self.signing_secret, timestamp, body),
            "Content-Type": content_type,
            "Accept": "*/*",
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            **(headers or {}),
        }
        async with self._session.post(
            self.deliver_to, data=body, headers=signed, allow_redirects=False
        ) as answer:
            text = await answer.text()
            return answer.status, text, answer.headers.get("X-Slack-No-Retry", "")

    async def _attempt(self, delivery: Delivery, headers: dict[str, str]) -> Attempt:
        body, content_type = encode(delivery.kind, delivery.payload)
        try:
            async with asyncio.timeout(self.timing.acknowledge):
                status, text, no_retry = await self.post(body, content_type, headers)
        except TimeoutError:
            return Attempt(None, "", "http_timeout")
        except aiohttp.ClientError:
            return Attempt(None, "", "connection_failed")
        reason = None if 200 <= status < 300 else "http_error"
        return Attempt(status, text, reason, no_retry=no_retry == "1")
