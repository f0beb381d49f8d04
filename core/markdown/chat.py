"""A document as the segments of a chat answer; what differs by platform is the `Dialect`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from core.markdown.defuse import defuse
from core.markdown.dialects import Dialect, code_lines, write
from core.markdown.document import (
    Alert,
    Block,
    Break,
    Code,
    Equation,
    Heading,
    Inline,
    Item,
    Paragraph,
    Quote,
    Rule,
    Run,
    Style,
    Table,
    Toggle,
    is_blank,
    plain_text,
    restyled,
)
from core.markdown.parse import parse
from core.markdown.split import Lines, Segment, Text, pack
from core.markdown.tables import aligned, is_wide

_ALERTS = {
    "note": "ℹ️ Note",
    "tip": "💡 Tip",
    "important": "❗ Important",
    "warning": "⚠️ Warning",
    "caution": "🛑 Caution",
}


_SPOILER = "<spoiler>"

# Beyond it, nesting is no longer shown: the text needs the room.
_DEEPEST_MARGIN = 60


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a block stands: what its first line begins with, and every other."""

    dialect: Dialect
    first: str = ""
    rest: str = ""
    gap: str = ""

    @property
    def blank(self) -> str:
        """The gap of an empty line, which in a quote still belongs to the quote."""
        margin = self.rest.rstrip()
        return f"\n{margin} \n" if margin and self.dialect.ends_quotes else f"\n{margin}\n"


def messages(markdown: str, dialect: Dialect) -> list[str]:
    """The parts to send. Never raises; no part is empty, none notifies anyone."""
    return pack(segments(markdown, dialect), dialect)


def segments(markdown: str, dialect: Dialect) -> list[Segment]:
    """The pieces that `pack` makes parts of."""
    blocks = parse(markdown)
    if not dialect.spoilers and _SPOILER in markdown.lower():
        blocks = restyled(blocks, ~Style.SPOILER)
    return list(_compose(blocks, _Place(dialect)))


def _compose(blocks: list[Block], place: _Place) -> Iterator[Segment]:
    before: Block | None = None
    for block in blocks:
        spot = place
        if before is not None:
            gap = "\n" if _are_of_one_list(before, block) else place.blank
            spot = replace(place, first=place.rest, gap=gap)
        yield from _WRITERS[type(block)](block, spot)
        before = block


def _are_of_one_list(before: Block, block: Block) -> bool:
    if not isinstance(before, Item) or not isinstance(block, Item):
        return False
    return (before.number is None) == (block.number is None)


def _paragraph(block: Paragraph, place: _Place) -> Iterator[Segment]:
    yield Text(block.content, place.first, place.rest, place.gap)


def _heading(block: Heading, place: _Place) -> Iterator[Segment]:
    content = _on_one_line(block.content)
    dialect = place.dialect
    fits = dialect.measure(plain_text(content)) <= dialect.longest_heading
    if fits and block.level <= dialect.deepest_heading:
        first = f"{place.first}{'#' * block.level} "
        yield Text(content, first, place.rest, place.gap, leads=True, apart=True)
    else:
        bold = [_bold(piece) for piece in content]
        yield Text(bold, place.first, place.rest, place.gap, leads=True)


def _on_one_line(content: list[Inline]) -> list[Inline]:
    return [
        Run(" ", piece.style, piece.link) if isinstance(piece, Break) else piece
        for piece in content
    ]


def _bold(piece: Inline) -> Inline:
    if isinstance(piece, Run):
        return Run(piece.text, piece.style | Style.BOLD, piece.link)
    return piece


def _code(block: Code, place: _Place) -> Iterator[Segment]:
    words = block.language.split()
    yield _fenced(block.text, words[0] if words else "", place)


def _equation(block: Equation, place: _Place) -> Iterator[Segment]:
    yield _fenced(block.expression, "latex", place)


def _fenced(text: str, language: str, place: _Place, head: list[str] | None = None) -> Lines:
    fence = "```"
    while place.dialect.long_fences and fence in text:
        fence += "`"
    language = defuse(language.replace("`", ""))[:40]
    lines = code_lines(text, fence)
    repeated = [fence + language, *(head or [])]
    return Lines(repeated, lines, [fence], place.first, place.rest, place.gap)


def _rule(_: Rule, place: _Place) -> Iterator[Segment]:
    yield Lines([], [place.dialect.rule], [], place.first, place.rest, place.gap, apart=True)


