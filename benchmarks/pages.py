"""`page`: a page of 1,000 blocks, from the item to the whole page, at Notion's own pace.

The bound is what the API's limits leave: 100 blocks in one array of children, the footer included,
and 180 requests a minute, at any pace within it.
https://developers.notion.com/reference/request-limits
"""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.items import desk
from benchmarks.measure import Fact, Facts, Printed, Size
from core.notion.client import REQUESTS_PER_MINUTE
from core.notion.counting import WINDOW
from core.notion.saving import Patience
from sandbox.notion.server import NotionServer

FULL = Size(rounds=1, repeats=1000)
ARRAY = 100
FOOTER = 1


async def measure(size: Size, directory: Path) -> list[Printed]:
    """Saves one item of `size.repeats` paragraphs."""
    count = size.repeats
    text = "\n\n".join(f"Paragraph {number} of {count}." for number in range(count))
    bound = -(-(count + FOOTER) // ARRAY)
    async with (
        NotionServer(rate_limit=REQUESTS_PER_MINUTE) as notion,
        desk(directory, notion, REQUESTS_PER_MINUTE, Patience()) as at,
    ):
        item = await at.add("A long one", text)
        began = time.perf_counter()
        await at.save(item)
        took = time.perf_counter() - began
        (page,) = notion.store.pages_under(notion.root_page_id)
        written = len(notion.store.children(page.id))
        calls = [call.method for call in notion.requests]
    writes = len(calls) - calls.count("GET")
    return [
        Facts(
            f"page: one of {count:,} blocks, {REQUESTS_PER_MINUTE} requests a minute",
            [
                Fact("blocks", f"{written:,} with the footer", good=written == count + FOOTER),
                Fact("writes", f"{writes}, the bound {bound}", good=writes == bound),
                Fact("reads", f"{calls.count('GET')}: the place, and what the page begins with"),
                Fact(
                    "seconds",
                    f"{took:.1f}, of them waiting for the pace at least {_waiting(len(calls)):.0f},"
                    f" the bound {_waiting(bound):.0f}",
                ),
            ],
        )
    ]


def _waiting(requests: int) -> float:
    """The seconds until the budget lets the last of so many requests go."""
    return WINDOW * ((requests - 1) // REQUESTS_PER_MINUTE)
