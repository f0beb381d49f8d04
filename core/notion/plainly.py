"""A block that Notion does not take, said more plainly: no page is lost over one of its blocks.

What is sent is within every limit that Notion documents. Where it wants something else all the
same, of a link say, its refusal names the block: `body.children[3].paragraph.rich_text[0]…`.
https://developers.notion.com/reference/status-codes
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from core.markdown.richtext import MAX_TEXT, cut
from core.notion.refusals import NotionRefused

Json = dict[str, Any]

MOST = 5
"""Blocks of one request that are said more plainly, a try for each."""

_NAMED = re.compile(r"body\.children(\[\d+\](?:\.\w+\.children\[\d+\])*)")
_INDEX = re.compile(r"\[(\d+)\]")


def plainly(children: Sequence[Json], error: NotionRefused) -> list[Json] | None:
    """The blocks, that one more plainly which a refusal is about. Pure.

    None where it is about none of them, or there is nothing left to make plainer; and where the
    block mentions somebody, who may be the reason.
    """
    named = _NAMED.search(error.about)
    if error.status != 400 or named is None:
        return None
    return _changed(list(children), [int(each) for each in _INDEX.findall(named[1])])


def _changed(blocks: list[Json], path: list[int]) -> list[Json] | None:
    at, *deeper = path
    if at >= len(blocks):
        return None
    block = blocks[at]
    kind = block["type"]
    if deeper:
        inside = _changed(list(block[kind].get("children") or ()), deeper)
        fresh = None if inside is None else block | {kind: block[kind] | {"children": inside}}
    else:
        fresh = _plain(block)
    return None if fresh is None else [*blocks[:at], fresh, *blocks[at + 1 :]]


def _plain(block: Json) -> Json | None:
    """The same type of block with nothing but its words, else a paragraph of them."""
    kind, body = block["type"], block[block["type"]]
    if any(run.get("type") == "mention" for run in _runs(body)):
        return None
    if "cells" in body:
        fresh: Json = {"cells": [_text(cell) for cell in body["cells"]]}
        return None if fresh == body else {"object": "block", "type": kind, kind: fresh}
    inside = {"children": body["children"]} if body.get("children") else {}
    if "rich_text" in body:
        stays = {name: body[name] for name in ("checked",) if name in body}
        if kind == "code":
            stays["language"] = "plain text"
        fresh = {"rich_text": _text(body["rich_text"]), **stays, **inside}
        if fresh != body:
            return {"object": "block", "type": kind, kind: fresh}
        if kind == "paragraph":
            return None
    words = _text(body.get("rich_text") or _said(body))
    return {"object": "block", "type": "paragraph", "paragraph": {"rich_text": words, **inside}}


def _runs(body: Json) -> list[Json]:
    cells = [run for cell in body.get("cells") or () for run in cell]
    return [*cells, *(body.get("rich_text") or ()), *(body.get("caption") or ())]


def _said(body: Json) -> list[Json]:
    """The words of a block without text: a file's caption or name, an address, a formula."""
    address = body.get("url") or (body.get("external") or {}).get("url") or ""
    found = body.get("expression") or body.get("name") or address
    if body.get("caption"):
        return [*body["caption"], *([_run(f" ({address})")] if address else ())]
    return [_run(str(found) or "Something that Notion did not take stood here.")]


def _text(runs: Sequence[Json]) -> list[Json]:
    """The runs without looks and links; the address of a link stands behind its words."""
    said = ""
    for run in runs:
        if run.get("type") == "equation":
            said += run["equation"]["expression"]
            continue
        content = run["text"]["content"]
        address = (run["text"].get("link") or {}).get("url") or ""
        said += content if not address or address == content else f"{content} ({address})"
    return [_run(piece) for piece in cut(said, MAX_TEXT)]


def _run(content: str) -> Json:
    return {"type": "text", "text": {"content": content}}