def _table(block: Table, place: _Place) -> Iterator[Segment]:
    if not place.dialect.has_tables:
        if is_wide(block):
            yield from _rows_as_lists(block, place)
            return
        head, body, links = aligned(block)
        head = [line for text in head for line in code_lines(text, "```")]
        if sum(map(len, head)) > place.dialect.limit // 4:
            head, body = [], [*head, *body]
        yield _fenced("\n".join(body), "", place, head)
        if links:
            below: list[Inline] = [
                piece for link in dict.fromkeys(links) for piece in (Break(True), link)
            ]
            yield Text(below[1:], place.rest, place.rest, "\n")
        return
    rows = [_row(row) for row in block.rows]
    if not block.has_header:
        rows.insert(0, "|" + "  |" * len(block.alignments))
    long = max(map(len, rows)) * 3 > place.dialect.limit  # not a row to be repeated or cut
    if long or len(block.alignments) > place.dialect.table_columns:
        yield from _rows_as_text(block, place)
        return
    sides = {"left": ":--", "center": ":-:", "right": "--:"}
    line = "| " + " | ".join(sides.get(side, "---") for side in block.alignments) + " |"
    most = place.dialect.table_rows - 1
    for start in range(1, max(len(rows), 2), most):
        body, first = rows[start : start + most], place.first if start == 1 else place.rest
        gap = place.gap if start == 1 else place.blank
        yield Lines([rows[0], line], body, [], first, place.rest, gap, apart=True)


def _row(cells: list[list[Inline]]) -> str:
    texts = (
        write(cell, begins_line=False).replace("\n", " ").replace("\\|", "|") for cell in cells
    )
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"


def _rows_as_text(block: Table, place: _Place) -> Iterator[Segment]:
    for index, row in enumerate(block.rows):
        content = [piece for cell in row for piece in (*cell, Run(" · "))][:-1]
        first, gap = (place.first, place.gap) if not index else (place.rest, place.blank)
        yield Text(content, first, place.rest, gap)


def _rows_as_lists(block: Table, place: _Place) -> Iterator[Segment]:
    """Each row as its first cell in bold and, below it, a list of the others, by their headers."""
    titled = block.has_header and len(block.rows) > 1
    titles = block.rows[0] if titled else [[] for _ in block.alignments]
    first, gap = place.first, place.gap
    for row in block.rows[titled:]:
        for column, (title, cell) in enumerate(zip(titles, row, strict=True)):
            if is_blank(cell):
                continue
            content = _on_one_line([*title, Run(": "), *cell] if title else cell)
            if column:
                yield Text(content, f"{first}- ", f"{place.rest}  ", gap)
            else:
                yield Text([_bold(piece) for piece in content], first, place.rest, gap, leads=True)
            first, gap = place.rest, "\n"
        gap = place.blank


def _quote(block: Quote, place: _Place) -> Iterator[Segment]:
    yield from _compose(block.children, _quoted(place))


def _quoted(place: _Place) -> _Place:
    if not place.dialect.nests_quotes and ">" in place.rest:
        return place
    if len(place.rest) > _DEEPEST_MARGIN:
        return place
    return replace(place, first=place.first + "> ", rest=place.rest + "> ")


def _alert(block: Alert, place: _Place) -> Iterator[Segment]:
    title = Paragraph([Run(_ALERTS.get(block.kind, _ALERTS["note"]), Style.BOLD)])
    yield from _compose([title, *block.children], _quoted(place))


def _toggle(block: Toggle, place: _Place) -> Iterator[Segment]:
    title = Paragraph([_bold(piece) for piece in block.title])
    yield from _compose([title, *block.children] if block.title else block.children, place)


def _item(block: Item, place: _Place) -> Iterator[Segment]:
    marker = "- " if block.number is None else f"{block.number}. "
    indent = " " * len(marker) if len(place.rest) <= _DEEPEST_MARGIN else ""
    if block.checked is not None:
        marker += place.dialect.done if block.checked else place.dialect.to_do
    inside = replace(place, first=place.first + marker, rest=place.rest + indent)
    if not block.children:
        yield Text([], inside.first, inside.rest, place.gap)
        return
    before: Block | None = None
    for child in block.children:
        spot = inside
        if before is not None:
            gap = "\n" if isinstance(child, Item | Code | Table) else inside.blank
            spot = replace(inside, first=inside.rest, gap=gap)
        yield from _WRITERS[type(child)](child, spot)
        before = child


_WRITERS: dict[type[Any], Callable[[Any, _Place], Iterator[Segment]]] = {
    Paragraph: _paragraph,
    Heading: _heading,
    Code: _code,
    Equation: _equation,
    Rule: _rule,
    Table: _table,
    Quote: _quote,
    Alert: _alert,
    Toggle: _toggle,
    Item: _item,
}
