"""A first pass over the source: what is code, plain text or a table, and where blocks begin.

The repairs of `repair.py` may touch prose only. The parser alone knows where code and links
begin and end, so it is asked, and its byte offsets are turned into character offsets.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import Any

from pyromark import Options, events_with_range

OPTIONS = (
    Options.ENABLE_TABLES
    | Options.ENABLE_FOOTNOTES
    | Options.ENABLE_STRIKETHROUGH
    | Options.ENABLE_TASKLISTS
    | Options.ENABLE_GFM
)

_CODE = ("Code", "Html", "InlineHtml", "CodeBlock")
_BLOCKS = ("Paragraph", "Heading", "Item", "TableHead", "TableRow")
# What holds addresses that are no bare ones.
_CLOSED = ("Link", "Image", "CodeBlock")
_WIDE = re.compile("[^\x00-\x7f]+")
# Neighbours that take as many bytes in UTF-8.
_ALIKE = re.compile("[\x80-\u07ff]+|[\u0800-\uffff]+|[\U00010000-\U0010ffff]+")

Span = Mapping[str, int]
_START = itemgetter("start")


def wide_text(source: str) -> list[tuple[int, int]]:
    """Where there is text that is not ASCII, in characters."""
    found: list[tuple[int, int]] = []
    start = 0
    for line in () if source.isascii() else source.split("\n"):
        if not line.isascii():
            end = start + len(line)
            found += (match.span() for match in _WIDE.finditer(source, start, end))
        start += len(line) + 1
    return found


class Offsets:
    """A source's character offsets and its byte offsets, each from the other."""

    def __init__(self, source: str) -> None:
        # From each of these places on, a character takes so many bytes.
        self._characters, self._bytes, self._widths = [0], [0], [1]
        self.wide = wide_text(source)
        for start, end in self.wide:
            for match in _ALIKE.finditer(source, start, end):
                self._note(match.start(), len(match.group()[0].encode()))
            self._note(end, 1)

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
        self._starts = [span["start"] for span in spans]
        self._offsets = offsets

    def __contains__(self, position: int) -> bool:
        byte = self._offsets.byte(position)
        index = bisect_right(self._starts, byte) - 1
        return index >= 0 and byte < self._spans[index]["end"]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        character = self._offsets.character
        return ((character(span["start"]), character(span["end"])) for span in self._spans)


class Layout:
    """What one parse without mathematics found.

    Ranges of code and HTML, of text outside links, of tables and HTML blocks; `edges` are those of
    paragraphs, headings, list items and table rows, for where they begin.
    """

    def __init__(self, source: str, found: list[Any], spans: Mapping[str, list[Span]]) -> None:
        self.offsets = Offsets(source)
        self._found = found
        self._spans = spans

    def _ranges(self, *names: str) -> Ranges:
        found = [self._spans[name] for name in names if name in self._spans]
        # Of one kind, the parser tells them in order.
        spans = sorted(chain(*found), key=_START) if len(found) > 1 else list(chain(*found))
        return Ranges(spans, self.offsets)

    @cached_property
    def code(self) -> Ranges:
        return self._ranges(*_CODE)

    @cached_property
    def text(self) -> Ranges:
        return self._ranges("Text")

    @cached_property
    def tables(self) -> Ranges:
        return self._ranges("Table")

    @cached_property
    def html(self) -> Ranges:
        return self._ranges("HtmlBlock")

    @cached_property
    def edges(self) -> Ranges:
        return self._ranges(*_BLOCKS)

    def events(self) -> Iterator[Any]:
        """What the parser said, in order."""
        return (event for event, _ in self._found)


def lay_out(source: str) -> Layout:
    """Find the ranges of `source`, in one parse without mathematics."""
    found: list[Any] = list(events_with_range(source, options=OPTIONS, merge_text=True))
    spans: defaultdict[str, list[Span]] = defaultdict(list)
    closed = 0
    for event, span in found:
        if isinstance(event, str):
            continue
        (key,) = event
        if key == "Start":
            tag = event["Start"]
            name = tag if isinstance(tag, str) else next(iter(tag))
            spans[name].append(span)
            closed += name in _CLOSED
        elif key == "End":
            closed -= event["End"] in _CLOSED
        elif not closed or key != "Text":
            spans[key].append(span)
    return Layout(source, found, spans)
