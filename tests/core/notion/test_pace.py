import asyncio
import socket
import time

import pytest

from core.errors import RateLimited, Unavailable
from core.notion import pace as pace_module
from core.notion.pace import Pace, counted_in, in_line, pace_of
from core.storage.database import Database


async def test_the_whole_budget_may_be_spent_in_one_burst() -> None:
    pace = Pace("key", 50, None)
    before = time.monotonic()
    await asyncio.gather(*(pace.turn(60) for _ in range(50)))
    assert time.monotonic() - before < 30


async def test_one_more_than_the_budget_is_refused_with_how_long_it_takes() -> None:
    pace = Pace("key", 3, None)
    for _ in range(3):
        await pace.turn(1)
    with pytest.raises(RateLimited, match=r"Try again in \d+ s") as caught:
        await pace.turn(1)
    assert 50 < (caught.value.retry_after or 0) <= 60.1


async def test_a_turn_comes_when_the_window_has_moved_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace_module, "WINDOW", 0.3)
    pace = Pace("key", 2, None)
    before = time.monotonic()
    await asyncio.gather(*(pace.turn(5) for _ in range(5)))
    assert time.monotonic() - before > 0.55


async def test_turns_come_in_the_order_they_were_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pace_module, "WINDOW", 0.1)
    pace = Pace("key", 1, None)
    order: list[int] = []

    async def take(number: int) -> None:
        await pace.turn(5)
        order.append(number)

    await asyncio.gather(*(take(number) for number in range(4)))
    assert order == [0, 1, 2, 3]


async def test_all_users_of_a_token_share_one_budget_which_does_not_hold_the_token() -> None:
    one, two = pace_of("secret-token", 180, None), pace_of("secret-token", 180, None)
    assert one is two
    assert pace_of("another-token", 180, None) is not one
    assert "secret-token" not in repr(vars(one))


async def test_without_its_redis_a_process_keeps_the_pace_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    pace = Pace("key", 2, f"redis://127.0.0.1:{port}/0")
    await pace.turn(5)
    await pace.turn(5)
    with pytest.raises(RateLimited):
        await pace.turn(0.5)
    await pace.close()
    await pace.close()


@pytest.mark.redis
async def test_two_processes_share_one_budget_through_redis(redis_server: str) -> None:
    one, two = Pace("shared", 4, redis_server), Pace("shared", 4, redis_server)
    for pace in (one, two, one, two):
        await pace.turn(5)
    for pace in (one, two):
        with pytest.raises(RateLimited):
            await pace.turn(0.5)
        await pace.close()


@pytest.mark.redis
async def test_a_budget_in_redis_is_free_again_when_its_window_has_moved_on(
    redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace_module, "WINDOW", 0.3)
    pace = Pace("moving", 1, redis_server)
    before = time.monotonic()
    for _ in range(3):
        await pace.turn(5)
    await pace.close()
    assert time.monotonic() - before > 0.55


async def test_who_stands_in_line_waits_and_hears_how_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pace_module, "WINDOW", 0.4)
    monkeypatch.setattr(pace_module, "TOLD_AFTER", 0.1)
    pace, told = Pace("key", 1, None), list[float]()
    await pace.turn(1)
    with pytest.raises(RateLimited):
        await pace.turn(0.1)
    with in_line(5, told.append):
        await asyncio.gather(*(pace.turn(0.1) for _ in range(3)))
    # Those behind were told that others are before them.
    assert len(told) >= 3
    assert max(told) > 0.4
    assert all(0.1 < seconds < 2 for seconds in told)


async def test_while_notion_wants_to_be_left_alone_nobody_asks() -> None:
    pace = Pace("key", 100, None)
    await pace.turn(1)
    pace.close_for(600)
    await pace.turn(0.1)
    pace.close_for(0.3)
    with pytest.raises(RateLimited):
        await pace.turn(0.1)
    before = time.monotonic()
    await pace.turn(2)
    assert time.monotonic() - before > 0.1


async def test_two_processes_share_one_budget_through_the_database(database: Database) -> None:
    one, two = Pace("notion-pace:x", 4, None), Pace("notion-pace:x", 4, None)
    for pace in (one, two):
        pace.share(counted_in(database))
    await asyncio.gather(*(pace.turn(5) for pace in (one, two) * 2))
    for pace in (one, two):
        with pytest.raises(RateLimited) as caught:
            await pace.turn(0.5)
        assert 50 < (caught.value.retry_after or 0) < 62
    # Another connection has a budget of its own, and a minute later there is one again.
    async with database.begin() as unit:
        assert await unit.pace.take("other", 4, 60, time.time()) == 0
        assert await unit.pace.take("notion-pace:x", 4, 60, time.time() + 62) == 0


async def test_without_its_database_a_process_keeps_the_pace_alone() -> None:
    async def gone(_key: str, _per_minute: int) -> float:
        raise Unavailable("The database cannot be reached.")

    pace = Pace("key", 1, None)
    pace.share(gone)
    await pace.turn(5)
    with pytest.raises(RateLimited):
        await pace.turn(0.1)
