"""Adding something to a page that is there already: once, whole, below a line that tells whose.

What is added stands between two lines whose links bear a mark of its own, so that it is found again
after a crash, whatever else people write on the page meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any, NotRequired, TypedDict
from uuid import UUID

from core.added import Added
from core.attachments import with_files
from core.errors import Conflict, NotionFailed, RateLimited, Unavailable
from core.markdown import notion_blocks, plan
from core.messages import stable_id
from core.notion.making import Patience
from core.notion.mentions import Mentioning, people_of
from core.notion.people import Directory
from core.notion.tree import Tree
from core.notion.whose import asking_by
from core.ports import Destination, Pages, Saved, Step
from core.storage.database import Database

AGAIN = "It was added to this page before."


class _Begun(TypedDict):
    at: str
    url: str | None
    people: NotRequired[dict[str, str]]


class Appending:
    """Adds to pages. Implements `core.commands.context.Appender`."""

    def __init__(
        self, database: Database, pages: Pages, public_url: str, patience: Patience | None = None
    ) -> None:
        self._database = database
        self._pages = pages
        self._directory = Directory(database, pages)
        self._public_url = public_url.rstrip("/")
        self._patience = patience or Patience()

    async def append(self, step: Step, request_id: UUID, page: Destination, what: Added) -> Saved:
        """Adds it to the end of the page, unless it was added before; gives the page's address.

        Raises what `Pages` raises: where a part is there already, doing it again goes on where this
        ended. Conflict: another request is adding the same and takes long.
        """
        addition = stable_id("addition", page.id, what.key)
        begin = partial(self._begin_with, addition, page, request_id, what)
        begun = await step("append: begin", begin)
        if begun["url"]:
            return Saved(begun["url"], (AGAIN,))
        requests, foot = self._drafted(addition, what, begun["at"])
        mark = f"{_mark(addition)}&end"
        blocks = Mentioning(self._pages, begun.get("people", {}))
        tree = Tree(blocks, page.id, mark, head=_mark(addition), foot=foot)
        pause = self._patience.looks[0]
        with asking_by(page.connection):
            for number, request in enumerate(requests):
                try:
                    await step(f"append: blocks {number}", partial(tree.bring, request, pause))
                except (NotionFailed, RateLimited, Unavailable) as error:
                    if number:
                        raise _in_part(error, page) from error
                    raise
        await step("append: done", partial(self._done, addition, page.url))
        return Saved(page.url)

    async def _begin_with(
        self, addition: UUID, page: Destination, request_id: UUID, what: Added
    ) -> _Begun:
        begun = await self._begin(addition, page.id, request_id)
        named = what.facts.people
        if begun["url"] or not named:
            return begun
        with asking_by(page.connection):
            known = await self._directory.of(page.connection, named, what.facts.emails)
        return {**begun, "people": people_of(named, known)}

    async def _begin(self, addition: UUID, page_id: str, request_id: UUID) -> _Begun:
        until = time.monotonic() + self._patience.other
        now = datetime.now(UTC).isoformat(timespec="seconds")
        while True:
            async with self._database.begin() as unit:
                if await unit.additions.begin(addition, page_id, request_id):
                    return {"at": now, "url": None}
                kept = await unit.additions.get(addition)
                other = None if kept is None else await unit.inbox.get(kept.begun_by)
                if kept is not None and (kept.url or kept.begun_by == request_id):
                    return {"at": now, "url": kept.url}
                busy = other is not None and other.finished_at is None
                if kept is not None and not busy:
                    # Whoever began has ended without coming to an end of it.
                    if await unit.additions.take_over(addition, request_id, kept.begun_by):
                        return {"at": now, "url": None}
                    continue
            if time.monotonic() >= until:
                raise Conflict(
                    "Another request is adding the same to this page and takes long. Try again in "
                    "a minute.",
                    retryable=True,
                    retry_after=60,
                )
            await asyncio.sleep(self._patience.poll)

    async def _done(self, addition: UUID, url: str) -> None:
        async with self._database.begin() as unit:
            await unit.additions.done(addition, url)

    def _drafted(
        self, addition: UUID, what: Added, at: str
    ) -> tuple[list[Any], dict[str, Any] | None]:
        """The requests, and the line at the end, which several requests need."""
        link = f"{self._public_url}/?{_mark(addition)}"
        when = datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M UTC")
        said = " · ".join(part for part in (f"Added by {what.who}", when, what.where) if part)
        head = _line(f"{said} · ", link)
        blocks = with_files(notion_blocks(what.text), what.files)
        divider = {"object": "block", "type": "divider", "divider": {}}
        requests = plan([divider, head, *blocks])
        foot = _line("End of what was added · ", f"{link}&end") if len(requests) > 1 else None
        return requests, foot


def _mark(addition: UUID) -> str:
    return f"added={addition.hex}"


def _line(text: str, link: str) -> dict[str, Any]:
    runs = [
        {"type": "text", "text": {"content": text}},
        {"type": "text", "text": {"content": "Notion Assistant", "link": {"url": link}}},
    ]
    return {
        "object": "block",
        "type": "paragraph",
        "paragraph": {"rich_text": runs, "color": "gray"},
    }


def _in_part(
    error: NotionFailed | RateLimited | Unavailable, page: Destination
) -> NotionFailed | RateLimited | Unavailable:
    message = (
        f"A part of it is on the page: {page.url} Do the same again to go on from there. "
        f"{error.message}"
    )
    kinds = (RateLimited, Unavailable)
    kind = next((kind for kind in kinds if isinstance(error, kind)), NotionFailed)
    return kind(message, retryable=error.retryable, retry_after=error.retry_after)
