"""A table as text in columns, for where only a fixed-width font can show one."""

import unicodedata

from core.markdown.defuse import defuse, defuse_address
from core.markdown.dialects import by_link, is_same, simplify
from core.markdown.document import Content, Run, Table

# A wider table would wrap on every screen: its cells are then only set apart.
_WIDEST = 160
# Columns in a message, next to the list of channels: a wider table wraps there.
_WIDEST_MESSAGE = 100
# A longer address stands below the table: it would push the columns apart.
_LONGEST_ADDRESS = 30


def aligned(table: Table) -> tuple[list[str], list[str], list[Run]]:
    """(header lines, other lines, links): columns padded to their widest cell as they are aligned.

    The links are those that find no room in their cells.
    """
    links: list[Run] = []
    rows = [[_words(cell, links) for cell in row] for row in table.rows]
    widths = _widths(rows)
    if sum(widths) + 3 * len(widths) > _WIDEST:
        widths = [0] * len(widths)
    lines = [_line(row, widths, table.alignments) for row in rows]
    if not table.has_header:
        return [], lines, links
    dashes = "-+-".join("-" * max(width, 3) for width in widths)
    return [lines[0], dashes], lines[1:], links


def is_wide(table: Table) -> bool:
    """Whether its columns would not fit side by side into a message."""
    widths = _widths([[_words(cell, []) for cell in row] for row in table.rows])
    return sum(widths) + 3 * len(widths) > _WIDEST_MESSAGE


def _widths(rows: list[list[str]]) -> list[int]:
    return [max(map(_width, column)) for column in zip(*rows, strict=True)]


def _words(cell: Content, links: list[Run]) -> str:
    words = []
    for link, runs in by_link(simplify(cell)):
        text = " ".join("".join(run.text for run in runs).split())
        words.append(defuse("".join(run.text for run in runs)))
        if not link or is_same(text, link):
            continue
        if len(link) <= _LONGEST_ADDRESS:
            words.append(f" ({defuse_address(link)})")
        else:
            links.append(Run(text or link, link=link))
    return " ".join("".join(words).split())


def _line(cells: list[str], widths: list[int], alignments: list[str]) -> str:
    padded = [
        _pad(cell, width, side) for cell, width, side in zip(cells, widths, alignments, strict=True)
    ]
    return " | ".join(padded).rstrip()


def _pad(text: str, width: int, side: str) -> str:
    missing = max(0, width - _width(text))
    left = missing if side == "right" else missing // 2 if side == "center" else 0
    return " " * left + text + " " * (missing - left)


def _width(text: str) -> int:
    """Columns of a fixed-width font: two for East Asian wide characters and emoji."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(character) or unicodedata.category(character) == "Cf"
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )
