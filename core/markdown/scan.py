"""A first pass over the source: what is code, plain text or a table, and where blocks begin.

The repairs of `repair.py` may touch prose only. The parser alone knows where code and links
begin and end, so it is asked, and its byte offsets are turned into character offsets.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from pyromark import Options, events_with_range

OPTIONS = (
    Options.ENABLE_TABLES
    | Options.ENABLE_FOOTNOTES
    | Options.ENABLE_STRIKETHROUGH
    | Options.ENABLE_TASKLISTS
    | Options.ENABLE_GFM
)

_CODE = frozenset({"Code", "Html", "InlineHtml"})
_BLOCKS = frozenset({"Paragraph", "Heading", "Item", "TableHead", "TableRow"})
WIDE = re.compile("[^\x00-\x7f]+")
# Neighbours that take as many bytes in UTF-8.
_ALIKE = re.compile("[\x80-\u07ff]+|[\u0800-\uffff]+|[\U00010000-\U0010ffff]+")

Span = tuple[int, int]


class Offsets:
    """A source's character offsets and its byte offsets, each from the other."""

    def __init__(self, source: str) -> None:
        # From each of these places on, a character takes so many bytes.
        self._characters, self._bytes, self._widths = [0], [0], [1]
        if source.isascii():
            return
        for wide in WIDE.finditer(source):
            for match in _ALIKE.finditer(source, wide.start(), wide.end()):
                self._note(match.start(), len(match.group()[0].encode()))
            self._note(wide.end(), 1)

    def _note(self, character: int, width: int) -> None:
        byte = (character - self._characters[-1]) * self._widths[-1] + self._bytes[-1]
        self._bytes.append(byte)
        self._characters.append(character)
        self._widths.append(width)

    def byte(self, character: int) -> int:
        place = bisect_right(self._characters, character) - 1
        return self._bytes[place] + (character - self._characters[place]) * self._widths[place]

    def character(self, byte: int) -> int:
        place = bisect_right(self._bytes, byte) - 1
        return self._characters[place] + (byte - self._bytes[place]) // self._widths[place]


class Ranges:
    """Ranges of a source that do not overlap, in their order; asked and told in characters."""

    def __init__(self, spans: list[Span], offsets: Offsets) -> None:
        self._spans = spans  # in bytes, as the parser tells them: few are ever asked for
        self._starts = [start for start, _ in spans]
        self._offsets = offsets

    def __contains__(self, position: int) -> bool:
        byte = self._offsets.byte(position)
        index = bisect_right(self._starts, byte) - 1
        return index >= 0 and byte < self._spans[index][1]

    def __iter__(self) -> Iterator[Span]:
        character = self._offsets.character
        return ((character(start), character(end)) for start, end in self._spans)


@dataclass(frozen=True, slots=True)
class Layout:
    """Ranges of a source: code and HTML, text outside links, tables, HTML blocks.

    `edges` are empty ranges where a paragraph, heading, list item or table row begins.
    """

    code: Ranges
    text: Ranges
    tables: Ranges
    html: Ranges
    edges: Ranges


def lay_out(source: str) -> Layout:
    """Find the ranges of `source`, in one parse without mathematics."""
    spans = _Spans()
    for event, span in events_with_range(source, options=OPTIONS):
        if isinstance(event, str):
            continue
        ((key, value),) = cast("dict[str, Any]", event).items()
        if key == "Text":
            if not spans.closed:
                spans.text.append((span["start"], span["end"]))
        elif key == "Start":
            name = value if isinstance(value, str) else next(iter(value))
            spans.open(name, span["start"], span["end"])
        elif key == "End":
            if value in _CLOSED:
                spans.closed -= 1
        elif key in _CODE:
            spans.code.append((span["start"], span["end"]))
    offsets = Offsets(source)
    found = (spans.code, spans.text, spans.tables, spans.html, spans.edges)
    return Layout(*(Ranges(each, offsets) for each in found))


# What bare addresses in it are no addresses of.
_CLOSED = ("Link", "Image", "CodeBlock")


class _Spans:
    """What was found so far, in bytes; the parser tells it in order."""

    def __init__(self) -> None:
        self.closed = 0  # depth inside links, images and code blocks
        self.code: list[Span] = []
        self.text: list[Span] = []
        self.tables: list[Span] = []
        self.html: list[Span] = []
        self.edges: list[Span] = []

    def open(self, name: str, start: int, end: int) -> None:
        if name in _BLOCKS:
            self.edges.append((start, start))
        elif name in _CLOSED:
            self.closed += 1
            if name == "CodeBlock":
                self.code.append((start, end))
        elif name == "Table":
            self.tables.append((start, end))
        elif name == "HtmlBlock":
            self.html.append((start, end))
