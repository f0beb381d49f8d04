import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from core.errors import Conflict, Unavailable
from core.jobs.owner import FileOwner, SlotOwner

pytestmark = pytest.mark.postgres

Claim = Callable[..., Awaitable[SlotOwner]]


async def test_a_sqlite_file_has_one_owner_at_a_time(tmp_path: Path) -> None:
    first, second = FileOwner(tmp_path / "lock"), FileOwner(tmp_path / "lock")
    first.claim()
    with pytest.raises(Conflict, match="one owner at a time"):
        second.claim()
    await first.close()
    second.claim()
    assert second.executor == first.executor
    await second.close()


@pytest.fixture
async def claim(postgres_url: str) -> AsyncIterator[Claim]:
    async with AsyncExitStack() as stack:

        async def make(lost: Callable[[], None] = lambda: None) -> SlotOwner:
            owner = SlotOwner(postgres_url, lost)
            await owner.claim()
            stack.push_async_callback(owner.close)
            return owner

        yield make


async def test_each_process_takes_the_first_free_slot(claim: Claim) -> None:
    first, second = await claim(), await claim()
    assert (first.executor, second.executor) == ("slot-0", "slot-1")
    await first.close()
    assert (await claim()).executor == "slot-0"


async def test_only_work_of_processes_that_are_gone_may_be_taken_over(claim: Claim) -> None:
    first, second = await claim(), await claim()
    everyone = {"slot-0", "slot-1", "slot-7", "somebody-else"}
    assert await first.gone(everyone) == ["slot-7"]
    # Held while it is taken over, so that a third does not do it too.
    assert await second.gone(everyone) == []
    await first.release(["slot-7"])
    assert await second.gone(everyone) == ["slot-7"]


async def test_a_process_whose_connection_drops_is_told(claim: Claim, postgres_url: str) -> None:
    import psycopg

    lost = asyncio.Event()
    owner = SlotOwner(postgres_url, lost.set)
    await owner.claim()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks "
            "WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
        )
    await asyncio.wait_for(lost.wait(), 30)
    # Its slot is free for the next.
    assert (await claim()).executor == owner.executor
    await owner.close()


async def test_taking_work_over_is_not_mistaken_for_a_lost_connection(
    claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.jobs.owner.CHECK_SECONDS", 0)
    lost = asyncio.Event()
    owner = await claim(lost.set)
    for _ in range(50):
        await owner.release(await owner.gone({"slot-5", "slot-6"}))
    assert not lost.is_set()


async def test_a_database_that_is_not_there_is_said_in_a_sentence() -> None:
    owner = SlotOwner("postgresql+asyncpg://nobody@127.0.0.1:1/nothing", lambda: None)
    with pytest.raises(Unavailable, match="DATABASE_URL"):
        await owner.claim()
