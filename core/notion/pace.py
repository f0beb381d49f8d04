"""Notion's pace: so many requests a minute for each connection, in one burst or spread out.

https://developers.notion.com/reference/request-limits
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import structlog

from core.durations import about
from core.errors import AssistantError, RateLimited
from core.notion import counting
from core.notion import urgency as urgent
from core.notion.counting import Count, InRedis, Own, Wish, rules
from core.notion.refusals import Limit
from core.notion.urgency import Urgency, line, tell_in_line

T = TypeVar("T")

LONGEST_CLOSED = 3_600.0
"""Seconds for which nobody asks at most, whatever was answered: then one request finds out."""

AT_ONCE = 20
"""Requests of one connection that are under way at a time: more would only be begun earlier, and
none of what they are for be finished."""

AT_ONCE_BESIDE = {Urgency.SOON: 10, Urgency.BEHIND: 5}
"""The same for what is more urgent, and for what nobody waits for, beside those."""

_LOOK = 0.5
"""Seconds between two looks whether anybody waits for a turn."""

_SHARED_PAUSE = 10.0
"""Seconds a Redis that failed is left alone; until then the process keeps its own count."""

log = structlog.get_logger(__name__)


class _Places:
    """So many at a time; of those who wait, who came first to the line comes first."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._count = 0
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []

    async def take(self, since: float) -> None:
        """Waits for a place. `free` gives it back."""
        if self._free:
            self._free -= 1
            return
        self._count += 1
        given = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (since, self._count, given))
        try:
            await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                self.free()
            raise

    def free(self) -> None:
        """Gives a place to whoever is next."""
        while self._waiting:
            given = heapq.heappop(self._waiting)[2]
            if not given.done():
                given.set_result(None)
                return
        self._free += 1


