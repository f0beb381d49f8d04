"""A document as Notion block objects, Notion-Version 2026-03-11.

Children are nested as deep as the document is; `plan` cuts them into requests. Every block obeys
the limits on itself: 100 rich texts, 2,000 UTF-16 units each, URLs of 2,000, equations of 1,000.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import takewhile
from typing import Any

from core.markdown.addresses import web_address
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
    is_blank,
    is_hidden,
    plain_text,
    trim,
)
from core.markdown.languages import PLAIN, notion_language
from core.markdown.richtext import (
    ALWAYS_FITS,
    MAX_EQUATION,
    MAX_RUNS,
    MAX_TEXT,
    NEVER_TOO_LONG,
    RichText,
    cut,
    in_arrays,
    is_heavier,
    rich_text,
    units,
)

NotionBlock = dict[str, Any]

MAX_COLUMNS = 100
DEEPEST_HEADING = 4

# The most text in one code block, in UTF-16 units, so that its JSON stays well below a request's
# 500 KB; a longer one goes on in the next block.
_MAX_CODE = 36_000
_MAX_ASCII_CODE = 100_000
# The most JSON in one table row, which cannot be cut.
_MAX_ROW = 250_000

_SPOILER = rich_text([Run("Spoiler")])

_ALERTS = {
    "note": ("ℹ️", "blue_background"),
    "tip": ("💡", "green_background"),
    "important": ("❗", "purple_background"),
    "warning": ("⚠️", "yellow_background"),
    "caution": ("🛑", "red_background"),
}


def written(document: list[Block]) -> list[NotionBlock]:
    """The blocks of a whole document."""
    blocks: list[NotionBlock] = []
    write(blocks, document)
    return blocks


def write(blocks: list[NotionBlock], document: list[Block]) -> None:
    """Adds what stands at a document's top to the blocks before it."""
    for block in document:
        if isinstance(block, Paragraph) and is_hidden(block.content):
            _hide(blocks, block)
        else:
            blocks += _WRITERS[type(block)](block)


def _hide(converted: list[NotionBlock], block: Paragraph) -> None:
    """A paragraph that is a spoiler, to be opened; with those before it, where they are too."""
    shown = [
        replace(piece, style=piece.style & ~Style.SPOILER) if isinstance(piece, Run) else piece
        for piece in block.content
    ]
    inside = _paragraph(Paragraph(shown))
    last = converted[-1] if converted else {}
    if last.get("toggle", {}).get("rich_text") == _SPOILER:
        last["toggle"]["children"] += inside
    else:
        converted.append(_with_children("toggle", [*_SPOILER], inside, {}))


def _convert_all(blocks: Iterable[Block]) -> list[NotionBlock]:
    converted: list[NotionBlock] = []
    for block in blocks:
        converted += _WRITERS[type(block)](block)
    return converted


def _block(kind: str, body: dict[str, Any]) -> NotionBlock:
    """Without `"object": "block"`, which `blockObjectRequest` of the specification does not require
    and which would be a sixteenth of what is sent."""
    return {"type": kind, kind: body}


def _paragraph(paragraph: Paragraph) -> list[NotionBlock]:
    if not _has_picture(paragraph.content):
        return _text("paragraph", paragraph.content)
    blocks = []
    for part in _around_pictures(paragraph.content):
        if isinstance(part, Picture):
            blocks.append(image(part, web_address(part.address)))
        else:
            blocks += _text("paragraph", part)
    return blocks


def _text(kind: str, content: Content) -> list[NotionBlock]:
    """Blocks of nothing but text; none where there is nothing to read."""
    blocks: list[NotionBlock] = []
    items = rich_text(content)
    if items:
        write_text(blocks, kind, items)
    return blocks


def write_text(blocks: list[NotionBlock], kind: str, items: list[RichText]) -> None:
    """Adds blocks of nothing but text."""
    if len(items) <= ALWAYS_FITS:
        blocks.append({"type": kind, kind: {"rich_text": items}})
    else:
        blocks += [{"type": kind, kind: {"rich_text": array}} for array in in_arrays(items)]


def _has_picture(content: Content) -> bool:
    return Picture in map(type, content)


def _around_pictures(content: Content) -> list[Content | Picture]:
    """The paragraph cut at the pictures Notion can show, in their order."""
    parts: list[Content | Picture] = []
    text: Content = []
    for piece in content:
        if isinstance(piece, Picture) and web_address(piece.address):
            parts += [text, piece]
            text = []
        else:
            text.append(piece)
    parts.append(text)
    return [
        part if isinstance(part, Picture) else trim(part)
        for part in parts
        if isinstance(part, Picture) or not is_blank(part)
    ]


def image(picture: Picture, url: str) -> NotionBlock:
    """A picture that can be shown, from its address on the web."""
    body: dict[str, Any] = {"type": "external", "external": {"url": url}}
    if picture.alt or picture.link:
        caption = Run(picture.alt or picture.link, link=picture.link)
        body["caption"] = in_arrays(rich_text([caption]))[0]
    return _block("image", body)


def _heading(heading: Heading) -> list[NotionBlock]:
    """The heading without its pictures, which stand before or after it as they did inside."""
    kind = f"heading_{min(heading.level, DEEPEST_HEADING)}"
    if not _has_picture(heading.content):
        return _text(kind, heading.content)
    parts = _around_pictures(heading.content)
    pictures = [part for part in parts if isinstance(part, Picture)]
    if not pictures:
        return _text(kind, heading.content)
    texts = [part for part in parts if not isinstance(part, Picture)]
    leading = len(list(takewhile(lambda part: isinstance(part, Picture), parts)))
    words = trim([piece for text in texts for piece in (*text, Run(" "))])
    images = [image(picture, web_address(picture.address)) for picture in pictures]
    return images[:leading] + _text(kind, words) + images[leading:]


