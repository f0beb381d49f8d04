"""A document as Markdown again, such that `parse` reads the same document from it.

For what front ends other than Markdown's made: a message's rich text is kept as Markdown, and goes
to every back end from there. Where marks would be read in another way, beside letters without a
blank, HTML stands in their place, which `parse` knows. https://spec.commonmark.org/0.31.2/#emphasis
"""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

from core.markdown.dialects import SPECIAL, escaped, write_code
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
    Run,
    Style,
    Table,
    Toggle,
    merge,
    trim,
)
from core.markdown.parse import parse

# Outermost first: the mark, and the tag for where it would not be read.
_LOOKS = (
    (Style.SPOILER, "", "spoiler"),
    (Style.HIGHLIGHT, "", "mark"),
    (Style.UNDERLINE, "", "u"),
    (Style.BOLD, "**", "b"),
    (Style.STRIKE, "~~", "s"),
    (Style.ITALIC, "*", "i"),
)
_SIDES = {"left": ":--", "center": ":-:", "right": "--:"}
# Parts two lists, or two quotes, that would be read as one.
_APART = "<!-- -->"

_SPECIAL = re.compile(
    rf"{SPECIAL.pattern}"
    r"|\\\Z|\A[*_]|[*_]\Z"  # beside another look
    r"|[$~]"
    r"|\\(?=[(\[])"
    r"|\](?=:)"  # a link's definition
    r"|&(?=#?\w+;)"
    r"|\[(?=\^)"  # a footnote
    r"|<(?=!|https?:)"
)
_TASK = re.compile(r"\A\[(?=[ xX]\](?:\s|$))")
_RULED = re.compile(r"^([ \t]*)(?=[|:-][-|: \t]*$|[*_](?:[ \t]*[*_])+[ \t]*$|`{3}|~{3})", re.M)
_EMPTY_LINE = re.compile(r"(  )?\n(?=[ \t]*\n)")
_INDENT = re.compile(r"^[ \t]+", re.M)


def commonmark(blocks: Sequence[Block]) -> str:
    """The document as Markdown; empty for an empty one, else ending in a line's end."""
    text = "\n".join(_lines(blocks))
    return text + "\n" if text else ""


def _lines(blocks: Sequence[Block]) -> Iterator[str]:
    before: Block | None = None
    for block in blocks:
        if before is not None:
            yield from _gap(before, block)
        yield from _WRITERS[type(block)](block)
        before = block


def _gap(before: Block, block: Block) -> Iterator[str]:
    if isinstance(before, Item) and isinstance(block, Item):
        if (before.number is None) != (block.number is None):
            yield ""
        elif before.number is not None and block.number != before.number + 1:
            yield from ("", _APART, "")
        return
    yield ""


def _paragraph(block: Paragraph) -> Iterator[str]:
    yield from _inline(trim(block.content)).split("\n")


def _heading(block: Heading) -> Iterator[str]:
    words: Content = [
        Run(" ", piece.style) if isinstance(piece, Break) else piece for piece in block.content
    ]
    yield f"{'#' * min(block.level, 6)} {_inline(words)}"


def _code(block: Code) -> Iterator[str]:
    yield from _fenced(block.text, " ".join(block.language.split()).replace("`", ""))


def _equation(block: Equation) -> Iterator[str]:
    yield from _fenced(block.expression, "math")


