"""One contract, kept in this process and in Redis alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import time_machine

from core.config import Settings
from core.errors import RateLimited
from core.limits.limits import Limits, Rule, Rules
from core.limits.windows import WindowStorage

RULES = Rules(login=Rule(3, 1), account=Rule(2, 60), generate=Rule(50, 60))


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
async def limits(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Limits]:
    url = request.getfixturevalue("redis_server") if request.param == "redis" else None
    limits = Limits(_settings(tmp_path, url), RULES)
    yield limits
    await limits.close()


def _settings(tmp_path: Path, redis_url: str | None = None) -> Settings:
    url = f"sqlite:///{tmp_path}/x.db"
    return Settings(_env_file=None, database_url=url, redis_url=redis_url)


async def test_one_too_many_is_refused_until_it_may_come_again(limits: Limits):
    for _ in range(3):
        await limits.hit("login", "here")
    with pytest.raises(RateLimited) as refused:
        await limits.hit("login", "here")
    assert refused.value.retry_after is not None
    assert 1 <= refused.value.retry_after <= 2
    assert "Try again in" in refused.value.message
    await asyncio.sleep(refused.value.retry_after + 0.4)
    await limits.hit("login", "here")


async def test_everybody_and_every_rule_counts_apart(limits: Limits):
    for key in ("one", "two"):
        for _ in range(2):
            await limits.hit("account", key)
        with pytest.raises(RateLimited):
            await limits.hit("account", key)
        await limits.hit("person", key)


async def test_what_is_cleared_counts_from_nothing(limits: Limits):
    for _ in range(2):
        await limits.hit("account", "cleared")
    await limits.clear("account", "cleared")
    await limits.hit("account", "cleared")


async def test_many_at_once_are_counted_one_by_one(limits: Limits):
    tries = await asyncio.gather(
        *(limits.hit("generate", "crowd") for _ in range(80)), return_exceptions=True
    )
    assert sum(isinstance(t, RateLimited) for t in tries) == 30


async def test_any_text_may_be_a_key(limits: Limits):
    for key in ("", "\0", "\ud800", "ä" * 100_000, "a b:{c}"):
        await limits.hit("person", key)


@pytest.mark.redis
async def test_two_processes_share_one_count_through_redis(redis_server: str, tmp_path: Path):
    one, two = (Limits(_settings(tmp_path, redis_server), RULES) for _ in range(2))
    await one.hit("account", "shared")
    await two.hit("account", "shared")
    with pytest.raises(RateLimited):
        await one.hit("account", "shared")
    await one.close()
    await two.close()


async def test_without_redis_this_process_counts_alone(tmp_path: Path):
    limits = Limits(_settings(tmp_path, "redis://127.0.0.1:9"), RULES)
    for _ in range(2):
        await limits.hit("account", "alone")
    with pytest.raises(RateLimited):
        await limits.hit("account", "alone")
    await limits.clear("account", "alone")
    async with limits.turn("account", "alone"):
        await limits.close()


async def test_whoever_waits_for_their_turn_sees_what_the_one_before_counted(limits: Limits):
    async def fail() -> None:
        async with limits.turn("account", "turns"):
            await asyncio.sleep(0.01)
            await limits.hit("account", "turns")

    tries = await asyncio.gather(*(fail() for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(each, RateLimited) for each in tries) == 4
    assert all(each.retry_after for each in tries if isinstance(each, RateLimited))


async def test_a_turn_alone_counts_nothing(limits: Limits):
    for _ in range(5):
        async with limits.turn("account", "nothing"):
            pass


def test_a_local_run_is_generous_but_to_whoever_guesses_a_password():
    for rule in ("login", "register", "generate", "anyone", "person"):
        assert getattr(Rules.local(), rule).amount > getattr(Rules(), rule).amount
    assert Rules.local().account == Rules().account


async def test_in_this_process_old_windows_are_forgotten_and_none_is_looked_through():
    storage = WindowStorage()
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        for number in range(1000):
            assert await storage.acquire_sliding_window_entry(f"who{number}", 2, 60)
        clock.shift(60)
        assert await storage.acquire_sliding_window_entry("who1", 2, 60)
        assert not await storage.acquire_sliding_window_entry("who1", 2, 60), (
            "the one before counts"
        )
        clock.shift(59)
        assert await storage.acquire_sliding_window_entry("who1", 2, 60), "less and less"
        clock.shift(1)
        assert await storage.get_sliding_window("who1", 60) == (2, 60.0, 0, 120.0)
        clock.shift(60)
        assert await storage.get_sliding_window("who1", 60) == (0, 0.0, 0, 120.0)
    kept = storage._windows[60]
    assert (len(kept.now), len(kept.before)) == (0, 0)
