"""A document as plain text: for titles, for a terminal, for whatever shows no marks.

A back end in one file: a writer for each kind of block, which yields its lines, and `_WRITERS`.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

from core.markdown.addresses import spoken_address, web_address
from core.markdown.dialects import is_same
from core.markdown.document import (
    Alert,
    Block,
    Break,
    Code,
    Content,
    Equation,
    Formula,
    Heading,
    Inline,
    Item,
    Paragraph,
    Picture,
    Quote,
    Rule,
    Table,
    Toggle,
)
from core.markdown.parse import parse
from core.markdown.tables import aligned

RULE = "──────────"


def plain_text(markdown: str) -> str:
    """All of a document as people read it, addresses behind the words that lead there.

    Blocks are parted by an empty line; lines are as long as they are. Never raises.
    """
    return "\n".join(_lines(parse(markdown)))


def words_of(content: Content) -> str:
    """The words of a sentence alone: no address, no picture, line breaks as blanks."""
    kept = [piece for piece in content if not isinstance(piece, Picture)]
    return "".join(" " if isinstance(piece, Break) else _piece(piece) for piece in kept)


def heading_words(line: str) -> str:
    """The words of a line of Markdown, as they would stand in a heading. Never raises."""
    return " ".join(
        words_of(block.content)
        for block in parse(f"# {line}")
        if isinstance(block, Heading | Paragraph)
    )


def _lines(blocks: Sequence[Block]) -> Iterator[str]:
    before: Block | None = None
    for block in blocks:
        if before is not None and not (isinstance(before, Item) and isinstance(block, Item)):
            yield ""
        yield from _WRITERS[type(block)](block)
        before = block


def _text(content: Content) -> str:
    parts = []
    for link, together in groupby(content, key=_link_of):
        said = "".join(map(_piece, together))
        told = link and said.strip() and not is_same(said, link)
        parts.append(f"{said.rstrip()} ({link}){said[len(said.rstrip()) :]}" if told else said)
    return "".join(parts)


def _link_of(piece: Inline) -> str:
    if isinstance(piece, Picture):
        return web_address(piece.address) or spoken_address(piece.address) or piece.link
    return "" if isinstance(piece, Formula) else piece.link


def _piece(piece: Inline) -> str:
    if isinstance(piece, Break):
        return "\n" if piece.hard else " "
    if isinstance(piece, Formula):
        return piece.expression
    return (piece.alt or _link_of(piece)) if isinstance(piece, Picture) else piece.text


def _sentence(block: Paragraph | Heading) -> Iterator[str]:
    yield from _text(block.content).split("\n")


def _code(block: Code) -> Iterator[str]:
    yield from block.text.split("\n")


def _equation(block: Equation) -> Iterator[str]:
    yield from block.expression.split("\n")


def _rule(_: Rule) -> Iterator[str]:
    yield RULE


def _table(block: Table) -> Iterator[str]:
    head, body, links = aligned(block)
    yield from (*head, *body)
    yield from (_text([link]) for link in links)


def _quote(block: Quote) -> Iterator[str]:
    yield from (f"> {line}".rstrip() for line in _lines(block.children))


def _alert(block: Alert) -> Iterator[str]:
    yield f"{block.kind.capitalize()}:"
    yield from _lines(block.children)


def _toggle(block: Toggle) -> Iterator[str]:
    if block.title:
        yield _text(block.title)
    yield from _lines(block.children)


def _item(block: Item) -> Iterator[str]:
    marker = "• " if block.number is None else f"{block.number}. "
    if block.checked is not None:
        marker = "☑ " if block.checked else "☐ "
    first, *rest = list(_inside(block.children)) or [""]
    yield f"{marker}{first}".rstrip()
    yield from (f"{' ' * len(marker)}{line}".rstrip() for line in rest)


def _inside(children: Sequence[Block]) -> Iterator[str]:
    """A list within an item follows its words at once."""
    for place, child in enumerate(children):
        if place and not isinstance(child, Item):
            yield ""
        yield from _WRITERS[type(child)](child)


_WRITERS: dict[type[Any], Callable[[Any], Iterator[str]]] = {
    Paragraph: _sentence,
    Heading: _sentence,
    Code: _code,
    Equation: _equation,
    Rule: _rule,
    Table: _table,
    Quote: _quote,
    Alert: _alert,
    Toggle: _toggle,
    Item: _item,
}
