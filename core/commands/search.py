"""`/notion search`: pages and data sources of Notion, by title."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from core.actions import about_pages
from core.commands.command import Argument, Command
from core.commands.context import Context
from core.commands.words import link, place
from core.messages import Answer, Call
from core.ports import Destination

SHOWN = 10


async def run(context: Context, call: Call) -> Answer:
    """Lists at most ten, the closest titles first, among those the integration can see."""

    async def search() -> list[dict[str, Any]]:
        # One more than is shown says whether there are more.
        return [asdict(found) for found in await context.places.search(call.text, SHOWN + 1)]

    found = [Destination(**each) for each in await context.step("search", search)]
    if not found:
        return Answer(
            f"Nothing in Notion has “{call.text}” in its title, of what is shared with the "
            "integration. Try fewer words. To share a page, open it in Notion and choose "
            "••• → Connections.",
            private=True,
        )
    shown = list(enumerate(found[:SHOWN], 1))
    lines = [f"{number}. {_line(each)}" for number, each in shown]
    notes = ("There is more: add words.",) if len(found) > SHOWN else ()
    pages = [(number, each.id) for number, each in shown if each.kind == "page"]
    return Answer(
        "\n".join(["**In Notion**, closest first", "", *lines]),
        notes,
        private=True,
        actions=about_pages(pages),
    )


def _line(found: Destination) -> str:
    """`[Plan](https://…) (page) — in Projects, edited 2026-11-24`, as far as Notion told."""
    told = [f"in {link(found.place, None)}"] if found.place else []
    if re.match(r"\d{4}-\d\d-\d\d", found.edited):
        told.append(f"edited {found.edited[:10]}")
    return f"{place(found)} — {', '.join(told)}" if told else place(found)


COMMAND = Command(
    name="search",
    summary="Find pages and data sources in Notion by their title.",
    run=run,
    argument=Argument("words", example="launch"),
    private=True,
    reads=True,
)
