"""Whether the connection to the gateway is one, where discord.py does not notice that it is none.

discord.py itself notices silence: where nothing at all comes for 60 seconds it connects anew and
resumes its session, or begins another where it may not. What it lacks is here, with the usual
`Limits`:

- a gateway that takes heartbeats and acknowledges them no longer, whatever else it sends: the
  connection is closed, and discord.py resumes, 100 seconds after the last acknowledgement;
- a session that neither begins nor is resumed, though the socket is open, or pauses between tries
  that have grown too long: the client is given up after 180 seconds and made anew.

https://docs.discord.com/developers/events/gateway#connection-lifecycle
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from core.metrics import Standing

if TYPE_CHECKING:
    from bot.discord.client import Client

UNNOTICED = timedelta(seconds=120)
"""How long a connection may have been deaf before anybody noticed."""

READY, RESUMED, LOST = "ready", "resumed", "lost"

_CLOSE_SECONDS = 15.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: what discord.py is told to take for silence, and the two limits of this module.

    `look` is how often they are looked at.
    """

    silent: float = 60.0
    unacknowledged: float = 100.0
    no_session: float = 180.0
    look: float = 5.0


class Watch:
    """What becomes of the client's shards. `missed` is told when a session began anew."""

    def __init__(
        self, missed: Callable[[datetime | None], None], limits: Limits | None = None
    ) -> None:
        self.limits = limits or Limits()
        self._missed = missed
        self._standing = Standing("discord")
        self._up: set[int] = set()
        self._shards = 1
        self._waiting_since: float | None = None
        self._left: datetime | None = None

    def news(self, client: Client, what: str, shard: int) -> None:
        """Takes what became of a shard: its session began, was resumed, or was lost."""
        self._shards = client.shard_count or 1
        before = self._stands
        if what == LOST:
            self._up.discard(shard)
            self._waiting_since = self._waiting_since or time.monotonic()
            self._left = self._left or datetime.now(UTC) - UNNOTICED
        else:
            self._up.add(shard)
            self._waiting_since = None if self._stands else time.monotonic()
        if self._stands and not before:
            self._standing.made()
        elif before and not self._stands:
            self._standing.lost()
        if what == READY:
            self._missed(self._left)
        if self._stands:
            self._left = None

    @property
    def _stands(self) -> bool:
        return len(self._up) >= self._shards

    def heard(self, client: Client | None) -> datetime | None:
        """When the gateway was last heard of; None while not every shard has a session."""
        if client is None or not self._stands:
            return None
        return datetime.now(UTC) - timedelta(seconds=time.monotonic() - client.heard)

    def gone(self) -> None:
        """The client is no more."""
        if self._up:
            self._left = self._left or datetime.now(UTC) - UNNOTICED
        self._up.clear()
        self._waiting_since = None
        self._standing.lost()

    async def over(self, client: Client, connection: asyncio.Task[None]) -> str:
        """Waits until the client's connection has ended, or is to be; why, where it is to be."""
        if not self._stands:
            self._waiting_since = self._waiting_since or time.monotonic()
        while True:
            await asyncio.wait([connection], timeout=self.limits.look)
            if connection.done():
                return ""
            waited = 0.0
            if self._waiting_since is not None:
                waited = time.monotonic() - self._waiting_since
            if waited > self.limits.no_session:
                return f"no session for {waited:.0f} seconds"
            for shard in client.shards.values():
                await self._check(shard.id, shard._parent.ws)

    async def _check(self, number: int, socket: Any) -> None:
        """Closes a socket whose heartbeats are acknowledged no longer; its shard then resumes."""
        heart = socket._keep_alive
        # One that never acknowledged any, on a server of its own kind, is left alone.
        if heart is None or heart.latency == float("inf") or not socket.open:
            return
        late = time.perf_counter() - heart._last_ack
        if late <= max(self.limits.unacknowledged, 2 * (heart.interval or 0)):
            return
        _log.warning("discord acknowledges no heartbeats; connecting anew", shard=number)
        try:
            await asyncio.wait_for(socket.close(4000), _CLOSE_SECONDS)
        except (TimeoutError, OSError, RuntimeError) as error:
            _log.info("a discord socket did not close", error=type(error).__name__)
