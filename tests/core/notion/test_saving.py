import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine

from core.errors import Conflict, InvalidInput, NotFound, NotionFailed
from core.messages import Sender
from core.notion.saving import Saving
from core.origin import Origin, asked_from
from core.storage.database import Database
from sandbox.notion.hooks import Faults
from sandbox.notion.ids import NOTES_DATA_SOURCE_ID
from sandbox.notion.server import NotionServer
from tests.core.notion.saved import (
    DEEP,
    FOOT,
    LONG,
    PUBLIC_URL,
    Add,
    Steps,
    made,
    meant,
    written,
)


async def test_an_answer_becomes_a_page_with_its_title_and_a_footer(
    saving: Saving, notion: NotionServer, database: Database, add_item: Add, add_request: Add
) -> None:
    item = await add_item(
        "# Plan\n\nText with **bold**.\n\n- [ ] one\n", note="It is a tiny model."
    )
    url, _ = await saving.save(Steps(), await add_request(), item, None)
    (page,) = made(notion)
    assert page.title == "Plan"
    assert [text for _, text, _ in written(notion, page.id)] == [
        "Text with bold.",
        "one",
        f"{FOOT}. It is a tiny model.",
    ]
    footer = notion.store.children(page.id)[-1].body
    assert footer["color"] == "gray"
    assert footer["rich_text"][1]["href"] == f"{PUBLIC_URL}/content/{item}"
    async with database.begin() as uow:
        content = await uow.content.get(item)
    assert content is not None
    assert (content.notion_url, content.page_id) == (url, page.id)


async def test_a_save_is_in_the_audit_log_with_whose_it_is_and_where_from(
    saving: Saving, database: Database, add_item: Add, add_request: Add
) -> None:
    item = await add_item("Text")
    with asked_from(Origin("slack T1")):
        url, _ = await saving.save(Steps(), await add_request(), item, None)
    async with database.read() as unit:
        [entry] = await unit.audit.page(action="page")
        content = await unit.content.get(item)
    assert content is not None
    assert (entry.actor_id, entry.target, entry.address) == (content.user_id, url, "slack T1")


async def test_an_answer_that_is_only_a_title_is_a_page_with_a_footer(
    saving: Saving, notion: NotionServer, add_item: Add, add_request: Add
) -> None:
    await saving.save(Steps(), await add_request(), await add_item("# Plan"), None)
    assert written(notion, made(notion)[0].id) == [("paragraph", FOOT, [])]


async def test_a_short_page_takes_one_request_beside_finding_its_place(
    saving: Saving, notion: NotionServer, add_item: Add, add_request: Add
) -> None:
    for _ in range(2):
        await saving.save(Steps(), await add_request(), await add_item("Text"), None)
    calls = [(call.method, call.path) for call in notion.requests]
    assert calls == [("GET", f"/v1/pages/{notion.root_page_id}"), *[("POST", "/v1/pages")] * 2]


async def test_saving_again_means_the_same_page(
    saving: Saving, notion: NotionServer, add_item: Add, add_request: Add
) -> None:
    item = await add_item("Text")
    first = await saving.save(Steps(), await add_request(), item, None)
    assert await saving.save(Steps(), await add_request(), item, NOTES_DATA_SOURCE_ID) == first
    assert len(made(notion)) == 1


async def test_an_item_whose_page_is_in_the_trash_gets_a_new_one(
    saving: Saving, notion: NotionServer, faults: Faults, add_item: Add, add_request: Add
) -> None:
    item = await add_item("Text")
    first = await saving.save(Steps(), await add_request(), item, None)
    # A Notion that does not answer is no reason to think so.
    faults.fail("GET", "/v1/pages/*", "object_not_found")
    assert await saving.save(Steps(), await add_request(), item, None) == first
    notion.store.change(made(notion)[0].id, in_trash=True)
    again = await saving.save(Steps(), await add_request(), item, None)
    assert again.url != first.url
    (note,) = again.notes
    assert note.startswith("The page of before is in Notion's trash, or not to be found")
    assert [page.in_trash for page in made(notion)] == [False, True]
    assert (await saving.save(Steps(), await add_request(), item, None)).url == again.url
    faults.fail("GET", "/v1/pages/*", "object_not_found")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
        third = await saving.save(Steps(), await add_request(), item, None)
    assert third.url != again.url


