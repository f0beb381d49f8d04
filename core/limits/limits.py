"""Inbound limits, in this process or, through Redis, in all of them together."""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import structlog

from core.config import Settings
from core.errors import RateLimited

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.aio.strategies import SlidingWindowCounterRateLimiter

log = structlog.get_logger(__name__)

REDIS_TIMEOUT = 1.0
"""Seconds Redis has to answer. After that this process counts alone and turns nobody away."""


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `amount` in any `seconds`."""

    amount: int
    seconds: int = 60


@dataclass(frozen=True, slots=True)
class Rules:
    """Every limit, by name.

    `login` and `register` count by address, `account` counts wrong passwords by account,
    `generate` counts by person, `anyone` is all else by address, `person` all else by person.
    """

    login: Rule = Rule(10)
    account: Rule = Rule(5)
    register: Rule = Rule(5)
    generate: Rule = Rule(30)
    anyone: Rule = Rule(300)
    person: Rule = Rule(300)

    @classmethod
    def local(cls) -> Rules:
        """On somebody's own machine every browser, script and test has the same address."""
        rules = cls()
        return replace(
            rules, login=Rule(200), register=Rule(100), anyone=Rule(3_000), person=Rule(3_000)
        )


class Limits:
    """Counts who asks how often, by a sliding window."""

    def __init__(self, settings: Settings, rules: Rules | None = None) -> None:
        rules = rules or (Rules.local() if settings.local else Rules())
        self._rules: dict[str, Rule] = {f.name: getattr(rules, f.name) for f in fields(rules)}
        self._redis_url = settings.redis_url
        self._own: SlidingWindowCounterRateLimiter | None = None
        self._shared: SlidingWindowCounterRateLimiter | None = None

    async def hit(self, rule: str, key: str) -> None:
        """Counts one more. Raises RateLimited where that is one too many; it is not counted then.

        `key` is who asks: an address, an account, a person. It is kept as a hash.
        """
        from limits.errors import StorageError  # at first use, for a quick start

        item = self._item(rule)
        who = _hashed(key)
        try:
            await self._take(self._counter(), item, who)
        except StorageError as error:
            log.warning(
                "redis is out of reach; this process counts alone",
                reason=type(error.storage_error).__name__,
            )
            await self._take(self._own_counter(), item, who)

    async def clear(self, rule: str, key: str) -> None:
        """Forgets what was counted: the right password ends the count of wrong ones."""
        from limits.errors import StorageError  # at first use, for a quick start

        item = self._item(rule)
        try:
            await self._counter().clear(item, _hashed(key))
        except StorageError as error:
            log.warning(
                "redis is out of reach; this process counts alone",
                reason=type(error.storage_error).__name__,
            )

    async def _take(
        self, counter: SlidingWindowCounterRateLimiter, item: RateLimitItem, who: str
    ) -> None:
        if await counter.hit(item, who):
            return
        stats = await counter.get_window_stats(item, who)
        wait = max(1, math.ceil(stats.reset_time - time.time()))
        seconds = "1 second" if wait == 1 else f"{wait} seconds"
        raise RateLimited(f"That is too often. Try again in {seconds}.", retry_after=wait)

    def _item(self, rule: str) -> RateLimitItem:
        from limits import RateLimitItemPerSecond  # at first use, for a quick start

        limit = self._rules[rule]
        return RateLimitItemPerSecond(limit.amount, limit.seconds, namespace=f"limit:{rule}")

    def _counter(self) -> SlidingWindowCounterRateLimiter:
        if self._redis_url is None:
            return self._own_counter()
        if self._shared is None:
            from limits.aio.storage import RedisStorage
            from limits.aio.strategies import SlidingWindowCounterRateLimiter

            storage = RedisStorage(
                f"async+{self._redis_url}",
                wrap_exceptions=True,
                implementation="redispy",
                socket_timeout=REDIS_TIMEOUT,
                socket_connect_timeout=REDIS_TIMEOUT,
            )
            self._shared = SlidingWindowCounterRateLimiter(storage)
        return self._shared

    def _own_counter(self) -> SlidingWindowCounterRateLimiter:
        if self._own is None:
            from limits.aio.storage import MemoryStorage
            from limits.aio.strategies import SlidingWindowCounterRateLimiter

            self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        return self._own

    async def close(self) -> None:
        """Lets go of Redis. May be called twice."""
        if self._shared is not None:
            await self._shared.storage.bridge.storage.aclose()  # type: ignore[attr-defined]  # Redis's
            self._shared = None


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()[:32]
