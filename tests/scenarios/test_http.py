"""HTTP, from signing up to a page, and through a crash."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any
from uuid import UUID

import aiohttp
from product import Product, World, eventually

from core.ports import Destination
from core.storage.database import Database
from sandbox.notion.ids import NOTES_DATA_SOURCE_ID

Launch = Callable[..., Awaitable[Product]]

ADA = {"email": "ada@example.org", "username": "ada", "password": "correct horse 9 battery"}
ASK = {"prompt": "a plan", "save_to_notion": True}


async def sign_up(http: aiohttp.ClientSession, product: Product) -> dict[str, str]:
    async with http.post(f"{product.url}/auth/register", json=ADA) as answer:
        assert answer.status == 201, await answer.text()
        token = (await answer.json())["access_token"]
    return {"Authorization": f"Bearer {token}"}


async def read_events(answer: aiohttp.ClientResponse) -> list[tuple[str, str]]:
    """The events of a stream, as (event, data)."""
    text = (await answer.text()).replace("\r\n", "\n")
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line[:8])
        if "event" in fields:
            found.append((fields["event"], fields["data"]))
    return found


async def test_a_person_signs_up_generates_saves_and_finds_it_again(
    world: World, launch: Launch
) -> None:
    product = await launch()
    async with aiohttp.ClientSession() as http:
        me = await sign_up(http, product)
        async with http.post(f"{product.url}/content/generate", json=ASK, headers=me) as answer:
            assert answer.status == 200, await answer.text()
            item = await answer.json()
        (page,) = await world.pages()
        assert page["id"].replace("-", "") in item["notion_url"]
        assert item["content"] == str(world.ai.answer).strip()
        assert item["provider"] == "openai"
        assert item["usage"]["total_tokens"] > 0
        url = f"{product.url}/content/{item['id']}/notion"
        async with http.post(url, json={}, headers=me) as answer:
            assert (await answer.json()) == {"notion_url": item["notion_url"]}
        assert len(await world.pages()) == 1, "again means the same page"
        async with http.get(f"{product.url}/content/history", headers=me) as answer:
            history = await answer.json()
        assert [each["id"] for each in history["items"]] == [item["id"]]
    assert await product.stop() == 0


async def test_a_stream_tells_each_thing_as_it_happens(world: World, launch: Launch) -> None:
    world.ai.answer = "# Plan\n\n" + " ".join(f"word{n}" for n in range(40))
    world.ai.token_delay = 0.01
    product = await launch()
    async with aiohttp.ClientSession() as http:
        me = await sign_up(http, product) | {"Accept": "text/event-stream"}
        async with http.post(f"{product.url}/content/generate", json=ASK, headers=me) as answer:
            assert answer.content_type == "text/event-stream"
            events = await read_events(answer)
    names = [name for name, _ in events]
    assert names[0] == "started"
    assert names[-2:] == ["saved", "done"]
    assert names.count("delta") > 5


async def test_an_answer_cut_off_by_a_crash_is_there_when_it_is_asked_for_again(
    world: World, launch: Launch
) -> None:
    world.ai.token_delay = 0.1
    product = await launch()
    async with aiohttp.ClientSession() as http:
        me = await sign_up(http, product) | {"Idempotency-Key": "plan-1"}

        async def ask() -> tuple[int, Any]:
            url = f"{product.url}/content/generate"
            async with http.post(url, json=ASK, headers=me) as answer:
                return answer.status, await answer.json()

        first = asyncio.create_task(ask())

        async def begun() -> bool:
            return bool(world.ai.calls) and world.ai.calls[0].tokens > 3

        await eventually(begun, "the model was never asked")
        product.kill()
        await product.dead()
        (broken,) = await asyncio.gather(first, return_exceptions=True)
        assert isinstance(broken, aiohttp.ClientError)
        world.ai.token_delay = 0
        await product.start()
        status, item = await ask()
        assert status == 200, item
        assert await ask() == (200, item)
        async with http.get(f"{product.url}/content/history", headers=me) as answer:
            assert len((await answer.json())["items"]) == 1
    assert len(await world.pages()) == 1
    assert world.paid == 1


async def test_the_link_under_a_page_leads_to_its_item(world: World, launch: Launch) -> None:
    product = await launch()
    async with aiohttp.ClientSession() as http:
        me = await sign_up(http, product)
        async with http.post(f"{product.url}/content/generate", json=ASK, headers=me) as answer:
            item = await answer.json()
        (page,) = await world.pages()
        footer = (await world.children(page["id"]))[-1]
        links = [text["href"] for text in footer["paragraph"]["rich_text"] if text["href"]]
        assert links == [f"https://notion-assistant.test/content/{item['id']}"]
        path = links[0].removeprefix("https://notion-assistant.test")
        async with http.get(product.url + path, headers=me) as answer:
            assert (await answer.json())["content"] == item["content"]


async def test_without_a_destination_a_page_goes_where_the_person_chose(
    world: World, launch: Launch
) -> None:
    product = await launch()
    database = Database(product.environment["DATABASE_URL"])
    notes = Destination(NOTES_DATA_SOURCE_ID, "data_source", "Notes")
    root = world.notion.root_page_id
    async with aiohttp.ClientSession() as http:
        me = await sign_up(http, product)
        async with http.get(f"{product.url}/auth/me", headers=me) as answer:
            person = UUID((await answer.json())["id"])
        async with database.begin() as unit:
            await unit.destinations.choose(person, notes)
        saved = []
        for more in ({}, {"save_to_notion": True}, {"destination": root}):
            ask = {"prompt": "a plan", **more}
            async with http.post(f"{product.url}/content/generate", json=ask, headers=me) as answer:
                item = await answer.json()
            # The first one is not saved yet; for the others this gives the page there is.
            url = f"{product.url}/content/{item['id']}/notion"
            async with http.post(url, json={}, headers=me) as answer:
                saved.append((await answer.json())["notion_url"])
    await database.close()
    there = [page.id.replace("-", "") for page in world.notion.store.pages_under(notes.id)]
    assert sorted(address[-32:] for address in saved[:2]) == sorted(there)
    [page] = await world.pages()
    assert page["id"].replace("-", "") == saved[2][-32:]


async def kept(product: Product) -> str:
    """All that the database and the work engine keep of requests and items."""
    files = [product.directory / "data" / name for name in ("test.db", "test-work.db")]
    found = []
    for file in files:
        with closing(sqlite3.connect(file)) as connection:
            tables = [
                name
                for (name,) in connection.execute(
                    "SELECT name FROM sqlite_master WHERE type='table'"
                )
                if name in ("requests", "content_history", "users")
                or name.startswith(("workflow", "operation"))
            ]
            for table in tables:
                found += [str(row) for row in connection.execute(f'SELECT * FROM "{table}"')]  # noqa: S608 - names of the engine's own
    return "\n".join(found)


async def test_of_somebody_who_is_erased_nothing_stays_and_who_waits_is_told(
    world: World, launch: Launch
) -> None:
    world.ai.answer = "A secret text."
    product = await launch()
    url = f"{product.url}/content/generate"
    async with aiohttp.ClientSession() as http:
        me = await sign_up(http, product)
        async with http.post(url, json=ASK, headers=me) as answer:
            assert answer.status == 200
        world.ai.token_delay = 5
        streaming = me | {"Accept": "text/event-stream"}
        asked = await http.post(url, json={"prompt": "a secret plan"}, headers=streaming)
        waiting = asyncio.create_task(http.post(url, json={"prompt": "a wish"}, headers=me))
        await asked.content.readuntil(b"started")
        async with http.delete(f"{product.url}/auth/me", headers=me) as answer:
            assert answer.status == 204
        async with asyncio.timeout(30):
            events = await read_events(asked)
            refused = await waiting
        assert events[-1][0] == "error"
        assert "UNAUTHORIZED" in events[-1][1]
        assert refused.status == 401

    async def nothing() -> bool:
        return await kept(product) == ""

    await eventually(nothing, "something is kept", patience=15)
    assert await product.stop() == 0
    assert "Traceback" not in product.output()


async def test_a_deleted_item_is_gone_everywhere_at_once(world: World, launch: Launch) -> None:
    world.ai.answer = "A secret text."
    product = await launch()
    async with aiohttp.ClientSession() as http:
        me = await sign_up(http, product)
        ask = {"prompt": "a secret plan"}
        async with http.post(f"{product.url}/content/generate", json=ask, headers=me) as answer:
            item = await answer.json()
        assert "secret" in await kept(product)
        async with http.delete(f"{product.url}/content/{item['id']}", headers=me) as answer:
            assert answer.status == 204
        left = await kept(product)
    assert "secret" not in left
    assert "SUCCESS" not in left


async def test_an_item_that_is_deleted_while_it_is_written_stays_deleted(
    world: World, launch: Launch
) -> None:
    world.ai.token_delay = 0.5
    product = await launch()
    async with aiohttp.ClientSession() as http:
        me = await sign_up(http, product)
        streaming = me | {"Accept": "text/event-stream"}
        asked = await http.post(f"{product.url}/content/generate", json=ASK, headers=streaming)
        await asked.content.readuntil(b"started")
        item = json.loads((await asked.content.readuntil(b"}")).partition(b"data: ")[2])["id"]
        url = f"{product.url}/content/{item}"
        async with http.get(url, headers=me) as answer:
            assert (answer.status, (await answer.json())["content"]) == (200, None)
        async with http.delete(url, headers=me) as answer:
            assert answer.status == 204
        async with asyncio.timeout(30):
            events = await read_events(asked)
        assert events[-1][0] == "error"
        assert "NOT_FOUND" in events[-1][1]
        async with http.get(url, headers=me) as answer:
            assert answer.status == 404
    assert await world.pages() == []
    assert "a plan" not in await kept(product)
    assert "Traceback" not in product.output()


async def test_work_that_outlasts_a_stop_is_finished_by_the_next_start(
    world: World, launch: Launch
) -> None:
    world.ai.first_token_delay = 60
    product = await launch("slack")
    await world.slack.slash_command(text="generate a plan")

    async def asked() -> bool:
        return bool(world.ai.calls)

    await eventually(asked, "the model was never asked")
    assert await product.stop() == 0
    assert "Traceback" not in product.output()
    world.ai.first_token_delay = 0
    await product.start()

    async def finished() -> bool:
        return "Written by the stand-in" in str(world.slack.answers())

    await eventually(finished, "nobody finished it")
    assert await product.stop() == 0
    assert len(world.slack.answers()) == 1
