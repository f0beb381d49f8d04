"""Answers as Discord messages. Pure.

A part is `content`, `components` (its buttons) and its `place` in the answer: `draft` while it
grows, `first`, or `more`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.warning import marked
from core.actions import RATINGS
from core.markdown import discord_messages
from core.markdown.unfinished import close_markdown
from core.messages import Action, Answer
from core.ports import Part

LONGEST = 2_000
"""Code points of one message. https://docs.discord.com/developers/resources/message"""

SUPPRESS_EMBEDS = 1 << 2
EPHEMERAL = 1 << 6
LOADING = 1 << 7

_NOTE = 500

_WIDTH = 5
"""Buttons in a row, and rows in a message, at most."""

_ROW, _BUTTON = 1, 2
_BLUE, _GREY, _RED = 1, 2, 4
_STYLES = {"save": _BLUE, "stop": _RED, "trash": _RED}


def render_answer(answer: Answer) -> list[Part]:
    """The messages an answer becomes. What stands under the text goes with the last one."""
    answer = marked(answer)
    texts = discord_messages(answer.text) or ["…"]
    footer = _footer(answer)
    if footer and len(texts[-1]) + len(footer) + 1 <= LONGEST:
        texts[-1] = f"{texts[-1]}\n{footer}"
    elif footer:
        texts.append(footer)
    parts = [_part(text, "more" if at else "first") for at, text in enumerate(texts)]
    parts[-1]["components"] = _buttons(answer.actions)
    return parts


def render_draft(text: str, actions: Sequence[Action] = ()) -> Part:
    """The last message's worth of an unfinished answer."""
    texts = discord_messages(close_markdown(text)) or ["…"]
    return _part(texts[-1], "draft") | {"components": _buttons(actions)}


def render_waiting(actions: Sequence[Action] = (), why: str = "") -> Part:
    """The placeholder, with what it says of why somebody has to wait."""
    return _part(f"*{why or 'Writing …'}*", "draft") | {"components": _buttons(actions)}


def content(part: Part, *, private: bool = False) -> dict[str, Any]:
    """What of a part is sent. Nobody is called, whatever the text says, and no link unfolds."""
    flags = SUPPRESS_EMBEDS | (EPHEMERAL if private else 0)
    return {
        "content": part["content"],
        # Always there: an edit without them would leave the buttons of the text before.
        # A part that was rendered before messages had buttons has none.
        "components": part.get("components", []),
        "allowed_mentions": {"parse": []},
        "flags": flags,
    }


def _part(text: str, place: str) -> Part:
    return {"place": place, "content": text, "components": []}


def _buttons(actions: Sequence[Action]) -> list[dict[str, Any]]:
    """Rows of buttons, five in each at most, with 👍 and 👎 in one of their own; [] without any.

    https://docs.discord.com/developers/components/reference#button
    """
    buttons = [
        {
            "type": _BUTTON,
            "style": _STYLES.get(action.name, _GREY),
            "label": action.label,
            "custom_id": f"{action.name}:{action.item}",
        }
        for action in actions
    ]
    own = sum(action.name not in RATINGS for action in actions)
    # Two things with two buttons each, or five with one.
    paired = len({action.row for action in actions}) < own
    width = 4 if any(action.row for action in actions) and paired else _WIDTH
    rows = [buttons[at : min(at + width, own)] for at in range(0, own, width)] + [buttons[own:]]
    return [{"type": _ROW, "components": row} for row in rows if row][:_WIDTH]


def _footer(answer: Answer) -> str:
    """The page's address and the fine print, within one message."""
    lines = []
    if answer.page is not None:
        # In angle brackets the address is not unfolded.
        address = answer.page.replace("<", "%3C").replace(">", "%3E").replace(" ", "%20")
        lines.append(f"[Open in Notion](<{address}>)")
    for note in answer.notes:
        text = " ".join(" ".join(discord_messages(note)[:1]).split())[:_NOTE]
        if text and len("\n".join(lines)) + len(text) + 4 <= LONGEST:
            lines.append(f"-# {text}")
    return "\n".join(lines)
