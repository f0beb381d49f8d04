"""What every adapter of the port `Pages` keeps to, for each kind of destination."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from core.config import Settings
from core.errors import InvalidInput, Misconfigured, NotionFailed, RateLimited
from core.notion.client import NotionPages
from core.notion.connected import Connected
from core.notion.connections import Connections
from core.notion.unconnected import Unconnected
from core.ports import Child, Destination, Pages
from sandbox.notion.errors import RefusedError
from sandbox.notion.hooks import Faults
from sandbox.notion.ids import NOTES_DATA_SOURCE_ID, ROOT_PAGE_ID
from sandbox.notion.server import NotionServer

LINK = "https://notes.example/content/1"
MISSING = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture(params=["by token", "by connection"])
async def pages(request: pytest.FixtureRequest, faults: Faults) -> AsyncIterator[Pages]:
    """The server's token alone, and the same where there may be other connections."""
    async with NotionServer(hooks=faults, rate_limit=None) as server:
        client: Pages = NotionPages(
            server.token, server.root_page_id, server.base_url, requests_per_minute=1000, patience=3
        )
        if request.param == "by connection":
            url = "sqlite+aiosqlite:///nowhere.db"
            settings = Settings(_env_file=None, database_url=url, secret_key="k" * 40)
            nobodys: Any = None
            client = Connected(Connections(settings, nobodys, client))
        yield client
        await client.close()


@pytest.fixture(params=[ROOT_PAGE_ID, NOTES_DATA_SOURCE_ID], ids=["page", "data_source"])
async def place(request: pytest.FixtureRequest, pages: Pages) -> Destination:
    return await pages.destination(request.param)


def paragraph(text: str, link: str | None = None) -> dict[str, Any]:
    content: dict[str, Any] = {"content": text}
    if link:
        content["link"] = {"url": link}
    rich_text = [{"type": "text", "text": content}]
    return {"object": "block", "type": "paragraph", "paragraph": {"rich_text": rich_text}}


async def test_the_default_destination_is_there(pages: Pages) -> None:
    assert (await pages.destination(None)).id == ROOT_PAGE_ID


async def test_a_destination_is_known_by_id_and_by_title(pages: Pages, place: Destination) -> None:
    assert (await pages.destination(place.title)).id == place.id


async def test_a_destination_that_is_not_there_is_invalid_input(pages: Pages) -> None:
    with pytest.raises(InvalidInput):
        await pages.destination(MISSING)
    with pytest.raises(InvalidInput):
        await pages.destination("No page has this title")


async def test_destinations_are_searched_by_title(pages: Pages, place: Destination) -> None:
    assert place.id in [found.id for found in await pages.destinations(place.title)]
    assert len(await pages.destinations("", limit=1)) == 1


async def test_a_page_that_was_made_holds_its_children_in_order(
    pages: Pages, place: Destination
) -> None:
    heading = {
        "object": "block",
        "type": "heading_1",
        "heading_1": {"rich_text": [{"type": "text", "text": {"content": "Top"}}]},
    }
    page = await pages.create(place, "Title", [heading, paragraph("see", LINK)])
    children = await pages.children(page.id)
    assert page.url.startswith("http")
    assert [(child.type, child.link) for child in children] == [
        ("heading_1", None),
        ("paragraph", LINK),
    ]


async def test_a_page_without_children_is_a_page(pages: Pages, place: Destination) -> None:
    assert await pages.children((await pages.create(place, "Title", [])).id) == []


async def test_a_page_is_found_by_its_title_and_the_link_in_it(
    pages: Pages, place: Destination
) -> None:
    since = datetime.now(UTC)
    page = await pages.create(place, "Title", [paragraph("see", LINK)])
    assert await pages.find(place, "Title", LINK, since) == page
    assert await pages.find(place, "Other", LINK, since) is None
    assert await pages.find(place, "Title", "https://notes.example/content/2", since) is None


async def test_children_are_added_at_the_end_or_after_one_that_is_there(
    pages: Pages, place: Destination
) -> None:
    page = await pages.create(place, "Title", [paragraph("1", LINK), paragraph("foot", LINK)])
    first, _ = await pages.children(page.id)
    inside = await pages.append(
        page.id, [paragraph("2", f"{LINK}/2"), paragraph("3", f"{LINK}/3")], first.id
    )
    at_the_end = await pages.append(page.id, [paragraph("4", f"{LINK}/4")])
    children = await pages.children(page.id)
    assert [child.link for child in children] == [LINK, f"{LINK}/2", f"{LINK}/3", LINK, f"{LINK}/4"]
    assert (children[1:3], children[4:]) == (inside, at_the_end)


