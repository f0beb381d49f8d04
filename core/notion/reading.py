"""What a page says, as Markdown.

https://developers.notion.com/reference/retrieve-page-markdown, and where that is not to be had, the
page's blocks: https://developers.notion.com/reference/get-block-children
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from core.errors import AssistantError
from core.notion.connection import PAGE_SIZE, Connection, Json
from core.notion.destinations import Recent
from core.notion.refusals import NotionRefused
from core.notion.shapes import plain_text

_MORE = 2
"""Parts of a long page that Notion left out and that are asked for: a request each."""

_REQUESTS = 6
"""Lists of blocks that are asked for, of one page."""

_DEEPEST = 4

# What stands in pages of its own is told by those; an index of them tells nothing itself.
_INSIDE = re.compile(r"^[ \t]*<(page|database)\b[^>]*>.*</\1>[ \t]*$\n?", re.MULTILINE)
_UNKNOWN = re.compile(r"<unknown\b[^>]*/?>(?:\s*</unknown>)?\n?")
# https://developers.notion.com/guides/data-apis/enhanced-markdown
_MENTION = re.compile(
    r"<mention-(?P<kind>[a-z-]+)(?P<about>(?:\s[^<>]*?)?)"
    # Not beyond the next tag: of many that nothing closes, each would look through all the rest.
    r"(?:/>|>(?P<words>(?:[^<\n\\]|\\.)*+)</mention-(?P=kind)>)"
)
_PERSON = re.compile(r'\burl="user://([0-9a-fA-F-]{32,36})"')
_DATES = re.compile(r'\b(?:start|end)="([^"]*)"')
_MOST = 10
"""People mentioned by their ids whose names are asked for, of one page."""

_UNSUPPORTED = (400, 403, 404, 405, 501)
_NEVER = (404, 405, 501)

_BEFORE = {
    "heading_1": "# ",
    "heading_2": "## ",
    "heading_3": "### ",
    "heading_4": "#### ",
    "bulleted_list_item": "- ",
    "numbered_list_item": "1. ",
    "quote": "> ",
    "callout": "> ",
}
_LISTED = ("bulleted_list_item", "numbered_list_item", "to_do")


class Reading:
    """Reads pages. Whether the server renders Markdown is found out once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._renders = True
        self._people: Recent[str] = Recent()

    async def page(self, page_id: str, limit: int) -> str:
        """At most `limit` characters of a page; raises what `Connection` raises."""
        if not self._renders:
            return await self._walked(page_id, limit)
        try:
            found = await self._rendered(page_id, limit)
        except NotionRefused as error:
            if error.status not in _UNSUPPORTED:
                raise
            # A page that is not shared is refused here too, and that refusal is the true one.
            text = await self._walked(page_id, limit)
            self._renders = error.status not in _NEVER
            return text
        return await self._walked(page_id, limit) if found is None else found

    async def _rendered(self, page_id: str, limit: int) -> str | None:
        """The page as Notion renders it, with some of what it left out; None where it did not."""
        found = await self._connection.get(f"pages/{page_id}/markdown")
        text = found.get("markdown")
        if not isinstance(text, str):
            return None
        missing = found.get("unknown_block_ids")
        ids = [one for one in missing if isinstance(one, str)] if isinstance(missing, list) else []
        for block in ids[:_MORE]:
            if len(text) >= limit:
                break
            text += await self._part(block)
        text = _INSIDE.sub("", _UNKNOWN.sub("", text)).strip()[: 2 * limit]
        return _in_words(text, await self._names(text))[:limit]

    async def _names(self, text: str) -> dict[str, str]:
        """The names of those whom a text mentions by their ids alone, as far as Notion says."""
        found = [_PERSON.search(each["about"]) for each in _MENTION.finditer(text)]
        ids = [*dict.fromkeys(each[1] for each in found if each is not None)][:_MOST]
        asked = [self._people.get(one, partial(self._name, one)) for one in ids]
        return dict(zip(ids, await asyncio.gather(*asked), strict=True))

    async def _name(self, user: str) -> str:
        try:
            found = await self._connection.get(f"users/{user}")
        except AssistantError:
            # Not everybody may know who the people are.
            return ""
        return str(found.get("name") or "")

    async def _part(self, block: str) -> str:
        try:
            found = await self._connection.get(f"pages/{block}/markdown")
        except AssistantError:
            # Not shared, or not to be had now: what there is of the page stands without it.
            return ""
        text = found.get("markdown")
        return f"\n\n{text}" if isinstance(text, str) else ""

    async def _walked(self, page_id: str, limit: int) -> str:
        return "\n".join(await _Walk(self._connection, limit).lines(page_id, "", 0)).strip()[:limit]