class Door:
    """What nobody passes for a while, because Notion asked to be left alone."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._until = 0.0

    def close_for(self, seconds: float) -> None:
        """Closes it for so long, or as long as it is closed already."""
        self._until = max(self._until, time.monotonic() + seconds)

    @property
    def closed(self) -> float:
        """For how many seconds it is closed; 0 or less where it is open."""
        return self._until - time.monotonic()


class _Queue:
    """Those of one urgency who wait for a turn."""

    def __init__(self, at_once: int) -> None:
        self.places = _Places(at_once)
        self.head = _Places(1)
        self.waiting: list[float] = []
        self.free_at = 0.0


class Pace:
    """One connection's budget of requests, shared through Redis where there is one."""

    def __init__(self, key: str, per_minute: int, redis_url: str | None) -> None:
        self._key = key
        self._per_minute = per_minute
        self._own = Own()
        self._redis = None if redis_url is None else InRedis(redis_url)
        self._count: Count | None = self._redis
        self._shared_at = 0.0
        self._queues = {each: _Queue(AT_ONCE_BESIDE.get(each, AT_ONCE)) for each in Urgency}
        self._doors = [Door(key)]

    def share(self, count: Count) -> None:
        """Has the budget be counted for all processes, where there is no Redis to do it."""
        if self._redis is None:
            self._count = count

    def belongs_to(self, workspace: str) -> None:
        """Says which workspace of Notion's the connection sees: it shares that one's limit."""
        name = f"notion-workspace:{_hashed(workspace.replace('-', '').lower())}"
        if workspace and all(door.name != name for door in self._doors):
            door = _WORKSPACES.get(name)
            if door is None:
                door = _WORKSPACES[name] = Door(name)
            self._doors = [self._doors[0], door]

    async def turn(self, at_most: float) -> float:
        """Waits until one more request fits; how long that took. Raises as `flight`."""
        async with self.flight(at_most) as waited:
            return waited

    @asynccontextmanager
    async def flight(self, at_most: float) -> AsyncIterator[float]:
        """Waits until one more request fits; it is made inside. Gives how long the wait was.

        The urgent first (`core.notion.urgency`), and among equals whoever came first. A request
        comes as early as the line it is made in, so under a flood what was begun is finished before
        more is begun.

        Raises RateLimited, with how long it takes, where that is more than `at_most` seconds, or
        more than whoever stands in line has patience for.
        """
        began, stands, how = time.monotonic(), line(), urgent.urgency()
        at_most = at_most if stands is None else max(at_most, stands.patience)
        since = began if stands is None else stands.since
        queue = self._queues[how]
        try:
            async with asyncio.timeout(at_most), self._heard(since, how):
                await queue.places.take(since)
                try:
                    await self._counted(since, began + at_most, how)
                except BaseException:
                    queue.places.free()
                    raise
        except TimeoutError:
            raise self._too_many(how) from None
        try:
            yield time.monotonic() - began
        finally:
            queue.places.free()

    async def _counted(self, since: float, deadline: float, how: Urgency) -> None:
        """Waits until the budget has room for one more."""
        queue = self._queues[how]
        await queue.head.take(since)
        try:
            while True:
                crowded = how is Urgency.BEHIND and self._is_crowded
                wait = await self._take_open(how, crowded=crowded)
                if not wait:
                    return
                # They may be gone before that.
                wait = min(wait, _LOOK) if crowded else wait
                queue.free_at = time.monotonic() + wait
                if queue.free_at > deadline:
                    raise self._too_many(how)
                tell_in_line(wait)
                await asyncio.sleep(wait)
        finally:
            queue.head.free()

    @property
    def _is_crowded(self) -> bool:
        return any(self._queues[each].waiting for each in (Urgency.SOON, Urgency.SAVE))

    @asynccontextmanager
    async def _heard(self, since: float, how: Urgency) -> AsyncIterator[None]:
        """Counts whoever waits inside, and has them hear how long it takes, once it is long."""

        async def hear() -> None:
            # Nothing happens when a wait grows long, so it is looked at now and then.
            while True:
                tell_in_line(self.estimate(since, how))
                await asyncio.sleep(urgent.TOLD_AFTER / 10)

        waiting = self._queues[how].waiting
        waiting.append(since)
        hearing = None if line() is None else asyncio.create_task(hear())
        try:
            yield
        finally:
            waiting.remove(since)
            if hearing is not None:
                hearing.cancel()

    def estimate(self, since: float | None = None, how: Urgency = Urgency.SAVE) -> float:
        """About how many seconds one more request waits: for the next place, and for those before.

        `since` is when it came to the line; now, if it is not there yet. Within one process; others
        may take places too.
        """
        queue = self._queues[how]
        free = max(queue.free_at - time.monotonic(), *(door.closed for door in self._doors))
        if free <= 0:
            return 0.0
        before = sum(since is None or each < since for each in queue.waiting)
        ((_, most), *_) = rules(how, self._per_minute)
        return free + before * counting.WINDOW / most

    def close_for(self, seconds: float, limit: Limit = "connection") -> Door | None:
        """Notion asked to be left alone for so long: nobody asks meanwhile, whoever they are.

        A connection's limit lasts a minute at most, a workspace's may be longer and holds all of
        its connections. What is about one endpoint holds nobody else up, and neither does a longer
        wait that says not what it is for. Gives what was closed, in this process.
        """
        if limit != "workspace" and (limit != "connection" or seconds > counting.WINDOW):
            return None
        door = self._doors[-1 if limit == "workspace" else 0]
        door.close_for(min(seconds, LONGEST_CLOSED))
        return door

    async def close_for_all(self, seconds: float, limit: Limit) -> None:
        """The same in every process. Never fails."""
        door = self.close_for(seconds, limit)
        if door is not None and self._count is not None:
            await self._tried(self._count.close_for(door.name, min(seconds, LONGEST_CLOSED)))

    async def close(self) -> None:
        """Lets go of Redis. May be called twice."""
        if self._redis is not None:
            await self._redis.close()

    def _too_many(self, how: Urgency) -> RateLimited:
        seconds = max(1.0, self._queues[how].free_at - time.monotonic())
        closed = any(door.closed > 0 for door in self._doors)
        why = "Notion asks to slow down" if closed else "Too much is being asked of Notion just now"
        return RateLimited(f"{why}. Try again in {about(seconds)}.", retry_after=seconds)

    async def _take_open(self, how: Urgency, *, crowded: bool) -> float:
        """Takes a place and gives 0, or the seconds until there may be one.

        Nothing is taken while Notion wants to be left alone.
        """
        closed = max(door.closed for door in self._doors)
        if closed > 0:
            return closed
        fits = rules(how, self._per_minute, crowded=crowded)
        wish = Wish(self._key, how, fits, tuple(door.name for door in self._doors))
        wait = None if self._count is None else await self._tried(self._count.take(wish))
        return self._own.take(wish) if wait is None else wait

    async def _tried(self, asked: Coroutine[Any, Any, T]) -> T | None:
        """What the count of all processes gives; None where it does not answer."""
        from redis.exceptions import RedisError  # at first use: start-up time is measured

        if time.monotonic() < self._shared_at:
            asked.close()
            return None
        try:
            return await asked
        except (AssistantError, RedisError, OSError) as error:
            # Each process keeps the pace alone then; Notion still says no in time.
            log.warning("notion_pace_not_shared", error=type(error).__name__)
            self._shared_at = time.monotonic() + _SHARED_PAUSE
            return None


_PACES: WeakValueDictionary[tuple[str, int, str | None], Pace] = WeakValueDictionary()
_WORKSPACES: WeakValueDictionary[str, Door] = WeakValueDictionary()


def pace_of(token: str, per_minute: int, redis_url: str | None, count: Count | None = None) -> Pace:
    """The budget of a token: the same one for all in this process who use the token.

    `count` counts for all processes, where there is no Redis.
    """
    key = f"notion-pace:{_hashed(token)}"
    pace = _PACES.get((key, per_minute, redis_url))
    if pace is None:
        pace = _PACES[key, per_minute, redis_url] = Pace(key, per_minute, redis_url)
    if count is not None:
        pace.share(count)
    return pace


def _hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
