"""What a converter made of documents: exceptions, bodies that Notion refuses, words kept."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pyromark import events

from core.markdown import plan
from core.markdown.scan import OPTIONS
from sandbox.notion.blocks import read_blocks
from sandbox.notion.checks import ARRAY_LIMIT
from sandbox.notion.errors import RefusedError

_WORD = re.compile(r"\w+")
_SPOKEN = ("content", "expression")
_INLINE = frozenset({"Strong", "Emphasis", "Strikethrough", "Link"})


@dataclass(frozen=True, slots=True)
class Quality:
    """Counts of documents; `kept` is a share of words, `payload` bytes for each of the source."""

    documents: int
    raised: int
    refused: int
    kept: float
    payload: float

    def told(self) -> str:
        """One line."""
        return (
            f"raised on {self.raised}, refused by Notion's limits {self.refused} "
            f"of {self.documents} documents, {self.kept:.1%} of the words kept, "
            f"payload {self.payload:.2f}× the source"
        )


def judge(texts: Sequence[str], outcomes: Sequence[Any], *, cut_into_requests: bool) -> Quality:
    """Looks at what came of each text: blocks, or the name of an exception.

    Blocks are sent a hundred at a time, as converters tell their users to, unless the product's own
    plan is to be followed.
    """
    raised = refused = words = kept = sent = source = 0
    for text, outcome in zip(texts, outcomes, strict=True):
        wanted = Counter(_words(_shown(text)))
        words += wanted.total()
        if isinstance(outcome, str):
            raised += 1
            continue
        refused += _is_refused(outcome, cut_into_requests=cut_into_requests)
        sent += weight(outcome)
        source += len(text.encode())
        kept += (wanted & Counter(_words(_spoken(outcome)))).total()
    return Quality(len(texts), raised, refused, kept / max(words, 1), sent / max(source, 1))


def weight(blocks: Any) -> int:
    """The bytes of blocks as Notion's SDK sends them."""
    return len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")).encode())


def _is_refused(blocks: list[Any], *, cut_into_requests: bool) -> bool:
    starts = range(0, len(blocks), ARRAY_LIMIT)
    bodies = [blocks[start : start + ARRAY_LIMIT] for start in starts]
    if cut_into_requests:
        bodies = [request.children for request in plan(blocks)]
    try:
        for body in bodies:
            read_blocks(body, "body.children")
    except RefusedError:
        return True
    return False


def _words(pieces: Iterator[str]) -> Iterator[str]:
    for piece in pieces:
        yield from _WORD.findall(piece)


def _shown(text: str) -> Iterator[str]:
    """What a reader of the document sees, raw HTML left out."""
    joined: list[str] = []
    for event in events(text, options=OPTIONS):
        (key, value), *_ = event.items() if isinstance(event, dict) else [(event, event)]
        if key in ("Text", "Code"):
            joined.append(str(value))
        elif not _INLINE.intersection(value if isinstance(value, dict) else [str(value)]):
            joined.append(" ")
    yield "".join(joined)


def _spoken(found: Any) -> Iterator[str]:
    """The texts of blocks: the pieces of one block or cell side by side, else apart."""
    waiting = [found]
    joined: list[str] = []
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            joined.append(value)
        elif isinstance(value, list):
            waiting += [" ", *reversed(value)]
        elif isinstance(value, dict):
            texts = [value[name] for name in _SPOKEN if isinstance(value.get(name), str)]
            inner = [one for one in value.values() if isinstance(one, dict | list)]
            waiting += [*reversed(inner), *texts]
    yield "".join(joined)