def _code(code: Code) -> list[NotionBlock]:
    return code_blocks(code.text, notion_language(code.language))


def code_blocks(text: str, language: str) -> list[NotionBlock]:
    """A code block, or as many as the text takes."""
    if 0 < len(text) <= NEVER_TOO_LONG:
        items = [{"type": "text", "text": {"content": text}}]
        return [{"type": "code", "code": {"rich_text": items, "language": language}}]
    return [
        _block(
            "code",
            {
                "rich_text": [
                    {"type": "text", "text": {"content": piece}} for piece in cut(part, MAX_TEXT)
                ],
                "language": language,
            },
        )
        for part in _code_parts(text)
    ]


def _code_parts(text: str) -> list[str]:
    """`text` in parts that one block can carry, cut between lines where it can be."""
    limit = _MAX_ASCII_CODE if text.isascii() else _MAX_CODE
    if units(text) <= limit:
        return [text]
    parts: list[str] = []
    lines: list[str] = []
    length = 0
    for line in text.split("\n"):
        for piece in cut(line, limit) if line else [""]:
            size = units(piece) + 1
            if lines and length + size > limit:
                parts.append("\n".join(lines))
                lines, length = [], 0
            lines.append(piece)
            length += size
    return [*parts, "\n".join(lines)]


def _equation(equation: Equation) -> list[NotionBlock]:
    if not _is_short(equation):
        return code_blocks(equation.expression, "latex")
    return [_block("equation", {"expression": equation.expression})]


def _is_short(equation: Equation) -> bool:
    return units(equation.expression) <= MAX_EQUATION


def _rule(_: Rule) -> list[NotionBlock]:
    return [_block("divider", {})]


def _table(table: Table) -> list[NotionBlock]:
    block = None
    if len(table.alignments) <= MAX_COLUMNS:
        rows = [[_cell(cell) for cell in row] for row in table.rows]
        block = table_block(rows, has_header=table.has_header)
    if block is None:
        lines = [" | ".join(plain_text(cell) for cell in row) for row in table.rows]
        return code_blocks("\n".join(lines), PLAIN)
    return [block]


def table_block(rows: list[list[list[RichText]]], *, has_header: bool) -> NotionBlock | None:
    """A table of rows of the same length; None where it would be too large."""
    for row in rows:
        if len(row) > MAX_COLUMNS or is_heavier([item for cell in row for item in cell], _MAX_ROW):
            return None
    body = {
        "table_width": len(rows[0]),
        "has_column_header": has_header,
        "has_row_header": False,
        "children": [_block("table_row", {"cells": row}) for row in rows],
    }
    return _block("table", body)


def _cell(content: Content) -> list[RichText]:
    """A cell's rich text; styles are given up when it would take more than 100 objects."""
    items = rich_text(content)
    if len(items) <= MAX_RUNS:
        return items
    return rich_text([Run(plain_text(content))])


def _quote(quote: Quote) -> list[NotionBlock]:
    return [container("quote", _convert_all(quote.children))]


def _alert(alert: Alert) -> list[NotionBlock]:
    return [callout(alert.kind, _convert_all(alert.children))]


def callout(kind: str, children: list[NotionBlock]) -> NotionBlock:
    """A GitHub alert of this kind; `children` are changed."""
    icon, color = _ALERTS.get(kind, _ALERTS["note"])
    body = {"icon": {"type": "emoji", "emoji": icon}, "color": color}
    return container("callout", children, body)


def _toggle(toggle: Toggle) -> list[NotionBlock]:
    arrays = in_arrays(rich_text(toggle.title or [Run("Details")]))
    rest = [_block("paragraph", {"rich_text": array}) for array in arrays[1:]]
    return [_with_children("toggle", arrays[0], rest + _convert_all(toggle.children), {})]


def _item(item: Item) -> list[NotionBlock]:
    children = item.children
    if children and isinstance(children[0], Heading):  # an item's text has no heading's size
        title = Paragraph([_bold(piece) for piece in children[0].content])
        children = [title, *children[1:]]
    elif children and isinstance(children[0], Equation) and _is_short(children[0]):
        children = [Paragraph([Formula(children[0].expression)]), *children[1:]]
    blocks = _convert_all(children)
    if item.checked is not None:
        return [container("to_do", blocks, {"checked": item.checked})]
    kind = "bulleted_list_item" if item.number is None else "numbered_list_item"
    return [container(kind, blocks)]


def _bold(piece: Inline) -> Inline:
    if isinstance(piece, Run | Break):
        return replace(piece, style=piece.style | Style.BOLD)
    return piece


def container(
    kind: str, blocks: list[NotionBlock], extra: dict[str, Any] | None = None
) -> NotionBlock:
    """A block whose own text is its first paragraph and whose children are the rest."""
    text: list[RichText] = []
    if blocks and blocks[0]["type"] == "paragraph":
        text = blocks.pop(0)["paragraph"]["rich_text"]
    return _with_children(kind, text, blocks, extra or {})


def _with_children(
    kind: str, text: list[RichText], children: list[NotionBlock], extra: dict[str, Any]
) -> NotionBlock:
    body: dict[str, Any] = {"rich_text": text, **extra}
    if children:
        body["children"] = children
    return _block(kind, body)


_WRITERS: dict[type[Any], Callable[[Any], list[NotionBlock]]] = {
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
