"""A document as HTML, for a page of our own: the text escaped, links to http(s) alone.

Pictures become links, for a page that loads one from elsewhere tells that host who reads it.
Headings stand one level lower, below the page's own, and have an `id` made of their words.
"""

import re
from collections.abc import Callable, Iterator
from html import escape
from itertools import groupby
from typing import Any

from core.markdown.addresses import host_of, is_misleading, web_address
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
    Style,
    Table,
    Toggle,
    plain_text,
)
from core.markdown.parse import parse

# Outermost first.
_MARKS = (
    (Style.BOLD, "strong"),
    (Style.ITALIC, "em"),
    (Style.STRIKE, "del"),
    (Style.UNDERLINE, "u"),
    (Style.HIGHLIGHT, "mark"),
    (Style.CODE, "code"),
)
_LONGEST_ID = 64


def html_blocks(markdown: str) -> list[str]:
    """The HTML of each block at the document's top, a list being one. Never raises."""
    ids: dict[str, int] = {}
    return list(_blocks(parse(markdown), ids))


def _blocks(blocks: list[Block], ids: dict[str, int]) -> Iterator[str]:
    for kind, group in groupby(blocks, _list_kind):
        if kind is None:
            for block in group:
                yield _WRITERS[type(block)](block, ids)
        else:
            yield _list(kind, [item for item in group if isinstance(item, Item)], ids)


def _inside(blocks: list[Block], ids: dict[str, int]) -> str:
    return "".join(_blocks(blocks, ids))


def _list_kind(block: Block) -> str | None:
    if not isinstance(block, Item):
        return None
    return "ul" if block.number is None else "ol"


def _list(kind: str, items: list[Item], ids: dict[str, int]) -> str:
    first = items[0].number
    start = f' start="{first}"' if kind == "ol" and first not in (None, 1) else ""
    tasks = ' class="tasks"' if any(item.checked is not None for item in items) else ""
    return f"<{kind}{start}{tasks}>{''.join(_item(item, ids) for item in items)}</{kind}>"


def _item(item: Item, ids: dict[str, int]) -> str:
    children = list(item.children)
    text = ""
    if children and isinstance(children[0], Paragraph):
        text = inline_html(children.pop(0).content)  # type: ignore[union-attr]  # a paragraph
    body = text + _inside(children, ids)
    if item.checked is None:
        return f"<li>{body}</li>"
    kind, spoken = ("task done", "Done") if item.checked else ("task", "To do")
    tick = f'<span class="tick" role="img" aria-label="{spoken}:"></span>'
    return f'<li class="{kind}">{tick}<div>{body}</div></li>'


def _paragraph(block: Paragraph, _ids: dict[str, int]) -> str:
    return f"<p>{inline_html(block.content)}</p>"


def _heading(block: Heading, ids: dict[str, int]) -> str:
    level = min(block.level + 1, 6)
    name = _id(plain_text(block.content), ids)
    return f'<h{level} id="{escape(name)}">{inline_html(block.content)}</h{level}>'


def _id(text: str, ids: dict[str, int]) -> str:
    name = re.sub(r"[^\w]+", "-", text.lower()).strip("-")[:_LONGEST_ID] or "part"
    ids[name] = count = ids.get(name, 0) + 1
    return name if count == 1 else f"{name}-{count}"


def _code(block: Code, _ids: dict[str, int]) -> str:
    words = block.language.split()
    label = escape(words[0]) if words else "Code"
    return _scrolling(label, "", block.text)


def _equation(block: Equation, _ids: dict[str, int]) -> str:
    return _scrolling("Formula", ' class="formula"', block.expression)


def _scrolling(label: str, kind: str, text: str) -> str:
    """What may be wider than the page: a keyboard has to reach it to scroll it."""
    opening = f'<pre{kind} tabindex="0" role="group" aria-label="{label}">'
    return f"{opening}<code>{escape(text)}</code></pre>"


def _rule(_block: Rule, _ids: dict[str, int]) -> str:
    return "<hr>"


def _table(block: Table, _ids: dict[str, int]) -> str:
    rows = list(block.rows)
    head = ""
    if block.has_header and rows:
        head = f"<thead>{_row('th', rows.pop(0), block.alignments)}</thead>"
    body = "".join(_row("td", row, block.alignments) for row in rows)
    table = f"<table>{head}<tbody>{body}</tbody></table>"
    return f'<div class="table" tabindex="0" role="region" aria-label="Table">{table}</div>'


def _row(tag: str, cells: list[Content], alignments: list[str]) -> str:
    scope = ' scope="col"' if tag == "th" else ""
    written = []
    for cell, side in zip(cells, alignments, strict=True):
        kind = f' class="{side}"' if side in ("center", "right") else ""
        written.append(f"<{tag}{scope}{kind}>{inline_html(cell)}</{tag}>")
    return f"<tr>{''.join(written)}</tr>"


def _quote(block: Quote, ids: dict[str, int]) -> str:
    return f"<blockquote>{_inside(block.children, ids)}</blockquote>"


def _alert(block: Alert, ids: dict[str, int]) -> str:
    kind = escape(block.kind)
    title = f"<p><strong>{kind.capitalize()}</strong></p>"
    return f'<div class="alert {kind}">{title}{_inside(block.children, ids)}</div>'


def _toggle(block: Toggle, ids: dict[str, int]) -> str:
    title = inline_html(block.title) or "More"
    return f"<details><summary>{title}</summary>{_inside(block.children, ids)}</details>"


_WRITERS: dict[type[Any], Callable[[Any, dict[str, int]], str]] = {
    Paragraph: _paragraph,
    Heading: _heading,
    Code: _code,
    Equation: _equation,
    Rule: _rule,
    Table: _table,
    Quote: _quote,
    Alert: _alert,
    Toggle: _toggle,
}


def inline_html(content: Content) -> str:
    """A sentence. A link whose words name another host than it leads to says where it leads."""
    parts = []
    for link, pieces in groupby(content, lambda piece: _link_of(piece)):
        inner = "".join(_piece(piece) for piece in pieces)
        parts.append(_anchor(link, inner) if link and inner else inner)
    return "".join(parts)


def _link_of(piece: Inline) -> str:
    if isinstance(piece, Picture):
        return web_address(piece.address) or piece.link
    return "" if isinstance(piece, Formula) else piece.link


def _anchor(address: str, inner: str) -> str:
    link = f'<a href="{escape(address)}">{inner}</a>'
    words = re.sub(r"<[^>]*>", "", inner)
    return f"{link} ({escape(host_of(address))})" if is_misleading(words, address) else link


def _piece(piece: Inline) -> str:
    if isinstance(piece, Break):
        return "<br>" if piece.hard else "\n"
    if isinstance(piece, Picture):
        return escape(piece.alt) or "Picture"
    if isinstance(piece, Formula):
        return f'<code class="formula">{escape(piece.expression)}</code>'
    text = escape(piece.text)
    if piece.style & Style.SPOILER:
        text = f'<span class="spoiler" tabindex="0">{text}</span>'
    for style, tag in reversed(_MARKS):
        if piece.style & style:
            text = f"<{tag}>{text}</{tag}>"
    return text
