"""Answers as HTML: written by our own converter, then cleaned by nh3 all the same.

A model, or a page that a model quotes, may say anything at all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from core.markdown.html import html_blocks
from core.markdown.unfinished import close_markdown

if TYPE_CHECKING:
    from markupsafe import Markup

_TAGS = {
    *("p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "pre", "code", "hr", "br", "blockquote"),
    *("div", "span", "details", "summary", "table", "thead", "tbody", "tr", "th", "td"),
    *("a", "strong", "em", "del", "u", "mark"),
}
_ATTRIBUTES = {
    "*": {"id"},
    "a": {"href"},
    "ol": {"start"},
    "th": {"scope"},
    "pre": {"tabindex", "role", "aria-label"},
    "div": {"tabindex", "role", "aria-label"},
    "span": {"role", "aria-label"},
}
_CLASSES = {
    "ul": {"tasks"},
    "ol": {"tasks"},
    "li": {"task", "done"},
    "span": {"tick"},
    "pre": {"formula"},
    "code": {"formula"},
    "th": {"center", "right"},
    "td": {"center", "right"},
    "div": {"table", "alert", "note", "tip", "important", "warning", "caution"},
}


def blocks(markdown: str, *, growing: bool = False) -> list[str]:
    """The HTML of each block, safe to be put into a page; `growing` where more is to come."""
    clean = _cleaner()
    return [
        clean(block) for block in html_blocks(close_markdown(markdown) if growing else markdown)
    ]


def prose(markdown: str) -> Markup:
    """The whole answer, for a template."""
    from markupsafe import Markup

    return Markup("".join(blocks(markdown)))  # noqa: S704 - cleaned


@cache
def _cleaner() -> Callable[[str], str]:
    import nh3  # with the first page that shows an answer

    cleaner = nh3.Cleaner(
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes={"http", "https"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        # No id of an answer can be one of the page's own.
        id_prefix="answer-",
    )
    return cleaner.clean
