"""An event stream that is taken up again after the connection was lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from core.errors import ProviderFailed
from core.live import Feed
from core.messages import Answer, Request
from tests.api.conftest import Join
from tests.api.small_core import SmallCore

Headers = dict[str, str]
EVENTS = {"Accept": "text/event-stream"}


@dataclass
class Event:
    id: str
    name: str
    data: dict[str, Any]


async def read(response: ClientResponse) -> AsyncIterator[Event]:
    """The events, as they come."""
    fields: dict[str, str] = {}
    async for line in response.content:
        name, _, value = line.decode().rstrip("\r\n").partition(": ")
        if name:
            fields[name] = value
        elif "event" in fields:
            yield Event(fields["id"], fields["event"], json.loads(fields["data"]))
            fields = {}


class Pen:
    """A writer that writes what the test tells it to, when it tells it to."""

    def __init__(self, core: SmallCore) -> None:
        self.feed: Feed | None = None
        self.begun = asyncio.Event()
        self._done: asyncio.Future[str | Exception] = asyncio.get_running_loop().create_future()
        core.script = self._script

    async def _script(self, core: SmallCore, request: Request, feed: Feed) -> Answer:
        async with core.database.begin() as unit:
            await unit.content.begin(request.id, UUID(request.sender.id), request.call.text, None)
        self.feed = feed
        self.begun.set()
        said = await self._done
        if isinstance(said, Exception):
            raise said
        return await core.keep(request, feed, said)

    async def write(self, text: str) -> None:
        await self.begun.wait()
        assert self.feed is not None
        self.feed.add(text)
        await asyncio.sleep(0.02)

    def finish(self, said: str | Exception) -> None:
        self._done.set_result(said)


@pytest.fixture
async def pen(core: SmallCore) -> Pen:
    return Pen(core)


@asynccontextmanager
async def opened(
    client: TestClient, headers: Headers, item: str | None = None, last: str | None = None
) -> AsyncIterator[ClientResponse]:
    """The stream of a new item, or of this one after the event `last`."""
    headers = headers | EVENTS | ({} if last is None else {"Last-Event-ID": last})
    asked = (
        client.post("/content/generate", json={"prompt": "a greeting"}, headers=headers)
        if item is None
        else client.get(f"/content/{item}/events", headers=headers)
    )
    async with asked as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "text/event-stream"
        yield response


async def some(response: ClientResponse, text: str) -> list[Event]:
    """Events until this much of the text has come."""
    events: list[Event] = []
    async for event in read(response):
        events.append(event)
        if "".join(each.data.get("text", "") for each in events) == text:
            break
    return events


async def all_of(response: ClientResponse) -> list[Event]:
    return [event async for event in read(response)]


def names(events: list[Event]) -> list[str]:
    return [event.name for event in events]


def text(events: list[Event]) -> str:
    return "".join(event.data["text"] for event in events if event.name == "delta")


@pytest.mark.parametrize("way", ["key", "item"])
async def test_what_was_seen_does_not_come_again_and_the_rest_does(
    client: TestClient, ada: Headers, pen: Pen, way: str
):
    keyed = ada | {"Idempotency-Key": "once"}
    await_write = asyncio.create_task(pen.write("Hello, "))
    async with opened(client, keyed) as response:
        first = await some(response, "Hello,")
    await await_write
    assert names(first) == ["started", "delta"]
    await pen.write("wide ")
    item = first[0].data["id"] if way == "item" else None
    async with opened(client, keyed, item, first[-1].id) as response:
        second = await some(response, " wide")
    await pen.write("world.")
    pen.finish("Hello, wide world.")
    async with opened(client, keyed, item, second[-1].id) as response:
        third = await all_of(response)
    assert names(second) == ["delta"]
    assert names(third)[-1] == "done"
    assert "started" not in names(third)
    assert text(first + second + third) == "Hello, wide world." == third[-1].data["content"]


async def test_after_any_event_the_rest_of_a_finished_answer_follows(
    client: TestClient, ada: Headers
):
    body = {"prompt": "x", "save_to_notion": True}
    async with client.post("/content/generate", json=body, headers=ada | EVENTS) as response:
        events = await all_of(response)
    item = events[0].data["id"]
    assert names(events)[-2:] == ["saved", "done"]
    assert len({event.id for event in events}) == len(events)
    for number, seen in enumerate(events[:-1], 1):
        async with opened(client, ada, item, seen.id) as response:
            rest = await all_of(response)
        assert "started" not in names(rest)
        assert text(events[:number]) + text(rest) == "Hello, world."
        both = names(events[:number]) + names(rest)
        assert (both.count("saved"), both.count("done")) == (1, 1)
    headers = ada | {"Last-Event-ID": events[-1].id}
    async with client.get(f"/content/{item}/events", headers=headers) as response:
        assert (response.status, await response.text()) == (204, "")


async def test_text_that_began_anew_meanwhile_is_told_from_the_start(
    client: TestClient, ada: Headers, pen: Pen
):
    writing = asyncio.create_task(pen.write("Half an ans"))
    async with opened(client, ada) as response:
        first = await some(response, "Half an ans")
    await writing
    assert pen.feed is not None
    pen.feed.restart()
    await pen.write("Whole")
    async with opened(client, ada, first[0].data["id"], first[-1].id) as response:
        await pen.write(" answer, and long.")
        pen.finish("Whole answer, and long.")
        second = await all_of(response)
    assert names(second)[0] == "started"
    assert text(second) == "Whole answer, and long."


async def test_another_process_goes_on_where_this_one_was(
    client: TestClient, core: SmallCore, ada: Headers, pen: Pen
):
    """A process that did not see it grow has the whole text alone."""
    writing = asyncio.create_task(pen.write("\n\nHello, "))
    async with opened(client, ada) as response:
        first = await some(response, "Hello,")
    await writing
    core._feeds = type(core._feeds)()
    pen.finish("Hello, world.")
    async with opened(client, ada, first[0].data["id"], first[-1].id) as response:
        second = await all_of(response)
    assert names(second) == ["delta", "done"]
    assert text(first + second) == "Hello, world."


@pytest.mark.parametrize(
    "last", ["", "nonsense", "2cc1ad09-8c8f-4468-b20d-59f4bafb8f5d.3.abc.0", "x" * 5000]
)
async def test_an_id_that_is_none_of_this_stream_begins_at_the_start(
    client: TestClient, ada: Headers, last: str
):
    async with client.post("/content/generate", json={"prompt": "x"}, headers=ada) as response:
        item = (await response.json())["id"]
    async with opened(client, ada, item, last) as response:
        events = await all_of(response)
    assert names(events) == ["started", "delta", "done"]
    assert text(events) == "Hello, world."


async def test_a_failure_is_told_and_not_asked_for_again(
    client: TestClient, ada: Headers, pen: Pen
):
    writing = asyncio.create_task(pen.write("Half"))
    async with opened(client, ada) as response:
        first = await some(response, "Half")
    await writing
    item = first[0].data["id"]
    async with opened(client, ada, item, first[-1].id) as response:
        pen.finish(ProviderFailed("openai fell silent."))
        events = await all_of(response)
    assert names(events) == ["error"]
    headers = ada | {"Last-Event-ID": events[-1].id}
    async with client.get(f"/content/{item}/events", headers=headers) as response:
        assert response.status in (204, 404)


async def test_nobody_elses_item_is_told_of(client: TestClient, ada: Headers, join: Join):
    async with client.post("/content/generate", json={"prompt": "x"}, headers=ada) as response:
        item = (await response.json())["id"]
    eve = await join("eve")
    for headers, status in ((eve, 404), ({}, 401)):
        async with client.get(f"/content/{item}/events", headers=headers) as response:
            assert response.status == status
    async with client.get(f"/content/{uuid4()}/events", headers=ada) as response:
        assert response.status == 404
