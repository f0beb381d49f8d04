"""Names that people, chats, Notion and programs give, by somebody who wants a page to run them.

They come in by the ways that lead in, and every page that shows one is read as a browser reads it:
no element and no attribute comes of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp.test_utils import TestClient

from core.live import Feed
from core.messages import Answer, Call, Request, Sender
from core.ports import Destination
from core.storage.connections import Holder as Connected
from core.storage.connections import Row as Connection
from core.storage.content import Written
from core.storage.installations import Row as Installed
from core.storage.spending import Day, day_of
from tests.api.browsing import HTML, send, sign_up
from tests.api.small_core import SmallCore
from tests.api.test_browser import Open
from tests.api.test_browser import browser as browser
from tests.api.test_browser import open_page as open_page
from tests.api.test_browser import sign_up as browse_in

IMAGE = "<img src=x onerror=alert(1)>"
SCRIPT = '"><script>alert(1)</script>'
QUOTED = "' autofocus onfocus=alert(1) x='"
EVIL = f"{IMAGE}{SCRIPT}{QUOTED}`{IMAGE}`"
"""All at once; the last one tries what stands in backticks, which pages show as code."""
ADDRESS = "javascript:alert(1)//https://notion.so/x"
LINKS = f"[a link]({ADDRESS}) and [another](data:text/html,x)"
ANSWER = f"# {EVIL}\n\n{EVIL}\n\n{LINKS}\n\n```{EVIL}\n{EVIL}\n```"


class Reader(HTMLParser):
    """What a browser makes of a page, as far as it could do harm."""

    def __init__(self) -> None:
        super().__init__()
        self.harm: list[str] = []
        self.forms: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.harm += [f"{tag} {name}" for name in given if name.startswith("on") or name == "style"]
        if tag == "script" and "src" not in given:
            self.harm.append("an inline script")
        if given.get("src") == "x" or tag in ("iframe", "object", "embed", "base", "style"):
            self.harm.append(tag)
        for name in ("href", "src", "action", "formaction"):
            address = given.get(name, "").strip().lower()
            if ":" in address.partition("/")[0] and not address.startswith(("http:", "https:")):
                self.harm.append(f"{tag} {name}={address[:40]}")


def harm_in(html: str) -> list[str]:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader.harm


async def written(core: SmallCore, request: Request, feed: Feed) -> Answer:
    """A model that answers with all of it."""
    feed.add(ANSWER)
    return await core.keep(request, feed, ANSWER)


@pytest.fixture
async def ada_here(client: TestClient, core: SmallCore) -> TestClient:
    """Ada's browser, which calls itself by that name, and everything else of hers that has one."""
    core.script = written
    core.places = [Destination("p1", "page", EVIL, ADDRESS)]
    core.providers["offline"].model = EVIL
    await sign_up(client)
    login = {"email": "ada", "password": "a-wombat-reads-maps"}
    await send(client, "/login", login, headers={"User-Agent": EVIL})
    async with core.database.begin() as unit:
        user = await unit.users.by_login("ada")
        assert user is not None
        await unit.destinations.choose(user.id, Destination("p1", "page", EVIL, ADDRESS))
        await unit.connections.keep(_connection(user.id))
        await unit.installations.keep("slack", _installation())
        await unit.spending.add(user.id, Day(day_of(datetime.now(UTC)), EVIL[:32], EVIL, 1, 5, 5))
        item = uuid4()
        await unit.content.begin(item, user.id, EVIL, EVIL)
        await unit.content.finish(item, Written(ANSWER, EVIL[:32], EVIL, EVIL, 1, 1))
        await unit.content.saved(item, "page", ADDRESS)
    await send(client, "/settings/tokens", {"name": EVIL[:64], "content:read": "on"})
    await send(client, "/settings/preferences", {"model": "<img/src=x/onerror=alert(1)>"})
    await send(client, "/connections/destination", {"destination": EVIL, "place": EVIL})
    await send(client, "/write", {"prompt": EVIL, "save": "on", "destination": EVIL})
    chat = Sender("slack", "U1", EVIL[:128], "T1")
    asked = Request(uuid4(), chat, Call("link"), {"workspace": EVIL})
    async with core.database.begin() as unit:
        await unit.users.of(chat)
    assert await core.links.offer(asked)
    code = core.links.code(asked.id)
    joining = await send(client, "/link", {"code": code})
    assert joining.status == 200
    assert harm_in(await joining.text()) == [], "/link with a code"
    assert (await send(client, "/link/join", {"code": code})).status == 303
    return client


def _connection(user: UUID) -> Connection:
    now = datetime.now(UTC)
    return Connection(
        uuid4(), Connected(user), "b", EVIL, EVIL, EVIL, EVIL, "t", None, 1, None, now, now, now
    )


def _installation() -> Installed:
    now = datetime.now(UTC)
    more: dict[str, Any] = {"refresh": None, "expires_at": None}
    return Installed("", "T1", EVIL, "U", "", "t", EVIL[:64], now, **more)


