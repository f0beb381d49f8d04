"""`paint`: how soon a page of the web app is seen, whether it moves, and what it weighs.

Chromium's own figures, each page in a browser that has loaded nothing before: First Contentful
Paint, Cumulative Layout Shift and the bytes of all it loads. While an answer is written, too.
https://web.dev/articles/fcp · https://web.dev/articles/cls
"""

from __future__ import annotations

import shutil
from pathlib import Path
from statistics import median
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from benchmarks.measure import Fact, Facts, Printed, Size
from benchmarks.processes import PRODUCT, running
from benchmarks.world import settings, world

FULL = Size(rounds=7, repeats=1)
SOON = 0.5
"""Seconds to the first contentful paint, on loopback."""
LARGEST = 100_000
"""Bytes of a page and all it loads."""

PASSWORD = "correct horse 9 battery"
PAGES = {
    "/": False,
    "/login": False,
    "/signup": False,
    "/docs": False,
    "write": True,
    "/history": True,
    "an item": True,
    "/link": True,
    "/connections": True,
    "/settings": True,
}
"""Each page, and whether one has to be logged in."""

_WATCH = """
globalThis.shifted = 0;
new PerformanceObserver((list) => {
  const moved = list.getEntries().filter((entry) => !entry.hadRecentInput);
  for (const entry of moved) globalThis.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
_TELL = """() => ({
  paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null,
  shifted: globalThis.shifted,
  bytes: ["navigation", "resource"]
    .flatMap((kind) => performance.getEntriesByType(kind))
    .reduce((all, each) => all + each.transferSize, 0),
})"""


async def measure(size: Size, directory: Path) -> list[Printed]:
    """Loads each page `size.rounds` times, in turns."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    async with (
        world() as outside,
        running(PRODUCT, directory, settings(outside), "/health/ready") as port,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        url = f"http://localhost:{port}"
        cookies, item, writing = await _prepared(browser, url)
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in PAGES}
        for _ in range(size.rounds):
            for name, logs_in in PAGES.items():
                path = {"write": "/", "an item": item}.get(name, name)
                context = await browser.new_context(viewport={"width": 1280, "height": 800})
                if logs_in:
                    await context.add_cookies(cookies)
                found[name].append(await _loaded(context, f"{url}{path}"))
        await browser.close()
    facts = [_fact(name, loads) for name, loads in found.items()]
    moves = Fact("an answer being written", f"shift {writing:.3f}", good=writing == 0)
    name = f"paint: a first visit, median of {size.rounds}; goal {SOON * 1000:.0f} ms, no shift"
    return [Facts(name, [*facts, moves])]


def _fact(name: str, loads: list[dict[str, Any]]) -> Fact:
    paint = median(load["paint"] for load in loads)
    shift = max(load["shifted"] for load in loads)
    weight = max(load["bytes"] for load in loads)
    told = f"paint {paint:5.0f} ms   shift {shift:.3f}   {weight / 1000:5.1f} kB"
    good = paint <= 1000 * SOON and shift == 0 and 0 < weight <= LARGEST
    return Fact(name, told, good=good)


async def _loaded(context: BrowserContext, address: str) -> dict[str, Any]:
    page = await context.new_page()
    await page.add_init_script(_WATCH)
    await page.goto(address, wait_until="networkidle")
    await page.wait_for_timeout(100)
    told: dict[str, Any] = await page.evaluate(_TELL)
    await context.close()
    return told


async def _prepared(browser: Browser, url: str) -> tuple[list[Any], str, float]:
    """An account that has written: its cookies, an item, and how the page moved while it wrote."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    await page.add_init_script(_WATCH)
    await page.goto(f"{url}/signup")
    for field, value in (("email", "a@example.org"), ("username", "ada"), ("password", PASSWORD)):
        await page.fill(f"#{field}", value)
    await page.click("main .button")
    await page.wait_for_selector("#prompt")
    moved = await _write(page)
    await page.goto(f"{url}/history")
    item = await page.get_attribute(".item", "href") or ""
    cookies: list[Any] = await context.cookies()
    await context.close()
    return cookies, item, moved


async def _write(page: Page) -> float:
    await page.fill("#prompt", "a launch checklist")
    await page.click(".go")
    await page.wait_for_selector("#foot .does")
    told: dict[str, Any] = await page.evaluate(_TELL)
    return float(told["shifted"])
