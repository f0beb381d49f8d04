"""The small form for words that a button or a menu still wants: built and read. Pure.

Append and Ask under what was found want what to add, or a question; “Append to Notion page” in a
message's menu wants the page. What is submitted is the call that the typed command would be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.slack import pieces
from bot.slack.form import DESTINATION, Origin, read_origin
from bot.slack.parse import Command, object_in, word_in
from core.messages import Call, Sender, stable_id

WORDS = "words"
"""The view's callback id, and the id of its field."""

LONGEST = 3_000
"""Characters; a field of Slack's takes no more."""

_HOUR = 3_600.0
# What an address says of where the words belong, and that a form has to bring back.
_KEPT = ("thread", "message", "in_thread", "user_id", "team_id", "enterprise_id", "channel_id")
_LABELS = {
    "ask": ("Ask this page", "Your question", "When do we launch?"),
    "save": ("Append to page", "What to add", "Words, or the link of a message"),
}


def build_words(asked: Command, reply: str) -> dict[str, Any] | None:
    """The form for what a press or a menu lacks; None where it lacks nothing.

    `reply` names the response URL that was given for it.
    """
    call = asked.text
    if not isinstance(call, Call) or call.command not in _LABELS:
        return None
    title, label, hint = _LABELS[call.command]
    where = {name: asked.address[name] for name in _KEPT if asked.address.get(name)}
    origin = Origin(
        asked.address["team_id"],
        asked.address["enterprise_id"],
        asked.address["channel_id"],
        reply,
        call.flags,
    )
    told = json.loads(origin.written()) | {
        "command": call.command,
        "where": where,
        "place": asked.place,
    }
    picked = "append" in call.flags or call.command == "ask"
    return {
        "type": "modal",
        "callback_id": WORDS,
        "title": pieces.plain(title, 24),
        "submit": pieces.plain("Ask" if call.command == "ask" else "Add", 24),
        "close": pieces.plain("Cancel", 24),
        "private_metadata": json.dumps(told, ensure_ascii=False, separators=(",", ":")),
        "blocks": [_field(label, hint) if picked else _page()],
    }


def read_words(
    fields: Mapping[str, Any], respond_to: str, accepted_at: float
) -> Command | dict[str, str]:
    """What a submitted form asks for, or what is wrong with which field."""
    view, person = object_in(fields, "view"), object_in(fields, "user")
    origin = read_origin(view)
    told = json.loads(word_in(view, "private_metadata") or "{}")
    command = word_in(told, "command")
    said = object_in(object_in(view, "state"), "values")
    text = word_in(object_in(object_in(said, WORDS), WORDS), "value").replace("\0", "").strip()
    chosen = object_in(object_in(said, DESTINATION), DESTINATION)
    page = word_in(object_in(chosen, "selected_option"), "value")
    flags = dict(origin.flags)
    if DESTINATION in said and not page:
        return {DESTINATION: "Choose a page: type a word of its title."}
    if DESTINATION not in said and not text:
        return {WORDS: "Write something here."}
    if page:
        flags["append"] = page
    user = word_in(person, "id")
    which = word_in(view, "id") + word_in(view, "hash") or word_in(fields, "trigger_id")
    delivery = stable_id("slack", origin.team, user, which, WORDS, text, page)
    where = {
        name: value for name, value in object_in(told, "where").items() if isinstance(value, str)
    }
    return Command(
        delivery=delivery,
        sender=Sender(
            "slack", user, word_in(person, "username") or word_in(person, "name"), origin.team
        ),
        text=Call(command, text, flags),
        address=where
        | {
            "delivery": str(delivery),
            "channel_id": origin.channel,
            "user_id": user,
            "team_id": origin.team,
            "enterprise_id": origin.enterprise,
            "response_url": respond_to,
            "accepted_at": f"{accepted_at:.6f}",
        },
        place=word_in(told, "place"),
        key=delivery,
        holds=_HOUR,
    )


def for_a_page(asked: Command) -> Command:
    """What “Append to Notion page” in a message's menu asks for, the page aside."""
    return replace(asked, text=Call("save"))


def _field(label: str, hint: str) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": WORDS,
        "label": pieces.plain(label),
        "element": {
            "type": "plain_text_input",
            "action_id": WORDS,
            "multiline": True,
            "min_length": 1,
            "max_length": LONGEST,
            "focus_on_load": True,
            "placeholder": pieces.plain(hint, 150),
        },
    }


def _page() -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": DESTINATION,
        "label": pieces.plain("The page in Notion"),
        "element": pieces.search(DESTINATION, "Type a word of its title"),
    }
