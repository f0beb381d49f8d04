"""Few begin and end at a time, and nobody waits for long."""

from __future__ import annotations

import asyncio

import pytest

from core import turns
from core.turns import Turns, begun, ending

PATIENCE = 20.0


class Crowd:
    """People who begin, and say so when they are told to."""

    def __init__(self) -> None:
        self.began: asyncio.Queue[int] = asyncio.Queue()
        self.ended: list[int] = []
        self.go_on = [asyncio.Event() for _ in range(10)]
        self._turns = Turns()

    def come(self, count: int) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(self._one(number)) for number in range(count)]

    async def _one(self, number: int) -> None:
        async with self._turns.one():
            self.began.put_nowait(number)
            await self.go_on[number].wait()
            begun()
            begun()
            await ending()
            self.ended.append(number)

    async def next(self, count: int) -> list[int]:
        """Those who begin next; nobody else may have begun by then."""
        async with asyncio.timeout(PATIENCE):
            found = [await self.began.get() for _ in range(count)]
        await settled()
        assert self.began.empty()
        return found


@pytest.fixture
def lasting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "BEGINS", 1_000)
    monkeypatch.setattr(turns, "ENDS", 1_000)


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_few_begin_at_a_time_in_the_order_in_which_they_came(lasting: None) -> None:
    crowd = Crowd()
    tasks = crowd.come(10)
    assert await crowd.next(turns.BEGIN) == [0, 1, 2, 3]
    crowd.go_on[2].set()
    assert await crowd.next(1) == [4]
    for each in crowd.go_on:
        each.set()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*tasks)
    assert sorted(crowd.ended) == list(range(10))


async def test_nobody_waits_for_one_who_takes_long() -> None:
    crowd = Crowd()
    tasks = crowd.come(10)
    assert await crowd.next(10) == list(range(10))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_one_ends_at_a_time(lasting: None) -> None:
    all_, first, ends = Turns(), asyncio.Event(), []

    async def end(number: int) -> None:
        async with all_.one():
            await ending()
            ends.append(number)
            if number == 0:
                await first.wait()

    tasks = [asyncio.create_task(end(number)) for number in range(3)]
    await settled()
    assert ends == [0]
    first.set()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*tasks)
    assert ends == [0, 1, 2]


async def test_who_leaves_while_waiting_or_at_work_takes_no_place(lasting: None) -> None:
    crowd = Crowd()
    tasks = crowd.come(6)
    await crowd.next(turns.BEGIN)
    for task in (tasks[4], *tasks[:4]):
        task.cancel()
    assert await crowd.next(1) == [5]
    crowd.go_on[5].set()
    async with asyncio.timeout(PATIENCE):
        await tasks[5]


async def test_without_a_turn_nothing_is_waited_for() -> None:
    begun()
    async with asyncio.timeout(PATIENCE):
        await ending()
