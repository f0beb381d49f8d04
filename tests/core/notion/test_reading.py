"""Pages as text, from Notion and from servers that know less of it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from core.errors import NotionFailed
from core.markdown import notion_blocks
from core.notion.client import NotionPages
from core.notion.mentions import with_people
from core.notion.reading import _in_words
from sandbox.notion.errors import RefusedError
from sandbox.notion.hooks import Faults
from sandbox.notion.ids import PERSON_USER_ID, ROOT_PAGE_ID

PAGE = "11111111-2222-4333-8444-555555555555"
WRITTEN = (
    "# Plan\n\nWe *launch*.\n\n- first\n    - inner\n- second\n\n- [x] done\n\n> said\n\n"
    "```python\nx = 1\n```\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n"
)
RENDERED = "/v1/pages/*/markdown"


def refused(status: int) -> RefusedError:
    return RefusedError("invalid_request_url", "Invalid request URL.", status=status)


@pytest.mark.parametrize("status", [400, 404, 405, 501])
async def test_a_server_that_renders_no_markdown_is_asked_for_blocks(
    pages: NotionPages, faults: Faults, status: int
) -> None:
    place = await pages.destination(ROOT_PAGE_ID)
    made = await pages.create(place, "Plan", notion_blocks(WRITTEN))
    faults.fail("GET", RENDERED, refused(status), times=9)
    text = await pages.read(made.id, 1000)
    for line in (
        "# Plan",
        "We launch.",
        "- first",
        "    - inner",
        "- second",
        "- [x] done",
        "> said",
        "x = 1",
        "| 1 | 2 |",
    ):
        assert line in text.split("\n"), text
    assert await pages.read(made.id, 6) == "# Plan"


async def test_an_index_of_pages_says_nothing_itself(pages: NotionPages, faults: Faults) -> None:
    await pages.create(await pages.destination(ROOT_PAGE_ID), "Launch", [])
    assert await pages.read(ROOT_PAGE_ID, 1000) == ""
    faults.fail("GET", RENDERED, refused(404))
    assert await pages.read(ROOT_PAGE_ID, 1000) == ""


async def test_trouble_that_may_pass_is_no_reason_to_ask_for_blocks(
    pages: NotionPages, faults: Faults
) -> None:
    error = RefusedError("rate_limited", "Slow down", headers={"Retry-After": "600"})
    faults.fail("GET", RENDERED, error)
    faults.fail("GET", "/v1/blocks/*/children", refused(404))
    with pytest.raises(Exception, match="slow down"):
        await pages.read(ROOT_PAGE_ID, 1000)


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Any]]:
    """A server with nothing but these answers, by path; what is not among them is 404."""
    opened: list[Any] = []

    async def start(answers: dict[str, Any]) -> NotionPages:
        async def answer(request: web.Request) -> web.Response:
            key = request.path + (
                f"?{request.query['start_cursor']}" if "start_cursor" in request.query else ""
            )
            if key not in answers:
                return web.Response(status=404, text="no such thing")
            return web.json_response(answers[key])

        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", answer)
        server = TestServer(app)
        await server.start_server()
        client = NotionPages("t", None, str(server.make_url("")), patience=3)
        opened.extend((client, server))
        return client

    yield start
    for each in opened:
        await each.close()


async def test_what_notion_left_out_of_a_long_page_is_asked_for(serve: Callable[..., Any]) -> None:
    client = await serve(
        {
            f"/v1/pages/{PAGE}/markdown": {
                "markdown": 'First.\n<unknown url="https://notion.so/b1" alt="x"/>\n',
                "truncated": True,
                "unknown_block_ids": ["b0", "b1", "b2"],
            },
            "/v1/pages/b1/markdown": {"markdown": "Second."},
            "/v1/pages/b2/markdown": {"markdown": "Third."},
        }
    )
    assert await client.read(PAGE, 1000) == "First.\n\n\nSecond."


async def test_a_server_that_says_little_is_understood(serve: Callable[..., Any]) -> None:
    client = await serve(
        {
            f"/v1/blocks/{PAGE}/children": {
                "results": [
                    {"type": "paragraph", "paragraph": {"rich_text": [{"text": {"content": "A"}}]}},
                    {"type": "paragraph", "paragraph": {}},
                    {"type": "quote"},
                    {},
                    None,
                    {
                        "id": "x",
                        "type": "toggle",
                        "has_children": True,
                        "toggle": {"rich_text": None},
                    },
                    {"type": "bookmark", "bookmark": {"url": "https://x.example"}},
                ],
                "has_more": True,
                "next_cursor": "two",
            },
            f"/v1/blocks/{PAGE}/children?two": {
                "results": [{"type": "code", "code": {"rich_text": [{"plain_text": "B"}]}}]
            },
        }
    )
    text = await client.read(PAGE, 1000)
    assert text.startswith("A\n")
    assert "https://x.example" in text


async def test_search_results_that_say_little_are_places_all_the_same(
    serve: Callable[..., Any],
) -> None:
    name = [{"text": {"content": "Plan"}}]
    client = await serve(
        {
            "/v1/search": {
                "results": [
                    {"object": "page", "id": "p1", "properties": {"Name": {"title": name}}},
                    {"object": "page", "id": "p2", "properties": None, "parent": {"page_id": "p1"}},
                    {"object": "page"},
                ]
            }
        }
    )
    found = await client.destinations("plan")
    assert [(one.id, one.title, one.place, one.edited) for one in found] == [
        ("p1", "Plan", "", ""),
        ("p2", "", "Plan", ""),
    ]


async def test_a_page_nobody_shared_is_refused_for_good(pages: NotionPages) -> None:
    with pytest.raises(NotionFailed, match="not shared") as caught:
        await pages.read(PAGE, 1000)
    assert not caught.value.retryable


async def test_people_whom_a_page_mentions_are_read_by_their_names(
    pages: NotionPages, faults: Faults
) -> None:
    place = await pages.destination(ROOT_PAGE_ID)
    blocks = with_people(notion_blocks("Ask @R, not @R or @X."), {"R": PERSON_USER_ID})
    made = await pages.create(place, "Plan", blocks)
    named = "Ask @Robin Example, not @Robin Example or @X."
    assert await pages.read(made.id, 1000) == named
    # The same by its blocks.
    faults.fail("GET", RENDERED, refused(404))
    assert await pages.read(made.id, 1000) == named


async def test_who_may_not_know_people_reads_on(pages: NotionPages, faults: Faults) -> None:
    place = await pages.destination(ROOT_PAGE_ID)
    blocks = with_people(notion_blocks("Ask @R."), {"R": PERSON_USER_ID})
    made = await pages.create(place, "Plan", blocks)
    faults.fail("GET", "/v1/users/*", "restricted_resource", times=9)
    assert await pages.read(made.id, 1000) == "Ask @somebody."


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ('<mention-user url="user://x">Ada</mention-user>!', "@Ada!"),
        ('<mention-user url="https://notion.so/x"/>', "@somebody"),
        ('<mention-page url="https://notion.so/y">The plan</mention-page>', "The plan"),
        ('<mention-page url="https://notion.so/y"/>', "page"),
        ('<mention-date start="2026-11-25"/>', "2026-11-25"),
        ('<mention-date start="2026-11-25" end="2026-11-27"/>', "2026-11-25 → 2026-11-27"),
        (r"\<mention-date/\> x", r"\<mention-date/\> x"),
    ],
)
def test_mentions_are_read_as_words(told: str, read: str) -> None:
    assert _in_words(told, {}) == read
