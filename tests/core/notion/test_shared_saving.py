import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from core.errors import Conflict
from core.notion.client import NotionPages
from core.notion.saving import Patience, Saving
from core.storage.database import Database
from sandbox.notion.hooks import Faults
from sandbox.notion.ids import NOTES_DATA_SOURCE_ID
from sandbox.notion.server import NotionServer
from tests.core.notion.saved import (
    LONG,
    PUBLIC_URL,
    Add,
    Killed,
    Steps,
    made,
    meant,
    until,
    written,
)

T = TypeVar("T")


async def test_two_savers_of_one_item_make_one_page(
    saving: Saving, notion: NotionServer, faults: Faults, add_item: Add, add_request: Add
) -> None:
    item = await add_item(LONG)
    faults.delay("POST", "/v1/pages", 0.2)
    requests = [await add_request() for _ in range(4)]
    urls = await asyncio.gather(*(saving.save(Steps(), one, item, None) for one in requests))
    assert len(set(urls)) == 1
    assert len(made(notion)) == 1
    assert written(notion, made(notion)[0].id) == meant(LONG)


async def test_the_work_of_a_request_that_ended_is_taken_over(
    saving: Saving,
    notion: NotionServer,
    faults: Faults,
    database: Database,
    add_item: Add,
    add_request: Add,
) -> None:
    item, first, second = await add_item("Text"), await add_request(), await add_request()
    with pytest.raises(Killed):
        await saving.save(Steps(die_after="save: page"), first, item, None)
    waiting = asyncio.create_task(saving.save(Steps(), second, item, "notes"))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    async with database.begin() as uow:
        await uow.inbox.finish(first)
    await waiting
    assert len(made(notion)) == 1
    assert made(notion, NOTES_DATA_SOURCE_ID) == []


async def test_the_work_of_a_request_that_takes_too_long_is_taken_over(
    database: Database, pages: NotionPages, notion: NotionServer, add_item: Add, add_request: Add
) -> None:
    saving = Saving(database, pages, PUBLIC_URL, Patience(other=0.1, poll=0.02, flight=0))
    item = await add_item("Text")
    with pytest.raises(Killed):
        await saving.save(Steps(die_after="save: page"), await add_request(), item, None)
    await saving.save(Steps(), await add_request(), item, None)
    assert len(made(notion)) == 1


class Stalling(Steps):
    """Waits for a word before each batch of blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()

    async def __call__(self, name: str, run: Callable[[], Awaitable[T]]) -> T:
        if name.startswith("save: blocks"):
            await self.go_on.wait()
        return await super().__call__(name, run)


async def test_a_slow_saver_whose_work_was_taken_over_writes_nothing_twice(
    database: Database, pages: NotionPages, notion: NotionServer, add_item: Add, add_request: Add
) -> None:
    saving = Saving(database, pages, PUBLIC_URL, Patience(other=0.3, poll=0.02, flight=0.5))
    item, slow, quick = await add_item(LONG), Stalling(), Stalling()
    first = asyncio.create_task(saving.save(slow, await add_request(), item, None))
    await until(lambda: "save: page" in slow.kept)
    second = asyncio.create_task(saving.save(quick, await add_request(), item, None))
    await until(lambda: "save: page" in quick.kept)
    quick.go_on.set()
    slow.go_on.set()
    assert await first == await second
    assert len(made(notion)) == 1
    assert written(notion, made(notion)[0].id) == meant(LONG)


async def test_a_saver_whose_work_was_taken_over_does_not_wait_for_ever(
    database: Database, pages: NotionPages, notion: NotionServer, add_item: Add, add_request: Add
) -> None:
    saving = Saving(database, pages, PUBLIC_URL, Patience(other=0.1, poll=0.02, flight=0.1))
    item, slow, stuck = await add_item(LONG), Stalling(), Stalling()
    first = asyncio.create_task(saving.save(slow, await add_request(), item, None))
    await until(lambda: "save: page" in slow.kept)
    second = asyncio.create_task(saving.save(stuck, await add_request(), item, None))
    await until(lambda: "save: page" in stuck.kept)
    slow.go_on.set()
    with pytest.raises(Conflict, match="takes long"):
        await first
    stuck.go_on.set()
    await second
    assert written(notion, made(notion)[0].id) == meant(LONG)


async def test_what_was_under_way_when_work_is_taken_over_is_waited_for(
    database: Database,
    pages: NotionPages,
    notion: NotionServer,
    faults: Faults,
    add_item: Add,
    add_request: Add,
) -> None:
    saving = Saving(database, pages, PUBLIC_URL, Patience(other=0.1, poll=0.02, flight=1.5))
    item = await add_item(LONG)
    faults.delay("POST", "/v1/pages", 1)
    first = asyncio.create_task(saving.save(Steps(), await add_request(), item, None))
    await until(lambda: any(call.method == "POST" for call in notion.requests))
    second = asyncio.create_task(saving.save(Steps(), await add_request(), item, None))
    assert await first == await second
    assert len(made(notion)) == 1
    assert written(notion, made(notion)[0].id) == meant(LONG)
