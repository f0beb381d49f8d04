"""Answers as Slack messages. Pure.

A part is `blocks` and `text`, the fallback that notifications show, and its `place` in the answer:
`draft` while it grows, `first`, or `more` for what continues in the thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from bot.warning import marked
from core.markdown import slack_markdown
from core.markdown.mrkdwn import escape, mrkdwn
from core.markdown.unfinished import close_markdown
from core.messages import Action, Answer
from core.ports import Part

LONGEST_FALLBACK = 3_000
"""Characters of the fallback. Screen readers read it in place of the blocks, so it says what they
say; `chat.update` takes 4,000. https://docs.slack.dev/reference/methods/chat.update"""

LONGEST_ASIDE = 400
"""Characters of the fallback for the page's link, and as many for the notes."""

# https://docs.slack.dev/reference/block-kit/blocks/context-block
_NOTE = 1_000
_NOTES = 10

_STYLES = {"save": "primary", "stop": "danger", "trash": "danger"}


def render_answer(answer: Answer) -> list[Part]:
    """The messages an answer becomes. What stands under the text goes with the last one.

    The page's link is under the first message too: in a channel the others are in a thread.
    """
    answer = marked(answer)
    texts = texts_of(answer.text) or ("…",)
    parts = [_part(text, "more" if at else "first") for at, text in enumerate(texts)]
    if answer.page is not None and len(parts) > 1:
        _add(parts[0], [_page(answer.page)])
    _add(parts[-1], _footer(answer))
    parts[-1]["blocks"] += _buttons(answer.actions)
    return parts


def render_end(answer: Answer) -> tuple[str, list[dict[str, Any]]] | None:
    """The text and what stands under it, as `render_answer` has them, where that is one message.

    What it leaves out, the fallback, takes most of the time, and a stream makes its own.
    """
    answer = marked(answer)
    texts = texts_of(answer.text) or ("…",)
    if len(texts) > 1:
        return None
    return texts[0], [*_footer(answer), *_buttons(answer.actions)]


def render_draft(text: str, actions: Sequence[Action] = ()) -> Part:
    """The last message's worth of an unfinished answer, and for streams the text as it came."""
    texts = slack_markdown(close_markdown(text)) or ["…"]
    part = _part(texts[-1], "draft") | {"written": text}
    part["blocks"] += _buttons(actions)
    return part


def render_waiting(actions: Sequence[Action] = (), why: str = "") -> Part:
    """The placeholder; `told` where it says why somebody has to wait."""
    part = _part(f"_{why or 'Writing …'}_", "draft") | ({"told": True} if why else {})
    part["blocks"] += _buttons(actions)
    return part


@lru_cache(maxsize=64)
def texts_of(markdown: str) -> tuple[str, ...]:
    """The messages' Markdown. A text that has ended is shown twice: by its stream, and whole."""
    return tuple(slack_markdown(markdown))


def content(part: Part) -> dict[str, Any]:
    """What of a part is sent."""
    return {"text": part["text"], "blocks": part["blocks"]}


def without_markdown_blocks(part: Part) -> Part:
    """The same part for a server that refuses Markdown blocks: sections of its older markup."""
    blocks: list[dict[str, Any]] = []
    for block in part["blocks"]:
        if block["type"] == "markdown":
            blocks += [_section(text) for text in mrkdwn(block["text"])]
        else:
            blocks.append(block)
    return part | {"blocks": blocks}


def _part(markdown: str, place: str) -> Part:
    text, *more = mrkdwn(markdown, LONGEST_FALLBACK - 2) or ["…"]
    if more:
        text += "\n…"
    return {"place": place, "text": text, "blocks": [{"type": "markdown", "text": markdown}]}


def _footer(answer: Answer) -> list[dict[str, Any]]:
    blocks = []
    if answer.page is not None:
        blocks.append(_page(answer.page))
    notes = [text for note in answer.notes for text in mrkdwn(" ".join(note.split()), _NOTE)[:1]]
    if notes:
        elements = [{"type": "mrkdwn", "text": note} for note in notes[:_NOTES]]
        blocks.append({"type": "context", "elements": elements})
    return blocks


def _buttons(actions: Sequence[Action]) -> list[dict[str, Any]]:
    """Rows of buttons; nothing where there are none, for Slack refuses an empty row.

    https://docs.slack.dev/reference/block-kit/block-elements/button-element
    """
    rows: dict[int, list[dict[str, Any]]] = {}
    for action in actions:
        element = {
            "type": "button",
            "action_id": action.name,
            "text": {"type": "plain_text", "text": action.label},
            "value": action.item,
        }
        style = {"style": _STYLES[action.name]} if action.name in _STYLES else {}
        rows.setdefault(action.row, []).append(element | style)
    return [{"type": "actions", "elements": row} for row in rows.values()]


def _add(part: Part, footer: list[dict[str, Any]]) -> None:
    part["blocks"] += footer
    part["text"] += "".join(_said(block) for block in footer)


def _page(url: str) -> dict[str, Any]:
    return _section(f"<{_address(url)}|Open in Notion>")


def _said(block: dict[str, Any]) -> str:
    """A footer's block in the fallback, where it is short enough to fit beside the text."""
    said = " ".join(text["text"] for text in block.get("elements") or [block["text"]])
    return f"\n{said}" if len(said) <= LONGEST_ASIDE else ""


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _address(url: str) -> str:
    return escape(url).replace("|", "%7C")
