"""Calls that all processes count together, through Redis, for `core.budget`.

For each place there is the time of every call in the window, how many answers grow in each
process, and whether the platform wants no call for a while; all of it goes by Redis's clock and
ends by itself. One script does it, so that no two processes take the same place.
https://redis.io/docs/latest/develop/programmability/eval-intro/
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import structlog

from core.budget import Count

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.commands.core import AsyncScript

TIMEOUT = 0.5
"""Seconds Redis has to answer: an edit waits for it."""

PAUSE = 10.0
"""Seconds a Redis that failed is left alone; until then each process counts alone."""

GROWING = 20_000
"""Milliseconds for which what a process said of its growing answers holds."""

_TAKE = """
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local most, window = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
redis.call('HSET', KEYS[2], ARGV[3], ARGV[4] .. ':' .. (now + tonumber(ARGV[5])))
redis.call('PEXPIRE', KEYS[2], ARGV[5])
local growing, told = 0, redis.call('HGETALL', KEYS[2])
for i = 2, #told, 2 do
  local number, ends = string.match(told[i], '(%d+):(%d+)')
  if tonumber(ends) < now then redis.call('HDEL', KEYS[2], told[i - 1])
  else growing = growing + tonumber(number) end
end
local count = redis.call('ZCARD', KEYS[1])
local closed = redis.call('PTTL', KEYS[3])
if closed > 0 then return {0, closed, count, growing} end
local kept = 0
if ARGV[6] == '1' then kept = growing end
if count + kept >= most then
  local oldest, wait = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES'), 1
  if oldest[2] then wait = math.max(1, tonumber(oldest[2]) + window - now) end
  return {0, wait, count, growing}
end
redis.call('ZADD', KEYS[1], now, ARGV[7])
redis.call('PEXPIRE', KEYS[1], window)
return {1, 0, count + 1, growing}
"""

log = structlog.get_logger(__name__)


class Ledger:
    """`core.budget.Shared`, through Redis; where that fails it says None, and nobody waits."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._process = uuid4().hex[:12]
        self._redis: Redis | None = None
        self._script: AsyncScript | None = None
        self._again_at = 0.0

    async def take(
        self, place: str, most: int, seconds: float, growing: int, *, keep: bool
    ) -> Count | None:
        """As `core.budget.Shared.take`."""
        calls, grown, closed = _keys(place)

        async def run() -> Any:
            return await self._taker()(
                keys=[calls, grown, closed],
                args=[
                    *(most, int(seconds * 1000), self._process, growing, GROWING),
                    *("1" if keep else "0", uuid4().hex),
                ],
            )

        told = await self._tried(run)
        if told is None:
            return None
        taken, wait, count, everybody = (int(each) for each in told)
        return Count(taken == 1, wait / 1000, count, everybody)

    async def close_for(self, place: str, seconds: float) -> None:
        """As `core.budget.Shared.close_for`."""
        key = _keys(place)[2]

        async def run() -> Any:
            self._taker()
            assert self._redis is not None  # noqa: S101 - made with the script
            return await self._redis.set(key, 1, px=max(1, int(seconds * 1000)))

        await self._tried(run)

    async def close(self) -> None:
        """Lets go of Redis. May be called twice."""
        redis, self._redis, self._script = self._redis, None, None
        if redis is not None:
            await redis.aclose()

    def _taker(self) -> AsyncScript:
        from redis.asyncio import Redis  # at first use: start-up time is measured

        if self._redis is None or self._script is None:
            self._redis = Redis.from_url(
                self._url, socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT
            )
            self._script = self._redis.register_script(_TAKE)
        return self._script

    async def _tried(self, run: Any) -> Any:
        from redis.exceptions import RedisError

        if time.monotonic() < self._again_at:
            return None
        try:
            return await run()
        except (RedisError, OSError) as error:
            # Then each process counts alone; the platform still says no in time.
            log.warning("edits are not counted together", error=type(error).__name__)
            self._again_at = time.monotonic() + PAUSE
            return None


def _keys(place: str) -> tuple[str, str, str]:
    """In a cluster they lie together, for what is in braces."""
    name = f"budget:{{{place}}}"
    return f"{name}:calls", f"{name}:growing", f"{name}:closed"
