import asyncio
import socket
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from core.errors import RateLimited, Unavailable
from core.notion import counting, urgency
from core.notion import pace as pace_module
from core.notion.counting import InDatabase, Wish, pause, rules
from core.notion.pace import Pace, pace_of
from core.notion.urgency import Urgency, in_background, in_line, looked_on
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
    with pytest.raises(RateLimited, match="Try again in about 1 minute") as caught:
        await pace.turn(1)
    assert 50 < (caught.value.retry_after or 0) <= 60.1


async def test_a_turn_comes_when_the_window_has_moved_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "WINDOW", 0.3)
    pace = Pace("key", 2, None)
    before = time.monotonic()
    await asyncio.gather(*(pace.turn(5) for _ in range(5)))
    assert time.monotonic() - before > 0.55


async def test_turns_come_in_the_order_they_were_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(counting, "WINDOW", 0.1)
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
    monkeypatch.setattr(counting, "WINDOW", 0.3)
    pace = Pace("moving", 1, redis_server)
    before = time.monotonic()
    for _ in range(3):
        await pace.turn(5)
    await pace.close()
    assert time.monotonic() - before > 0.55


async def test_who_stands_in_line_waits_and_hears_how_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(counting, "WINDOW", 0.4)
    monkeypatch.setattr(urgency, "TOLD_AFTER", 0.1)
    pace, told = Pace("key", 1, None), list[float]()
    await pace.turn(1)
    with pytest.raises(RateLimited):
        await pace.turn(0.1)

    async def save() -> None:
        with in_line(20, told.append):
            await pace.turn(0.1)

    await asyncio.gather(*(save() for _ in range(3)))
    # Those behind were told that others are before them.
    assert len(told) >= 3
    assert max(told) > 0.6
    assert all(0.1 < seconds < 2 for seconds in told)


async def test_under_a_flood_what_was_begun_is_finished_before_more_is_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pace_module, "AT_ONCE", 2)
    pace, done = Pace("key", 5000, None), list[int]()

    async def save(number: int) -> None:
        with in_line(60, lambda _: None):
            for _ in range(4):
                async with pace.flight(60):
                    await asyncio.sleep(0)
        done.append(number)

    await asyncio.gather(*(save(number) for number in range(12)))
    assert done == sorted(done)


async def test_no_more_than_so_many_requests_are_under_way_at_once() -> None:
    pace, under_way, most = Pace("key", 5000, None), 0, 0

    async def ask() -> None:
        nonlocal under_way, most
        with in_line(60, lambda _: None):
            await fly()

    async def fly() -> None:
        nonlocal under_way, most
        async with pace.flight(60):
            under_way += 1
            most = max(most, under_way)
            try:
                await asyncio.sleep(0)
            finally:
                under_way -= 1

    asking = [asyncio.create_task(ask()) for _ in range(100)]
    await asyncio.sleep(0)
    for task in asking[1::3]:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    assert most == pace_module.AT_ONCE
    # Whoever went away gave their place back.
    await asyncio.gather(*(ask() for _ in range(50)))
    assert most == pace_module.AT_ONCE


async def test_what_nobody_waits_for_takes_no_place_from_others() -> None:
    pace = Pace("key", 5000, None)
    begun, end = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        with in_background():
            async with pace.flight(60):
                begun.set()
                await end.wait()

    hanging = [asyncio.create_task(hang()) for _ in range(pace_module.AT_ONCE * 2)]
    await begun.wait()
    await asyncio.gather(*(pace.turn(20) for _ in range(50)))
    end.set()
    await asyncio.gather(*hanging)


async def test_who_came_before_the_budget_was_spent_hears_of_the_wait_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(urgency, "TOLD_AFTER", 0.2)
    monkeypatch.setattr(pace_module, "AT_ONCE", 1)
    pace, told, heard = Pace("key", 2, None), set[int](), asyncio.Event()

    async def save(number: int) -> None:
        def hear(_: float) -> None:
            told.add(number)
            if len(told) == 3:
                heard.set()

        with in_line(120, hear):
            await pace.turn(1)

    saving = [asyncio.create_task(save(number)) for number in range(5)]
    await asyncio.wait_for(heard.wait(), 20)
    assert told == {2, 3, 4}
    for task in saving:
        task.cancel()
    await asyncio.gather(*saving, return_exceptions=True)


async def test_who_is_turned_away_is_not_told_to_wait() -> None:
    pace, told = Pace("key", 5, None), list[float]()
    pace.close_for(900, "workspace")
    with in_line(600, told.append), pytest.raises(RateLimited, match="about 15 minutes"):
        await pace.turn(1)
    assert told == []


async def test_no_answer_keeps_everybody_away_for_days() -> None:
    pace = Pace("key", 5, None)
    pace.close_for(1e9, "workspace")
    with pytest.raises(RateLimited, match="about 60 minutes"):
        await pace.turn(1)


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
        pace.share(InDatabase(database))
    await asyncio.gather(*(pace.turn(5) for pace in (one, two) * 2))
    for pace in (one, two):
        with pytest.raises(RateLimited) as caught:
            await pace.turn(0.5)
        assert 50 < (caught.value.retry_after or 0) < 62
    # Another connection has a budget of its own, and a minute later there is one again.
    count, soon = InDatabase(database), Urgency.SOON
    assert await count.take(Wish("other", soon, rules(soon, 4))) == 0
    async with database.begin() as unit:
        assert await unit.pace.made("x", ["notion-pace:x:soon"], 60, time.time() + 62) == {}


