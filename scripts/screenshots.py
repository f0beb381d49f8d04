"""Writes a picture of each page, light and dark, on a phone and on a desk, to be looked at.

    .venv/bin/python scripts/screenshots.py FOLDER [PAGE …]

It starts a server of its own on an empty folder, with the stand-ins for a provider and for Notion,
and makes an account that has written a few things. `states` are an answer being written, an open
menu, and what else no address leads to; `sections` are connections and settings at work.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import aiohttp
from playwright.async_api import Browser, Page, Route, async_playwright
from seeding import seed_months

from sandbox.ai.server import AiServer

ADA = {"email": "ada@example.org", "username": "ada", "password": "correct horse 9 battery"}
WIDTHS = {"phone": 390, "desk": 1280}
PROMPTS = {
    "how do we rotate the signing keys?": """# Rotate the signing keys

Each key signs for 90 days. The old one still verifies until every token it signed has ended.

## Steps

1. Make a key: `openssl rand -hex 32`
2. Put it first in `SECRET_KEY`, before the old one
3. Restart the servers, one after the other

```sh
SECRET_KEY="new…,old…" notion-assistant run
```

> [!WARNING]
> Taking the old key out too early logs everybody out.
""",
    "notes of today's call: we ship on Thursday, Ben writes the release notes": """# Release call

Present: Ada, Ben, Chandra

## Decisions

- We ship on **Thursday**, after the load test
- The old importer stays until the end of the quarter

## Tasks

- [ ] Release notes, in three languages (Ben, Wednesday)
- [ ] Who is on call on Friday? (Ada)
""",
    "a decision: PostgreSQL or SQLite for the first ten customers": """# PostgreSQL from the start

| | SQLite | PostgreSQL |
|---|---|---|
| To run | nothing | one server |
| Writers | one at a time | many |
| Backups | copy a file | point in time |

**Decided:** PostgreSQL, hosted. Moving later would cost a weekend that nobody has.
""",
    "a launch checklist for our mobile app": """# Launch checklist

Two weeks before the release, in the order in which things are done.

## The store

- [x] Name, subtitle and keywords agreed
- [x] Screenshots in light and dark, three sizes
- [ ] Release notes in English, German and Dutch

## The app

- [x] Crash reporting switched on in the release build
- [ ] Deep links tried from mail, chat and the web
- [ ] Accounts can be deleted from within the app

## The day itself

| Time | What | Who |
|---|---|---|
| 09:00 | Roll out to 5 % | Ada |
| 11:00 | Look at crashes and reviews | Ben |
| 14:00 | Roll out to everybody | Ada |
""",
}
LAST = [*PROMPTS][-1]
STRANGER = {
    "home": "/",
    "login": "/login",
    "signup": "/signup",
    "link-stranger": "/link",
    "forgot": "/forgot",
    "reset": "/reset",
    "confirm": "/confirm#",
    "docs": "/docs",
    "nowhere": "/nowhere",
    "goodbye": "/goodbye",
}
MEMBER = {
    "write": "/",
    "link": "/link",
    "history": "/history",
    "search": "/history?q=nothinglikeit",
    "about": "/about",
    "connections": "/connections",
    "settings": "/settings",
    "delete": "/settings/delete",
    "usage": "/usage?days=30",
    "usage-week": "/usage?days=7",
    "usage-quarter": "/usage?days=90",
    "admin": "/admin",
    "admin-people": "/admin/users",
    "admin-nobody": "/admin/users?q=nobodylikeit",
    "admin-person": "/admin/users/{ben}/account",
    "admin-disable": "/admin/users/{ben}/disable",
    "admin-usage": "/admin/usage?days=30",
    "admin-connections": "/admin/connections",
    "admin-budgets": "/admin/budgets",
    "admin-audit": "/admin/audit",
}


@asynccontextmanager
async def server(ai: AiServer) -> AsyncIterator[tuple[str, str]]:
    """A server on an empty folder, as `make run` has one, but with this provider.

    Its address, and its database's.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="screenshots-"))
    database = f"sqlite+aiosqlite:///{folder}/server.db"
    environment = {
        "PATH": os.environ["PATH"],  # noqa: TID251 - of the process it starts
        "HOME": str(folder),
        "DATABASE_URL": database,
        "AI_PRICES": "openai=2/10,anthropic=3/15",
        "PORT": str(port),
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "SLACK_CLIENT_ID": "1.1",
        "SLACK_CLIENT_SECRET": "nobody signs in",
        **{name.upper(): value for name, value in ai.settings("openai").items()},
    }
    with (folder / "log.txt").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "notion_assistant.cli", "run", "--only", "api,worker"),
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            url = f"http://localhost:{port}"
            await _ready(url)
            yield url, database
        finally:
            process.terminate()
            await process.wait()
            shutil.rmtree(folder, ignore_errors=True)


