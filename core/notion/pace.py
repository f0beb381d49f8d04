"""Notion's pace: so many requests a minute for each connection, in one burst or spread out.

https://developers.notion.com/reference/request-limits
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256
from inspect import isawaitable
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakValueDictionary

import structlog

from core.durations import about
from core.errors import AssistantError, RateLimited
from core.notion.refusals import Limit
from core.storage.database import Database

if TYPE_CHECKING:
    from pyrate_limiter import AbstractBucket
    from redis.asyncio import Redis

T = TypeVar("T")

Count = Callable[[str, int], Awaitable[float]]
"""Takes a place of a budget of so many requests a minute and gives 0, or gives the seconds until
there may be one. Raises AssistantError."""

WINDOW = 60.0
"""Seconds the budget is for."""

LONGEST_CLOSED = 3_600.0
"""Seconds for which nobody asks at most, whatever was answered: then one request finds out."""

BACKGROUND_SHARE = 3
"""One part in so many of a budget is for what nobody waits for."""

AT_ONCE = 20
"""Requests of one connection that are under way at a time: more would only be begun earlier, and
none of what they are for be finished."""

AT_ONCE_BEHIND = 5
"""The same for what nobody waits for, beside those."""

_LOOK = 0.05
"""Seconds between two looks whether anybody waits for a turn."""

_REDIS_PAUSE = 10.0
"""Seconds a Redis that failed is left alone; until then the process keeps its own count."""

log = structlog.get_logger(__name__)


_BACKGROUND: ContextVar[bool] = ContextVar("background", default=False)


@contextmanager
def in_background() -> Iterator[None]:
    """What is asked of Notion inside comes after what people wait for, and takes a share of it."""
    token = _BACKGROUND.set(True)
    try:
        yield
    finally:
        _BACKGROUND.reset(token)


def is_in_background() -> bool:
    """Whether nobody waits for what is asked here."""
    return _BACKGROUND.get()


TOLD_AFTER = 5.0
"""Seconds: whoever waits longer for their turn hears about how long it takes."""


@dataclass(frozen=True, slots=True)
class _Line:
    """Somebody who stands in line since then, and hears how long it takes."""

    patience: float
    tell: Callable[[float], None]
    since: float = field(default_factory=time.monotonic)


_LINE: ContextVar[_Line | None] = ContextVar("in line", default=None)


@contextmanager
def in_line(patience: float, tell: Callable[[float], None]) -> Iterator[None]:
    """What is asked of Notion inside may wait so many seconds for its turn, beside the time for the
    answer; `tell` is given the seconds that are left of a long wait. Its turn comes before that of
    whoever began later: what was begun is finished first.
    """
    token = _LINE.set(_Line(patience, tell))
    try:
        yield
    finally:
        _LINE.reset(token)


def patience_in_line() -> float:
    """How long this task may stand in line; 0 where it may not."""
    line = _LINE.get()
    return 0.0 if line is None else line.patience


def tell_in_line(seconds: float) -> None:
    """Has whoever stands in line here hear of a long wait; nobody waits for the background."""
    line = _LINE.get()
    if line is None or _BACKGROUND.get():
        return
    # Who has no patience for that is turned away, and told so.
    if TOLD_AFTER < seconds <= line.patience:
        line.tell(seconds)


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


class Pace:
    """One connection's budget of requests, shared through Redis where there is one."""

    def __init__(self, key: str, per_minute: int, redis_url: str | None) -> None:
        self._key = key
        self._per_minute = per_minute
        self._redis_url = redis_url
        self._redis: Redis | None = None
        self._shared: AbstractBucket | None = None
        self._own: AbstractBucket | None = None
        self._retry_redis_at = 0.0
        self._free_at = 0.0
        self._places = _Places(AT_ONCE)
        self._places_behind = _Places(AT_ONCE_BEHIND)
        self._queue = _Places(1)
        self._waiting: list[float] = []
        self._behind: AbstractBucket | None = None
        self._closed_until = 0.0
        self._count: Count | None = None

    def share(self, count: Count) -> None:
        """Has the budget be counted for all processes, where there is no Redis to do it."""
        self._count = count

    async def turn(self, at_most: float) -> float:
        """Waits until one more request fits; how long that took. Raises as `flight`."""
        async with self.flight(at_most) as waited:
            return waited

    @asynccontextmanager
    async def flight(self, at_most: float) -> AsyncIterator[float]:
        """Waits until one more request fits; it is made inside. Gives how long the wait was.

        First come, first served. A request comes as early as the line it is made in, so under a
        flood what was begun is finished before more is begun.

        Raises RateLimited, with how long it takes, where that is more than `at_most` seconds, or
        more than whoever stands in line has patience for.
        """
        began, line, behind = time.monotonic(), _LINE.get(), _BACKGROUND.get()
        at_most = at_most if line is None else max(at_most, line.patience)
        since = began if line is None else line.since
        if behind:
            await self._let_others_pass(began + at_most)
        places = self._places_behind if behind else self._places
        try:
            async with asyncio.timeout(at_most), self._heard(since):
                await places.take(since)
                try:
                    await self._counted(since, began + at_most)
                except BaseException:
                    places.free()
                    raise
        except TimeoutError:
            raise self._too_many() from None
        try:
            yield time.monotonic() - began
        finally:
            places.free()

    async def _counted(self, since: float, deadline: float) -> None:
        """Waits until the budget has room for one more."""
        await self._queue.take(since)
        try:
            while wait := await self._take_open():
                self._free_at = time.monotonic() + wait
                if self._free_at > deadline:
                    raise self._too_many()
                tell_in_line(wait)
                await asyncio.sleep(wait)
        finally:
            self._queue.free()

    @asynccontextmanager
    async def _heard(self, since: float) -> AsyncIterator[None]:
        """Counts whoever waits inside, and has them hear how long it takes, once it is long."""

        async def hear() -> None:
            # Nothing happens when a wait grows long, so it is looked at now and then.
            while True:
                tell_in_line(self.estimate(since))
                await asyncio.sleep(TOLD_AFTER / 10)

        self._waiting.append(since)
        hearing = None if _LINE.get() is None else asyncio.create_task(hear())
        try:
            yield
        finally:
            self._waiting.remove(since)
            if hearing is not None:
                hearing.cancel()

    def estimate(self, since: float | None = None) -> float:
        """About how many seconds one more request waits: for the next place, and for those before.

        `since` is when it came to the line; now, if it is not there yet. Within one process; others
        may take places too.
        """
        free = max(self._free_at, self._closed_until) - time.monotonic()
        if free <= 0:
            return 0.0
        before = sum(since is None or each < since for each in self._waiting)
        return free + before * WINDOW / self._per_minute

    def close_for(self, seconds: float, limit: Limit = "connection") -> None:
        """Notion asked to be left alone for so long: nobody asks meanwhile, whoever they are.

        A connection's limit lasts a minute at most, a workspace's may be longer. What is about one
        endpoint holds nobody else up, and neither does a longer wait that says not what it is for.
        """
        if limit == "workspace" or (limit == "connection" and seconds <= WINDOW):
            until = time.monotonic() + min(seconds, LONGEST_CLOSED)
            self._closed_until = max(self._closed_until, until)

    async def _take_open(self) -> float:
        """As `_take`, but that nothing is taken while Notion wants to be left alone."""
        closed = self._closed_until - time.monotonic()
        return closed if closed > 0 else await self._take()

    async def _let_others_pass(self, deadline: float) -> None:
        """Waits while anybody else does, and until its own share has room."""
        if self._behind is None:
            from pyrate_limiter import InMemoryBucket, Rate

            share = max(1, self._per_minute // BACKGROUND_SHARE)
            self._behind = InMemoryBucket([Rate(share, int(WINDOW * 1000))])
        while self._waiting or (wait := await _take(self._behind)):
            pause = _LOOK if self._waiting else wait
            if time.monotonic() + pause > deadline:
                self._free_at = max(self._free_at, time.monotonic() + pause)
                raise self._too_many()
            await asyncio.sleep(pause)

    async def close(self) -> None:
        """Lets go of Redis. May be called twice."""
        redis, self._redis, self._shared = self._redis, None, None
        if redis is not None:
            await redis.aclose()

    def _too_many(self) -> RateLimited:
        seconds = max(1.0, self._free_at - time.monotonic())
        return RateLimited(
            f"Too much is being written to Notion just now. Try again in {about(seconds)}.",
            retry_after=seconds,
        )

    async def _take(self) -> float:
        """Takes a place and returns 0, or returns the seconds until there may be one."""
        if self._redis_url is not None and time.monotonic() >= self._retry_redis_at:
            from redis.exceptions import RedisError  # at first use: start-up time is measured

            try:
                return await _take(await self._shared_bucket(self._redis_url))
            except (RedisError, OSError) as error:
                # Without Redis each process keeps the pace alone; Notion still says no in time.
                log.warning("notion_pace_not_shared", error=type(error).__name__)
                self._retry_redis_at = time.monotonic() + _REDIS_PAUSE
                self._shared = None
        if self._count is not None and self._redis_url is None:
            try:
                return await self._count(self._key, self._per_minute)
            except AssistantError as error:
                log.warning("notion_pace_not_shared", error=type(error).__name__)
        return await _take(self._own_bucket())

    def _own_bucket(self) -> AbstractBucket:
        if self._own is None:
            from pyrate_limiter import InMemoryBucket, Rate

            self._own = InMemoryBucket([Rate(self._per_minute, int(WINDOW * 1000))])
        return self._own

    async def _shared_bucket(self, url: str) -> AbstractBucket:
        if self._shared is not None:
            return self._shared
        from pyrate_limiter import Rate, RedisBucket
        from redis.asyncio import Redis

        if self._redis is None:
            self._redis = Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2)
        rates = [Rate(self._per_minute, int(WINDOW * 1000))]
        bucket: AbstractBucket = await _done(RedisBucket.init(rates, self._redis, self._key))
        self._shared = bucket
        return bucket