PAGES = (
    "/",
    f"/?prompt={EVIL}",
    "/about",
    "/history",
    f"/history?q={EVIL}",
    f"/history?provider={EVIL[:32]}",
    "/connections",
    "/link",
    "/settings",
    "/settings/delete",
    "/usage",
    "/admin",
    "/admin/users",
    f"/admin/users?q={EVIL}",
    "/admin/usage",
    "/admin/connections",
    "/admin/budgets",
    "/admin/audit",
    f"/admin/audit?action={EVIL[:60]}",
    f"/nowhere/{EVIL}",
    "/docs",
)


async def test_no_name_becomes_part_of_a_page(ada_here: TestClient, core: SmallCore):
    async with core.database.read() as unit:
        user = await unit.users.by_login("ada")
        assert user is not None
        items = await unit.content.page(user.id)
        [identity] = await unit.users.identities(user.id)
        [token] = await core.accounts.personal.of(user.id)
    assert len(items) >= 2
    of_items = [f"/history/{item.id}{more}" for item in items for more in ("", "/delete")]
    others = (
        f"/connections/{identity.id}/unlink",
        f"/settings/tokens/{token.id}/remove",
        f"/admin/users/{user.id}/account",
        f"/admin/users/{user.id}/role",
        f"/admin/users/{user.id}/disable",
    )
    seen = ""
    for path in (*PAGES, *of_items, *others):
        async with ada_here.get(path, headers=HTML) as answer:
            html = await answer.text()
            policy = answer.headers["Content-Security-Policy"]
        assert harm_in(html) == [], path
        assert "unsafe-inline" not in policy, path
        seen += html
    # It was there to be shown, and shown as words.
    for where in ("&lt;img src=x onerror=alert(1)&gt;", "&lt;script&gt;"):
        assert seen.count(where) > 20


async def test_what_a_form_got_wrong_is_shown_again_as_words(ada_here: TestClient):
    wrong = (
        ("/login", {"email": EVIL, "password": "x", "next": SCRIPT}),
        ("/signup", {"email": EVIL, "username": EVIL, "password": "x", "next": SCRIPT}),
        ("/forgot", {"email": EVIL}),
        ("/link", {"code": EVIL}),
        ("/settings/name", {"username": EVIL}),
        ("/settings/preferences", {"provider": EVIL, "model": EVIL, "template": EVIL}),
        ("/settings/tokens", {"name": EVIL, "days": EVIL, "notion": "on"}),
        ("/write", {"prompt": EVIL, "provider": EVIL, "template": EVIL, "key": EVIL}),
        ("/admin/budgets/change", {"person": EVIL, "server_dollars": EVIL}),
        ("/connections/destination", {"destination": EVIL * 100}),
    )
    for path, given in wrong:
        answer = await send(ada_here, path, given)
        assert harm_in(await answer.text()) == [], path


async def test_what_scripts_put_into_a_page_is_clean(ada_here: TestClient, core: SmallCore):
    async with core.database.read() as unit:
        user = await unit.users.by_login("ada")
        assert user is not None
        items = await unit.content.page(user.id)
    for item in items:
        async with ada_here.get(
            f"/write/{item.id}/events", headers={"Accept": "text/event-stream"}
        ) as answer:
            for html in _strings(await answer.text()):
                assert harm_in(html) == [], html[:200]


@pytest.mark.browser
async def test_in_a_browser_none_of_it_runs(open_page: Open, core: SmallCore):
    """A breach of the page's policy would be a complaint of the console, and fail this too."""
    core.script = written
    core.places = [Destination("p1", "page", EVIL, ADDRESS)]
    page = await open_page()
    await page.add_init_script("window.alert = () => (window.ran = true)")
    await browse_in(page)
    await page.fill("#prompt", EVIL)
    await page.click("#destination")
    place = page.locator(".found [data-id]")
    await place.wait_for()
    assert IMAGE in (await place.text_content() or "")
    await place.click()
    await page.click(".go")
    await page.wait_for_selector("#foot .does")
    await page.click("#foot [data-dialog]")
    await page.goto(page.url.partition("?")[0].rstrip("/") + "/history")
    await page.click(".item")
    await page.wait_for_selector("#foot .does")
    assert await page.evaluate("window.ran") is None
    assert await page.locator('img[src="x"], script:not([src]), [onerror], [onfocus]').count() == 0


def _strings(stream: str) -> Iterator[str]:
    """Every text within the JSON of an event stream."""
    import json

    def within(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            for each in value.values() if isinstance(value, dict) else value:
                yield from within(each)

    for line in stream.splitlines():
        if line.startswith("data:"):
            for html in within(json.loads(line.removeprefix("data:"))):
                # Plain words are put in as text; only what is HTML is read here.
                if html.startswith("<"):
                    yield html
