"""Builds a document from a stream of openings, closings and text, by a stack and no recursion.

Markdown's containers are always closed in order. HTML's are not: one may stay open, be closed
twice or be closed across another, and none may reach beyond the Markdown container it is in.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from core.markdown.document import (
    MAX_DEPTH,
    Block,
    Break,
    Code,
    Container,
    Content,
    Equation,
    Formula,
    Heading,
    Inline,
    Item,
    Paragraph,
    Quote,
    Run,
    Table,
    Toggle,
    is_blank,
    trim,
)
from core.markdown.inline import InlineWriter
from core.markdown.repair import MARK

# How far a closing HTML tag looks for its opening one: keeps wild input linear.
_REACH = 64


@dataclass(slots=True)
class _Frame:
    tag: str
    children: list[Block]
    depth: int
    from_html: bool = False
    toggle: Toggle | None = None
    number: int | None = None  # the next number of an HTML list


@dataclass(slots=True)
class _Grid:
    table: Table
    depth: int  # how many containers it stands in
    row: list[Content] = field(default_factory=list)
    in_cell: bool = False


class Builder(InlineWriter):
    """Receives the pieces of a document in order; `finish` returns its blocks."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks: list[Block] = []
        self._frames = [_Frame("", self._blocks, 0)]
        self._open_html: defaultdict[str, int] = defaultdict(int)
        self._heading = 0
        self._grids: list[_Grid] = []
        self.has_quotes = False  # anywhere in the document
        self.in_cell = False  # of a table: what comes now is its text

    def finish(self) -> list[Block]:
        """The document's blocks; what is still open ends here."""
        while self._grids:
            self.close_table()
        self.flush()
        return self._blocks

    @property
    def is_writing(self) -> bool:
        """Whether HTML that follows goes on with a paragraph or a heading."""
        return bool(self._content or self._heading)

    def settle(self) -> list[Block] | None:
        """The blocks so far, which are forgotten; None where something is open beside text."""
        self.flush()
        if len(self._frames) > 1 or self._looks or self._grids:
            return None
        blocks = self._blocks.copy()
        self._blocks.clear()
        return blocks

    def flush(self) -> None:
        """Ends the paragraph or heading that is being written; in a table cell, the line."""
        if self.in_cell:
            if self._content and not isinstance(self._content[-1], Break):
                self.line_break(hard=True)
            return
        if not self._content and not self._looks:
            self._heading = 0
            return
        content = self.take()
        level, self._heading = self._heading, 0
        if not content:
            return
        children = self._frames[-1].children
        if level:
            children.append(Heading(level, content))
        elif self._has_formula:
            children += _split_displays(content)
        else:
            children.append(Paragraph(content))

    def end_words(self) -> None:
        """Ends the words of an item before a block of HTML: in a tight list no paragraph does."""
        if self._content and not self._looks and self._frames[-1].tag == "Item":
            self.flush()

    def add(self, block: Block) -> None:
        """A block; in a table cell, which holds text alone, the words of it."""
        self.flush()
        if not self.in_cell:
            self._add(block)
        elif isinstance(block, Code):
            self.code(block.text)
            self.flush()
        elif isinstance(block, Equation):
            self.formula(block.expression, display=True)

    def _add(self, block: Block) -> None:
        self._frames[-1].children.append(block)

    def open_heading(self, level: int) -> None:
        self.flush()
        self._heading = 0 if self.in_cell else level

    # Containers

    def open(self, tag: str, container: Container, *, from_html: bool = False) -> None:
        """Blocks go into `container` until it is closed; outside when too deep or in a cell."""
        self.flush()
        top = self._frames[-1]
        if top.depth < MAX_DEPTH and not self.in_cell:
            top.children.append(container)
            frame = _Frame(tag, container.children, top.depth + 1, from_html)
            if type(container) is Toggle:
                frame.toggle = container
            elif type(container) is Quote:
                self.has_quotes = True
        else:
            frame = _Frame(tag, top.children, top.depth, from_html)
            if self.in_cell and isinstance(container, Item):
                self.text("• " if container.number is None else f"{container.number}. ")
        self._push(frame)

    def open_list(self, tag: str, number: int | None) -> None:
        """An HTML list, which groups its items and numbers them, and is no block itself."""
        self.flush()
        top = self._frames[-1]
        self._push(_Frame(tag, top.children, top.depth, from_html=True, number=number))

    def open_aside(self, tag: str, blocks: list[Block]) -> None:
        """Blocks go into a list of the caller's, a footnote, until it is closed."""
        self.flush()
        self._push(_Frame(tag, blocks, 1))

    def _push(self, frame: _Frame) -> None:
        self._frames.append(frame)
        self.depth = len(self._frames)
        if frame.from_html:
            self._open_html[frame.tag] += 1

    def close(self, tag: str) -> None:
        """Closes a Markdown container and the HTML ones left open in it, tables included."""
        frames = self._frames
        if frames[-1].tag == tag and not self._grids and not frames[-1].from_html:
            self.flush()
            frames.pop()
            self.leave(len(frames))
            return
        place = len(self._frames) - 1
        while place and (self._frames[place].from_html or self._frames[place].tag != tag):
            place -= 1
        while self._grids and self._grids[-1].depth > place > 0:
            self.close_table()
        self.flush()
        while len(self._frames) > 1:
            frame = self._frames.pop()
            if frame.from_html:
                self._open_html[frame.tag] -= 1
            if frame.tag == tag and not frame.from_html:
                break
        self.leave(len(self._frames))

    def close_html(self, tag: str) -> None:
        """Closes the innermost HTML container of this tag, if there is one in reach."""
        self.flush()
        if self._open_html[tag] <= 0:
            return
        for count, frame in enumerate(reversed(self._frames[-_REACH:]), 1):
            if not frame.from_html:
                return
            if frame.tag == tag:
                for gone in self._frames[-count:]:
                    self._open_html[gone.tag] -= 1
                del self._frames[-count:]
                self.leave(len(self._frames))
                return

    def is_in(self, tag: str) -> bool:
        """Whether the innermost container is an HTML one of this tag."""
        return self._frames[-1].from_html and self._frames[-1].tag == tag

    def next_number(self) -> int | None:
        """The number of the next item of the innermost HTML list; None when it has bullets."""
        frame = self._frames[-1]
        number = frame.number
        if number is not None:
            frame.number = number + 1
        return number

    def title_toggle(self) -> None:
        """What was written since the last block is the open toggle's title."""
        toggle = self._frames[-1].toggle
        if toggle is None or toggle.title or toggle.children or self.in_cell:
            self.flush()
        else:
            toggle.title = self.take()

    # Tables

    def open_table(self, table: Table) -> None:
        self.flush()
        self._grids.append(_Grid(table, len(self._frames)))
        self.in_cell = False

    def open_cell(self, *, is_heading: bool = False) -> None:
        if self.in_cell:
            self.close_cell()
        if self._grids:
            self.flush()
            grid = self._grids[-1]
            grid.in_cell = self.in_cell = True
            if is_heading and not grid.table.rows:
                grid.table.has_header = True

    def close_cell(self) -> None:
        if not self.in_cell:
            return
        grid = self._grids[-1]
        grid.row.append(self.take())
        grid.in_cell = self.in_cell = False
        while len(self._frames) > grid.depth and self._frames[-1].from_html:
            self._open_html[self._frames.pop().tag] -= 1
        self.leave(len(self._frames))

    def close_row(self) -> None:
        self.close_cell()
        if self._grids and self._grids[-1].row:
            grid = self._grids[-1]
            grid.table.rows.append(grid.row)
            grid.row = []

    def close_table(self) -> None:
        self.close_row()
        if not self._grids:
            return
        table = self._grids.pop().table
        self.in_cell = bool(self._grids) and self._grids[-1].in_cell
        _square(table)
        if not table.rows:
            return
        if self.in_cell:  # a table in a cell of another: its text goes into the cell
            for cell in (cell for row in table.rows for cell in row):
                self._content += [*cell, Run(" ")]
        else:
            self.add(table)


def _square(table: Table) -> None:
    """Gives every row as many cells, and drops a header in which nothing is written."""
    width = max((len(row) for row in table.rows), default=0)
    for row in table.rows:
        row.extend([] for _ in range(width - len(row)))
    table.alignments = (table.alignments + [""] * width)[:width]
    if table.has_header and len(table.rows) > 1 and all(map(is_blank, table.rows[0])):
        table.has_header = False
        del table.rows[0]


def _split_displays(content: Content) -> list[Block]:
    """A paragraph, cut where a displayed formula stands on its own."""
    if Formula not in map(type, content):
        return [Paragraph(content)]
    blocks: list[Block] = []
    part: list[Inline] = []
    for piece in [*content, None]:
        if piece is not None and not (isinstance(piece, Formula) and piece.display):
            part.append(piece)
            continue
        if not is_blank(part):
            blocks.append(Paragraph(trim(part)))
        part = []
        if isinstance(piece, Formula):
            blocks.append(Equation(piece.expression))
    return blocks


def code_block(language: str, text: str) -> Code:
    """A code block without the line end that closes its last line."""
    return Code(language, text.replace(MARK, "").removesuffix("\n"))
