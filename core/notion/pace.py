"""Notion's pace: so many requests a minute for each connection, in one burst or spread out.

https://developers.notion.com/reference/request-limits
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import sha256
from inspect import isawaitable
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakValueDictionary

import structlog

from core.errors import RateLimited

if TYPE_CHECKING:
    from pyrate_limiter import AbstractBucket
    from redis.asyncio import Redis

T = TypeVar("T")

WINDOW = 60.0
"""Seconds the budget is for."""

BACKGROUND_SHARE = 3
"""One part in so many of a budget is for what nobody waits for."""

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
        self._queue = asyncio.Lock()
        self._waiting = 0
        self._behind: AbstractBucket | None = None

    async def turn(self, at_most: float) -> None:
        """Waits until one more request fits, first come, first served.

        Raises RateLimited, with how long it takes, where that is more than `at_most` seconds.
        """
        deadline = time.monotonic() + at_most
        if _BACKGROUND.get():
            await self._let_others_pass(deadline)
        self._waiting += 1
        try:
            async with asyncio.timeout(at_most), self._queue:
                while wait := await self._take():
                    self._free_at = time.monotonic() + wait
                    if self._free_at > deadline:
                        raise self._too_many()
                    await asyncio.sleep(wait)
        except TimeoutError:
            raise self._too_many() from None
        finally:
            self._waiting -= 1

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
            f"Too much is being written to Notion just now. Try again in {seconds:.0f} s.",
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


def pace_of(token: str, per_minute: int, redis_url: str | None) -> Pace:
    """The budget of a token: the same one for all in this process who use the token."""
    key = f"notion-pace:{sha256(token.encode()).hexdigest()[:16]}"
    pace = _PACES.get((key, per_minute, redis_url))
    if pace is None:
        pace = _PACES[key, per_minute, redis_url] = Pace(key, per_minute, redis_url)
    return pace


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
