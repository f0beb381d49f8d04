"""Keeping pages across a restart, the rate limit, watching and breaking calls."""

import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from notion_client import APIResponseError, AsyncClient
from notion_client.errors import UnknownHTTPResponseError

from sandbox.notion.errors import RefusedError
from sandbox.notion.hooks import Faults, Hooks
from sandbox.notion.ids import NOTES_DATA_SOURCE_ID, PERSON_USER_ID, ROOT_PAGE_ID
from sandbox.notion.schema import make_property
from sandbox.notion.server import NotionServer
from sandbox.notion.store import PageStore
from tests.sandbox.notion.samples import block, client_of, every_block, on_root


async def test_pages_are_there_after_a_restart(tmp_path: Path):
    path = tmp_path / "data" / "notion.db"
    async with NotionServer(path) as first:
        notion = client_of(first)
        page = await notion.pages.create(**on_root(children=every_block()))
        blocks = await notion.blocks.children.list(page["id"])
        port = int(first.base_url.split(":")[2].split("/")[0])
        await notion.aclose()
    async with NotionServer(path, port=port) as second:
        notion = client_of(second)
        assert await notion.pages.retrieve(page["id"]) == page
        assert await notion.blocks.children.list(page["id"]) == blocks
        await notion.aclose()


async def test_what_was_answered_is_on_disk_though_the_process_never_closed_it(tmp_path: Path):
    path = tmp_path / "notion.db"
    async with NotionServer(path) as server:
        notion = client_of(server)
        page = await notion.pages.create(**on_root("Kept", children=[block("paragraph")]))
        await notion.aclose()
        other = PageStore(path)
        kept = other.get(page["id"])
        assert kept is not None
        assert kept.title == "Kept"
        assert len(other.children(kept.id)) == 1
        other.close()


async def test_more_requests_a_minute_than_allowed_are_rate_limited():
    now = 1_800_000_000.0
    async with NotionServer(rate_limit=3, clock=lambda: now) as server:
        notion = client_of(server)
        for _ in range(3):
            await notion.users.me()
        now += 17.5
        with pytest.raises(APIResponseError) as caught:
            await notion.users.me()
        assert (caught.value.status, caught.value.code) == (429, "rate_limited")
        assert caught.value.headers["Retry-After"] == "43"
        assert caught.value.additional_data == {
            "rate_limit_reason": "public_api_request_rate_limit",
            "retry_after": "43",
        }
        now += 42.5
        await notion.users.me()
        await notion.aclose()


async def test_the_client_waits_as_long_as_a_429_says(server: NotionServer):
    faults = Faults()
    faults.fail(
        "GET", "/v1/users/me", RefusedError("rate_limited", "x", headers={"Retry-After": "1"})
    )
    server.hooks = faults
    notion = AsyncClient(auth=server.token, base_url=server.base_url, notion_version="2026-03-11")
    started = time.monotonic()
    await notion.users.me()
    assert time.monotonic() - started >= 1
    await notion.aclose()


async def test_calls_are_noted_with_their_bodies(notion: AsyncClient, server: NotionServer):
    body = on_root()
    await notion.pages.create(**body)
    await notion.users.me()
    assert list(server.requests) == [
        ("POST", "/v1/pages", body),
        ("GET", "/v1/users/me", None),
    ]


async def test_chosen_calls_fail_and_the_next_ones_do_not(
    notion: AsyncClient, server: NotionServer
):
    faults = Faults()
    faults.fail("PATCH", "/v1/blocks/*/children", "service_unavailable", times=2, skip=1)
    server.hooks = faults
    children = [block("paragraph")]
    statuses = []
    for _ in range(4):
        try:
            await notion.blocks.children.append(ROOT_PAGE_ID, children=children)
            statuses.append(200)
        except APIResponseError as error:
            statuses.append(error.status)
    assert statuses == [200, 503, 503, 200]


async def test_an_overload_is_a_529(notion: AsyncClient, server: NotionServer):
    faults = Faults()
    faults.fail("POST", "/v1/search", "service_overload")
    server.hooks = faults
    with pytest.raises(UnknownHTTPResponseError) as caught:
        await notion.search(query="x")
    assert caught.value.status == 529


