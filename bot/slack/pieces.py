"""What views are made of, cut to Slack's limits. Pure.

https://docs.slack.dev/reference/block-kit/block-elements
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from core.ports import Choice

Block = dict[str, Any]

LONGEST_OPTION = 75
LONGEST_VALUE = 75
"""Characters. Newer pages of the documentation allow 150; no id of ours is longer than 40."""

MOST_OPTIONS = 100
LONGEST_METADATA = 3_000
"""Characters. https://docs.slack.dev/reference/views/modal-views"""


def plain(text: str, longest: int = 3_000) -> Block:
    """Text in which nothing is markup; never empty, for Slack refuses that."""
    words = " ".join(text.split()) or "…"
    shown = words if len(words) <= longest else words[: longest - 1] + "…"
    return {"type": "plain_text", "text": shown}


def option(choice: Choice) -> Block:
    """Something to choose from a list."""
    return {"text": plain(choice.label, LONGEST_OPTION), "value": choice.value}


def options(choices: Iterable[Choice]) -> list[Block]:
    """What there is to choose, each once, without what Slack could not carry."""
    fit = {one.value: one for one in choices if 0 < len(one.value) <= LONGEST_VALUE}
    return [option(one) for one in list(fit.values())[:MOST_OPTIONS]]


def select(action: str, hint: str, choices: Sequence[Block], chosen: Block | None = None) -> Block:
    """A list of fixed choices."""
    element = {
        "type": "static_select",
        "action_id": action,
        "placeholder": plain(hint, 150),
        "options": list(choices),
    }
    return element | ({"initial_option": chosen} if chosen else {})


def search(action: str, hint: str, chosen: Block | None = None) -> Block:
    """A list whose choices are asked for while somebody types, and before they do."""
    element = {
        "type": "external_select",
        "action_id": action,
        "placeholder": plain(hint, 150),
        "min_query_length": 0,
    }
    return element | ({"initial_option": chosen} if chosen else {})


def button(action: str, label: str, *, primary: bool = False) -> Block:
    """A button."""
    element = {"type": "button", "action_id": action, "text": plain(label, 75), "value": action}
    return element | ({"style": "primary"} if primary else {})


def rich(*elements: Block) -> Block:
    """Lines of text and links in which nothing that people wrote is read as markup.

    https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
    """
    section = {"type": "rich_text_section", "elements": list(elements)}
    return {"type": "rich_text", "elements": [section]}


def rich_list(items: Iterable[Sequence[Block]]) -> Block:
    """The same as a list."""
    lines = [{"type": "rich_text_section", "elements": list(item)} for item in items]
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_list", "style": "bullet", "elements": lines}],
    }


def said(text: str, *, bold: bool = False) -> Block:
    """Words within `rich`."""
    return {"type": "text", "text": text} | ({"style": {"bold": True}} if bold else {})


def link(url: str, text: str, longest: int = 150) -> Block:
    """A link within `rich`; its words alone where the address is none."""
    words = plain(text, longest)["text"]
    if not url.startswith(("https://", "http://")) or len(url) > 3_000:
        return said(words)
    return {"type": "link", "url": url, "text": words}