async def _ready(url: str) -> None:
    async with aiohttp.ClientSession() as http:
        for _ in range(300):
            try:
                async with http.get(f"{url}/health/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    raise SystemExit("The server did not start.")


async def seed(url: str, ai: AiServer) -> str:
    """An account that has written a few things; the id of the last, which has a second version."""
    item = ""
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{url}/auth/register", json=ADA) as answer:
            token = (await answer.json())["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        for number, (prompt, text) in enumerate([*PROMPTS.items(), [*PROMPTS.items()][-1]]):
            ai.answer = text
            wish = {"prompt": prompt, "save_to_notion": number % 2 == 0}
            async with http.post(f"{url}/content/generate", json=wish, headers=headers) as answer:
                item = (await answer.json())["id"]
    return item


async def log_in(page: Page, url: str) -> None:
    """Logs in as a person does."""
    await page.goto(f"{url}/login")
    await page.fill("#email", ADA["username"])
    await page.fill("#password", ADA["password"])
    await page.click("main .button")
    await page.wait_for_url(f"{url}/")


async def shoot(
    browser: Browser, url: str, folder: Path, pages: dict[str, str], logs_in: bool
) -> None:
    """The pictures of these pages."""
    for scheme in ("light", "dark"):
        for device, width in WIDTHS.items():
            size = {"width": width, "height": 844 if device == "phone" else 800}
            context = await browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
            page = await context.new_page()
            if logs_in:
                await log_in(page, url)
            for name, path in pages.items():
                await page.goto(f"{url}{path}")
                await page.wait_for_timeout(300)
                target = folder / f"{name}-{scheme}-{device}.png"
                await page.screenshot(path=target, full_page=True)
                print(target)
            await context.close()


async def shoot_sections(browser: Browser, url: str, folder: Path) -> None:
    """What connections and settings show once something is done there."""
    for scheme, device in (("light", "desk"), ("dark", "phone")):
        size = {"width": WIDTHS[device], "height": 844 if device == "phone" else 800}
        context = await browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
        page = await context.new_page()
        await log_in(page, url)
        for name, act in SECTIONS.items():
            await act(page, url)
            await page.wait_for_timeout(300)
            target = folder / f"{name}-{scheme}-{device}.png"
            await page.screenshot(
                path=target, full_page=name not in ("disconnecting", "checking", "places")
            )
            print(target)
        await context.close()


async def shoot_states(browser: Browser, url: str, folder: Path, ai: AiServer) -> None:
    """What no address leads to."""
    ai.answer, ai.token_delay = PROMPTS[LAST], 0.05
    for scheme, device in (("light", "desk"), ("dark", "phone")):
        size = {"width": WIDTHS[device], "height": 844 if device == "phone" else 800}
        context = await browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
        page = await context.new_page()
        await log_in(page, url)
        for name, act in STATES.items():
            await act(page, url)
            await page.wait_for_timeout(300)
            await page.screenshot(path=folder / f"{name}-{scheme}-{device}.png")
        await context.close()
    ai.token_delay = 0


async def _begin_anew(page: Page, url: str) -> None:
    await page.context.clear_cookies()
    await page.goto(f"{url}/signup")
    name = f"new{uuid4().hex[:6]}"
    for field, value in (("email", f"{name}@example.org"), ("username", name)):
        await page.fill(f"#{field}", value)
    await page.fill("#password", ADA["password"])
    await page.click("main .button")
    await page.wait_for_selector("#prompt")
    await page.goto(f"{url}/connections")


async def _give_code(page: Page, url: str) -> None:
    await page.goto(f"{url}/connections")
    await page.click("text=Link a chat")
    await page.wait_for_selector("#made")


async def _connect(page: Page, url: str) -> None:
    await page.goto(f"{url}/connections")
    if await page.locator("text=Disconnect").count() == 0:
        await page.click("text=Connect your own Notion")
        await page.check("[name=page] >> nth=0")
        await page.click("button[value=allow]")
    else:
        await page.click("text=Check the connection")
    await page.wait_for_selector(".findings")


async def _check(page: Page, url: str) -> None:
    async def slowly(route: Route) -> None:
        await asyncio.sleep(1)
        await route.continue_()

    await page.route("**/connections/check", slowly)
    await page.goto(f"{url}/connections")
    await page.click("text=Check the connection")
    await page.wait_for_selector(".skeleton")


async def _ask_to_disconnect(page: Page, _url: str) -> None:
    await page.click("text=Disconnect")
    await page.wait_for_selector("dialog[open]")


async def _find_place(page: Page, url: str) -> None:
    await page.goto(f"{url}/connections")
    await page.focus("#place-name")
    await page.wait_for_selector(".found [data-id]")


async def _choose_place(page: Page, _url: str) -> None:
    await page.click(".found [data-id]")
    await page.click("text=Choose")
    await page.wait_for_selector("text=Take back")


async def _make_token(page: Page, url: str) -> None:
    await page.goto(f"{url}/settings")
    await page.click("summary >> text=Make a token")
    await page.fill("#name", "nightly export")
    await page.check("[name=notion]")
    await page.click("text=Make it")
    await page.wait_for_selector("#secret")


async def _open_tokens(page: Page, _url: str) -> None:
    await page.click("summary >> text=Make a token")


async def _mistype(page: Page, url: str) -> None:
    await page.goto(f"{url}/settings")
    await page.fill("#current_password", "wrong horse 9 battery")
    await page.fill("#new_password", "two-otters-write-poems")
    await page.click("text=Change it")
    await page.wait_for_selector("#password [aria-invalid=true]")


async def _type_weakly(page: Page, _url: str) -> None:
    await page.fill("#new_password", "password1")
    await page.wait_for_selector("#new_password-hint.bad")


SECTIONS = {
    "code": _give_code,
    "connected": _connect,
    "disconnecting": _ask_to_disconnect,
    "checking": _check,
    "places": _find_place,
    "place": _choose_place,
    "token": _make_token,
    "tokens": _open_tokens,
    "mistyped": _mistype,
    "weak": _type_weakly,
    "fresh": _begin_anew,
}


async def _pick(page: Page, _url: str) -> None:
    await page.fill("#prompt", LAST)
    await page.focus("#destination")
    await page.wait_for_selector(".found li")


async def _write(page: Page, _url: str) -> None:
    await page.keyboard.press("Escape")
    await page.click(".go")
    await page.wait_for_selector("#text li:nth-child(3)")


async def _stop(page: Page, _url: str) -> None:
    await page.click("#stop button")
    await page.wait_for_selector("#foot .does")


async def _go_elsewhere(page: Page, _url: str) -> None:
    await page.click(".split summary")
    await page.focus("#elsewhere")
    await page.wait_for_selector("#foot .found li")


async def _ask(page: Page, _url: str) -> None:
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await page.click("#foot [data-dialog]")


async def _open_menu(page: Page, _url: str) -> None:
    await page.keyboard.press("Escape")
    await page.click(".account summary")


async def _begin(page: Page, url: str) -> None:
    await page.click(".account >> text=Log out")
    await page.goto(f"{url}/signup")
    name = f"new{uuid4().hex[:6]}"
    for field, value in (("email", f"{name}@example.org"), ("username", name)):
        await page.fill(f"#{field}", value)
    await page.fill("#password", ADA["password"])
    await page.click("main .button")


async def _look_back(page: Page, url: str) -> None:
    await page.goto(f"{url}/history")


async def _look_at_usage(page: Page, url: str) -> None:
    await page.goto(f"{url}/usage")


async def _read_a_day(page: Page, url: str) -> None:
    await page.goto(f"{url}/usage")
    await page.click(".tabled summary")
    await page.focus(".plot > svg")
    for key in ("End", "ArrowLeft", "ArrowLeft"):
        await page.keyboard.press(key)


STATES = {
    "picking": _pick,
    "writing": _write,
    "written": _stop,
    "elsewhere": _go_elsewhere,
    "asking": _ask,
    "day": _read_a_day,
    "menu": _open_menu,
    "first": _begin,
    "empty": _look_back,
    "empty-usage": _look_at_usage,
}


async def main(folder: Path, only: list[str]) -> None:
    """Writes the pictures."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    ai = AiServer()
    async with ai, server(ai) as (url, database), async_playwright() as playwright:
        item = await seed(url, ai)
        ben = await seed_months(database)
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        member = {name: path.format(ben=ben) for name, path in MEMBER.items()}
        member["item"] = f"/history/{item}"
        for pages, logs_in in ((STRANGER, False), (member, True)):
            wanted = {name: path for name, path in pages.items() if not only or name in only}
            if wanted:
                await shoot(browser, url, folder, wanted, logs_in)
        if not only or "sections" in only:
            await shoot_sections(browser, url, folder)
        if not only or "states" in only:
            await shoot_states(browser, url, folder, ai)
        await browser.close()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
