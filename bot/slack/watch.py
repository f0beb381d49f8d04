"""Keeps a connection of Socket Mode open, whatever becomes of the one before.

Noticed, at the latest, with the usual `Limits`:

- a peer that is gone without a word (half-open TCP, no pong): 15 seconds;
- a server that pinged, as Slack does every few seconds, and stopped: 45 seconds;
- a server that never pinged and sends nothing any more: 300 seconds;
- an end that was said, or a closed connection: at once.

The next one is opened before the old one is let go, where that still stands, and at a new address
each time; while that fails, after pauses that grow from 1 to 60 seconds, or as Slack asks.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from core.errors import AssistantError, RateLimited
from core.metrics import Standing

if TYPE_CHECKING:
    from bot.slack.socket import Line

log = structlog.get_logger(__name__)

# What Slack means by the reasons of its `disconnect` messages.
# https://docs.slack.dev/apis/events-api/using-socket-mode#disconnect
_TOLD = {
    "link_disabled": "Socket Mode was turned off for this app. Turn it on at api.slack.com/apps → "
    "the app → Socket Mode, or unset SLACK_APP_TOKEN to use HTTP alone.",
    "too_many_websockets": "Slack says this app has too many connections. Stop other processes "
    "that use the same SLACK_APP_TOKEN.",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds.

    `ping`: between two of our pings. `silent`: what a server that pings may be silent. `quiet`:
    what one that never pings may be. `opening`: for a new connection. `first_pause` and
    `longest_pause`: between two tries to open one. `handover`: what a new connection has to greet
    us, before the old one is let go.
    """

    ping: float = 10.0
    silent: float = 45.0
    quiet: float = 300.0
    opening: float = 15.0
    first_pause: float = 1.0
    longest_pause: float = 60.0
    handover: float = 2.0


class Watch:
    """The connection that is open, and what has to be done to keep one.

    `open_line` opens one, as `bot.slack.socket.open_line` does; `missed` is told since when events
    may have been missed, each time there was a gap.
    """

    def __init__(
        self,
        open_line: Callable[[], Awaitable[Line]],
        missed: Callable[[datetime], None],
        limits: Limits | None = None,
    ) -> None:
        self._open_line = open_line
        self._missed = missed
        self._limits = limits or Limits()
        self._line: Line | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._standing = Standing("slack")

    async def start(self) -> None:
        """Opens the first one, and keeps one open from then on. Raises what `open_line` raises."""
        if self._task is None:
            self._line = await self._open_line()
            self._standing.made()
            self._task = asyncio.create_task(self._keep(self._line), name="slack-watch")

    async def stop(self) -> None:
        """Ends the watch and the connection, within three seconds. May be called twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        line, self._line = self._line, None
        if line is not None:
            self._let_go(line)
        if self._closing:
            await asyncio.wait(self._closing, timeout=3)
        self._standing.lost()

    def heard(self) -> datetime | None:
        """When Slack was last heard of; None while there is no connection."""
        line = self._line
        if line is None or line.ended.is_set():
            return None
        return _moment(line)

    async def _keep(self, line: Line) -> None:
        while True:
            why = await self._end_of(line)
            since = _moment(line)
            gap = line.ended.is_set() or not line.leaving.is_set()
            if gap:
                self._standing.lost()
            if line.reason in _TOLD:
                log.error(_TOLD[line.reason])
            log.info("slack connects anew", why=why)
            if line.reason == "too_many_websockets":
                await line.close()
            new = await self._opened()
            # The old one may have ended while the new one was not there yet.
            gap = gap or line.ended.is_set()
            self._line = new
            self._standing.made()
            try:
                if not gap:
                    await _within(new.greeted.wait(), self._limits.handover)
            finally:
                self._let_go(line)
            if gap:
                self._missed(since)
            log.info("slack connected", missed=gap)
            line = new

    async def _end_of(self, line: Line) -> str:
        """Waits until a connection is no longer good, and says why."""
        limits = self._limits
        ends = [asyncio.ensure_future(each.wait()) for each in (line.ended, line.leaving)]
        try:
            while True:
                allowed = limits.silent if line.pinged else limits.quiet
                left = line.heard + allowed - time.monotonic()
                if left <= 0:
                    return f"nothing came for {allowed:.0f} seconds"
                # Looks again when the first ping has made the time shorter.
                await asyncio.wait(
                    ends,
                    timeout=min(left, limits.silent),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if line.leaving.is_set():
                    return f"Slack asked for it ({line.reason or 'no reason given'})"
                if line.ended.is_set():
                    return "the connection was lost"
        finally:
            for each in ends:
                each.cancel()

    async def _opened(self) -> Line:
        """A new connection, however long that takes."""
        pause = self._limits.first_pause
        # Processes that lost theirs together do not all come back at once.
        await asyncio.sleep(random.uniform(0, min(0.2, pause)))  # noqa: S311
        while True:
            try:
                return await self._open_line()
            except AssistantError as error:
                wait = pause
                if isinstance(error, RateLimited):
                    wait = max(pause, error.retry_after or 0)
                self._standing.failed(error.message)
                log.warning(
                    "slack is not connected; trying again", reason=error.message, seconds=wait
                )
            except Exception:
                # What the SDK raises that no one foresaw must not end the watch.
                wait = pause
                log.exception("slack is not connected; trying again", seconds=wait)
            await asyncio.sleep(wait)
            pause = min(pause * 2, self._limits.longest_pause)

    def _let_go(self, line: Line) -> None:
        """Closes a connection apart: one whose other side is gone takes its time."""
        closing = asyncio.create_task(line.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closed)

    def _closed(self, closing: asyncio.Task[None]) -> None:
        self._closing.discard(closing)
        if not closing.cancelled() and (error := closing.exception()) is not None:
            log.info("an old connection to slack ended badly", error=type(error).__name__)


def _moment(line: Line) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=time.monotonic() - line.heard)


async def _within(waiting: Awaitable[object], seconds: float) -> None:
    try:
        await asyncio.wait_for(waiting, seconds)
    except TimeoutError:
        return
