"""`saves`: 1,000 items are saved while 30 of 100 calls of Notion fail, each in another way.

Some calls are carried out before they fail, as Notion's 503 may be, and some connections end with
no answer at all. Whoever is told that saving failed saves again. In the end there is to be one
whole page for each item. The pace is raised, so that what is counted takes less than two minutes.
https://developers.notion.com/reference/status-codes
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from pathlib import Path
from uuid import UUID

from aiohttp import web

from benchmarks.items import Desk, desk
from benchmarks.measure import Fact, Facts, Printed, Size
from core.errors import AssistantError
from core.notion.saving import Patience
from sandbox.notion.errors import RefusedError, error_response
from sandbox.notion.hooks import Hooks
from sandbox.notion.server import NotionServer

FULL = Size(rounds=1, repeats=1000)
SHARE = 0.3
AT_ONCE = 20
LONG_EVERY = 10
"""One item in so many takes more than one write."""

_PACE = 1_000_000
_TIMES = 20
"""A person who is told no so often gives up, and the item counts as not saved."""

_BEFORE = ("429", "500", "503", "529", "dropped")
_AFTER = ("500 but saved", "503 but saved", "dropped but saved")
_CODES = {
    "429": "rate_limited",
    "500": "internal_server_error",
    "503": "service_unavailable",
    "529": "service_overload",
}


class Weather(Hooks):
    """Fails calls by chance, the same way at each run as far as their order is the same."""

    def __init__(self, share: float) -> None:
        self._chance = random.Random(0)  # noqa: S311 - no secret
        self._share = share
        self._late: dict[int, str] = {}
        self.calls = 0
        self.faults: Counter[str] = Counter()

    async def before(self, request: web.Request) -> web.StreamResponse | None:
        """See Hooks."""
        self.calls += 1
        if self._chance.random() >= self._share:
            return None
        reads = request.method == "GET" or request.path.endswith(("/query", "/search"))
        fault = self._chance.choice(_BEFORE if reads else _BEFORE + _AFTER)
        self.faults[fault] += 1
        if fault in _AFTER:
            self._late[id(request)] = fault
            return None
        return _failed(request, fault)

    async def after(
        self,
        request: web.Request,
        response: web.StreamResponse,  # noqa: ARG002 - the hook's form
    ) -> web.StreamResponse | None:
        """See Hooks."""
        fault = self._late.pop(id(request), None)
        return None if fault is None else _failed(request, fault)


def _failed(request: web.Request, fault: str) -> web.StreamResponse:
    kind = fault.split()[0]
    if kind not in _CODES:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)
    headers = {"Retry-After": "0"} if kind == "429" else None
    return error_response(RefusedError(_CODES[kind], "Not now.", headers=headers))


async def measure(size: Size, directory: Path) -> list[Printed]:
    """Saves `size.repeats` items, some at once."""
    weather = Weather(SHARE)
    patience = Patience(looks=(0.0, 0.02, 0.05), flight=1.0)
    async with (
        NotionServer(rate_limit=None) as notion,
        desk(directory, notion, _PACE, patience) as at,
    ):
        items = [await at.add(f"Item {number}", _text(number)) for number in range(size.repeats)]
        notion.hooks = weather
        began = time.perf_counter()
        gate = asyncio.Semaphore(AT_ONCE)
        told = await asyncio.gather(*(_until_saved(at, item, gate) for item in items))
        took = time.perf_counter() - began
        made = notion.store.pages_under(notion.root_page_id)
        pages = Counter(page.title for page in made)
        whole = sum(
            len(notion.store.children(page.id)) == _blocks(int(page.title.split()[1]))
            for page in made
        )
    return [_told(size.repeats, took, weather, pages, whole, told)]


def _told(
    count: int, took: float, weather: Weather, pages: Counter[str], whole: int, told: list[int]
) -> Facts:
    twice = sum(number > 1 for number in pages.values())
    faults = weather.faults.total()
    kinds = ", ".join(f"{name} {number}" for name, number in sorted(weather.faults.items()))
    return Facts(
        f"saves: {count:,} items while {SHARE:.0%} of Notion's calls fail",
        [
            Fact(
                "calls", f"{weather.calls:,}, {faults / max(weather.calls, 1):.0%} failed: {kinds}"
            ),
            Fact("asked again by the person", f"{sum(told):,} times"),
            Fact("seconds", f"{took:.0f}"),
            Fact("items with a page", f"{len(pages):,} of {count:,}", good=len(pages) == count),
            Fact("items with two", f"{twice}", good=not twice),
            Fact("pages that are whole", f"{whole:,}", good=whole == count),
        ],
    )


async def _until_saved(at: Desk, item: UUID, gate: asyncio.Semaphore) -> int:
    """How often the person was told that it failed, and asked again."""
    async with gate:
        for times in range(_TIMES):
            try:
                await at.save(item)
            except AssistantError as error:
                if not error.retryable:
                    return times
            else:
                return times
    return _TIMES


def _paragraphs(number: int) -> int:
    return 150 if number % LONG_EVERY == 0 else 2


def _blocks(number: int) -> int:
    """The item's paragraphs and the footer."""
    return _paragraphs(number) + 1


def _text(number: int) -> str:
    body = "\n\n".join(f"Paragraph {place}." for place in range(_paragraphs(number)))
    return f"# Item {number}\n\n{body}"