def _fenced(text: str, language: str) -> Iterator[str]:
    longest = max(map(len, re.findall("`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    yield fence + language
    yield from text.split("\n")
    yield fence


def _rule(_: Rule) -> Iterator[str]:
    yield "---"


def _table(block: Table) -> Iterator[str]:
    rows = [_row(row) for row in block.rows]
    if not block.has_header:
        rows.insert(0, "|" + "  |" * len(block.alignments))
    yield rows[0]
    yield "| " + " | ".join(_SIDES.get(side, "---") for side in block.alignments) + " |"
    yield from rows[1:]


def _row(cells: list[Content]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(content: Content) -> str:
    text = _written(content).replace("  \n", "<br>").replace("\n", " ")
    return re.sub(r"(?<!\\)\|", r"\\|", text)


def _quote(block: Quote) -> Iterator[str]:
    yield from (f"> {line}" if line else ">" for line in _lines(block.children))


def _alert(block: Alert) -> Iterator[str]:
    yield f"> [!{block.kind.upper()}]"
    yield from _quote(Quote(block.children))


def _toggle(block: Toggle) -> Iterator[str]:
    # In HTML's own line no mark is read.
    title = "".join(map(_html, block.title))
    yield from ("<details>", f"<summary>{title}</summary>", "")
    yield from _lines(block.children)
    yield from ("", "</details>")


def _item(block: Item) -> Iterator[str]:
    marker = "- " if block.number is None else f"{block.number}. "
    task = "" if block.checked is None else "[x] " if block.checked else "[ ] "
    lines = list(_inside(block.children)) or [""]
    first = marker + task + lines[0]
    yield first if lines[0] else first.rstrip()
    yield from (" " * len(marker) + line if line else "" for line in lines[1:])


def _inside(children: Sequence[Block]) -> Iterator[str]:
    before: Block | None = None
    for child in children:
        if before is not None and not (isinstance(before, Paragraph) and isinstance(child, Item)):
            yield from _gap(before, child)
        yield from _WRITERS[type(child)](child)
        before = child


# Inline


def _inline(content: Content) -> str:
    """With marks, unless they would be read otherwise: then with tags."""
    text = _written(content)
    if any(isinstance(piece, Run) and piece.style for piece in content):
        blocks = parse(text)
        read = blocks[0].content if len(blocks) == 1 and isinstance(blocks[0], Paragraph) else []
        if _seen(read) != _seen(content):
            return _tagged(content)
    return text


def _seen(content: Content) -> list[tuple[str, int, str]]:
    """The characters that are no blanks, and how each looks."""
    return [
        (character, run.style, run.link)
        for run in content
        if isinstance(run, Run)
        for character in run.text
        if not character.isspace()
    ]


def _written(content: Content) -> str:
    return _joined(content, _marked)


def _tagged(content: Content) -> str:
    return _joined(content, lambda runs: "".join(map(_in_tags, runs)))


def _joined(content: Content, styled: Callable[[list[Run]], str]) -> str:
    parts = []
    for link, together in groupby(merge(content), key=_link_of):
        pieces = list(together)
        inside = []
        for plain, some in groupby(pieces, key=lambda piece: isinstance(piece, Run)):
            alike = list(some)
            runs = [piece for piece in alike if isinstance(piece, Run)]
            inside.append(styled(runs) if plain else "".join(map(_other, alike)))
        parts.append(_linked(link, "".join(inside), pieces))
    return _safe("".join(parts))


def _link_of(piece: Inline) -> str:
    return "" if isinstance(piece, Formula) else piece.link


def _safe(text: str) -> str:
    """No line begins as another block would."""
    lines = _INDENT.sub("", _EMPTY_LINE.sub(_line_end, text))
    return _TASK.sub(r"\\[", _RULED.sub(r"\1\\", lines))


def _line_end(match: re.Match[str]) -> str:
    return "<br>" if match[1] else " "


def _other(piece: Inline) -> str:
    if isinstance(piece, Break):
        return "  \n" if piece.hard else "\n"
    if isinstance(piece, Formula):
        return f"$${piece.expression}$$" if piece.display else f"${piece.expression}$"
    if isinstance(piece, Picture):
        return f"![{_bracketed(escape(piece.alt))}](<{_address(piece.address)}>)"
    return escape(piece.text)


def _linked(link: str, text: str, pieces: list[Inline]) -> str:
    if not link or not text.strip():
        return text
    if text == escape(link) and not any(piece.style for piece in pieces if isinstance(piece, Run)):
        return f"<{link}>"
    lead = text[: len(text) - len(text.lstrip())]
    tail = text[len(text.rstrip()) :]
    inside = text.strip()
    if all(isinstance(piece, Run) for piece in pieces):
        inside = _bracketed(inside)
    return f"{lead}[{inside}](<{_address(link)}>){tail}"


def _address(address: str) -> str:
    return address.replace("<", "%3C").replace(">", "%3E").replace("\n", "")


def _bracketed(text: str) -> str:
    return re.sub(r"(?<!\\)([\[\]])", r"\\\1", text)


def escape(text: str) -> str:
    """Plain text such that no character of it is read as a mark."""
    return escaped(text, _SPECIAL)


def _marked(runs: list[Run]) -> str:
    """Runs with their marks opened and closed in order, blanks kept outside of them."""
    text = ""
    opened: list[tuple[int, str, str]] = []
    blank = ""
    for run in runs:
        core = run.text.strip()
        if not core:
            blank += run.text
            continue
        start = run.text.find(core)
        blank += run.text[:start]
        wanted = [look for look in _LOOKS if run.style & look[0]]
        while opened and any(look not in wanted for look in opened):
            text += _closing(opened.pop())
        text += blank
        for look in wanted:
            if look not in opened:
                opened.append(look)
                text += _opening(look)
        text += write_code(core) if run.style & Style.CODE else escape(core)
        blank = run.text[start + len(core) :]
    while opened:
        text += _closing(opened.pop())
    return text + blank


def _opening(look: tuple[int, str, str]) -> str:
    return look[1] or f"<{look[2]}>"


def _closing(look: tuple[int, str, str]) -> str:
    return look[1] or f"</{look[2]}>"


def _html(piece: Inline) -> str:
    if isinstance(piece, Run):
        text = _in_tags(piece, html.escape)
        return f'<a href="{html.escape(piece.link)}">{text}</a>' if piece.link else text
    return " " if isinstance(piece, Break) else _other(piece)


def _in_tags(run: Run, written: Callable[[str], str] = escape) -> str:
    text = written(run.text)
    if run.style & Style.CODE:
        text = f"<code>{html.escape(run.text)}</code>"
    for style, _, tag in reversed(_LOOKS):
        if run.style & style:
            text = f"<{tag}>{text}</{tag}>"
    return text


_WRITERS: dict[type[Any], Callable[[Any], Iterator[str]]] = {
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
