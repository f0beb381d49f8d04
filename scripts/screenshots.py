"""Writes a picture of each page, light and dark, on a phone and on a desk, to be looked at.

    .venv/bin/python scripts/screenshots.py FOLDER [PAGE …]

It starts a server of its own on an empty folder, with the offline provider and the stand-in for
Notion, and makes an account that has written a few things.
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

import aiohttp
from playwright.async_api import Browser, Page, async_playwright

ADA = {"email": "ada@example.org", "username": "ada", "password": "correct horse 9 battery"}
WIDTHS = {"phone": 390, "desk": 1280}
PROMPTS = (
    "a launch checklist for our mobile app",
    "notes of today's call: we ship on Thursday, Ben writes the release notes",
    "how do we rotate the signing keys?",
    "a retrospective of the payment outage on 3 November",
    "a decision: PostgreSQL or SQLite for the first ten customers",
)
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
}
MEMBER = {
    "write": "/",
    "link": "/link",
    "history": "/history",
    "search": "/history?q=nothinglikeit",
    "about": "/about",
}


@asynccontextmanager
async def server() -> AsyncIterator[str]:
    """A server on an empty folder, as `make run` has one; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="screenshots-"))
    environment = {
        "PATH": os.environ["PATH"],  # noqa: TID251 - of the process it starts
        "HOME": str(folder),
        "PORT": str(port),
        "PYTHONPATH": str(Path(__file__).parent.parent),
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
            yield url
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


async def seed(url: str) -> str:
    """An account that has written a few things; the id of the last."""
    item = ""
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{url}/auth/register", json=ADA) as answer:
            token = (await answer.json())["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        for number, prompt in enumerate(PROMPTS):
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


async def main(folder: Path, only: list[str]) -> None:
    """Writes the pictures."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    async with server() as url, async_playwright() as playwright:
        item = await seed(url)
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        member = MEMBER | {"item": f"/history/{item}"}
        for pages, logs_in in ((STRANGER, False), (member, True)):
            wanted = {name: path for name, path in pages.items() if not only or name in only}
            if wanted:
                await shoot(browser, url, folder, wanted, logs_in)
        await browser.close()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
