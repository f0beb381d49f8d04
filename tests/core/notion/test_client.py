import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from core.errors import NotionFailed
from core.notion.client import NotionPages
from core.ports import Destination
from sandbox.notion.errors import RefusedError
from sandbox.notion.hooks import Faults
from sandbox.notion.ids import NOTES_DATA_SOURCE_ID, ROOT_PAGE_ID
from sandbox.notion.server import NotionServer

ROOT = Destination(ROOT_PAGE_ID, "page")
NOTES = Destination(NOTES_DATA_SOURCE_ID, "data_source")
CHILDREN = "/v1/blocks/*/children"


def paragraph(text: str, link: str | None = None) -> dict[str, Any]:
    content: dict[str, Any] = {"content": text}
    if link:
        content["link"] = {"url": link}
    rich_text = [{"type": "text", "text": content}]
    return {"object": "block", "type": "paragraph", "paragraph": {"rich_text": rich_text}}


def saved_anyway(**data: str | list[str]) -> RefusedError:
    return RefusedError("service_unavailable", "Saved, but", additional_data=data)


async def test_a_page_in_a_data_source_carries_its_title_in_the_sources_own_property(
    pages: NotionPages, notion: NotionServer
) -> None:
    page = await pages.create(NOTES, "First", [])
    await pages.create(NOTES, "Second", [])
    record = notion.store.get(page.id)
    assert record is not None
    assert record.title == "First"
    assert [call.path for call in notion.requests].count(
        f"/v1/data_sources/{NOTES_DATA_SOURCE_ID}"
    ) == 1


async def test_a_503_that_names_the_page_it_saved_is_a_success(
    pages: NotionPages, notion: NotionServer, faults: Faults
) -> None:
    made = await pages.create(ROOT, "Made before", [])
    faults.fail("POST", "/v1/pages", saved_anyway(committed_resource_id=made.id))
    assert await pages.create(ROOT, "T", []) == made


async def test_a_503_that_names_a_page_not_to_be_had_stays_unsure(
    pages: NotionPages, faults: Faults
) -> None:
    missing = "11111111-2222-4333-8444-555555555555"
    faults.fail("POST", "/v1/pages", saved_anyway(committed_resource_id=missing))
    with pytest.raises(NotionFailed) as caught:
        await pages.create(ROOT, "T", [])
    assert caught.value.unsure


async def test_a_503_that_names_the_blocks_it_saved_is_a_success(
    pages: NotionPages, faults: Faults
) -> None:
    page = await pages.create(ROOT, "T", [])
    error = saved_anyway(committed_resource_id=page.id, committed_child_ids=["one", "two"])
    faults.fail("PATCH", CHILDREN, error, after_effect=True)
    await pages.append(page.id, [paragraph("one"), paragraph("two")])
    assert len(await pages.children(page.id)) == 2


async def test_a_503_that_names_some_of_the_blocks_is_unsure(
    pages: NotionPages, faults: Faults
) -> None:
    page = await pages.create(ROOT, "T", [])
    faults.fail("PATCH", CHILDREN, saved_anyway(committed_child_ids=["one"]))
    with pytest.raises(NotionFailed) as caught:
        await pages.append(page.id, [paragraph("one"), paragraph("two")])
    assert caught.value.unsure


async def test_the_newest_page_with_the_link_is_found(
    pages: NotionPages, notion: NotionServer
) -> None:
    link = "https://notes.example/content/1"
    await pages.create(ROOT, "T", [paragraph("see", link)])
    await pages.create(ROOT, "T", [paragraph("see", f"{link}0/other")])
    newest = await pages.create(ROOT, "T", [paragraph("x")] * 99 + [paragraph("see", link)])
    await pages.append(newest.id, [paragraph("y")] * 60, after=None)
    assert await pages.find(ROOT, "T", link, datetime.now(UTC)) == newest


async def test_a_page_made_long_before_is_not_looked_into(
    pages: NotionPages, notion: NotionServer
) -> None:
    link = "https://notes.example/content/1"
    for place in (ROOT, NOTES):
        await pages.create(place, "T", [paragraph("see", link)])
        notion.requests.clear()
        assert await pages.find(place, "T", link, datetime.now(UTC) + timedelta(hours=1)) is None
        assert len(notion.requests) == 1


async def test_pages_of_a_data_source_are_looked_for_as_the_specification_has_it(
    pages: NotionPages, notion: NotionServer
) -> None:
    page = await pages.create(NOTES, "T", [paragraph("see", "https://notes.example/content/1")])
    notion.requests.clear()
    link = "https://notes.example/content/1"
    found = await pages.find(NOTES, "T", link, datetime.now(UTC))
    assert found is not None
    assert found.id == page.id
    asked = next(one.body for one in notion.requests if one.path.endswith("/query"))
    # A date, with no time: https://developers.notion.com/reference/post-database-query-filter
    date.fromisoformat(asked["filter"]["created_time"]["on_or_after"])
    # And the first page that is too old ends the search.
    notion.requests.clear()
    await pages.find(NOTES, "T", link, datetime.now(UTC) + timedelta(hours=1))
    assert [one.path.rpartition("/")[2] for one in notion.requests] == ["query"]


async def test_a_destination_that_is_gone_holds_no_page(pages: NotionPages) -> None:
    gone = Destination("11111111-2222-4333-8444-555555555555", "page")
    assert await pages.find(gone, "T", "https://notes.example/1", datetime.now(UTC)) is None


async def test_a_page_beyond_notions_limits_is_refused_with_the_reason(pages: NotionPages) -> None:
    with pytest.raises(NotionFailed, match="length should be") as caught:
        await pages.create(ROOT, "T", [paragraph("x")] * 101)
    assert not caught.value.unsure
    assert not caught.value.retryable


def test_what_takes_long_to_import_is_imported_at_first_use() -> None:
    slow = {"httpx", "notion_client", "stamina", "redis"}
    code = "import sys, core.notion.client; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not slow & set(done.stdout.split())


async def test_a_page_whose_address_is_left_out_has_the_one_that_every_page_has() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"object": "page", "id": "2b7d1f0e-6c1b-80d1-9c3a-c4a0f6b0a7e1"})

    app = web.Application()
    app.router.add_post("/v1/pages", answer)
    async with TestServer(app) as server:
        pages = NotionPages("token", None, str(server.make_url("/")))
        made = await pages.create(ROOT, "T", [])
        await pages.close()
    assert made.url == "https://www.notion.so/2b7d1f0e6c1b80d19c3ac4a0f6b0a7e1"


async def test_an_answer_that_names_no_page_leaves_it_unsure() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/v1/pages", answer)
    async with TestServer(app) as server:
        pages = NotionPages("token", None, str(server.make_url("/")))
        with pytest.raises(NotionFailed) as caught:
            await pages.create(ROOT, "T", [])
        await pages.close()
    assert caught.value.unsure
