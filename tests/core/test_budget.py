"""Edits that many answers share, by a clock that a test turns."""

import asyncio

import pytest

from core.budget import Budget, Budgets


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(budget: Budget) -> int:
    """How many interim edits there is a place for."""
    count = 0
    while budget.take():
        count += 1
    return count


def test_interim_edits_take_only_what_is_not_reserved_for_an_end(clock: Clock) -> None:
    budget = Budget(50, 60, clock)
    for _ in range(10):
        budget.join()
    assert taken(budget) == 40
    budget.leave()
    assert taken(budget) == 1
    clock.now += 60
    assert taken(budget) == 41


async def test_every_growing_answer_ends_at_once_however_many_edits_were_wanted(
    clock: Clock,
) -> None:
    budget = Budget(50, 60, clock)
    for _ in range(10):
        budget.join()
    taken(budget)
    for _ in range(10):
        assert await budget.end(0)
        budget.leave()
    assert not await budget.end(0)
    clock.now += 60
    assert await budget.end(0)


async def test_where_ends_are_another_call_nothing_is_kept_for_them(clock: Clock) -> None:
    budget = Budget(5, 60, clock, ends=False)
    for _ in range(10):
        budget.join()
    assert taken(budget) == 5
    for _ in range(10):
        assert await budget.end(0)


async def test_while_the_platform_wants_no_call_there_is_none(clock: Clock) -> None:
    budget = Budget(50, 60, clock)
    budget.join()
    budget.close(30)
    assert not budget.take()
    assert not await budget.end(2)
    clock.now += 30
    assert budget.take()
    assert await budget.end(2)


async def test_what_the_platform_says_is_left_goes_before_the_own_count(clock: Clock) -> None:
    budget = Budget(5, 5, clock)
    budget.join()
    budget.heard(1, 3)
    assert not budget.take()
    assert await budget.end(0)
    assert not await budget.end(0)
    clock.now += 3
    assert budget.take()


def test_where_the_platform_tells_what_it_takes_one_call_is_spent_early_to_hear_of_it(
    clock: Clock,
) -> None:
    budget = Budget(5, 5, clock, learns=True)
    for _ in range(10):
        budget.join()
    assert budget.take()
    assert not budget.take()
    budget.heard(49, 60, 50)
    assert [budget.take() for _ in range(40)] == [True] * 39 + [False]
    clock.now += 59
    assert not budget.take()
    clock.now += 2
    assert budget.take()


async def test_an_end_that_waits_goes_on_as_soon_as_there_is_known_to_be_more() -> None:
    budget = Budget(1, 600, learns=True)
    assert await budget.end(0)
    waiting = asyncio.create_task(budget.end(3600))
    await asyncio.sleep(0)
    budget.heard(49, 60, 50)
    assert await asyncio.wait_for(waiting, 20)


async def test_ends_come_first_come_first_served() -> None:
    budget = Budget(1, 0.05)
    order: list[int] = []

    async def end(number: int) -> None:
        assert await budget.end(5)
        order.append(number)

    await asyncio.gather(*(end(number) for number in range(4)))
    assert order == [0, 1, 2, 3]


def test_pauses_grow_with_the_answers_and_not_before_half_is_spent(clock: Clock) -> None:
    budget = Budget(50, 60, clock)
    for _ in range(10):
        budget.join()
    assert budget.pause(1.2) == 1.2
    for _ in range(20):
        budget.take()
    assert budget.pause(1.2) == 60 * 10 / 40
    for _ in range(45):
        budget.join()
    assert budget.pause(1.2) == 60


def test_a_place_has_one_budget() -> None:
    budgets = Budgets(5, 5)
    assert budgets.of("a") is budgets.of("a")
    assert budgets.of("a") is not budgets.of("b")
