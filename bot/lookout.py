"""How long a platform was listened to, kept, and a look for what was missed after each silence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from core.errors import AssistantError
from core.ports import Memory

FARTHEST = timedelta(days=1)
"""However long nobody listened, no more than this is looked through."""

FIRST = timedelta(hours=1)
"""What is looked through where nobody is known to have listened ever."""

log = structlog.get_logger(__name__)

Look = Callable[[datetime], Awaitable[None]]
"""Looks for what was missed since a moment, and hands it over. Raises what `core.errors` names."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: before the first look, between two notes that all is well, and after a failure.

    The last doubles with every failure up to `longest`; after `tries` of them the look is given up.
    """

    settle: float = 1.0
    beat: float = 15.0
    again: float = 30.0
    longest: float = 300.0
    tries: int = 10


class Lookout:
    """Notes while a connection is alive, and looks back after a gap; one in a process and platform.

    `heard` says when the platform was last heard of. Nothing is noted from a gap until what was
    missed has been looked for, so that a process that dies meanwhile leaves the look to the next.
    """

    def __init__(
        self,
        memory: Memory,
        name: str,
        heard: Callable[[], datetime | None],
        look: Look,
        pace: Pace | None = None,
    ) -> None:
        self._memory = memory
        self._name = name
        self._heard = heard
        self._look = look
        self._pace = pace or Pace()
        self._gap = asyncio.Event()
        self._since: datetime | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins with a look back to when this platform was last listened to."""
        if self._task is None:
            self._gap.set()
            self._task = asyncio.create_task(self._run(), name=f"{self._name}-lookout")

    async def stop(self) -> None:
        """Ends it at once. May be called twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def missed(self, since: datetime | None = None) -> None:
        """Something may have been missed, since this moment or since the last note."""
        if since is not None:
            self._since = min(since, self._since or since)
        self._gap.set()

    async def _run(self) -> None:
        await asyncio.sleep(self._pace.settle)
        failures = 0
        while True:
            try:
                if self._gap.is_set():
                    await self._look_back()
                if (heard := self._heard()) is not None and not self._gap.is_set():
                    await self._memory.alive(self._name, heard)
                failures = 0
                await self._rest()
                continue
            except AssistantError as error:
                log.warning("what was missed is not looked for yet", reason=error.message)
            except Exception:
                # Whatever a platform answered that no one foresaw: the next round looks again.
                log.exception("the look for what was missed failed", platform=self._name)
            failures += 1
            if failures >= self._pace.tries:
                log.error("what was missed is looked for no longer", platform=self._name)
                self._gap.clear()
                failures, self._since = 0, None
            pause = self._pace.again * 2 ** max(0, failures - 1)
            await asyncio.sleep(min(pause, self._pace.longest))

    async def _look_back(self) -> None:
        now = datetime.now(UTC)
        noted = await self._memory.seen(self._name)
        moments = [moment for moment in (noted, self._since) if moment is not None]
        self._gap.clear()
        try:
            await self._look(max(min(moments, default=now - FIRST), now - FARTHEST))
        except BaseException:
            self._gap.set()
            raise
        if not self._gap.is_set():
            self._since = None

    async def _rest(self) -> None:
        """Waits for the next beat, or for a gap."""
        try:
            await asyncio.wait_for(self._gap.wait(), self._pace.beat)
        except TimeoutError:
            return
