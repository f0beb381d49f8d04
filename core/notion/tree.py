"""What a page holds so far, and what is missing of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import NotionFailed
from core.markdown import Request
from core.ports import Blocks, Child


@dataclass(frozen=True, slots=True)
class Gap:
    """Blocks that are missing: under which block, and after which child, or None for the end."""

    block: str
    children: list[dict[str, Any]]
    after: str | None


class Tree:
    """A page's blocks, read when they are first needed and kept until told to forget.

    `mark` tells the footer by its link, which is no part of the content and stays last. `skip` is
    how many blocks stand before the content and are none of it. `foot` is the footer where it is
    not there from the beginning: it comes with the first blocks. `head` tells, by its link, the
    second block of the content, on a page that others write on too: what stands above is none.
    """

    def __init__(
        self,
        pages: Blocks,
        page_id: str,
        mark: str,
        *,
        skip: int = 0,
        foot: dict[str, Any] | None = None,
        head: str = "",
    ) -> None:
        self._pages = pages
        self._page_id = page_id
        self._mark = mark
        self._skip = skip
        self._foot = foot
        self._head = head
        self._known: dict[str, list[Child]] = {}

    async def gap(self, request: Request) -> Gap | None:
        """What is missing of a request; None where all of it has landed."""
        block = self._page_id
        for index in request.parent:
            content = await self._content(block)
            if index >= len(content):
                raise NotionFailed(
                    "Somebody took blocks off the page while it was being written. "
                    "Delete the page in Notion and save again."
                )
            block = content[index].id
        content = await self._content(block)
        missing = request.children[max(0, len(content) - request.first) :]
        if block == self._page_id:
            return self._on_page(content, missing)
        return Gap(block, missing, None) if missing else None

    def _on_page(self, content: list[Child], missing: list[dict[str, Any]]) -> Gap | None:
        known = self._known[self._page_id]
        start = self._start(known)
        if self._head and start == len(known):
            # None of it is there: it comes as one, and so does its end.
            foot = [] if self._foot is None else [self._foot]
            return Gap(self._page_id, [*missing, *foot], None)
        end = start + len(content)
        if self._head and self._foot is None:
            # It came whole, with its first blocks; what follows is somebody else's.
            return None
        if end == len(known) and self._foot is not None:
            return Gap(self._page_id, [*missing, self._foot], known[-1].id if known else None)
        if not missing:
            return None
        footed = end < len(known)
        return Gap(self._page_id, missing, known[end - 1].id if footed and end else None)

    def add(self, gap: Gap, made: Sequence[Child]) -> None:
        """The gap is filled, with these blocks; where they are not known, the list is read anew."""
        known = self._known.get(gap.block)
        places = [n for n, one in enumerate(known or ()) if one.id == gap.after]
        if known is None or len(made) != len(gap.children) or bool(places) != bool(gap.after):
            self.forget(gap.block)
            return
        place = places[0] + 1 if places else len(known)
        known[place:place] = made

    def forget(self, block: str) -> None:
        """The children of this block changed, or may have."""
        self._known.pop(block, None)

    def clear(self) -> None:
        """Anything may have changed."""
        self._known.clear()

    async def _content(self, block: str) -> list[Child]:
        if block not in self._known:
            self._known[block] = await self._pages.children(block)
        children = self._known[block]
        if block != self._page_id:
            return children
        start = self._start(children)
        feet = [n for n, child in enumerate(children) if self._mark in (child.link or "")]
        return children[start : feet[-1]] if feet else children[start:]

    def _start(self, children: Sequence[Child]) -> int:
        if not self._head:
            return min(self._skip, len(children))
        heads = (n for n, child in enumerate(children) if self._head in (child.link or ""))
        return max(0, next(heads, len(children) + 1) - 1)

    async def bring(self, request: Request, pause: float) -> None:
        """Sends what is missing of a request; after an unsure answer looks, and tries once more.

        `pause` is in seconds. Raises what `Pages.append` raises.
        """
        for last in (False, True):
            gap = await self.gap(request)
            if gap is None:
                return
            try:
                made = await self._pages.append(gap.block, gap.children, gap.after)
            except NotionFailed as error:
                if not error.unsure:
                    raise
                await asyncio.sleep(pause)
                self.forget(gap.block)
                if last and await self.gap(request) is not None:
                    raise
            else:
                self.add(gap, made)
                return


def size(children: Iterable[dict[str, Any]]) -> int:
    """How many blocks these are, with all that is inside them."""
    count = 0
    waiting = list(children)
    while waiting:
        block = waiting.pop()
        count += 1
        waiting += block[block["type"]].get("children", [])
    return count
