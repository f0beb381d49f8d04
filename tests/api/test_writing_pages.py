"""Writing, history and linking by forms alone, as a browser without scripts sends them."""

from __future__ import annotations

import asyncio
import json
import re
from uuid import UUID, uuid4

import pytest
from aiohttp.test_utils import TestClient

from api.pages.answers import words_in
from core.errors import NotionFailed, ProviderFailed
from core.live import Feed
from core.messages import Answer, Call, Request, Sender
from core.storage.content import Written
from tests.api.browsing import HTML, send, sign_up
from tests.api.conftest import Start
from tests.api.small_core import SmallCore, broken_off, written

ASK = {"prompt": "a launch checklist"}
SCRIPT = {"Accept": "application/json"}


@pytest.fixture
async def ada_here(client: TestClient) -> TestClient:
    """Ada's browser: she is logged in."""
    await sign_up(client)
    return client


async def page(client: TestClient, path: str) -> str:
    """A page as a browser gets it."""
    async with client.get(path, headers=HTML) as response:
        assert response.status == 200, path
        return await response.text()


async def wrote(client: TestClient, prompt: str = ASK["prompt"], **more: str) -> str:
    """The address of the item that a form has written."""
    answer = await send(client, "/write", {"prompt": prompt} | more)
    assert answer.status == 303, await answer.text()
    return answer.headers["Location"]


async def keep(core: SmallCore, prompt: str, text: str = "Text", provider: str = "offline") -> UUID:
    """Keeps an item of Ada's."""
    item = uuid4()
    async with core.database.begin() as unit:
        user = await unit.users.by_login("ada")
        assert user is not None
        await unit.content.begin(item, user.id, prompt, None)
        await unit.content.finish(item, Written(text, provider, "tiny", None, 1, 1))
    return item


async def test_the_form_begins_with_what_somebody_chose_for_themselves(
    ada_here: TestClient, core: SmallCore
) -> None:
    assert 'name="save">' in await page(ada_here, "/")
    chosen = {"template": "retro", "provider": "offline", "model": "tiny-2", "save": "on"}
    await send(ada_here, "/settings/preferences", chosen)
    form = await page(ada_here, "/")
    assert '<option value="">Retro</option>' in form
    assert '<option value="">offline, tiny-2</option>' in form
    assert 'name="save" checked' in form
    await wrote(ada_here, save="on")
    assert core.accepted[-1].call.flags == {"save": True}
    await wrote(ada_here, "something else")
    assert core.accepted[-1].call.flags == {"no-save": True}, "the box was not ticked any more"


# ── Strangers ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path", ["/history", "/history/2cc1ad09-8c8f-4468-b20d-59f4bafb8f5d", "/history?q=a&provider=b"]
)
async def test_a_stranger_logs_in_first_and_comes_back(client: TestClient, path: str):
    answer = await client.get(path, headers=HTML, allow_redirects=False)
    assert answer.status == 303
    form = await page(client, answer.headers["Location"])
    assert f'name="next" value="{path.replace("&", "&amp;")}"' in form
    await sign_up(client)
    again = await client.get(answer.headers["Location"], headers=HTML, allow_redirects=False)
    assert again.headers["Location"] == path


async def test_a_stranger_writes_nothing(client: TestClient, core: SmallCore):
    for path in ("/write", f"/write/{uuid4()}/rewrite", f"/history/{uuid4()}/delete", "/link"):
        answer = await send(client, path, ASK | {"how": "shorter"})
        assert (answer.status, answer.headers["Location"]) == (303, "/login")
    assert core.accepted == []


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_form_waits_and_ends_on_the_answer(ada_here: TestClient, core: SmallCore):
    where = await wrote(ada_here, template="checklist", provider="offline")
    html = await page(ada_here, where)
    assert "<p>Hello, world.</p>" in html
    assert "Save to Notion" in html
    said = {"template": "checklist", "provider": "offline", "no-save": True}
    assert core.accepted[0].call == Call("generate", ASK["prompt"], said)


async def test_a_place_that_was_picked_counts_more_than_its_title(
    ada_here: TestClient, core: SmallCore
):
    await wrote(ada_here, save="on", destination="Meeting notes", place="p1")
    await wrote(ada_here, save="on", destination="Meeting notes")
    await wrote(ada_here, destination="Meeting notes")
    flags = [request.call.flags for request in core.accepted]
    picked = [{"save": True, "to": "p1"}, {"save": True, "to": "Meeting notes"}]
    assert flags == [*picked, {"no-save": True}]