async def test_a_failure_after_the_effect_leaves_the_page(
    notion: AsyncClient, server: NotionServer
):
    faults = Faults()
    saved = {"retry_guidance": "do_not_retry"}
    error = RefusedError("service_unavailable", "Saved.", additional_data=saved)
    faults.fail("POST", "/v1/pages", error, after_effect=True)
    server.hooks = faults
    with pytest.raises(APIResponseError) as caught:
        await notion.pages.create(**on_root("Saved all the same"))
    assert caught.value.additional_data == saved
    assert len((await notion.search(query="Saved"))["results"]) == 1


async def test_a_dropped_call_has_no_answer(notion: AsyncClient, server: NotionServer):
    faults = Faults()
    faults.drop("POST", "/v1/pages", after_effect=True)
    server.hooks = faults
    with pytest.raises(httpx.TransportError):
        await notion.pages.create(**on_root("Written"))
    assert len((await notion.search(query="Written"))["results"]) == 1


async def test_a_delayed_call_takes_longer(notion: AsyncClient, server: NotionServer):
    faults = Faults()
    faults.delay("GET", "/v1/users/me", 0.2)
    server.hooks = faults
    started = time.monotonic()
    await notion.users.me()
    assert time.monotonic() - started >= 0.2


async def test_hooks_see_the_answer_before_it_is_sent(notion: AsyncClient, server: NotionServer):
    seen: list[int] = []

    class Watch(Hooks):
        async def after(self, _: web.Request, response: web.StreamResponse) -> None:
            seen.append(response.status)

    server.hooks = Watch()
    await notion.users.me()
    with pytest.raises(APIResponseError):
        await notion.request(path="nowhere", method="GET")
    assert seen == [200, 400]


WRONG: dict[str, Any] = {
    "When": {"date": {"start": "on Friday"}},
    "Owner": {"people": [{"id": NOTES_DATA_SOURCE_ID}]},
    "Files": {"files": [{"type": "external", "external": {}}]},
    "Project": {"relation": [{"id": "x"}]},
    "Total": {"formula": {"number": 1}},
    "Key": {"unique_id": {"number": 1}},
}
"""Values that Notion refuses, by their properties."""


async def test_a_data_source_of_another_shape_can_be_added(
    notion: AsyncClient, server: NotionServer
):
    properties = {
        "Title": make_property("Title", "title", property_id="title"),
        "When": make_property("When", "date"),
        "Points": make_property("Points", "number"),
        "State": make_property("State", "status", (("Open", "gray"), ("Closed", "green"))),
        "Owner": make_property("Owner", "people"),
        "Files": make_property("Files", "files"),
        "Project": make_property("Project", "relation"),
        "Total": make_property("Total", "formula"),
        "Key": make_property("Key", "unique_id"),
    }
    source = server.store.add_data_source("Tasks", properties)
    row = await notion.pages.create(
        parent={"data_source_id": source.id},
        properties={
            "When": {"date": {"start": "2026-11-23"}},
            "Points": {"number": 3},
            "State": {"status": {"name": "Closed"}},
        },
    )
    assert row["properties"]["State"]["status"]["color"] == "green"
    for name, value in WRONG.items():
        with pytest.raises(APIResponseError, match=f"{name}|find user"):
            await notion.pages.update(row["id"], properties={name: value})
    right = {
        "Owner": {"people": [{"id": PERSON_USER_ID}]},
        "Files": {
            "files": [{"name": "a", "type": "external", "external": {"url": "https://a.example"}}]
        },
        "Project": {"relation": [{"id": row["id"]}]},
    }
    changed = await notion.pages.update(row["id"], properties=right)
    assert changed["properties"]["Owner"]["people"][0]["id"] == PERSON_USER_ID
    with pytest.raises(APIResponseError, match="does not exist"):
        await notion.pages.update(row["id"], properties={"State": {"status": {"name": "Nope"}}})
    found = await notion.data_sources.query(
        source.id, filter={"property": "When", "date": {"on_or_after": "2026-11-01"}}
    )
    assert [page["id"] for page in found["results"]] == [row["id"]]
