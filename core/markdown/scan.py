"""A first pass over the source: what is code, plain text or a table, and where blocks begin.

The repairs of `repair.py` may touch prose only. The parser alone knows where code and links
begin and end, so it is asked, and its byte offsets are turned into character offsets.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
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


class Ranges:
    """Sorted ranges of character offsets that do not overlap."""

    def __init__(self, ranges: Iterable[tuple[int, int]]) -> None:
        self._ranges = sorted(ranges)
        self._starts = [start for start, _ in self._ranges]

    def __contains__(self, position: int) -> bool:
        index = bisect_right(self._starts, position) - 1
        return index >= 0 and position < self._ranges[index][1]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self._ranges)


@dataclass(frozen=True, slots=True)
class Layout:
    """Character ranges of a source: code and HTML, text outside links, tables, HTML blocks.

    `edges` are empty ranges where a paragraph, heading, list item or table row begins.
    """

    code: Ranges
    text: Ranges
    tables: Ranges
    html: Ranges
    edges: Ranges


def lay_out(source: str) -> Layout:
    """Find the ranges of `source`, in one parse without mathematics."""
    found: dict[str, list[tuple[int, int]]] = {
        name: [] for name in ("code", "text", "tables", "html", "edges")
    }
    closed = 0  # depth inside links and images
    in_code = 0
    for event, span in events_with_range(source, options=OPTIONS):
        if isinstance(event, str):
            continue
        ((key, value),) = cast("dict[str, Any]", event).items()
        bounds = (span["start"], span["end"])
        if key in ("Start", "End"):
            step = 1 if key == "Start" else -1
            name = value if isinstance(value, str) else next(iter(value))
            if name in ("Link", "Image"):
                closed += step
            elif name == "CodeBlock":
                in_code += step
            _note_block(found, key, name, bounds)
        elif key in _CODE:
            found["code"].append(bounds)
        elif key == "Text" and not closed and not in_code:
            found["text"].append(bounds)
    return Layout(*(Ranges(spans) for spans in _to_characters(source, found)))


def _note_block(
    found: dict[str, list[tuple[int, int]]], key: str, name: str, bounds: tuple[int, int]
) -> None:
    if key != "Start":
        return
    if name == "CodeBlock":
        found["code"].append(bounds)
    elif name == "Table":
        found["tables"].append(bounds)
    elif name == "HtmlBlock":
        found["html"].append(bounds)
    elif name in _BLOCKS:
        found["edges"].append((bounds[0], bounds[0]))


def _to_characters(
    source: str, found: dict[str, list[tuple[int, int]]]
) -> list[list[tuple[int, int]]]:
    if source.isascii():
        return list(found.values())
    data = source.encode()
    offsets = sorted({offset for spans in found.values() for span in spans for offset in span})
    characters: dict[int, int] = {}
    before = position = 0
    for offset in offsets:
        # An offset inside a character would be a parser's fault; dropping the rest is harmless.
        position += len(data[before:offset].decode(errors="ignore"))
        characters[offset] = position
        before = offset
    return [
        [(characters[start], characters[end]) for start, end in spans] for spans in found.values()
    ]
