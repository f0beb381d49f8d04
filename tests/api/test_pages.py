"""What a browser shows."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from api.pages.files import STATIC
from api.routes import PAGES
from core.commands.registry import COMMANDS
from core.limits.limits import Limits, Rule, Rules
from tests.api.browsing import HTML, send, sign_up
from tests.api.conftest import Start
from tests.api.small_core import SmallCore

BROWSER = HTML
STRANGERS = [
    "/",
    "/about",
    "/signup",
    "/login",
    "/link",
    "/docs",
    "/content/2cc1ad09-8c8f-4468-b20d-59f4bafb8f5d",
    "/nowhere",
]
# Which of the two a script's is, the machine's own list says.
TYPES = {"text/css", "text/javascript", "application/javascript", "image/svg+xml"}
LARGEST = 100_000


@pytest.mark.parametrize("path", STRANGERS)
async def test_a_page_loads_nothing_from_elsewhere_and_holds_no_script(
    client: TestClient, path: str
):
    response = await client.get(path, headers=BROWSER)
    assert response.status == (404 if path == "/nowhere" else 200)
    assert response.content_type == "text/html"
    policy = response.headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "frame-ancestors 'none'", "form-action 'self'"):
        assert part in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in response.headers["Permissions-Policy"]
    html = await response.text()
    assert not re.search(r"<script(?! src)|<style|style=|\son\w+=", html)
    size = int(response.headers["Content-Length"])
    for address in set(re.findall(r'(?:src|href|action)="([^"#]+)"', html)):
        assert address.startswith("/"), address
        if address.startswith("/static"):
            loaded = await client.get(address)
            assert loaded.status == 200
            assert loaded.content_type in TYPES
            lasts = "immutable" in loaded.headers["Cache-Control"]
            assert lasts is not address.endswith(".js")
            size += len(await loaded.read())
    assert size < LARGEST


async def test_a_script_has_one_name_and_is_asked_for_anew(client: TestClient):
    first = await client.get("/static/page.js")
    assert first.headers["Cache-Control"] == "no-cache"
    known = {"If-None-Match": first.headers["ETag"]}
    assert (await client.get("/static/page.js", headers=known)).status == 304
    for script in STATIC.glob("*.js"):
        imported = re.findall(r'from "([^"]+)"', script.read_text(encoding="utf-8"))
        assert all(re.fullmatch(r"\./\w+\.js", name) for name in imported)


async def test_a_program_gets_json_where_a_browser_gets_a_page(client: TestClient):
    program = await client.get("/nowhere")
    assert (program.status, (await program.json())["code"]) == (404, "NOT_FOUND")
    page = await client.get("/nowhere", headers=BROWSER)
    assert "There is nothing here." in await page.text()


async def test_light_and_dark_are_chosen_without_a_script(client: TestClient):
    assert '<html lang="en">' in await (await client.get("/login")).text()
    for theme in ("dark", "light"):
        chosen = await send(client, "/theme", {"theme": theme, "next": "/login"})
        assert chosen.headers["Location"] == "/login"
        shown = {"Cookie": f"theme={chosen.cookies['theme'].value}"}
        assert f'data-theme="{theme}"' in await (await client.get("/login", headers=shown)).text()
    client.session.cookie_jar.clear()
    odd = await client.get("/login", headers={"Cookie": 'theme="><script>'})
    assert "data-theme" not in await odd.text()


async def test_the_front_page_leads_to_the_stand_in_where_there_is_one(start: Start):
    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="pages")

    pages = web.Application()
    pages.router.add_get("/", page)
    local = await start(subapps={"/sandbox/notion": pages})
    assert 'href="/sandbox/notion/"' in await (await local.get("/")).text()
    other = await start()
    assert "/sandbox/notion" not in await (await other.get("/")).text()


async def test_the_front_page_names_every_command_and_flag(client: TestClient):
    html = await (await client.get("/")).text()
    for command in COMMANDS.values():
        assert (f"<dt>/notion {command.name}" in html) is command.listed
        if command.listed:
            assert all(f"<code>--{flag.name}</code>" in html for flag in command.flags)
    assert "<code>--how</code>" not in html, "a flag of what nobody types"


async def test_the_front_page_names_the_program_as_it_is_installed_there(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert ">notion-assistant chat" in await (await client.get("/")).text()
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/notion-assistant").touch()
    assert ">.venv/bin/notion-assistant chat" in await (await client.get("/")).text()


async def test_the_docs_show_every_route(client: TestClient):
    html = await (await client.get("/docs")).text()
    spec = await (await client.get("/openapi.json")).json()
    for path in spec["paths"]:
        assert f"<code>{path}</code>" in html


async def test_the_link_under_a_page_tells_a_stranger_nothing_of_the_item(client: TestClient):
    told = set()
    for item in (uuid4(), uuid4()):
        response = await client.get(f"/content/{item}", headers=BROWSER)
        html = (await response.text()).replace(str(item), "")
        told.add((response.status, html))
    assert (await client.get("/content/nonsense", headers=BROWSER)).status == 200
    assert len(told) == 1
    assert "/notion history" in told.pop()[1]


async def test_the_link_under_a_page_leads_its_writer_to_the_item(client: TestClient):
    await sign_up(client)
    item = uuid4()
    answer = await client.get(f"/content/{item}", headers=BROWSER, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, f"/history/{item}")
    assert (await client.get("/content/nonsense", headers=BROWSER)).status == 200


async def test_the_address_of_every_form_leads_to_its_page(client: TestClient):
    await sign_up(client)
    forms = {path for method, path, _ in PAGES if method == "POST"} - {"/notion/webhook"}
    where = {}
    for path in sorted(forms):
        answer = await client.get(path.format(id="x%2Fy"), headers=HTML, allow_redirects=False)
        assert answer.status != 405, path
        where[path] = answer.headers.get("Location") if answer.status == 303 else None
    assert where["/write"] == where["/theme"] == where["/logout"] == "/"
    assert where["/write/{id}/stop"] == where["/history/{id}/save"] == "/history/x%2Fy"
    assert where["/settings/password"] == where["/settings/sessions/{id}"] == "/settings"
    assert where["/admin/users/{id}/allowance"] == "/admin/users/x%2Fy/account"
    home = await client.get("/write", headers=HTML)
    assert (home.status, home.url.path) == (200, "/")
    assert "Log out" in await home.text(), "nobody is logged out by an address"


async def test_a_slash_at_the_end_leads_to_the_page(client: TestClient):
    await sign_up(client)
    for path in ("/history", "/settings", "/usage", "/admin/users", "/docs", "/about"):
        page = await client.get(f"{path}/?q=a%26b&x=%C3%BC", headers=HTML, allow_redirects=False)
        assert (page.status, page.headers["Location"]) == (303, f"{path}?q=a%26b&x=%C3%BC")
        assert (await client.get(f"{path}/", headers=HTML)).status == 200
    assert (await client.get("/auth/me/", headers=HTML)).status == 404


async def test_each_form_that_comes_too_often_says_when_to_come_back(core: SmallCore, start: Start):
    once = dict.fromkeys(("login", "register", "generate", "link", "forgot", "account"), Rule(1))
    core.limits = core.links.limits = Limits(core.settings, replace(Rules.local(), **once))
    client = await start()
    await sign_up(client)
    wrong = {"password": "guess", "current_password": "guess", "new_password": "guess"}
    late = {}
    for path, given in (
        ("/login", {"email": "nobody", "password": "guess"}),
        ("/signup", {}),
        ("/forgot", {"email": "ada@example.com"}),
        ("/reset", {"token": "none", "password": "guess"}),
        ("/confirm", {"token": "none"}),
        ("/link", {"code": "AAAAA-AAAAA"}),
        ("/link/join", {"code": "AAAAA-AAAAA"}),
        ("/settings/password", wrong),
        ("/settings/delete", wrong),
        ("/write", {"prompt": "a greeting"}),
    ):
        for _ in range(2):
            answer = await send(client, path, given)
        late[path] = (answer.status, int(answer.headers.get("Retry-After", "0")) > 0)
    assert late == dict.fromkeys(late, (429, True))


async def test_pages_are_looked_at_only_so_often(core: SmallCore, start: Start):
    core.limits = Limits(core.settings, replace(Rules.local(), anyone=Rule(2), person=Rule(3)))
    client = await start()
    for _ in range(2):
        assert (await client.get("/login", headers=BROWSER)).status == 200
    refused = await client.get("/login", headers=BROWSER)
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "That was too often." in await refused.text()
    style = re.findall(r'href="(/static/[^"]+)"', await refused.text())
    assert all([(await client.get(each)).status == 200 for each in style])
    await sign_up(client)
    found = [(await client.get("/history", headers=BROWSER)).status for _ in range(4)]
    assert found == [200, 200, 200, 429]


async def test_a_browser_with_a_token_gets_the_item(client: TestClient, ada: dict[str, str]):
    response = await client.get(f"/content/{uuid4()}", headers=BROWSER | ada)
    assert (response.status, response.content_type) == (404, "application/json")


def test_no_file_that_is_served_names_another_host():
    for file in STATIC.iterdir():
        addresses = set(re.findall(r"https?://[^\"') ]+", file.read_text(encoding="utf-8")))
        assert addresses <= {"http://www.w3.org/2000/svg"}, file


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_fit_and_raise_no_complaint_of_the_browser(
    client: TestClient, chromium: str, width: int, scheme: str
):
    from playwright.async_api import async_playwright

    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        for path in STRANGERS:
            await page.goto(str(client.make_url(path)))
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
        await page.goto(str(client.make_url("/docs")))
        await page.locator("summary").first.click()
        assert await page.locator("details[open] pre").first.is_visible()
        await browser.close()
    # The page that there is none of is told of by the browser itself.
    assert [each for each in complaints if "404" not in each] == []
