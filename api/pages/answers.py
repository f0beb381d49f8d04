"""One answer as a page shows it: the text, what stands under it, and its versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from api.keys import CORE
from api.pages.render import fragment
from core.storage.content import Content


async def foot(
    request: web.Request, item: Content, notes: Sequence[str] = (), problem: str = ""
) -> str:
    """What stands under an answer: where it came from, and what can be done with it."""
    return fragment("foot.html", **await under(request, item, notes, problem))


def words_in(markdown: str) -> int:
    """How many words somebody reads: the marks of headings, lists and tasks are none. Pure."""
    parts = markdown.replace("[x]", "").split()
    return sum(any(map(str.isalnum, part)) for part in parts)


async def under(
    request: web.Request, item: Content, notes: Sequence[str] = (), problem: str = ""
) -> dict[str, Any]:
    """The values that `foot.html` needs."""
    versions = await request.app[CORE].history.versions(item)
    kept = item.note.split("\n") if item.note else []
    if item.error is not None:
        # The last note says so, with the reason.
        problem = kept.pop() if kept else item.error["message"]
        notes = [note for note in notes if note != problem]
    return {
        "item": item,
        "words": words_in(item.text or ""),
        "notes": list(dict.fromkeys([*kept, *notes])),
        "problem": problem,
        "versions": versions,
        "number": len(versions) - next((n for n, v in enumerate(versions) if v.id == item.id), 0),
    }
