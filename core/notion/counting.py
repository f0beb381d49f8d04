"""Who may make one more request of a connection's budget, as three twins count it: this process
alone, all processes through Redis, all processes through the database.

What is urgent goes first by a part of the budget that the rest leaves alone, so that it need not
wait behind what other processes have begun either; and each has a part that nothing more urgent
takes from it for good.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from core.notion.urgency import Urgency

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.commands.core import AsyncScript

    from core.storage.database import Database

WINDOW = 60.0
"""Seconds the budget is for."""

KEPT = 10
"""One part in so many of a budget is left to what is more urgent."""

SAVES = 4
"""One part in so many is for saves, however much is looked for."""

BACKGROUND_SHARE = 3
"""One part in so many of a budget is for what nobody waits for, at most."""

BACKGROUND_SURE = 20
"""One part in so many is for what nobody waits for, however many wait."""

_SOONEST = 0.05
"""Seconds after which it is looked again at the earliest."""

Rules = tuple[tuple[int, int], ...]


def rules(urgency: Urgency, per_minute: int, *, crowded: bool = False) -> Rules:
    """When one more request fits: where for any of these pairs fewer of its own urgency than the
    first were made in the window, and fewer of all than the second. Pure.

    `crowded`: others wait in this process.
    """
    kept = per_minute // KEPT
    if urgency is Urgency.SOON:
        return ((per_minute, per_minute),)
    if urgency is Urgency.SAVE:
        return ((per_minute, per_minute - kept), (per_minute // SAVES, per_minute))
    sure = (max(1, per_minute // BACKGROUND_SURE), per_minute - kept)
    share = (max(1, per_minute // BACKGROUND_SHARE), per_minute - 2 * kept)
    return (sure,) if crowded else (share, sure)


def pause(
    urgency: Urgency, fits: Rules, used: Mapping[Urgency, int], ends: Mapping[Urgency, float]
) -> float:
    """0 where one more fits, else the seconds until it may. Pure.

    `used` is how many were made of each urgency, `ends` the seconds until the oldest of them is
    out of the window.
    """
    total, mine, waits = sum(used.values()), used.get(urgency, 0), []
    for own, all_ in fits:
        if mine < own and total < all_:
            return 0.0
        wait = ends.get(urgency, 0.0) if mine >= own else 0.0
        waits.append(max(wait, min(ends.values(), default=0.0) if total >= all_ else 0.0))
    return max(min(waits), _SOONEST)


@dataclass(frozen=True, slots=True)
class Wish:
    """One more request of a budget; `doors` are what must not be closed for it."""

    key: str
    urgency: Urgency
    fits: Rules
    doors: tuple[str, ...] = ()


class Count(Protocol):
    """Counts for all processes. Each raises AssistantError, or what its library does."""

    async def take(self, wish: Wish) -> float:
        """Takes a place and gives 0, or the seconds until there may be one."""
        ...

    async def close_for(self, door: str, seconds: float) -> None:
        """Has nobody pass this door for so long."""
        ...


class Own:
    """Counts for this process, one budget. It knows no doors: the pace does."""

    def __init__(self) -> None:
        self._made: dict[Urgency, deque[float]] = {each: deque() for each in Urgency}

    def take(self, wish: Wish) -> float:
        """As `Count.take`."""
        now = time.monotonic()
        for made in self._made.values():
            while made and made[0] <= now - WINDOW:
                made.popleft()
        used = {each: len(made) for each, made in self._made.items()}
        ends = {each: made[0] + WINDOW - now for each, made in self._made.items() if made}
        wait = pause(wish.urgency, wish.fits, used, ends)
        if not wait:
            self._made[wish.urgency].append(now)
        return wait


# The window, by the server's clock; then each pair of the rules.
_TAKE = """
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local mine, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local closed = 0
for i = 4, #KEYS do closed = math.max(closed, redis.call('PTTL', KEYS[i])) end
if closed > 0 then return closed end
local used, ends, total, first = {}, {}, 0, window
for i = 1, 3 do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now - window)
  used[i] = redis.call('ZCARD', KEYS[i])
  total = total + used[i]
  local oldest = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')
  ends[i] = oldest[2] and tonumber(oldest[2]) + window - now or 0
  if oldest[2] then first = math.min(first, ends[i]) end
end
local wait = window
for i = 4, #ARGV, 2 do
  local own, all, until_ = tonumber(ARGV[i]), tonumber(ARGV[i + 1]), 0
  if used[mine] < own and total < all then
    redis.call('ZADD', KEYS[mine], now, ARGV[3])
    redis.call('PEXPIRE', KEYS[mine], window)
    return 0
  end
  if used[mine] >= own then until_ = ends[mine] end
  if total >= all then until_ = math.max(until_, first) end
  wait = math.min(wait, until_)
end
return math.max(wait, 1)
"""


class InRedis:
    """Counts for all processes that have the same Redis. Raises RedisError and OSError.

    https://redis.io/docs/latest/develop/programmability/eval-intro/
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._redis: Redis | None = None
        self._script: AsyncScript | None = None

    async def take(self, wish: Wish) -> float:
        """As `Count.take`."""
        redis = self._opened()
        if self._script is None:
            self._script = redis.register_script(_TAKE)
        limits = [number for pair in wish.fits for number in pair]
        told = await self._script(
            keys=[*(_counter(wish.key, each) for each in Urgency), *map(_door, wish.doors)],
            args=[wish.urgency + 1, int(WINDOW * 1000), uuid4().hex, *limits],
        )
        return int(told) / 1000

    async def close_for(self, door: str, seconds: float) -> None:
        """As `Count.close_for`; a longer time that was said before stays."""
        redis, name, lasts = self._opened(), _door(door), max(1, int(seconds * 1000))
        if await redis.pttl(name) < lasts:
            await redis.set(name, 1, px=lasts)

    async def close(self) -> None:
        """Lets go of Redis. May be called twice."""
        redis, self._redis, self._script = self._redis, None, None
        if redis is not None:
            await redis.aclose()

    def _opened(self) -> Redis:
        from redis.asyncio import Redis  # at first use: start-up time is measured

        if self._redis is None:
            self._redis = Redis.from_url(self._url, socket_connect_timeout=2, socket_timeout=2)
        return self._redis


class InDatabase:
    """Counts for all processes that have the same database. Raises AssistantError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, wish: Wish) -> float:
        """As `Count.take`."""
        async with self._database.begin() as unit:
            now = time.time()
            closed = await unit.pace.closed([_door(each) for each in wish.doors], now)
            if closed:
                return closed
            names = {_counter(wish.key, each): each for each in Urgency}
            made = await unit.pace.made(wish.key, list(names), int(WINDOW), now)
            used = {names[name]: count for name, (count, _) in made.items()}
            ends = {names[name]: end for name, (_, end) in made.items()}
            wait = pause(wish.urgency, wish.fits, used, ends)
            if not wait:
                await unit.pace.one_more(_counter(wish.key, wish.urgency), now)
            return wait

    async def close_for(self, door: str, seconds: float) -> None:
        """As `Count.close_for`."""
        async with self._database.begin() as unit:
            await unit.pace.close(_door(door), seconds, time.time())


def _counter(key: str, urgency: Urgency) -> str:
    # That of saves has the name that all had before there were several.
    return key if urgency is Urgency.SAVE else f"{key}:{urgency.name.lower()}"


def _door(name: str) -> str:
    return f"{name}:closed"
