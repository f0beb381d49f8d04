"""Inbound limits, in this process or, through Redis, in all of them together."""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

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
class Standing:
    """How somebody stands with a rule: so many are left, and one more in `reset` seconds."""

    rule: Rule
    remaining: int
    reset: int


@dataclass(frozen=True, slots=True)
class Rules:
    """Every limit, by name.

    `login` and `register` count by address. Wrong passwords are counted thrice: `account` by
    account and address, `guesses` by address, `everywhere` by account. `forgot` counts by address
    who asks for mailed links, `mail` letters by addressee. `generate` counts new texts by person,
    `link` wrong codes by person, `save` and `export` what they are named for, by person, and
    `places` looking for places to save to. `anyone` is everything by address where nobody need log
    in, `person` everything by person, and `token` what one token asks, which may be less: a program
    that runs wild leaves its owner the rest.
    """

    login: Rule = Rule(10)
    account: Rule = Rule(5)
    register: Rule = Rule(5)
    generate: Rule = Rule(30)
    anyone: Rule = Rule(300)
    person: Rule = Rule(300)
    token: Rule = Rule(240)
    save: Rule = Rule(60)
    export: Rule = Rule(10)
    places: Rule = Rule(60)
    link: Rule = Rule(5, 600)
    guesses: Rule = Rule(20, 600)
    everywhere: Rule = Rule(50, 3600)
    forgot: Rule = Rule(10, 600)
    mail: Rule = Rule(5, 3600)

    @classmethod
    def local(cls) -> Rules:
        """On somebody's own machine every browser, script and test has the same address."""
        rules = cls()
        return replace(
            rules,
            login=Rule(200),
            register=Rule(100),
            generate=Rule(300),
            anyone=Rule(3_000),
            person=Rule(3_000),
            token=Rule(2_400),
            save=Rule(600),
            export=Rule(100),
            places=Rule(600),
            link=Rule(50),
            guesses=Rule(200),
            forgot=Rule(200),
        )


_Counted = tuple[Rule, "RateLimitItem", str]
"""A rule, the same as the library has it, and who is counted."""


