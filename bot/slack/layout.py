"""What an app lays out in Block Kit, as Markdown. Pure.

Where a message has blocks its `text` is what notifications show, and the blocks are what people
read: https://docs.slack.dev/reference/methods/chat.postMessage#text-blocks-attachments
https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bot.slack.markdown import markdown, with_breaks
from bot.slack.parse import object_in, word_in
from bot.slack.richtext import document, parts_of
from core.markdown.addresses import web_address
from core.markdown.commonmark import commonmark
from core.markdown.document import Content, Heading, Paragraph, Picture, Run, Table

Part = Mapping[str, Any]

DEEPEST = 20
"""Levels of elements within elements that are looked into for mentions."""


def laid_out(blocks: Sequence[Part], names: Mapping[str, str]) -> str:
    """The blocks as Markdown, in order; empty where they say nothing.

    Buttons, menus and fields are for pressing, so they are left out.
    """
    return "\n\n".join(part for block in blocks for part in _said(block, names) if part)


def mentioned(blocks: Sequence[Part]) -> str:
    """Everybody and every channel that blocks mention, as a text mentions them."""
    return " ".join(_mentioned(list(blocks), DEEPEST))


def words_of(text: str) -> frozenset[str]:
    """The words of a text, each once and without case."""
    return frozenset(re.findall(r"\w+", text.casefold()))


def _said(block: Part, names: Mapping[str, str]) -> Iterator[str]:
    say = _KINDS.get(word_in(block, "type"))
    if say is not None:
        yield from say(block, names)


def _rich(block: Part, names: Mapping[str, str]) -> Iterator[str]:
    yield commonmark(document([block], names)).rstrip("\n")


def _section(block: Part, names: Mapping[str, str]) -> Iterator[str]:
    yield _text(object_in(block, "text"), names)
    for field in _objects(block.get("fields")):
        yield _text(field, names)
    yield from _picture(object_in(block, "accessory"), names)


def _header(block: Part, _names: Mapping[str, str]) -> Iterator[str]:
    words = " ".join(word_in(object_in(block, "text"), "text").split())
    if words:
        yield commonmark([Heading(2, [Run(words)])]).rstrip("\n")


def _divider(_block: Part, _names: Mapping[str, str]) -> Iterator[str]:
    yield "---"


def _image(block: Part, names: Mapping[str, str]) -> Iterator[str]:
    yield _plain(word_in(object_in(block, "title"), "text"))
    yield from _picture(block, names)


def _markdown(block: Part, _names: Mapping[str, str]) -> Iterator[str]:
    yield word_in(block, "text").strip()


def _video(block: Part, _names: Mapping[str, str]) -> Iterator[str]:
    title = word_in(object_in(block, "title"), "text") or word_in(block, "alt_text")
    if title:
        link = word_in(block, "title_url") or word_in(block, "video_url")
        yield commonmark([Paragraph([Run(title, link=web_address(link))])]).rstrip("\n")
    yield _plain(word_in(object_in(block, "description"), "text"))


def _context(block: Part, names: Mapping[str, str]) -> Iterator[str]:
    """What stands in one line. Its pictures are icons: their words are enough."""
    said = [
        _plain(word_in(each, "alt_text")) if each.get("type") == "image" else _text(each, names)
        for each in parts_of(block)
    ]
    yield " ".join(part for part in said if part)


def _text(text: Part, names: Mapping[str, str]) -> str:
    words = word_in(text, "text")
    if text.get("type") == "mrkdwn":
        return with_breaks(markdown(words, names))
    return _plain(words)


def _plain(words: str) -> str:
    """Words in which nothing is markup."""
    lines = [line for line in words.strip().split("\n") if line.strip()]
    return "\n\n".join(commonmark([Paragraph([Run(line)])]).rstrip("\n") for line in lines)


def _picture(image: Part, _names: Mapping[str, str]) -> Iterator[str]:
    if image.get("type") != "image":
        return
    # One that lies in Slack itself has no address that others can open.
    address, alt = word_in(image, "image_url"), word_in(image, "alt_text")
    if address:
        yield commonmark([Paragraph([Picture(address, alt)])]).rstrip("\n")
    else:
        yield _plain(alt)


def _table(block: Part, names: Mapping[str, str]) -> Iterator[str]:
    rows = block.get("rows")
    cells = [
        [_cell(each, names) for each in _objects(row)]
        for row in (rows if isinstance(rows, list) else [])
    ]
    width = max((len(row) for row in cells), default=0)
    if width:
        whole = [[*row, *([[]] * (width - len(row)))] for row in cells]
        yield commonmark([Table([""] * width, whole)]).rstrip("\n")


def _cell(cell: Part, names: Mapping[str, str]) -> Content:
    if cell.get("type") != "rich_text":
        value = cell.get("text", cell.get("value", ""))
        return [Run(" ".join(str(value).split()))]
    content: Content = []
    for block in document([cell], names):
        if isinstance(block, Paragraph):
            content += ([Run(" ")] if content else []) + block.content
        else:
            words = " ".join(commonmark([block]).split())
            content += [Run(f" {words}" if content else words)]
    return content


def _objects(value: object) -> list[Part]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


_KINDS: Mapping[str, Callable[[Part, Mapping[str, str]], Iterator[str]]] = {
    "rich_text": _rich,
    "section": _section,
    "header": _header,
    "context": _context,
    "divider": _divider,
    "image": _image,
    "markdown": _markdown,
    "table": _table,
    "video": _video,
}
"""What says a block's words, by its type."""


def _mentioned(value: object, levels: int) -> Iterator[str]:
    if levels < 0:
        return
    if isinstance(value, list):
        for each in value:
            yield from _mentioned(each, levels - 1)
    elif isinstance(value, dict):
        kind = value.get("type")
        if kind == "user":
            yield f"<@{word_in(value, 'user_id')}>"
        elif kind == "channel":
            yield f"<#{word_in(value, 'channel_id')}>"
        elif kind == "mrkdwn":
            yield word_in(value, "text")
        for name in ("elements", "fields", "text", "rows"):
            yield from _mentioned(value.get(name), levels - 1)