async def test_a_page_goes_where_it_is_wanted(
    saving: Saving, notion: NotionServer, add_item: Add, add_request: Add
) -> None:
    await saving.save(Steps(), await add_request(), await add_item("Text"), "notes")
    assert made(notion) == []
    assert [page.title for page in made(notion, NOTES_DATA_SOURCE_ID)] == ["Write it"]


@pytest.mark.parametrize("text", [LONG, DEEP, f"{DEEP}\n\n{LONG}\n\n{DEEP}"])
async def test_a_document_of_many_requests_arrives_whole_with_its_footer_last(
    saving: Saving, notion: NotionServer, add_item: Add, add_request: Add, text: str
) -> None:
    await saving.save(Steps(), await add_request(), await add_item(text), None)
    assert written(notion, made(notion)[0].id) == meant(text)


async def test_a_table_longer_than_a_request_arrives_whole(
    saving: Saving, notion: NotionServer, add_item: Add, add_request: Add
) -> None:
    rows = "".join(f"| {number} | row |\n" for number in range(230))
    await saving.save(
        Steps(), await add_request(), await add_item(f"| a | b |\n|-|-|\n{rows}"), None
    )
    table, _ = notion.store.children(made(notion)[0].id)
    assert len(notion.store.children(table.id)) == 231


async def test_a_place_that_was_refused_does_not_bind_the_next_try(
    saving: Saving,
    notion: NotionServer,
    faults: Faults,
    database: Database,
    add_item: Add,
    add_request: Add,
) -> None:
    item, first = await add_item("Text"), await add_request()
    faults.fail("POST", "/v1/pages", "restricted_resource")
    with pytest.raises(NotionFailed, match="capabilities"):
        await saving.save(Steps(), first, item, None)
    async with database.begin() as uow:
        await uow.inbox.finish(first)
    await saving.save(Steps(), await add_request(), item, "notes")
    assert made(notion) == []
    assert len(made(notion, NOTES_DATA_SOURCE_ID)) == 1


async def test_a_destination_that_is_not_there_makes_nothing(
    saving: Saving, notion: NotionServer, add_item: Add, add_request: Add
) -> None:
    item = await add_item("Text")
    with pytest.raises(InvalidInput):
        await saving.save(Steps(), await add_request(), item, "No such page")
    await saving.save(Steps(), await add_request(), item, None)
    assert len(made(notion)) == 1


async def test_an_item_that_is_not_there_or_not_finished_cannot_be_saved(
    saving: Saving, database: Database, add_request: Add
) -> None:
    with pytest.raises(NotFound):
        await saving.save(Steps(), await add_request(), uuid4(), None)
    item = uuid4()
    async with database.begin() as uow:
        user = await uow.users.of(Sender("console", "someone"))
        await uow.content.begin(item, user.id, "Prompt", None)
    with pytest.raises(Conflict):
        await saving.save(Steps(), await add_request(), item, None)


async def test_nothing_is_held_open_while_notion_answers(
    saving: Saving,
    faults: Faults,
    database: Database,
    add_item: Add,
    add_request: Add,
) -> None:
    item = await add_item(LONG)
    faults.delay("POST", "/v1/pages", 1)
    task = asyncio.create_task(saving.save(Steps(), await add_request(), item, None))
    await asyncio.sleep(0.3)
    before = datetime.now(UTC)
    async with database.begin() as uow:
        await uow.content.get(item)
    assert datetime.now(UTC) - before < timedelta(seconds=0.4)
    await task