def _in_words(text: str, names: Mapping[str, str]) -> str:
    """The text with mentions as people read them."""

    def read(mention: re.Match[str]) -> str:
        words, about = (mention["words"] or "").strip(), mention["about"]
        if mention["kind"] == "user":
            person = _PERSON.search(about)
            known = names.get(person[1], "") if person else ""
            return "@" + (words.removeprefix("@") or known or "somebody")
        return words or " → ".join(_DATES.findall(about)) or mention["kind"]

    return _MENTION.sub(read, text)


class _Walk:
    """A page's blocks as lines, until there are characters or requests enough."""

    def __init__(self, connection: Connection, limit: int) -> None:
        self._connection = connection
        self._left = limit
        self._requests = _REQUESTS

    async def lines(self, block: str, indent: str, depth: int) -> list[str]:
        """What stands in a page or block."""
        lines: list[str] = []
        cursor: Mapping[str, Any] = {}
        while self._requests > 0 and self._left > 0:
            self._requests -= 1
            query = {"page_size": PAGE_SIZE, **cursor}
            found = await self._connection.get(f"blocks/{block}/children", query)
            results = found.get("results")
            for one in results if isinstance(results, list) else []:
                if isinstance(one, dict) and self._left > 0:
                    lines += await self._block(one, indent, depth)
            following = found.get("next_cursor")
            if not found.get("has_more") or not following:
                break
            cursor = {"start_cursor": following}
        return lines

    async def _block(self, block: Json, indent: str, depth: int) -> list[str]:
        kind = str(block.get("type") or "")
        lines = [f"{indent}{line}" for line in _text(block, kind).split("\n")]
        self._left -= sum(len(line) + 1 for line in lines)
        if kind not in _LISTED and kind != "table_row":
            lines.append("")
        inside = block.get("has_children") and kind not in ("child_page", "child_database")
        if inside and depth < _DEEPEST and isinstance(block.get("id"), str):
            below = f"{indent}    " if kind in _LISTED else indent
            try:
                lines += await self.lines(block["id"], below, depth + 1)
            except AssistantError:
                # The page without this part is better than none.
                self._requests = 0
        return [line for line in lines if line.strip() or kind not in _LISTED]


def _text(block: Json, kind: str) -> str:
    body = block.get(kind)
    if not isinstance(body, dict):
        return ""
    if kind == "table_row":
        cells = body.get("cells")
        return (
            f"| {' | '.join(_plain(cell) for cell in cells)} |" if isinstance(cells, list) else ""
        )
    if kind in ("child_page", "child_database"):
        return ""
    if kind == "equation":
        return f"$$\n{body.get('expression') or ''}\n$$"
    text = _plain(body.get("rich_text")) or _plain(body.get("caption"))
    if kind == "code":
        return f"```{body.get('language') or ''}\n{text}\n```"
    if kind == "to_do":
        return f"- [{'x' if body.get('checked') else ' '}] {text}"
    if not text and isinstance(body.get("url"), str):
        return str(body["url"])
    return _BEFORE.get(kind, "") + text


def _plain(rich_text: object) -> str:
    if not isinstance(rich_text, list):
        return ""
    return plain_text([run for run in rich_text if isinstance(run, dict)])
