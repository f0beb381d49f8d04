"""The doctor of a connection."""

from __future__ import annotations

import pytest

from core.config import Settings
from core.errors import Misconfigured
from core.notion.client import NotionPages
from core.notion.connected import Connected
from core.notion.connections import Connections
from core.notion.examining import Report
from core.ports import Destination
from sandbox.notion.errors import RefusedError
from sandbox.notion.hooks import Faults
from sandbox.notion.ids import ROOT_PAGE_ID
from sandbox.notion.server import NotionServer
from tests.core.notion.saved import made

GONE = Destination(
    "11111111-2222-4333-8444-555555555555", "page", "Plans", "https://notion.so/plans"
)
FORBIDDEN = "restricted_resource"


@pytest.fixture
def connected(pages: NotionPages) -> Connected:
    settings = Settings(_env_file=None, secret_key="k" * 40)
    nobodys: object = None
    return Connected(Connections(settings, nobodys, pages))  # type: ignore[arg-type]


def told(report: Report) -> dict[str, bool | None]:
    return {each.name: each.ok for each in report.findings}


def text(report: Report, name: str) -> str:
    return next(each.text for each in report.findings if each.name == name)


async def test_it_says_what_is_shared_and_what_the_token_may_do(
    connected: Connected, notion: NotionServer
) -> None:
    before = notion.store.children(ROOT_PAGE_ID)
    report = await connected.examine(None)
    assert report.ok
    assert told(report) == dict.fromkeys(
        (
            "token",
            "shared",
            "read",
            "insert",
            "update",
            "comments",
            "user information",
            "destination",
        ),
        True,
    )
    assert report.integration == "Notion Assistant"
    assert "2 pages and data sources" in text(report, "shared")
    assert "Notion Assistant" in text(report, "destination")
    # It changed nothing.
    assert notion.store.children(ROOT_PAGE_ID) == before
    assert made(notion) == []


async def test_each_capability_that_is_lacking_is_named(
    connected: Connected, faults: Faults
) -> None:
    for method, path in (
        ("PATCH", "/v1/blocks/*/children"),
        ("PATCH", "/v1/pages/*"),
        ("GET", "/v1/comments"),
        ("GET", "/v1/users"),
    ):
        faults.fail(method, path, FORBIDDEN)
    report = await connected.examine(None)
    assert not report.ok
    found = told(report)
    assert (found["read"], found["insert"], found["update"]) == (True, False, None)
    assert (found["comments"], found["user information"]) == (None, None)
    assert "Turn on “Insert content”" in text(report, "insert")


async def test_a_destination_that_is_not_shared_is_named_with_what_to_click(
    connected: Connected,
) -> None:
    report = await connected.examine(GONE)
    assert told(report)["destination"] is False
    said = text(report, "destination")
    assert "[Plans](https://notion.so/plans)" in said
    assert "••• (top right) → Connections, and add “Notion Assistant”" in said


async def test_where_nothing_is_shared_that_is_said(
    connected: Connected, notion: NotionServer, faults: Faults
) -> None:
    class Nothing(Faults):
        async def before(self, request):  # type: ignore[no-untyped-def]
            from aiohttp import web

            if request.path.endswith("/v1/search"):
                return web.json_response({"object": "list", "results": [], "has_more": False})
            return None

    notion.hooks = Nothing()
    report = await connected.examine(None)
    assert told(report)["shared"] is False
    assert "Connections, and add “Notion Assistant”" in text(report, "shared")


async def test_a_server_that_knows_few_calls_is_examined_as_far_as_it_goes(
    connected: Connected, faults: Faults
) -> None:
    for method, path in (
        ("GET", "/v1/users/me"),
        ("GET", "/v1/users"),
        ("GET", "/v1/comments"),
        ("PATCH", "/v1/pages/*"),
    ):
        faults.fail(method, path, RefusedError("invalid_request_url", "No such call.", status=404))
    report = await connected.examine(None)
    assert report.ok
    assert told(report)["token"] is None


async def test_a_token_that_is_not_accepted_is_said_at_once(
    connected: Connected, faults: Faults
) -> None:
    faults.fail("GET", "/v1/users/me", "unauthorized", times=2)
    faults.fail("POST", "/v1/search", "unauthorized", times=2)
    with pytest.raises(Misconfigured, match="NOTION_TOKEN"):
        await connected.examine(None)
