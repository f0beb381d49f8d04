"""The document model between the Markdown parser and what is written from it.

A document is a list of blocks. Containers hold blocks, leaves hold inline content, and nothing
here knows Notion, Slack or Discord: a new front end builds these, a new back end reads them.
Containers nest at most `MAX_DEPTH` deep, so walking them recursively is safe.
"""

from dataclasses import dataclass, field, replace

# A deeper container is dissolved into its parent, its text kept: `json.dumps` and every reader
# of the result recurse, and no human writes this deep.
MAX_DEPTH = 50


class Style:
    """How a run of text looks: bits of a number, for any combination."""

    PLAIN = 0
    BOLD = 1
    ITALIC = 2
    STRIKE = 4
    UNDERLINE = 8
    CODE = 16
    SPOILER = 32  # shown to who asks for it alone
    HIGHLIGHT = 64


# Inline content is never changed once it is made. `frozen` would say so, and would treble the time
# it takes to make a piece, of which a page has thousands.


@dataclass(slots=True, unsafe_hash=True)
class Run:
    """Text of one style; `link` is an absolute http(s) address or empty."""

    text: str
    style: int = Style.PLAIN
    link: str = ""


@dataclass(slots=True, unsafe_hash=True)
class Formula:
    """A TeX formula inside a sentence; one that stands alone is an `Equation`."""

    expression: str
    style: int = Style.PLAIN
    display: bool = False


@dataclass(slots=True, unsafe_hash=True)
class Picture:
    """An image inside a sentence. `address` is as written and may be unusable."""

    address: str
    alt: str
    link: str = ""


@dataclass(slots=True, unsafe_hash=True)
class Break:
    """A line break: hard when the author asked for it, soft where the source line ended.

    It looks like the text around it, which it would otherwise part in two.
    """

    hard: bool
    style: int = Style.PLAIN
    link: str = ""


Inline = Run | Formula | Picture | Break
Content = list[Inline]


@dataclass(slots=True)
class Paragraph:
    """Its content has been through `trim`, as that of a heading has."""

    content: Content


@dataclass(slots=True)
class Heading:
    level: int
    content: Content


@dataclass(slots=True)
class Code:
    """A code block; `language` is the fence's info string as written."""

    language: str
    text: str


@dataclass(slots=True)
class Equation:
    expression: str


@dataclass(slots=True)
class Rule:
    pass


@dataclass(slots=True)
class Table:
    """Rows of cells; every row has as many cells as `alignments` (left, center, right, "")."""

    alignments: list[str]
    rows: list[list[Content]] = field(default_factory=list)
    has_header: bool = True


@dataclass(slots=True)
class Quote:
    children: list["Block"] = field(default_factory=list)


@dataclass(slots=True)
class Alert:
    """A GitHub alert; `kind` is note, tip, important, warning or caution."""

    kind: str
    children: list["Block"] = field(default_factory=list)


@dataclass(slots=True)
class Toggle:
    title: Content = field(default_factory=list)
    children: list["Block"] = field(default_factory=list)


@dataclass(slots=True)
class Item:
    """A list item: numbered when `number` is set, a task when `checked` is."""

    number: int | None = None
    checked: bool | None = None
    children: list["Block"] = field(default_factory=list)


Container = Quote | Alert | Toggle | Item
Block = Paragraph | Heading | Code | Equation | Rule | Table | Container


def restyled(blocks: list[Block], mask: int) -> list[Block]:
    """The document with those styles alone whose bits are in `mask`; it is changed in place."""
    for block in blocks:
        if isinstance(block, Paragraph | Heading):
            block.content = _masked(block.content, mask)
        elif isinstance(block, Table):
            block.rows = [[_masked(cell, mask) for cell in row] for row in block.rows]
        elif isinstance(block, Container):
            restyled(block.children, mask)
            if isinstance(block, Toggle):
                block.title = _masked(block.title, mask)
    return blocks


def _masked(content: Content, mask: int) -> Content:
    return [
        piece if isinstance(piece, Picture) else replace(piece, style=piece.style & mask)
        for piece in content
    ]


def plain_text(content: Content) -> str:
    """The words of `content` without any style, line breaks as spaces."""
    parts = []
    for piece in content:
        if isinstance(piece, Run):
            parts.append(piece.text)
        elif isinstance(piece, Formula):
            parts.append(piece.expression)
        elif isinstance(piece, Picture):
            parts.append(piece.alt or piece.address)
        else:
            parts.append(" ")
    return "".join(parts)


def is_hidden(content: Content) -> bool:
    """Whether all that would be seen is a spoiler."""
    hidden = False
    for piece in content:
        if isinstance(piece, Break):
            continue
        hidden = isinstance(piece, Run) and bool(
            piece.style & Style.SPOILER or piece.text.isspace()
        )
        if not hidden:
            return False
    return hidden


def is_blank(content: Content) -> bool:
    """Whether nothing would be seen."""
    for piece in content:
        if isinstance(piece, Run):
            if piece.text and not piece.text.isspace():
                return False
        elif not isinstance(piece, Break):
            return False
    return True


def trim(content: Content) -> Content:
    """`content` without leading and trailing breaks and spaces."""
    if not content:
        return content
    first, last = content[0], content[-1]
    if type(first) is Run and type(last) is Run:
        start, end = first.text, last.text
        if start and end and not start[0].isspace() and not end[-1].isspace():
            return content
    pieces = list(content)
    while pieces and _is_space(pieces[0]):
        pieces.pop(0)
    while pieces and _is_space(pieces[-1]):
        pieces.pop()
    if pieces and isinstance(first := pieces[0], Run) and not first.style & Style.CODE:
        pieces[0] = Run(first.text.lstrip(), first.style, first.link)
    if pieces and isinstance(last := pieces[-1], Run) and not last.style & Style.CODE:
        pieces[-1] = Run(last.text.rstrip(), last.style, last.link)
    return pieces


def _is_space(piece: Inline) -> bool:
    return isinstance(piece, Break) or (isinstance(piece, Run) and not piece.text.strip())


def merge(content: Content) -> Content:
    """`content` with neighbouring runs of one look made one run, empty ones dropped."""
    last: Run | None = None
    for piece in content:
        if type(piece) is not Run:
            last = None
        elif not piece.text or (
            last is not None and last.style == piece.style and last.link == piece.link
        ):
            return _merged(content)
        else:
            last = piece
    return content


def _merged(content: Content) -> Content:
    merged: Content = []
    last: Run | None = None
    texts: list[str] = []  # of the last run, where it is made of several
    for piece in content:
        if isinstance(piece, Run):
            if not piece.text:
                continue
            if last is not None and last.style == piece.style and last.link == piece.link:
                texts = texts or [last.text]
                texts.append(piece.text)
                continue
        if texts and last is not None:
            merged[-1] = Run("".join(texts), last.style, last.link)
            texts = []
        last = piece if isinstance(piece, Run) else None
        merged.append(piece)
    if texts and last is not None:
        merged[-1] = Run("".join(texts), last.style, last.link)
    return merged
