"""Edits that all processes count together: each `Ledger` here stands for a process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from bot.slack.adapter import UPDATES, SlackPlatform
from core.budget import Budget, Together
from core.config import Settings
from core.limits.ledger import Ledger


@asynccontextmanager
async def processes(
    url: str, most: int, seconds: float = 60.0, *, ends: bool = True
) -> AsyncIterator[list[Budget]]:
    """The budget of one place in two processes."""
    async with AsyncExitStack() as stack:
        ledgers = [Ledger(url) for _ in range(2)]
        for ledger in ledgers:
            stack.push_async_callback(ledger.close)
        place = f"test:{id(ledgers)}:{most}"
        yield [
            Budget(most, seconds, ends=ends, together=Together(ledger, place)) for ledger in ledgers
        ]


async def granted(budget: Budget) -> int:
    """How many interim edits there is a place for, in all processes together."""
    count = 0
    while await budget.grant():
        count += 1
    return count


@pytest.mark.redis
async def test_two_processes_take_from_one_budget(redis_server: str) -> None:
    async with processes(redis_server, 10, ends=False) as (one, two):
        for _ in range(4):
            assert await one.grant()
        assert await granted(two) == 6
        assert await granted(one) == 0
        # What was refused here is no place that was taken here.
        assert one.take()


@pytest.mark.redis
async def test_everybodys_growing_answers_keep_a_place_for_their_end(redis_server: str) -> None:
    async with processes(redis_server, 10) as (one, two):
        for budget in (one, one, one, two):
            budget.join()
        assert await one.grant()
        assert await granted(two) == 5
        for budget in (one, two, one, one):
            assert await budget.end(0)
            budget.leave()
        assert not await two.end(0)


@pytest.mark.redis
async def test_an_end_waits_for_a_place_that_another_process_has(redis_server: str) -> None:
    async with processes(redis_server, 1, 0.3) as (one, two):
        assert await one.end(0)
        assert not await two.end(0.05)
        assert await two.end(5)


@pytest.mark.redis
async def test_where_the_platform_asks_one_process_to_wait_all_do(redis_server: str) -> None:
    async with processes(redis_server, 10) as (one, two):
        one.close(30)
        assert not await one.grant()
        assert not await two.grant()
        assert not await two.end(0)


@pytest.mark.redis
async def test_pauses_are_as_long_as_all_processes_together_need(redis_server: str) -> None:
    async with processes(redis_server, 20, ends=False) as (one, two):
        for budget in (one, two):
            for _ in range(4):
                budget.join()
        for _ in range(12):
            await one.grant()
        assert two.pause(1.0) == 1.0, "it has not looked yet"
        await two.grant()
        assert two.pause(1.0) == 60 * 8 / 20


@pytest.mark.redis
async def test_no_two_take_the_last_place(redis_server: str) -> None:
    async with processes(redis_server, 5, ends=False) as (one, two):
        taken = await asyncio.gather(*(each.grant() for each in [one, two] * 10))
        assert taken.count(True) == 5


async def test_without_its_redis_each_process_counts_alone_and_soon() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    async with processes(f"redis://127.0.0.1:{port}/0", 3) as (one, two):
        one.close(0.001)
        await asyncio.sleep(0.01)
        assert await granted(one) == 3
        assert await granted(two) == 3
        assert not await two.end(0)


@pytest.mark.redis
async def test_two_processes_share_the_updates_of_a_slack_workspace(redis_server: str) -> None:
    settings = Settings(_env_file=None, slack_bot_token="xoxb-1", redis_url=redis_server)
    platforms = [SlackPlatform(settings) for _ in range(2)]
    reply = {"via": "chat", "channel": "C1", "ts": "1.2", "thread": "", "marker": "m"}
    address = {"channel_id": "C1", "team_id": f"T{id(platforms)}", "user_id": "U1"}
    one, two = (each.budget(address, reply) for each in platforms)
    assert await granted(one) == UPDATES
    assert not await two.grant()
    elsewhere = platforms[1].budget(address | {"team_id": "TOTHER"}, reply)
    assert await elsewhere.grant()
    for each in platforms:
        await each.close()
