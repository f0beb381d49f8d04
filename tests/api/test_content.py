"""Writing, saving, and what was written: over HTTP."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from aiohttp.test_utils import TestClient
from dirty_equals import IsDatetime, IsStr, IsUUID

from api.models import HistoryPage, Item, history_json
from core.errors import (
    AssistantError,
    InvalidInput,
    Misconfigured,
    NotionFailed,
    ProviderFailed,
    RateLimited,
    Unavailable,
)
from core.limits.limits import Limits, Rule, Rules
from core.live import Feed
from core.messages import Answer, Call, Request, Sender
from core.storage.content import Content
from tests.api.conftest import Join
from tests.api.small_core import SmallCore

Headers = dict[str, str]


async def _write(client: TestClient, ada: Headers, **wish: object) -> dict[str, object]:
    body = {"prompt": "a greeting"} | wish
    response = await client.post("/content/generate", headers=ada, json=body)
    assert response.status == 200, await response.text()
    return await response.json()


async def test_a_prompt_becomes_a_text(client: TestClient, core: SmallCore, ada: Headers):
    answer = await _write(client, ada)
    assert answer == {
        "id": IsUUID,
        "content": "Hello, world.",
        "provider": "offline",
        "model": "tiny",
        "usage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7, "estimated": False},
        "notion_url": None,
    }
    request = core.accepted[0]
    assert str(request.id) == answer["id"]
    assert (request.sender.platform, request.sender.name) == ("web", "ada")
    assert (request.call.command, request.call.text) == ("generate", "a greeting")
    assert request.call.flags == {}


def test_a_page_of_history_is_what_its_model_says():
    common = {"user_id": uuid4(), "page_id": None, "parent": None, "saving_since": None}
    common |= {"saving_by": None, "input_tokens": 3, "output_tokens": 4}
    one = Content(
        **common,
        id=uuid4(),
        prompt='“Zoë” \u2028 </script> "x"\n\t🎉',
        text="# Café\n\n\x7f",
        provider="openai",
        notion_url="https://www.notion.so/x",
        model="m",
        template="retro",
        note="kept",
        stopped=False,
        created_at=datetime(2026, 11, 5, 9, 30, 0, 120, tzinfo=UTC),
    )
    two = replace(
        one,
        text=None,
        provider=None,
        notion_url=None,
        model=None,
        template=None,
        created_at=datetime(2026, 11, 5, tzinfo=UTC),
        error={"message": "It broke off."},
        estimated=True,
    )
    for items, cursor in (([(one, (2, 1)), (two, (0, 0))], "abc"), ([], None)):
        page = HistoryPage(items=[Item.of(*each) for each in items], next_cursor=cursor)
        assert history_json(items, cursor) == page.model_dump_json().encode()


async def test_a_saved_text_answers_with_its_page(client: TestClient, ada: Headers):
    answer = await _write(client, ada, save_to_notion=True)
    assert answer["notion_url"] == f"https://notion.so/{answer['id']}"


async def test_every_wish_reaches_the_core(client: TestClient, core: SmallCore, ada: Headers):
    await _write(
        client,
        ada,
        provider="Offline",
        model="tiny",
        template="Checklist",
        save_to_notion=True,
        destination="Meeting notes",
    )
    assert core.accepted[0].call.flags == {
        "save": True,
        "provider": "Offline",
        "model": "tiny",
        "template": "Checklist",
        "to": "Meeting notes",
    }


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "prompt: is missing"),
        ({"prompt": ""}, "prompt: must have at least 1 character"),
        ({"prompt": " \n"}, "prompt: must not be empty"),
        ({"prompt": "x" * 20_001}, "prompt: must have at most 20,000 characters"),
        ({"prompt": "a\0b"}, "prompt: must not hold NUL characters"),
        ({"prompt": 5}, "prompt: must be text"),
        ({"prompt": "x", "save_to_notion": "yes"}, "save_to_notion: must be true or false"),
        ({"prompt": "x", "color": "red"}, "color: is not known here"),
        ({"prompt": "x", "provider": "nobody"}, "provider: there is none of this name here"),
        ({"prompt": "x", "template": "sonnet"}, "template: there is none of this name here"),
        ({"prompt": "x", "model": "m" * 129}, "model: must have at most 128"),
        ([], "The body must be a JSON object."),
        ("text", "The body must be a JSON object."),
    ],
)
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_a_wish_that_cannot_be_is_an_ordinary_error(
    client: TestClient, core: SmallCore, ada: Headers, body: object, detail: str, accept: str
):
    headers = ada | {"Accept": accept}
    response = await client.post("/content/generate", headers=headers, json=body)
    assert response.status == 400
    assert response.content_type == "application/json"
    error = await response.json()
    assert (error["code"], error["status"]) == ("INVALID_INPUT", 400)
    assert error["detail"].startswith(detail)
    assert core.accepted == []


async def test_the_longest_prompt_is_taken_in_any_script(
    client: TestClient, core: SmallCore, ada: Headers
):
    prompt = "🦘" * 20_000
    # As an ASCII JSON string each of these is twelve bytes.
    body = json.dumps({"prompt": prompt})
    response = await client.post(
        "/content/generate",
        headers=ada | {"Content-Type": "application/json"},
        data=body.encode(),
    )
    assert response.status == 200
    assert core.accepted[0].call.text == prompt


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InvalidInput("There is no template “x”."), 400, "INVALID_INPUT"),
        (RateLimited("openai asks to wait.", retry_after=7), 429, "RATE_LIMITED"),
        (ProviderFailed("openai fell silent."), 502, "PROVIDER_FAILED"),
        (NotionFailed("Notion fell silent."), 502, "NOTION_FAILED"),
        (Unavailable("The database cannot be reached.", retry_after=5), 503, "UNAVAILABLE"),
        (Misconfigured("OPENAI_API_KEY is not accepted."), 503, "UNAVAILABLE"),
        (AssistantError("Something went wrong."), 500, "INTERNAL"),
    ],
)
async def test_a_failure_keeps_its_code(
    client: TestClient,
    core: SmallCore,
    ada: Headers,
    error: AssistantError,
    status: int,
    code: str,
):
    async def fails(_core: SmallCore, _request: Request, _feed: Feed) -> Answer:
        raise error

    core.script = fails
    response = await client.post("/content/generate", headers=ada, json={"prompt": "x"})
    assert response.status == status
    assert await response.json() == {"detail": error.message, "status": status, "code": code}
    assert ("Retry-After" in response.headers) == (status in (429, 503))
    if error.retry_after:
        assert response.headers["Retry-After"] == str(error.retry_after)


async def test_a_failed_save_says_where_the_text_is(
    client: TestClient, core: SmallCore, ada: Headers
):
    async def unsaved(core: SmallCore, request: Request, feed: Feed) -> Answer:
        answer = await core.keep(request, feed, "Hello.")
        error = NotionFailed("Notion fell silent.")
        return Answer(answer.text, ok=False, error=error.to_json())

    core.script = unsaved
    response = await client.post("/content/generate", headers=ada, json={"prompt": "x"})
    error = await response.json()
    assert (response.status, error["code"]) == (502, "NOTION_FAILED")
    item = str(core.accepted[0].id)
    assert error["detail"].startswith(f"Notion fell silent. The text is kept: GET /content/{item}.")
    kept = await (await client.get(f"/content/{item}", headers=ada)).json()
    assert kept["content"] == "Hello."


async def test_a_core_that_cannot_record_a_request_answers_503(
    client: TestClient, core: SmallCore, ada: Headers
):
    core.trouble = Unavailable("The database is too slow just now.", retry_after=30)
    for accept in ("application/json", "text/event-stream"):
        response = await client.post(
            "/content/generate", headers=ada | {"Accept": accept}, json={"prompt": "x"}
        )
        assert (response.status, response.headers["Retry-After"]) == (503, "30")


async def test_wishes_are_counted_by_person(
    client: TestClient, core: SmallCore, ada: Headers, join: Join
):
    core.limits = Limits(core.settings, Rules(generate=Rule(2)))
    for expected in (200, 200, 429):
        response = await client.post("/content/generate", headers=ada, json={"prompt": "x"})
        assert response.status == expected
    bob = await join("bob")
    await _write(client, bob)


async def test_only_what_is_accepted_as_new_work_is_counted(
    client: TestClient, core: SmallCore, ada: Headers
):
    core.limits = Limits(core.settings, Rules(generate=Rule(2)))
    key = {"Idempotency-Key": "once"}
    for body, headers, expected in (
        ({"prompt": ""}, {}, 400),
        ({"prompt": "x", "template": "sonnet"}, {}, 400),
        ({"prompt": "x", "provider": "nobody"}, {}, 400),
        *[({"prompt": "x"}, key, 200)] * 3,
        ({"prompt": "y"}, {}, 200),
        ({"prompt": "x"}, key, 200),
        ({"prompt": "z"}, {"Idempotency-Key": "other"}, 429),
        ({"prompt": "z"}, {"Idempotency-Key": "other"}, 429),
    ):
        response = await client.post("/content/generate", headers=ada | headers, json=body)
        assert response.status == expected, await response.text()


async def test_many_wishes_at_once_are_counted_one_by_one(
    client: TestClient, core: SmallCore, ada: Headers
):
    core.limits = Limits(core.settings, Rules(generate=Rule(3)))
    answers = await asyncio.gather(
        *(client.post("/content/generate", headers=ada, json={"prompt": "x"}) for _ in range(8))
    )
    assert sorted(answer.status for answer in answers) == [200] * 3 + [429] * 5


@pytest.mark.parametrize(
    ("wish", "flags"),
    [
        ({"destination": "Notes"}, {"to": "Notes"}),
        ({"destination": "Notes", "save_to_notion": None}, {"to": "Notes"}),
        ({"destination": "Notes", "save_to_notion": True}, {"to": "Notes", "save": True}),
        ({"destination": "Notes", "save_to_notion": False}, {"no-save": True}),
        (
            {"save_to_notion": True, "properties": {"Due date": "today", "Team": "Core  team"}},
            {"save": True, "set": "Due date=today\nTeam=Core team"},
        ),
        (
            {"save_to_notion": True, "notion_template": "Bug"},
            {"save": True, "notion-template": "Bug"},
        ),
        ({"save_to_notion": None}, {}),
    ],
)
async def test_whoever_says_not_to_save_is_taken_at_their_word(
    client: TestClient,
    core: SmallCore,
    ada: Headers,
    wish: dict[str, object],
    flags: dict[str, object],
):
    await _write(client, ada, **wish)
    assert core.accepted[0].call.flags == flags


@pytest.mark.parametrize("stopped", [True, False])
async def test_an_item_that_nothing_came_of_is_not_found_and_says_why(
    client: TestClient, core: SmallCore, ada: Headers, stopped: bool
):
    async def fails(core: SmallCore, request: Request, _feed: Feed) -> Answer:
        if stopped:
            async with core.database.begin() as unit:
                await unit.content.stopped_empty(request.id)
            return Answer("Stopped.")
        raise ProviderFailed("openai fell silent.")

    core.script = fails
    await client.post("/content/generate", headers=ada, json={"prompt": "x"})
    item = core.accepted[0].id
    for method, path in (("GET", f"/content/{item}"), ("POST", f"/content/{item}/notion")):
        response = await client.request(method, path, headers=ada)
        assert response.status == 404
        told = (
            "stopped before the first words" if stopped else "not be written. openai fell silent."
        )
        assert told in (await response.json())["detail"]
    assert (await client.delete(f"/content/{item}", headers=ada)).status == 204


async def test_an_item_is_there_from_the_first_event_on_and_an_early_removal_holds(
    client: TestClient, core: SmallCore, ada: Headers
):
    go_on = asyncio.Event()

    async def slow(core: SmallCore, request: Request, feed: Feed) -> Answer:
        await go_on.wait()
        return await core.keep(request, feed, "Hello.")

    core.script = slow
    streaming = ada | {"Accept": "text/event-stream"}
    stream = await client.post("/content/generate", headers=streaming, json={"prompt": "x"})
    await stream.content.readuntil(b"started")
    url = f"/content/{core.accepted[0].id}"
    read = await client.get(url, headers=ada)
    assert (read.status, (await read.json())["content"]) == (200, None)
    assert (await client.delete(url, headers=ada)).status == 204
    go_on.set()
    assert '"NOT_FOUND"' in await stream.text()
    assert (await client.get(url, headers=ada)).status == 404


async def test_whoever_is_erased_while_they_wait_is_told(
    client: TestClient, core: SmallCore, ada: Headers
):
    go_on = asyncio.Event()

    async def slow(core: SmallCore, request: Request, feed: Feed) -> Answer:
        await go_on.wait()
        return await core.keep(request, feed, "Hello.")

    core.script = slow
    waiting = asyncio.create_task(
        client.post("/content/generate", headers=ada, json={"prompt": "x"})
    )
    async with core.accepting:
        await core.accepting.wait_for(lambda: len(core.accepted) == 1)
    assert (await client.delete("/auth/me", headers=ada)).status == 204
    go_on.set()
    assert (await waiting).status == 401


async def test_an_item_can_be_read_saved_and_removed(client: TestClient, ada: Headers):
    item = (await _write(client, ada))["id"]
    read = await (await client.get(f"/content/{item}", headers=ada)).json()
    assert read == {
        "id": item,
        "prompt": "a greeting",
        "content": "Hello, world.",
        "provider": "offline",
        "model": "tiny",
        "template": None,
        "usage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7, "estimated": False},
        "notion_url": None,
        "ratings": {"up": 0, "down": 0},
        "error": None,
        "created_at": IsDatetime(iso_string=True),
    }
    for body in ({"destination": "Meeting notes"}, {}, None):
        saved = await client.post(f"/content/{item}/notion", headers=ada, json=body)
        assert saved.status == 200
        assert await saved.json() == {"notion_url": IsStr(regex=r"https://notion\.so/.+")}
    assert (await client.delete(f"/content/{item}", headers=ada)).status == 204
    for method, path in (
        ("GET", f"/content/{item}"),
        ("DELETE", f"/content/{item}"),
        ("POST", f"/content/{item}/notion"),
    ):
        response = await client.request(method, path, headers=ada)
        assert (response.status, (await response.json())["code"]) == (404, "NOT_FOUND")


async def test_saving_hands_the_core_the_item_and_the_destination(
    client: TestClient, core: SmallCore, ada: Headers
):
    item = (await _write(client, ada))["id"]
    await client.post(f"/content/{item}/notion", headers=ada, json={"destination": "Notes"})
    call = core.accepted[-1].call
    assert (call.command, call.text, call.flags) == ("save-item", item, {"to": "Notes"})
    assert core.accepted[-1].id != core.accepted[0].id


async def test_an_item_that_is_being_written_cannot_be_saved_yet(
    client: TestClient, core: SmallCore, ada: Headers
):
    me = await (await client.get("/auth/me", headers=ada)).json()
    item = uuid4()
    sender = Sender("web", me["id"])
    async with core.database.begin() as uow:
        await uow.inbox.add([Request(item, sender, Call("generate", "a wish"))])
        await uow.content.begin(item, UUID(me["id"]), "a wish", None)
    response = await client.post(f"/content/{item}/notion", headers=ada, json={})
    assert (response.status, (await response.json())["code"]) == (409, "CONFLICT")
    assert response.headers["Retry-After"] == "2"
    assert (await (await client.get(f"/content/{item}", headers=ada)).json())["content"] is None


async def test_nobody_reaches_somebody_elses_item(client: TestClient, ada: Headers, join: Join):
    item = (await _write(client, ada))["id"]
    bob = await join("bob")
    for method, path in (
        ("GET", f"/content/{item}"),
        ("DELETE", f"/content/{item}"),
        ("POST", f"/content/{item}/notion"),
    ):
        assert (await client.request(method, path, headers=bob)).status == 404
    assert (await (await client.get("/content/history", headers=bob)).json())["items"] == []


@pytest.mark.parametrize("bad", ["nonsense", "1", "%00", "..%2f", "%ff", "x" * 3000])
async def test_a_path_that_holds_no_id_is_not_found(client: TestClient, ada: Headers, bad: str):
    response = await client.get(f"/content/{bad}", headers=ada)
    assert (response.status, (await response.json())["code"]) == (404, "NOT_FOUND")


async def test_history_pages_and_searches(client: TestClient, ada: Headers):
    for word in ("apple", "pear", "plum"):
        await _write(client, ada, prompt=f"about a {word}")
    first = await (await client.get("/content/history?limit=2", headers=ada)).json()
    assert [item["prompt"] for item in first["items"]] == ["about a plum", "about a pear"]
    query = {"limit": "2", "cursor": first["next_cursor"]}
    second = await (await client.get("/content/history", params=query, headers=ada)).json()
    assert [item["prompt"] for item in second["items"]] == ["about a apple"]
    assert second["next_cursor"] is None
    found = await (await client.get("/content/history?q=PEAR", headers=ada)).json()
    assert len(found["items"]) == 1
    offline = await (await client.get("/content/history?provider=OFFLINE", headers=ada)).json()
    assert len(offline["items"]) == 3
    none = await (await client.get("/content/history?provider=openai", headers=ada)).json()
    assert none == {"items": [], "next_cursor": None}


async def test_pages_hold_while_items_come_and_go(client: TestClient, ada: Headers):
    async def wrote(prompt: str) -> str:
        async with client.post("/content/generate", json={"prompt": prompt}, headers=ada) as made:
            item: str = (await made.json())["id"]
            return item

    old = [await wrote(f"old {number}") for number in range(7)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        async with client.get(
            "/content/history", params={"limit": "2"} | cursor, headers=ada
        ) as page:
            found = await page.json()
        seen += [item["id"] for item in found["items"]]
        if found["next_cursor"] is None:
            break
        cursor = {"cursor": found["next_cursor"]}
        # Something new at the head, and the very item that the cursor stands on is gone.
        await wrote("new")
        assert (await client.delete(f"/content/{seen[-1]}", headers=ada)).status == 204
    assert seen == old[::-1], "each once, in order, and none is left out"


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("limit=0", "limit: must be at least 1"),
        ("limit=101", "limit: must be at most 100"),
        ("limit=many", "limit: must be a whole number"),
        ("limit=", "limit: must be a whole number"),
        ("limit=" + "9" * 5000, "limit: is too large a number"),
        ("cursor=nonsense", "cursor: "),
        ("q=%00", "q: must not hold NUL"),
        ("q=" + "x" * 201, "q: "),
        ("provider=", "provider: "),
        ("page=2", "page: is not known here"),
        ("limit=1&limit=2", "limit: give it once"),
        ("q=plan&limit=2&q=", "q: give it once"),
    ],
)
async def test_a_query_that_cannot_be_names_the_parameter(
    client: TestClient, ada: Headers, query: str, detail: str
):
    response = await client.get(f"/content/history?{query}", headers=ada)
    assert response.status == 400
    assert (await response.json())["detail"].startswith(detail)


async def test_an_export_is_a_line_an_item(client: TestClient, ada: Headers):
    for word in ("apple", "pear"):
        await _write(client, ada, prompt=f"about a {word}\nand more")
    response = await client.get("/content/export", headers=ada)
    assert response.status == 200
    assert response.content_type == "application/jsonl"
    assert "attachment" in response.headers["Content-Disposition"]
    lines = (await response.text()).splitlines()
    assert [json.loads(line)["prompt"] for line in lines] == [
        "about a pear\nand more",
        "about a apple\nand more",
    ]
    assert response.headers["X-Request-ID"]


async def test_destinations_are_listed(client: TestClient, core: SmallCore, ada: Headers):
    response = await client.get("/notion/destinations?q=meeting", headers=ada)
    place = {"id": "p1", "kind": "page", "title": "Meeting notes", "url": "https://notion.so/p1"}
    assert await response.json() == {"items": [place]}
    core.trouble = NotionFailed("Notion fell silent.")
    response = await client.get("/notion/destinations", headers=ada)
    assert (response.status, (await response.json())["code"]) == (502, "NOTION_FAILED")