async def test_children_of_a_block_are_read_and_added_as_those_of_a_page(
    pages: Pages, place: Destination
) -> None:
    page = await pages.create(place, "Title", [paragraph("outer")])
    (outer,) = await pages.children(page.id)
    await pages.append(outer.id, [paragraph("inner", LINK)])
    (inner,) = await pages.children(outer.id)
    assert inner == Child(inner.id, "paragraph", LINK, "inner")


async def test_blocks_are_changed_and_taken_away_and_what_is_gone_is_no_error(
    pages: Pages, place: Destination
) -> None:
    page = await pages.create(place, "Title", [paragraph("1"), paragraph("2")])
    first, second = await pages.children(page.id)
    for _ in range(2):
        assert await pages.change(first.id, "paragraph", paragraph("one")["paragraph"])
        await pages.remove(second.id)
    assert [child.text for child in await pages.children(page.id)] == ["one"]
    assert not await pages.change(second.id, "paragraph", paragraph("two")["paragraph"])
    assert not await pages.change(MISSING, "paragraph", paragraph("two")["paragraph"])
    await pages.append(page.id, [paragraph("0")], "")
    assert [child.text for child in await pages.children(page.id)] == ["0", "one"]


async def test_a_page_is_renamed(pages: Pages, place: Destination) -> None:
    page = await pages.create(place, "Title", [])
    await pages.rename(page.id, "Other")
    assert await pages.title(page.id) == "Other"


async def test_more_children_than_one_answer_holds_are_all_read(
    pages: Pages, place: Destination
) -> None:
    page = await pages.create(place, "Title", [paragraph("x")] * 100)
    await pages.append(page.id, [paragraph("y", LINK)] * 30)
    children = await pages.children(page.id)
    assert len({child.id for child in children}) == 130
    assert children[-1].link == LINK


async def test_a_page_is_read_as_markdown_within_a_limit(pages: Pages, place: Destination) -> None:
    inside = [paragraph("inner words", LINK)]
    outer = paragraph("outer words")
    outer["paragraph"]["children"] = inside
    page = await pages.create(place, "Title", [outer, paragraph("last words")])
    text = await pages.read(page.id, 1000)
    assert text.index("outer words") < text.index("inner words") < text.index("last words")
    assert LINK in text
    assert await pages.read(page.id, 5) == "outer"


async def test_an_empty_page_says_nothing(pages: Pages, place: Destination) -> None:
    assert await pages.read((await pages.create(place, "Title", [])).id, 1000) == ""


async def test_a_page_that_is_not_there_cannot_be_read(pages: Pages) -> None:
    with pytest.raises(NotionFailed) as caught:
        await pages.read(MISSING, 1000)
    assert not caught.value.retryable


async def test_without_notion_reading_says_how_to_connect_it() -> None:
    with pytest.raises(Misconfigured, match="NOTION_TOKEN"):
        await Unconnected().read(MISSING, 1000)


async def test_writes_that_may_have_been_carried_out_are_unsure_and_not_repeated(
    pages: Pages, place: Destination, faults: Faults
) -> None:
    page = await pages.create(place, "Title", [])
    faults.drop("PATCH", "/v1/blocks/*/children", after_effect=True)
    with pytest.raises(NotionFailed) as caught:
        await pages.append(page.id, [paragraph("x")])
    assert caught.value.unsure
    assert len(await pages.children(page.id)) == 1


async def test_a_wait_beyond_patience_is_rate_limited_with_its_length(
    pages: Pages, place: Destination, faults: Faults
) -> None:
    error = RefusedError("rate_limited", "Slow down", headers={"Retry-After": "600"})
    faults.fail("POST", "/v1/pages", error)
    with pytest.raises(RateLimited) as caught:
        await pages.create(place, "Title", [])
    assert caught.value.retry_after == 600


async def test_a_token_that_is_not_accepted_is_misconfigured(pages: Pages, faults: Faults) -> None:
    faults.fail("POST", "/v1/search", "unauthorized")
    with pytest.raises(Misconfigured):
        await pages.destinations("")


async def test_closing_twice_is_closing_once(pages: Pages) -> None:
    await pages.destinations("")
    await pages.close()
    await pages.close()
