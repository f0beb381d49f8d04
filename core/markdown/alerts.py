"""Alerts the parser takes for quotes: text on the mark's own line, and kinds GitHub does not have.

Models write `> [!NOTE] text`; Obsidian and others have more kinds, `> [!DANGER]`.
"""

import re
from dataclasses import replace

from core.markdown.document import (
    Alert,
    Block,
    Content,
    Item,
    Paragraph,
    Quote,
    Run,
    Style,
    Toggle,
    trim,
)

_CONTAINERS = (Quote, Alert, Toggle, Item)
_MARK = re.compile(r"\[!(\w+)\](?:[+-](?=\s|\Z))?")
_KINDS = {
    "note": "note info abstract summary tldr todo example",
    "tip": "tip hint success check done",
    "important": "important question help faq",
    "warning": "warning attention",
    "caution": "caution danger error failure fail bug",
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names.split()}


def mark_alerts(blocks: list[Block]) -> None:
    """Puts an alert, in place, for every quote that begins with the mark of one."""
    for place, block in enumerate(blocks):
        if isinstance(block, _CONTAINERS):
            mark_alerts(block.children)
            if isinstance(block, Quote):
                blocks[place] = _as_alert(block)


def _as_alert(quote: Quote) -> Quote | Alert:
    first = quote.children[0] if quote.children else None
    start = first.content[0] if isinstance(first, Paragraph) and first.content else None
    if not isinstance(start, Run) or start.style != Style.PLAIN or start.link:
        return quote
    mark = _MARK.match(start.text)
    kind = _KIND_OF.get(mark.group(1).lower()) if mark else None
    if mark is None or kind is None or not isinstance(first, Paragraph):
        return quote
    rest: Content = trim([replace(start, text=start.text[mark.end() :]), *first.content[1:]])
    children = [Paragraph(rest), *quote.children[1:]] if rest else quote.children[1:]
    return Alert(kind, children) if children else quote
