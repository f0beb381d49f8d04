import asyncio
from collections.abc import AsyncIterator

import pytest

from core.errors import InvalidInput, Misconfigured, NotionFailed
from core.notion import destinations as module
from core.notion.client import NotionPages
from core.notion.urgency import in_background, in_line
from core.ports import Destination
from sandbox.notion.hooks import Faults
from sandbox.notion.ids import NOTES_DATA_SOURCE_ID, NOTES_DATABASE_ID
from sandbox.notion.records import Parent
from sandbox.notion.rich_text import text_item
from sandbox.notion.server import NotionServer

MISSING = "11111111-2222-4333-8444-555555555555"


def add_page(server: NotionServer, title: str, parent: Parent | None = None) -> str:
    body = {
        "properties": {"title": {"id": "title", "type": "title", "title": [text_item(title)]}},
        "icon": None,
        "cover": None,
    }
    parent = parent or Parent("page_id", server.root_page_id)
    return server.store.add_page(parent, body, []).id


@pytest.fixture
async def loose(notion: NotionServer) -> AsyncIterator[NotionPages]:
    """A client without a configured parent."""
    client = NotionPages(notion.token, None, notion.base_url, patience=3)
    yield client
    await client.close()


async def test_the_configured_page_is_the_default(pages: NotionPages, notion: NotionServer) -> None:
    place = await pages.destination(None)
    assert (place.id, place.kind, place.title) == (notion.root_page_id, "page", "Notion Assistant")
    assert place.url.startswith(notion.viewer_url)


async def test_without_a_configured_page_the_only_shared_one_is_the_default(
    loose: NotionPages, notion: NotionServer
) -> None:
    add_page(notion, "Below it")
    assert (await loose.destination(None)).id == notion.root_page_id


async def test_without_a_configured_page_several_shared_ones_are_listed(
    loose: NotionPages, notion: NotionServer
) -> None:
    for number in range(6):
        add_page(notion, f"Team {number}", Parent("workspace"))
    with pytest.raises(InvalidInput) as caught:
        await loose.destination(None)
    lines = caught.value.message.splitlines()
    assert "--to" in lines[0]
    assert "NOTION_PARENT" in lines[0]
    assert len([line for line in lines if line.startswith("• Team") or "(page)" in line]) == 5
    assert lines[-1] == "• and 2 more"


async def test_where_nothing_is_shared_it_says_how_to_share(
    loose: NotionPages, notion: NotionServer
) -> None:
    notion.store.change(notion.root_page_id, in_trash=True)
    with pytest.raises(InvalidInput, match="Connections"):
        await loose.destination(None)


@pytest.mark.parametrize("parent", [MISSING, "No such title"])
async def test_a_configured_page_that_is_not_there_names_the_setting(
    notion: NotionServer, parent: str
) -> None:
    client = NotionPages(notion.token, parent, notion.base_url, patience=3)
    with pytest.raises(Misconfigured, match="NOTION_PARENT"):
        await client.destination(None)
    await client.close()


async def test_an_address_names_its_page(pages: NotionPages, notion: NotionServer) -> None:
    page = add_page(notion, "Minutes")
    address = f"https://www.notion.so/acme/Minutes-{page.replace('-', '')}?pvs=4"
    assert await pages.destination(address) == Destination(
        page, "page", "Minutes", f"{notion.viewer_url}/Minutes-{page.replace('-', '')}"
    )


async def test_a_data_source_and_its_database_are_the_same_place(pages: NotionPages) -> None:
    by_source = await pages.destination(NOTES_DATA_SOURCE_ID)
    by_database = await pages.destination(f"https://notion.so/{NOTES_DATABASE_ID.replace('-', '')}")
    assert by_source.kind == by_database.kind == "data_source"
    assert by_source.id == by_database.id == NOTES_DATA_SOURCE_ID
    assert by_source.title == "Notes"


async def test_an_id_that_is_not_shared_says_how_to_share_it(pages: NotionPages) -> None:
    with pytest.raises(InvalidInput, match="Connections"):
        await pages.destination(MISSING)


async def test_a_page_in_the_trash_is_no_destination(
    pages: NotionPages, notion: NotionServer
) -> None:
    page = add_page(notion, "Old")
    notion.store.change(page, in_trash=True)
    with pytest.raises(InvalidInput, match="trash"):
        await pages.destination(page)


