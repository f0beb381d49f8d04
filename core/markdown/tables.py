"""A table as text in columns, for where only a fixed-width font can show one."""

import unicodedata

from core.markdown.defuse import defuse
from core.markdown.document import Table, plain_text

# A wider table would wrap on every screen: its cells are then only set apart.
_WIDEST = 160


def aligned(table: Table) -> tuple[list[str], list[str]]:
    """(header lines, other lines): columns padded to their widest cell as they are aligned."""
    rows = [[" ".join(defuse(plain_text(cell)).split()) for cell in row] for row in table.rows]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + 3 * len(widths) > _WIDEST:
        widths = [0] * len(widths)
    lines = [_line(row, widths, table.alignments) for row in rows]
    if not table.has_header:
        return [], lines
    dashes = "-+-".join("-" * max(width, 3) for width in widths)
    return [lines[0], dashes], lines[1:]


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