async def test_the_same_form_sent_twice_is_one_answer(ada_here: TestClient, core: SmallCore):
    found = await asyncio.gather(*(wrote(ada_here, key="k" * 32) for _ in range(3)))
    assert len(set(found)) == 1
    assert len({request.id for request in core.accepted}) == 1


async def test_what_failed_says_so_and_keeps_the_prompt(ada_here: TestClient, core: SmallCore):
    async def fails(_core: SmallCore, _request: Request, _feed: Feed) -> Answer:
        raise ProviderFailed("OpenAI is overloaded. Try again in a minute.")

    core.script = fails
    answer = await send(ada_here, "/write", {"prompt": "my <long> words", "template": "retro"})
    html = await answer.text()
    assert answer.status == 502
    assert "OpenAI is overloaded." in html
    assert ">my &lt;long&gt; words</textarea>" in html
    assert '<option value="retro" selected>' in html


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"prompt": " "}, "Say first what is to be written."),
        ({"prompt": "x", "template": "nonsense"}, "there is none of this name"),
        ({"prompt": "x", "provider": "nobody"}, "there is none of this name"),
        ({"prompt": "x" * 20_001}, "The prompt must have at most 20,000 characters."),
    ],
)
async def test_what_cannot_be_is_told(ada_here: TestClient, given: dict[str, str], told: str):
    answer = await send(ada_here, "/write", given)
    assert answer.status == 400
    assert told in await answer.text()


async def test_a_text_whose_page_failed_is_shown_all_the_same(
    ada_here: TestClient, core: SmallCore
):
    async def half(core: SmallCore, request: Request, feed: Feed) -> Answer:
        await core.keep(request, feed, "Hello, world.")
        error = NotionFailed("Notion does not answer. Try again in a minute.")
        return Answer("Hello, world.", ok=False, error=error.to_json())

    core.script = half
    html = await page(ada_here, await wrote(ada_here))
    assert "<p>Hello, world.</p>" in html
    assert "Not saved to Notion: Notion does not answer." in html


async def test_an_answer_is_written_anew_beside_the_first(ada_here: TestClient, core: SmallCore):
    first = await wrote(ada_here)
    rewritten: list[Call] = []

    async def anew(core: SmallCore, request: Request, feed: Feed) -> Answer:
        rewritten.append(request.call)
        item = await keep(core, ASK["prompt"], "Hi.")
        del item
        again = Request(request.id, request.sender, Call("generate", ASK["prompt"]))
        return await core.keep(again, feed, "Hi.")

    core.script = anew
    answer = await send(
        ada_here, first.replace("history", "write") + "/rewrite", {"how": "shorter"}
    )
    second = answer.headers["Location"]
    assert second != first
    assert rewritten == [Call("rewrite", first.rpartition("/")[2], {"how": "shorter"})]
    html = await page(ada_here, second)
    assert "Version 3 of 3" in html
    assert f'href="{first}"' in html
    wrong = await send(ada_here, first.replace("history", "write") + "/rewrite", {"how": "louder"})
    assert wrong.status == 400


async def test_nobody_elses_item_is_shown_changed_or_followed(
    ada_here: TestClient, start: Start, core: SmallCore
):
    item = (await wrote(ada_here)).rpartition("/")[2]
    eve = await start()
    await sign_up(eve, "eve")
    tried = [
        await eve.get(f"/history/{item}", headers=HTML),
        await eve.get(f"/history/{item}/delete", headers=HTML),
        await eve.get(f"/write/{item}/events"),
        await send(eve, f"/history/{item}/save"),
        await send(eve, f"/write/{item}/rewrite", {"how": "shorter"}),
        await send(eve, f"/write/{item}/stop"),
    ]
    assert [answer.status for answer in tried] == [404] * 6
    await send(eve, f"/history/{item}/delete")
    assert "Hello" in await page(ada_here, f"/history/{item}")
    assert len(core.accepted) == 1


# ── The stream ───────────────────────────────────────────────────────────────────────────────────


async def test_a_script_follows_the_answer_and_may_come_back(ada_here: TestClient, core: SmallCore):
    go = asyncio.Event()

    async def slowly(core: SmallCore, request: Request, feed: Feed) -> Answer:
        feed.add("# Plan\n\nFirst **bo")
        await go.wait()
        text = "# Plan\n\nFirst **bold** <img src=x onerror=y>\n\n- done"
        feed.show(text)
        return await core.keep(request, feed, text)

    core.script = slowly
    begun = await send(ada_here, "/write", ASK, headers=SCRIPT)
    assert begun.status == 202
    path = f"/write/{(await begun.json())['id']}/events"
    async with ada_here.get(path) as lost:
        assert lost.content_type == "text/event-stream"
        first = await _event(lost)
    assert first == (
        "blocks",
        {"keep": 0, "html": ['<h2 id="answer-plan">Plan</h2>', "<p>First <strong>bo</strong></p>"]},
    )
    go.set()
    async with ada_here.get(path) as response:
        text = await response.text()
    events = re.findall(r"event: (\w+)\r\ndata: (.*)\r\n", text)
    assert events[-1][0] == "done"
    assert "Save to Notion" in json.loads(events[-1][1])["html"]
    shown: list[str] = []
    for name, data in events:
        if name == "blocks":
            step = json.loads(data)
            shown = shown[: step["keep"]] + step["html"]
    assert shown[-1] == "<ul><li>done</li></ul>"
    assert "<img src=x" not in text


async def _event(response: object) -> tuple[str, dict[str, object]]:
    name = ""
    async for line in response.content:  # type: ignore[attr-defined]
        words = line.decode().strip()
        if words.startswith("event: "):
            name = words[7:]
        elif words.startswith("data: "):
            return name, json.loads(words[6:])
    raise AssertionError("no event came")


async def test_a_script_is_told_why_in_words(ada_here: TestClient, core: SmallCore):
    async def fails(_core: SmallCore, _request: Request, _feed: Feed) -> Answer:
        raise ProviderFailed("OpenAI is overloaded. Try again in a minute.")

    core.script = fails
    begun = await send(ada_here, "/write", ASK, headers=SCRIPT)
    async with ada_here.get(f"/write/{(await begun.json())['id']}/events") as response:
        assert "event: failed" in (text := await response.text())
    assert "OpenAI is overloaded." in text
    wrong = await send(ada_here, "/write", {"prompt": ""}, headers=SCRIPT)
    assert (await wrong.json())["code"] == "INVALID_INPUT"


async def test_what_came_before_a_provider_broke_off_stays_with_the_reason_and_a_retry(
    ada_here: TestClient, core: SmallCore
):
    core.script = broken_off
    begun = await send(ada_here, "/write", ASK, headers=SCRIPT)
    item = (await begun.json())["id"]
    async with ada_here.get(f"/write/{item}/events") as response:
        text = await response.text()
    [data] = re.findall(r"event: done\r\ndata: (.*)\r\n", text)
    done = json.loads(data)
    assert done["broken_off"] is True
    for html in (done["html"], await page(ada_here, f"/history/{item}")):
        assert html.count("OpenAI broke off.") == 1
        assert "</svg>Retry</button>" in html
        assert "Save to Notion" in html
        assert "Shorter" not in html
    assert "Hello," in html


async def test_an_item_on_its_way_is_shown_as_such(ada_here: TestClient, core: SmallCore):
    go = asyncio.Event()

    async def slowly(core: SmallCore, request: Request, feed: Feed) -> Answer:
        await go.wait()
        return await written(core, request, feed)

    core.script = slowly
    begun = await send(ada_here, "/write", ASK, headers=SCRIPT)
    item = (await begun.json())["id"]
    html = await page(ada_here, f"/history/{item}")
    assert '<noscript><meta http-equiv="refresh"' in html
    assert f'action="/write/{item}/stop"' in html
    early = await send(ada_here, f"/history/{item}/save")
    assert early.status == 409
    go.set()


# ── History ──────────────────────────────────────────────────────────────────────────────────────


async def test_history_is_searched_and_goes_on_without_a_script(
    ada_here: TestClient, core: SmallCore
):
    for number in range(45):
        await keep(core, f"plan {number}", provider="openai" if number % 2 else "offline")
    seen: list[str] = []
    path = "/history"
    while path:
        html = await page(ada_here, path)
        seen += re.findall(r'class="title">(plan \d+)<', html)
        more = re.search(r'href="(/history\?cursor=[^"]+)" rel="next"', html)
        path = more[1] if more else ""
    assert seen == [f"plan {number}" for number in reversed(range(45))]
    found = await page(ada_here, "/history?q=plan+7&provider=openai")
    assert re.findall(r'class="title">(plan \d+)<', found) == [
        "plan 37",
        "plan 27",
        "plan 17",
        "plan 7",
    ]
    assert 'value="plan 7"' in found
    assert "Nothing holds all of these words" in await page(ada_here, "/history?q=zebra")
    odd = await ada_here.get("/history?cursor=nonsense", headers=HTML)
    assert odd.status == 400
    assert "cursor" in await odd.text()