async def test_a_title_is_found_whatever_its_case(pages: NotionPages, notion: NotionServer) -> None:
    page = add_page(notion, "Minutes")
    add_page(notion, "Minutes of May")
    assert (await pages.destination("minutes")).id == page


async def test_part_of_a_title_is_enough_where_it_fits_one(
    pages: NotionPages, notion: NotionServer
) -> None:
    page = add_page(notion, "Minutes of May")
    assert (await pages.destination("minutes")).id == page


async def test_a_title_that_fits_several_lists_them(
    pages: NotionPages, notion: NotionServer
) -> None:
    add_page(notion, "Minutes of May")
    add_page(notion, "Minutes of June")
    with pytest.raises(InvalidInput) as caught:
        await pages.destination("Minutes")
    assert "Minutes of May" in caught.value.message
    assert "Minutes of June" in caught.value.message


async def test_a_title_nothing_has_says_so(pages: NotionPages) -> None:
    with pytest.raises(InvalidInput, match="Minutes"):
        await pages.destination("Minutes")


async def test_a_place_is_asked_for_once_in_five_minutes(
    pages: NotionPages, notion: NotionServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pages.destination("notion assistant")
    await pages.destination("Notion Assistant ")
    assert len(notion.requests) == 1
    monkeypatch.setattr(module, "REMEMBERED", -1)
    await pages.destination(notion.root_page_id)
    await pages.destination(notion.root_page_id)
    assert len(notion.requests) == 3


async def test_a_place_that_was_not_found_is_looked_for_again(
    pages: NotionPages, notion: NotionServer
) -> None:
    with pytest.raises(InvalidInput):
        await pages.destination("Minutes")
    page = add_page(notion, "Minutes")
    assert (await pages.destination("Minutes")).id == page


async def test_the_closest_titles_come_first(pages: NotionPages, notion: NotionServer) -> None:
    for title in ("Our minutes", "Minutes", "Minutes of May"):
        add_page(notion, title)
    found = await pages.destinations("minutes")
    assert [place.title for place in found] == ["Minutes", "Minutes of May", "Our minutes"]
    assert len(await pages.destinations("minutes", limit=2)) == 2


async def test_trouble_with_notion_is_not_taken_for_a_missing_page(
    notion: NotionServer, faults: Faults
) -> None:
    client = NotionPages(notion.token, None, notion.base_url, patience=0.5)
    faults.fail("GET", "/v1/pages/*", "service_unavailable", times=99)
    with pytest.raises(NotionFailed):
        await client.destination(MISSING)
    await client.close()


async def test_many_with_one_question_ask_it_once(
    pages: NotionPages, notion: NotionServer, faults: Faults
) -> None:
    faults.delay("GET", "/v1/users", 0.3)
    found = await asyncio.gather(*(pages.people() for _ in range(20)))
    assert all(one == found[0] for one in found)
    assert [call.path for call in notion.requests].count("/v1/users") == 1


async def test_who_waited_for_an_answer_that_did_not_come_asks_for_it(
    pages: NotionPages, notion: NotionServer, faults: Faults
) -> None:
    faults.fail("GET", "/v1/pages/*", "restricted_resource")
    asked = (pages.destination(None) for _ in range(3))
    first, *others = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(first, NotionFailed)
    assert [getattr(one, "id", one) for one in others] == [notion.root_page_id] * 2


async def test_what_people_wait_for_does_not_wait_for_the_background(
    pages: NotionPages, faults: Faults
) -> None:
    faults.delay("GET", "/v1/users", 60)
    with in_background():
        behind = asyncio.create_task(pages.people())
    await asyncio.wait_for(faults.held_up.wait(), 20)
    assert await asyncio.wait_for(pages.people(), 20)
    behind.cancel()
    await asyncio.gather(behind, return_exceptions=True)


async def test_what_somebody_looks_at_does_not_wait_for_what_a_save_asked(
    pages: NotionPages, notion: NotionServer, faults: Faults
) -> None:
    faults.delay("GET", "/v1/pages/*", 60)
    with in_line(600, lambda _: None):
        saving = asyncio.create_task(pages.destination(notion.root_page_id))
    await asyncio.wait_for(faults.held_up.wait(), 20)
    assert await asyncio.wait_for(pages.destination(notion.root_page_id), 20)
    saving.cancel()
    await asyncio.gather(saving, return_exceptions=True)