_PACES: WeakValueDictionary[tuple[str, int, str | None], Pace] = WeakValueDictionary()


def pace_of(token: str, per_minute: int, redis_url: str | None, count: Count | None = None) -> Pace:
    """The budget of a token: the same one for all in this process who use the token.

    `count` counts for all processes, where there is no Redis.
    """
    key = f"notion-pace:{sha256(token.encode()).hexdigest()[:16]}"
    pace = _PACES.get((key, per_minute, redis_url))
    if pace is None:
        pace = _PACES[key, per_minute, redis_url] = Pace(key, per_minute, redis_url)
    if count is not None:
        pace.share(count)
    return pace


def counted_in(database: Database) -> Count:
    """Counts in the database, for all processes that have the same one."""

    async def count(key: str, per_minute: int) -> float:
        async with database.begin() as unit:
            return await unit.pace.take(key, per_minute, int(WINDOW), time.time())

    return count


async def _take(bucket: AbstractBucket) -> float:
    from pyrate_limiter import RateItem

    now = await _done(bucket.now())  # type: ignore[no-untyped-call]
    # What is out of the window goes here: the library's own way is a thread for each bucket.
    await _done(bucket.leak(now))
    item = RateItem("request", now)
    if await _done(bucket.put(item)):
        return 0.0
    return max(await _done(bucket.waiting(item)) / 1000, 0.001)


async def _done(result: T | Awaitable[T]) -> T:
    return await result if isawaitable(result) else result
