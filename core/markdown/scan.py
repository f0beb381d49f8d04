"""A first pass over the source: what is code, plain text or a table, and where blocks begin.

The repairs of `repair.py` may touch prose only. The parser alone knows where code and links
begin and end, so it is asked, and its byte offsets are turned into character offsets.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
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
    """Ranges of a source, those of each kind in their order; asked and told in characters."""

    def __init__(self, kinds: list[list[Span]], offsets: Offsets) -> None:
        # In bytes, as the parser tells them: few are ever asked for.
        self._kinds = [(spans, [span["start"] for span in spans]) for spans in kinds]
        self._offsets = offsets

    def __contains__(self, position: int) -> bool:
        byte = self._offsets.byte(position)
        for spans, starts in self._kinds:
            index = bisect_right(starts, byte) - 1
            if index >= 0 and byte < spans[index]["end"]:
                return True
        return False

    def begins_between(self, start: int, end: int) -> bool:
        """Whether one begins behind `start`, at `end` at the latest."""
        first, last = self._offsets.byte(start), self._offsets.byte(end)
        for _, starts in self._kinds:
            index = bisect_right(starts, first)
            if index < len(starts) and starts[index] <= last:
                return True
        return False

    def __iter__(self) -> Iterator[tuple[int, int]]:
        character = self._offsets.character
        for spans, _ in self._kinds:
            for span in spans:
                yield character(span["start"]), character(span["end"])


class Layout:
    """What one parse without mathematics found.

    Ranges of code and HTML, of text outside links, of tables and HTML blocks; `edges` are those of
    paragraphs, headings, list items and table rows, for where they begin.
    """

    def __init__(self, source: str, spans: Mapping[str, list[Span]]) -> None:
        self.offsets = Offsets(source)
        self._spans = spans

    def _ranges(self, *names: str) -> Ranges:
        return Ranges([self._spans[name] for name in names if name in self._spans], self.offsets)

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


def lay_out(source: str) -> Layout:
    """Find the ranges of `source`, in one parse without mathematics."""
    spans: defaultdict[str, list[Span]] = defaultdict(list)
    text = spans["Text"]
    closed = 0
    # None of the events is kept: of a long source there are so many that the garbage collector
    # would be busy with them.
    found: Iterator[Any] = events_with_range(source, options=OPTIONS, merge_text=True)
    for event, span in found:
        if "Text" in event:
            if not closed:
                text.append(span)
        elif "End" in event:
            if closed and event["End"] in _CLOSED:
                closed -= 1
        elif "Start" in event:
            tag = event["Start"]
            name = tag if type(tag) is str else next(iter(tag))
            if name in _CLOSED:
                closed += 1
            spans[name].append(span)
        elif type(event) is dict:
            spans[next(iter(event))].append(span)
    return Layout(source, spans)