class Limits:
    """Counts who asks how often, by a sliding window."""

    def __init__(self, settings: Settings, rules: Rules | None = None) -> None:
        rules = rules or (Rules.local() if settings.local else Rules())
        self._rules: dict[str, Rule] = {f.name: getattr(rules, f.name) for f in fields(rules)}
        self._items: dict[str, RateLimitItem] = {}
        self._redis_url = settings.redis_url
        self._own: SlidingWindowCounterRateLimiter | None = None
        self._shared: SlidingWindowCounterRateLimiter | None = None
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def hit(self, rule: str, key: str) -> None:
        """Counts one more. Raises RateLimited where that is one too many; it is not counted then.

        `key` is who asks: an address, an account, a person. It is kept as a hash.
        """
        item, who = self._item(rule), _hashed(key)

        async def take(counter: SlidingWindowCounterRateLimiter) -> None:
            await self._allow(await counter.hit(item, who), counter, item, who)

        await self._counted(take)

    async def count(self, *asked: tuple[str, str]) -> Standing:
        """Counts one more under each rule and key; how they stand with the tightest of them then.

        Raises RateLimited where one of them is one too many; those before it stay counted.
        """
        found: list[Standing] = []

        counted = self._named(asked)

        async def take(counter: SlidingWindowCounterRateLimiter) -> None:
            for _, item, who in counted:
                await self._allow(await counter.hit(item, who), counter, item, who)
            found.append(await _tightest(counter, counted))

        await self._counted(take)
        return found[-1]

    async def standing(self, *asked: tuple[str, str]) -> Standing:
        """How somebody stands with the tightest of these rules. Counts nothing."""
        found: list[Standing] = []
        counted = self._named(asked)

        async def look(counter: SlidingWindowCounterRateLimiter) -> None:
            found.append(await _tightest(counter, counted))

        await self._counted(look)
        return found[-1]

    def _named(self, asked: Sequence[tuple[str, str]]) -> list[_Counted]:
        return [(self._rules[rule], self._item(rule), _hashed(key)) for rule, key in asked]

    async def check(self, rule: str, key: str) -> None:
        """Counts nothing. Raises RateLimited where one more would be too many."""
        item, who = self._item(rule), _hashed(key)

        async def look(counter: SlidingWindowCounterRateLimiter) -> None:
            await self._allow(await counter.test(item, who), counter, item, who)

        await self._counted(look)

    @asynccontextmanager
    async def turn(self, rule: str, key: str) -> AsyncIterator[None]:
        """Waits for one's turn, and has nobody with the same key try meanwhile.

        For what counts only once it is known how it ends: `hit` it before the block ends, and of
        many at once no more than the limit get through; with several processes, one more for each.
        Raises RateLimited where one more would be too many.
        """
        name = f"{rule} {_hashed(key)}"
        lock = self._turns.get(name)
        if lock is None:
            lock = self._turns[name] = asyncio.Lock()
        async with lock:
            await self.check(rule, key)
            yield

    async def clear(self, rule: str, key: str) -> None:
        """Forgets what was counted: the right password ends the count of wrong ones."""
        item, who = self._item(rule), _hashed(key)
        await self._counted(lambda counter: counter.clear(item, who))

    async def _counted(
        self, count: Callable[[SlidingWindowCounterRateLimiter], Awaitable[None]]
    ) -> None:
        from limits.errors import StorageError  # at first use, for a quick start

        try:
            await count(self._counter())
        except StorageError as error:
            log.warning(
                "redis is out of reach; this process counts alone",
                reason=type(error.storage_error).__name__,
            )
            await count(self._own_counter())

    async def _allow(
        self, allowed: bool, counter: SlidingWindowCounterRateLimiter, item: RateLimitItem, who: str
    ) -> None:
        if allowed:
            return
        stats = await counter.get_window_stats(item, who)
        wait = max(1, math.ceil(stats.reset_time - time.time()))
        seconds = "1 second" if wait == 1 else f"{wait} seconds"
        raise RateLimited(f"That is too often. Try again in {seconds}.", retry_after=wait)

    def _item(self, rule: str) -> RateLimitItem:
        item = self._items.get(rule)
        if item is None:
            from limits import RateLimitItemPerSecond  # at first use, for a quick start

            limit = self._rules[rule]
            item = RateLimitItemPerSecond(limit.amount, limit.seconds, namespace=f"limit:{rule}")
            self._items[rule] = item
        return item

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
            from limits.aio.strategies import SlidingWindowCounterRateLimiter

            from core.limits.windows import WindowStorage

            self._own = SlidingWindowCounterRateLimiter(WindowStorage())
        return self._own

    async def reaches_redis(self) -> bool | None:
        """Whether Redis answers, within its time; None where there is none."""
        if self._redis_url is None:
            return None
        try:
            async with asyncio.timeout(2 * REDIS_TIMEOUT):
                return bool(await self._counter().storage.check())
        except (TimeoutError, OSError) as error:
            log.info("redis was asked and did not answer", reason=type(error).__name__)
            return False

    async def close(self) -> None:
        """Lets go of Redis. May be called twice."""
        if self._shared is not None:
            await self._shared.storage.bridge.storage.aclose()  # type: ignore[attr-defined]  # Redis's
            self._shared = None


async def _tightest(
    counter: SlidingWindowCounterRateLimiter, counted: Sequence[_Counted]
) -> Standing:
    found = []
    for rule, item, who in counted:
        reset, left = await counter.get_window_stats(item, who)
        found.append(Standing(rule, left, max(0, math.ceil(reset - time.time()))))
    return min(found, key=lambda one: one.remaining / one.rule.amount)


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()[:32]
