"""An answer while it grows, as server-sent events."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient
from dirty_equals import IsStr

from api import streams
from core.errors import AssistantError, NotionFailed, ProviderFailed, RateLimited, Unavailable
from core.live import Feed
from core.messages import Answer, Request
from tests.api.conftest import Join
from tests.api.small_core import SmallCore, broken_off, written

Headers = dict[str, str]
Event = tuple[str, dict[str, Any]]


async def _open(client: TestClient, ada: Headers, **wish: object) -> ClientResponse:
    response = await client.post(
        "/content/generate",
        headers=ada | {"Accept": "text/event-stream"},
        json={"prompt": "a greeting"} | wish,
    )
    assert response.status == 200
    assert response.content_type == "text/event-stream"
    assert response.headers["X-Request-ID"]
    return response


async def _events(client: TestClient, ada: Headers, **wish: object) -> list[Event]:
    response = await _open(client, ada, **wish)
    return _parsed(await response.text())


def _parsed(text: str) -> list[Event]:
    events = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":")
        if lines:
            events.append((lines["event"], json.loads(lines["data"])))
    return events


async def test_an_answer_comes_in_pieces_and_then_whole(client: TestClient, ada: Headers):
    events = await _events(client, ada, save_to_notion=True)
    names = [name for name, _ in events]
    assert names[0] == "started"
    assert names[-2:] == ["saved", "done"]
    item = events[0][1]["id"]
    assert "".join(data["text"] for name, data in events if name == "delta") == "Hello, world."
    assert events[-2][1] == {"notion_url": f"https://notion.so/{item}"}
    assert events[-1][1] == {
        "id": item,
        "content": "Hello, world.",
        "provider": "offline",
        "model": "tiny",
        "usage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7, "estimated": False},
        "notion_url": f"https://notion.so/{item}",
    }


async def test_a_provider_that_begins_anew_starts_the_text_again(
    client: TestClient, core: SmallCore, ada: Headers
):
    async def twice(core: SmallCore, request: Request, feed: Feed) -> Answer:
        feed.add("Half an ans")
        await asyncio.sleep(0.05)
        feed.restart()
        await asyncio.sleep(0.05)
        feed.add("A whole answer.")
        await asyncio.sleep(0.05)
        return await core.keep(request, feed, "A whole answer.")

    core.script = twice
    events = await _events(client, ada)
    assert [name for name, _ in events] == ["started", "delta", "started", "delta", "done"]
    assert events[3][1] == {"text": "A whole answer."}


async def test_blanks_around_the_kept_text_are_no_reason_to_begin_again(
    client: TestClient, core: SmallCore, ada: Headers
):
    async def padded(core: SmallCore, request: Request, feed: Feed) -> Answer:
        feed.add("\n\nHello.\n")
        await asyncio.sleep(0.05)
        return await core.keep(request, feed, "Hello.")

    core.script = padded
    events = await _events(client, ada)
    assert [name for name, _ in events] == ["started", "delta", "done"]


async def test_another_processs_answer_comes_in_one_piece(
    client: TestClient, core: SmallCore, ada: Headers
):
    async def elsewhere(core: SmallCore, request: Request, _feed: Feed) -> Answer:
        await asyncio.sleep(0.02)
        return await core.keep(request, Feed(), "Hello.")

    core.script = elsewhere
    events = await _events(client, ada)
    assert [name for name, _ in events] == ["started", "delta", "done"]


@pytest.mark.parametrize(
    ("error", "code"),
    [(ProviderFailed("openai fell silent."), "PROVIDER_FAILED"), (KeyError("odd"), "INTERNAL")],
)
async def test_a_failure_is_the_last_event(
    client: TestClient, core: SmallCore, ada: Headers, error: Exception, code: str
):
    async def fails(_core: SmallCore, _request: Request, feed: Feed) -> Answer:
        feed.add("Half an ans")
        await asyncio.sleep(0.05)
        raise error

    core.script = fails
    events = await _events(client, ada)
    assert [name for name, _ in events] == ["started", "delta", "error"]
    assert events[-1][1]["code"] == code
    assert set(events[-1][1]) == {"detail", "status", "code"}


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (RateLimited("openai asks to wait.", retry_after=6.2), 7),
        (Unavailable("The database cannot be reached."), 30),
    ],
)
async def test_a_failure_that_passes_says_when_to_come_back(
    client: TestClient, core: SmallCore, ada: Headers, error: AssistantError, seconds: int
):
    async def fails(_core: SmallCore, _request: Request, _feed: Feed) -> Answer:
        raise error

    core.script = fails
    events = await _events(client, ada)
    assert events[-1][1]["retry_after"] == seconds


@pytest.mark.parametrize(
    ("accept", "streams"),
    [
        ("text/event-stream", True),
        ("Text/Event-Stream", True),
        ("application/json;q=0.5, text/event-stream;q=0.9", True),
        ("text/event-stream; charset=utf-8; q=1.0", True),
        ("text/event-stream;q=0", False),
        ("application/json, text/event-stream ; Q=0.00", False),
        ("text/event-streams", False),
        ("*/*", False),
        (";;,", False),
    ],
)
async def test_a_stream_comes_to_whoever_takes_one(
    client: TestClient, ada: Headers, accept: str, streams: bool
):
    headers = ada | {"Accept": accept}
    response = await client.post("/content/generate", headers=headers, json={"prompt": "x"})
    assert response.status == 200
    assert (response.content_type == "text/event-stream") == streams


async def test_no_piece_holds_what_is_not_kept(client: TestClient, core: SmallCore, ada: Headers):
    async def odd(core: SmallCore, request: Request, feed: Feed) -> Answer:
        feed.add("Hel\0lo, ")
        await asyncio.sleep(0.05)
        feed.add("\0world.")
        await asyncio.sleep(0.05)
        return await core.keep(request, feed, "Hello, world.")

    core.script = odd
    events = await _events(client, ada)
    assert [name for name, _ in events] == ["started", "delta", "delta", "done"]
    assert [data["text"] for name, data in events if name == "delta"] == ["Hello,", " world."]


async def test_a_failed_save_still_says_where_the_text_is(
    client: TestClient, core: SmallCore, ada: Headers
):
    async def unsaved(core: SmallCore, request: Request, feed: Feed) -> Answer:
        await core.keep(request, feed, "Hello.")
        return Answer("Hello.", ok=False, error=NotionFailed("Notion fell silent.").to_json())

    core.script = unsaved
    events = await _events(client, ada)
    assert events[-1][1]["detail"] == IsStr(regex=r"Notion fell silent\. The text is kept: .+")


async def test_what_came_before_a_provider_broke_off_is_told_and_kept(
    client: TestClient, core: SmallCore, ada: Headers
):
    core.script = broken_off
    events = await _events(client, ada)
    assert [name for name, _ in events] == ["started", "delta", "error"]
    assert events[1][1] == {"text": "Hello,"}
    assert events[-1][1]["code"] == "PROVIDER_FAILED"
    assert "OpenAI broke off. What came of it is kept: GET /content/" in events[-1][1]["detail"]
    path = f"/content/{events[0][1]['id']}"
    kept = await (await client.get(path, headers=ada)).json()
    assert (kept["content"], kept["error"]) == ("Hello,", "OpenAI broke off.")
    (listed,) = (await (await client.get("/content/history", headers=ada)).json())["items"]
    assert listed["error"] == "OpenAI broke off.", "nobody takes it for the whole"
    later = _parsed(await (await client.get(f"{path}/events", headers=ada)).text())
    assert [name for name, _ in later] == ["started", "delta", "error"]
    whole = await client.post("/content/generate", headers=ada, json={"prompt": "x"})
    assert whole.status == 502


async def test_after_a_provider_broke_off_the_same_key_writes_anew(
    client: TestClient, core: SmallCore, ada: Headers
):
    keyed, core.script = ada | {"Idempotency-Key": "one"}, broken_off
    first = await client.post("/content/generate", headers=keyed, json={"prompt": "x"})
    assert first.status == 502
    core.script = written
    again = await client.post("/content/generate", headers=keyed, json={"prompt": "x"})
    assert (await again.json())["content"] == "Hello, world."


async def test_a_client_that_leaves_does_not_stop_the_work(
    client: TestClient, core: SmallCore, ada: Headers
):
    go_on = asyncio.Event()

    async def slow(core: SmallCore, request: Request, feed: Feed) -> Answer:
        feed.add("Hello, ")
        await go_on.wait()
        return await core.keep(request, feed, "Hello, world.")

    core.script = slow
    response = await _open(client, ada)
    await response.content.readuntil(b"\r\n\r\n")
    response.close()
    go_on.set()
    item = str(core.accepted[0].id)
    for _ in range(100):
        read = await client.get(f"/content/{item}", headers=ada)
        if (await read.json())["content"] is not None:
            break
        await asyncio.sleep(0.02)
    assert (await read.json())["content"] == "Hello, world."


async def test_a_silent_stream_is_kept_alive_by_comments(
    client: TestClient, core: SmallCore, ada: Headers, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(streams, "KEEPALIVE_SECONDS", 0.05)

    async def slow(core: SmallCore, request: Request, feed: Feed) -> Answer:
        await asyncio.sleep(0.3)
        return await core.keep(request, feed, "Hello.")

    core.script = slow
    text = await (await _open(client, ada)).text()
    assert text.count(": ping") >= 2
    assert _parsed(text)[-1][0] == "done"


async def test_a_server_that_stops_tells_whoever_waits_to_come_back(
    client: TestClient, core: SmallCore, ada: Headers
):
    async def never(_core: SmallCore, _request: Request, _feed: Feed) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    core.script = never
    stream = await _open(client, ada)
    key = str(uuid4())
    waiting = asyncio.create_task(
        client.post(
            "/content/generate", headers=ada | {"Idempotency-Key": key}, json={"prompt": "x"}
        )
    )
    async with core.accepting:
        await core.accepting.wait_for(lambda: len(core.accepted) == 2)
    await client.server.app.shutdown()
    assert _parsed(await stream.text())[-1][1]["code"] == "UNAVAILABLE"
    response = await waiting
    assert (response.status, response.headers["Retry-After"]) == (503, "10")
    assert str(core.accepted[1].id) in (await response.json())["detail"]


async def test_the_same_key_streams_the_same_answer_again(
    client: TestClient, core: SmallCore, ada: Headers
):
    headers = ada | {"Idempotency-Key": "again"}
    first = await _events(client, headers)
    second = await _events(client, headers)
    assert first[-1] == second[-1]
    assert len({request.id for request in core.accepted}) == 1


async def test_no_cache_on_the_way_keeps_a_stream(client: TestClient, ada: Headers):
    response = await _open(client, ada)
    assert response.headers["Cache-Control"] == "no-store"
    await response.read()


async def test_nobody_holds_open_more_streams_than_they_may(
    client: TestClient, core: SmallCore, ada: Headers, monkeypatch: pytest.MonkeyPatch, join: Join
):
    monkeypatch.setattr(streams, "MOST", 2)
    go_on = asyncio.Event()

    async def waits(core: SmallCore, request: Request, feed: Feed) -> Answer:
        await go_on.wait()
        return await core.keep(request, feed, "Hello, world.")

    core.script = waits
    both = [await _open(client, ada), await _open(client, ada)]
    asked = ada | {"Accept": "text/event-stream", "Idempotency-Key": "third"}
    for _ in range(2):
        async with client.post("/content/generate", headers=asked, json={"prompt": "x"}) as third:
            assert third.status == 429
            assert int(third.headers["Retry-After"]) == 5
            assert "You follow 2 answers already." in (await third.json())["detail"]
    assert len(core.accepted) == 2, "what is refused is not written"
    ben = await _open(client, await join("ben"))
    go_on.set()
    for stream in (*both, ben):
        assert _parsed(await stream.text())[-1][0] == "done"
    assert (await _events(client, ada))[-1][0] == "done"