async def test_an_empty_history_says_what_will_be_there(ada_here: TestClient):
    assert "Nothing here yet" in await page(ada_here, "/history")
    assert "Three steps to begin with" in await page(ada_here, "/")


async def test_a_page_is_saved_once_and_linked(ada_here: TestClient):
    where = await wrote(ada_here)
    saved = await send(ada_here, f"{where}/save", {"destination": "Meeting notes"})
    assert saved.headers["Location"] == where
    html = await page(ada_here, where)
    assert "Open in Notion" in html
    assert "Saved to Notion." in html, "told once"
    assert "Saved to Notion." not in await page(ada_here, where)
    script = await send(ada_here, f"{where}/save", headers=SCRIPT)
    assert (await script.json())["notion_url"].startswith("https://notion.so/")


async def test_what_is_deleted_is_asked_about_first_and_then_gone(ada_here: TestClient):
    where = await wrote(ada_here)
    assert "Delete this?" in await page(ada_here, f"{where}/delete")
    assert "Hello" in await page(ada_here, where), "a look deletes nothing"
    for _ in range(2):
        gone = await send(ada_here, f"{where}/delete")
        assert gone.headers["Location"] == "/history"
    assert (await ada_here.get(where, headers=HTML)).status == 404


async def test_a_prompt_of_markup_is_text_everywhere(ada_here: TestClient, core: SmallCore):
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    item = await keep(core, evil, evil)
    for path in ("/", "/history", f"/history/{item}", f"/history/{item}/delete"):
        html = await page(ada_here, path)
        assert "<script>alert" not in html
        assert "<img src=x" not in html


async def test_the_menu_names_pages_alone(ada_here: TestClient):
    menu = re.search(r'<nav class="places".*?</nav>', await page(ada_here, "/"), re.DOTALL)
    assert menu is not None
    links = re.findall(r'href="([^"]+)"', menu[0])
    assert links[:2] == ["/", "/history"]
    for link in links:
        assert "<!doctype html>" in await page(ada_here, link)


# ── Linking ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_code_from_chat_is_joined_after_it_was_shown_whose_it_is(
    ada_here: TestClient, core: SmallCore
):
    sender = Sender("slack", "U1", "Ada L.", "T1")
    request = Request(uuid4(), sender, Call("link"), {"workspace": "acme"})
    async with core.database.begin() as unit:
        await unit.users.of(sender)
    await core.links.offer(request)
    code = core.links.code(request.id)
    shown = await (await send(ada_here, "/link", {"code": f" {code} "})).text()
    assert all(words in shown for words in ("Ada L.", "Slack, acme", "ada@example.com"))
    assert core.begun == []
    joined = await send(ada_here, "/link/join", {"code": code})
    assert joined.headers["Location"] == "/history"
    assert len(core.begun) == 1, "the chat hears of it"
    again = await send(ada_here, "/link/join", {"code": code})
    assert again.status == 409
    wrong = await send(ada_here, "/link", {"code": "NONSENSE"})
    assert wrong.status == 400
    assert "This code is not valid" in await wrong.text()


async def test_a_code_for_chat_is_shown_to_be_typed(ada_here: TestClient, core: SmallCore):
    html = await (await send(ada_here, "/link/code")).text()
    made = re.search(r"/notion link ([A-Z2-7]{5}-[A-Z2-7]{5})<", html)
    assert made is not None
    sender = Sender("slack", "U1", "Ada", "T1")
    async with core.database.begin() as unit:
        await unit.users.of(sender)
    await core.links.redeem(sender, made[1])
    me = await (await ada_here.get("/auth/me")).json()
    assert [identity["name"] for identity in me["identities"]] == ["Ada"]


def test_marks_are_no_words():
    assert words_in("# A plan\n\n- [ ] Ship *it*\n- [x] Test — twice\n\n| a | b |\n|---|---|") == 8