async def test_without_its_database_a_process_keeps_the_pace_alone() -> None:
    class Gone:
        async def take(self, wish: Wish) -> float:
            raise Unavailable(f"The database cannot be reached for {wish.key}.")

        async def close_for(self, door: str, seconds: float) -> None:
            raise Unavailable(f"The database cannot be reached for {door}, {seconds}.")

    pace = Pace("key", 1, None)
    pace.share(Gone())
    await pace.turn(5)
    with pytest.raises(RateLimited):
        await pace.turn(0.1)
    await pace.close_for_all(30, "workspace")
    with pytest.raises(RateLimited, match="30 seconds"):
        await pace.turn(0.1)


# ── What goes first ──────────────────────────────────────────────────────────────────────────────


def wait(how: Urgency, crowded: bool = False, **made: int) -> float:
    used = {Urgency[name.upper()]: count for name, count in made.items()}
    ends = {each: 10.0 + each for each in used}
    return pause(how, rules(how, 180, crowded=crowded), used, ends)


def test_saves_leave_a_part_of_the_budget_to_what_somebody_looks_at() -> None:
    assert wait(Urgency.SAVE, save=161) == 0
    assert wait(Urgency.SAVE, save=162) == 11
    assert wait(Urgency.SOON, save=162, soon=17) == 0
    assert wait(Urgency.SOON, save=162, soon=18) == 10


def test_saves_have_their_part_however_much_is_looked_for() -> None:
    assert wait(Urgency.SAVE, soon=135, save=44) == 0
    assert wait(Urgency.SAVE, soon=134, save=45) == 10
    assert wait(Urgency.SAVE, soon=180) == 10


def test_what_nobody_waits_for_has_a_third_and_leaves_room_for_saves() -> None:
    assert wait(Urgency.BEHIND, behind=59) == 0
    assert wait(Urgency.BEHIND, behind=60) == 12
    assert wait(Urgency.BEHIND, save=120, behind=24) > 0


def test_what_nobody_waits_for_comes_to_an_end_under_a_flood_too() -> None:
    assert wait(Urgency.BEHIND, crowded=True, save=153, behind=8) == 0
    assert wait(Urgency.BEHIND, crowded=True, behind=9) == 12
    assert wait(Urgency.BEHIND, crowded=False, save=152, behind=9) > 0


@pytest.fixture(params=["memory", "database", pytest.param("redis", marks=pytest.mark.redis)])
def opened(request: pytest.FixtureRequest, database: Database) -> tuple[Pace, Pace, Pace]:
    """Two processes with one connection, and a third with another of the same workspace."""
    url = request.getfixturevalue("redis_server") if request.param == "redis" else None
    key = uuid4().hex
    paces = Pace(key, 20, url), Pace(key, 20, url), Pace(f"{key}-other", 20, url)
    if request.param == "memory":
        paces = paces[0], paces[0], paces[2]
    if request.param == "database":
        for pace in paces:
            pace.share(InDatabase(database))
    return paces


@pytest.fixture
async def processes(opened: tuple[Pace, Pace, Pace]) -> AsyncIterator[tuple[Pace, Pace, Pace]]:
    yield opened
    for pace in opened:
        await pace.close()


async def test_what_somebody_looks_at_goes_before_a_flood_of_saves_in_any_process(
    processes: tuple[Pace, Pace, Pace],
) -> None:
    one, two, _ = processes
    saved, told, heard = 0, list[float](), asyncio.Event()

    def hear(seconds: float) -> None:
        told.append(seconds)
        heard.set()

    async def save() -> None:
        nonlocal saved
        with in_line(600, hear):
            await one.turn(1)
            saved += 1

    saving = [asyncio.create_task(save()) for _ in range(40)]
    # By then there is no room for another one, and those who wait were told.
    await asyncio.wait_for(heard.wait(), 20)
    assert saved == 18
    await two.turn(0.5)
    with in_line(0.5, told.append), looked_on():
        await two.turn(0.5)
    with pytest.raises(RateLimited):
        await two.turn(0.5)
    assert saved == 18
    for task in saving:
        task.cancel()
    await asyncio.gather(*saving, return_exceptions=True)


async def test_a_workspaces_limit_holds_all_of_its_connections_in_every_process(
    processes: tuple[Pace, Pace, Pace],
) -> None:
    one, two, other = processes
    workspace = str(uuid4())
    for pace in processes:
        pace.belongs_to(workspace)
        pace.belongs_to(workspace.replace("-", "").upper())
        await pace.turn(5)
    await one.close_for_all(900, "workspace")
    # What another limit says of a shorter time opens no door.
    await one.close_for_all(1, "connection")
    for pace in (one, two, other):
        with pytest.raises(RateLimited, match="about 15 minutes"):
            await pace.turn(5)
    elsewhere = Pace("elsewhere", 20, None)
    elsewhere.belongs_to(str(uuid4()))
    await elsewhere.turn(5)


async def test_a_connections_limit_holds_that_one_alone_in_every_process(
    processes: tuple[Pace, Pace, Pace],
) -> None:
    one, two, other = processes
    workspace = str(uuid4())
    for pace in processes:
        pace.belongs_to(workspace)
    await one.close_for_all(40, "connection")
    await other.turn(5)
    for pace in (one, two):
        with pytest.raises(RateLimited, match="about 40 seconds"):
            await pace.turn(5)
