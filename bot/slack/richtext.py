"""What people typed in Slack's composer, as a document. Pure.

Every message of a person has a `rich_text` block, which tells lists, nesting, styles and code as
they were meant; the message's text is but Slack's rendering of it.
https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.slack.markdown import in_tone, moment
from bot.slack.parse import word_in
from core.markdown.addresses import spoken_address, web_address
from core.markdown.document import (
    Block,
    Break,
    Code,
    Content,
    Item,
    Paragraph,
    Quote,
    Run,
    Style,
    is_blank,
    merge,
    trim,
)
from core.markdown.emoji import with_emoji

Part = Mapping[str, Any]

# What is only pointed to, by its id.
_NAMELESS = {
    "canvas": "[canvas]",
    "file": "[file]",
    "list_record": "[list item]",
    "message_mention": "[message]",
}
_CHECKED = {"checked": True, "unchecked": False}
_BORDERED = ("rich_text_list", "rich_text_preformatted")

DEEPEST = 8
"""Levels of a list; Slack's composer has nine."""

_STYLES = {
    "bold": Style.BOLD,
    "italic": Style.ITALIC,
    "strike": Style.STRIKE,
    "underline": Style.UNDERLINE,
    "code": Style.CODE,
}


def document(blocks: Sequence[Part], names: Mapping[str, str]) -> list[Block]:
    """The blocks of `rich_text` blocks; `names` are those of people and channels, by their ids."""
    made: list[Block] = []
    in_quote = False  # the part before had a quote's border
    for block in blocks:
        for part in parts_of(block):
            kind = part.get("type")
            bordered = kind in _BORDERED and _number(part, "border") > 0
            if bordered:
                _add_bordered(made, part, names)
            elif in_quote and kind == "rich_text_quote" and isinstance(made[-1], Quote):
                made[-1].children += _paragraphs(part, names)
            else:
                _add(made, part, names)
            in_quote = bordered
    return made


def _add(made: list[Block], part: Part, names: Mapping[str, str]) -> None:
    if part.get("type") == "rich_text_list":
        _add_list(made, part, names)
    else:
        made += _inside(part, names)


def _add_bordered(made: list[Block], part: Part, names: Mapping[str, str]) -> None:
    """A list or code with a border stands in the quote before it, or begins one: a quote itself
    holds nothing but text."""
    last = made[-1] if made else None
    if not isinstance(last, Quote):
        last = Quote([])
        made.append(last)
    _add(last.children, part, names)


def parts_of(part: Part) -> list[Part]:
    """The elements of a part that are objects."""
    elements = part.get("elements")
    listed = elements if isinstance(elements, list) else []
    return [each for each in listed if isinstance(each, dict)]


def _add_list(made: list[Block], part: Part, names: Mapping[str, str]) -> None:
    """Slack tells a list level by level: one that is indented goes into the item before it."""
    level = min(_number(part, "indent"), DEEPEST)
    inside = made
    for _ in range(level):
        last = inside[-1] if inside else None
        if not isinstance(last, Item):
            break
        inside = last.children
    style = word_in(part, "style")
    first = _number(part, "offset") + 1
    for place, each in enumerate(parts_of(part)):
        number = first + place if style == "ordered" else None
        children = list(_inside(each, names))
        inside.append(Item(number, checked=_CHECKED.get(style), children=children))


def _inside(part: Part, names: Mapping[str, str]) -> Iterator[Block]:
    """What is in an item: a section, or code or a quote, which Slack allows there too."""
    kind = part.get("type")
    if kind == "rich_text_preformatted":
        yield _code(part, names)
    elif kind == "rich_text_quote":
        yield Quote(list(_paragraphs(part, names)))
    else:
        yield from _paragraphs(part, names)


def _code(part: Part, names: Mapping[str, str]) -> Code:
    text = "".join(_plain(each, names) for each in parts_of(part))
    return Code(word_in(part, "language"), text.strip("\n"))


def _paragraphs(part: Part, names: Mapping[str, str]) -> Iterator[Block]:
    """The paragraphs of a section: an empty line parts two."""
    content: Content = []
    for piece in merge(list(_pieces(parts_of(part), names))):
        if not isinstance(piece, Run) or piece.style & Style.CODE:
            content.append(piece)
            continue
        for number, paragraph in enumerate(piece.text.split("\n\n")):
            if number:
                if not is_blank(content):
                    yield Paragraph(trim(content))
                content = []
            content += _lines(paragraph, piece.style, piece.link)
    if not is_blank(content):
        yield Paragraph(trim(content))


def _lines(text: str, style: int, link: str) -> Iterator[Run | Break]:
    for number, line in enumerate(text.split("\n")):
        if number:
            yield Break(True, style, link)
        if line:
            yield Run(line, style, link)


def _pieces(parts: Iterable[Part], names: Mapping[str, str]) -> Iterator[Run]:
    for part in parts:
        style = _style(part)
        text = _plain(part, names)
        url = word_in(part, "url")
        address = web_address(url)
        yield Run(text, style, address)
        spoken = "" if address else spoken_address(url)
        if spoken and spoken not in text:
            # Nothing but web pages can be linked to.
            yield Run(f" ({spoken})", style)


def _style(part: Part) -> int:
    told = part.get("style")
    if not isinstance(told, dict):
        return Style.PLAIN
    return sum(bit for name, bit in _STYLES.items() if told.get(name) is True)


def _plain(part: Part, names: Mapping[str, str]) -> str:
    """An element as words."""
    kind = part.get("type")
    if kind == "link":
        return word_in(part, "text") or word_in(part, "url").removeprefix("mailto:")
    if kind == "emoji":
        return _emoji(part)
    if kind in ("user", "canvas_user_mention"):
        return "@" + (names.get(word_in(part, "user_id")) or "somebody")
    if kind == "channel":
        return "#" + (names.get(word_in(part, "channel_id")) or "channel")
    if kind == "usergroup":
        return "@" + (names.get(word_in(part, "usergroup_id")) or "group")
    if kind == "team":
        return "@" + (names.get(word_in(part, "team_id")) or "team")
    if kind == "broadcast":
        return "@" + word_in(part, "range")
    if kind == "date":
        return word_in(part, "fallback") or moment(_number(part, "timestamp"))
    # Whatever Slack adds to these says its words by one of such names.
    said = (word_in(part, name) for name in ("text", "label", "value", "fallback", "name", "url"))
    return next((words for words in said if words), _NAMELESS.get(str(kind), ""))


def _emoji(part: Part) -> str:
    """The character; a workspace's own emoji by its name."""
    codes = word_in(part, "unicode").split("-")
    try:
        character = "".join(chr(int(code, 16)) for code in codes if code)
    except (ValueError, OverflowError):
        character = ""
    if character:
        return character
    name, _, tone = word_in(part, "name").partition("::")
    return in_tone(with_emoji(f":{name}:"), tone or f"skin-tone-{_number(part, 'skin_tone')}")


def _number(part: Part, name: str) -> int:
    value = part.get(name)
    return value if isinstance(value, int) and value > 0 else 0
