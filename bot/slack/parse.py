"""What Slack delivers, as plain values. Pure.

https://docs.slack.dev/interactivity/implementing-slash-commands
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit
from uuid import UUID

from bot.slack.markdown import plain_text
from core.actions import AGAIN, PICK, REWRITES, call_of
from core.errors import InvalidInput
from core.messages import Call, Request, Sender, stable_id
from core.ports import Address

# For how long, in seconds, the same trigger id or response URL means the same delivery, and for
# how long the same words do where there is neither. A server may have one id for all it sends.
_HOUR = 3_600.0
_MINUTE = 60.0

TWICE = 2.0
"""Seconds in which a button that writes anew, pressed again by the same person, is one press."""

_SHORT = 200

# What of an address says which message a request is about, and where that is.
_ABOUT = ("channel_id", "message", "in_thread", "thread", "linked", "marked")

UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)
"""What Bolt raises, outside of what it runs, for a delivery of another shape than Slack's."""

# Slack writes the message's time without its point.
_PERMALINK = re.compile(r"/archives/([A-Z0-9]+)/p(\d{10})(\d{6})/?")
_MOMENT = re.compile(r"\d{10}\.\d{6}")


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody asked for, typed or by a button: who, what and where, and where to answer.

    `delivery` is the same when Slack delivers it twice. A button's `text` is a call already.
    Commands of one `key` within `holds` seconds are one, and those of one `twin` within `TWICE`;
    None: `delivery` alone tells.
    """

    delivery: UUID
    sender: Sender
    text: str | Call
    address: Address
    place: str
    key: UUID | None = None
    holds: float = _HOUR
    twin: UUID | None = None


def read_body(raw: bytes, content_type: str) -> dict[str, Any]:
    """The fields of a delivery over HTTP: JSON for events, a form for all else.

    Bolt has a parser of its own, which takes any form with the word “payload” somewhere in it for
    an interaction and so loses commands that merely speak of one.
    Raises InvalidInput where it is neither.
    """
    try:
        text = raw.decode()
        if content_type == "application/json":
            fields = json.loads(text)
        else:
            fields = dict(parse_qsl(text, keep_blank_values=True))
            if "payload" in fields:
                fields = json.loads(fields["payload"])
    except ValueError:
        raise InvalidInput("The body is neither JSON nor a form.") from None
    if not isinstance(fields, dict):
        raise InvalidInput("The body is not an object.")
    return fields


def is_shaped(fields: Mapping[str, Any]) -> bool:
    """Whether what Bolt looks into has the shape that it takes for granted."""
    for name in ("event", "view"):
        if not isinstance(fields.get(name) or {}, dict):
            return False
    for name in ("actions", "authorizations"):
        listed = fields.get(name) or []
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            return False
    return isinstance(fields.get("type", ""), str)


def is_certificate_check(raw: bytes) -> bool:
    """Whether Slack only looks at the certificate of a command's address, and wants a 200.

    https://docs.slack.dev/interactivity/implementing-slash-commands#validation
    """
    if len(raw) > _SHORT or b"ssl_check=1" not in raw:
        return False
    return {name for name, _ in parse_qsl(raw.decode(errors="replace"))} <= {"ssl_check", "token"}


def read_command(fields: Mapping[str, Any], accepted_at: float) -> Command:
    """A slash command as Slack describes it; `accepted_at` is epoch seconds.

    The trigger id is different for each time somebody presses return, and the same when one
    delivery comes twice. Where a server leaves it out, or has but one, the text tells commands
    apart; where it names no response URL either, the same text in the same ten seconds is taken
    for a repeat, and by whoever remembers `key`, in the same minute.
    """
    team, channel, user = (word_in(fields, name) for name in ("team_id", "channel_id", "user_id"))
    respond_to, text = word_in(fields, "response_url"), word_in(fields, "text")
    trigger = word_in(fields, "trigger_id") or respond_to
    key = stable_id("slack", team, channel, user, trigger, text)
    moment = f"{accepted_at // 10:.0f}"
    delivery = key if trigger else stable_id("slack", team, channel, user, moment, text)
    return Command(
        delivery=delivery,
        sender=Sender("slack", user, word_in(fields, "user_name"), team),
        text=plain_text(text),
        address={
            "delivery": str(delivery),
            "channel_id": channel,
            "user_id": user,
            "team_id": team,
            "enterprise_id": word_in(fields, "enterprise_id"),
            "response_url": _web_address(respond_to),
            "accepted_at": f"{accepted_at:.6f}",
            "asker": word_in(fields, "user_name"),
        }
        | ({"workspace": domain} if (domain := word_in(fields, "team_domain")) else {}),
        place=place_of(team, channel),
        key=key,
        holds=_HOUR if trigger else _MINUTE,
    )


def read_press(fields: Mapping[str, Any], accepted_at: float) -> Command | None:
    """A pressed button as Slack describes it; None where it is none of ours.

    Under a message for the asker's eyes alone, the next answer is for theirs alone too.
    https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
    """
    actions = fields.get("actions")
    pressed = actions[0] if isinstance(actions, list) and actions else None
    person, container = object_in(fields, "user"), object_in(fields, "container")
    user = word_in(person, "id")
    if not isinstance(pressed, dict) or not user:
        return None
    name, item = word_in(pressed, "action_id"), word_in(pressed, "value")
    call = call_of(name, item, private=container.get("is_ephemeral") is True)
    if call is None:
        return None
    # Where the app is installed for a whole organisation, the person alone names a team.
    team = word_in(object_in(fields, "team"), "id") or word_in(person, "team_id")
    channel = word_in(object_in(fields, "channel"), "id") or word_in(container, "channel_id")
    moment = word_in(fields, "trigger_id") or word_in(pressed, "action_ts")
    shown = word_in(container, "message_ts")
    writes = name in (*REWRITES, "retry", AGAIN)
    delivery = stable_id("slack", team, channel, user, moment, name, item)
    asker = word_in(person, "username") or word_in(person, "name")
    return Command(
        delivery=delivery,
        sender=Sender("slack", user, asker, team),
        text=call,
        address={
            "delivery": str(delivery),
            "channel_id": channel,
            "user_id": user,
            "team_id": team,
            "enterprise_id": word_in(object_in(fields, "enterprise"), "id"),
            "response_url": _web_address(word_in(fields, "response_url")),
            "pressed": "yes",
            "accepted_at": f"{accepted_at:.6f}",
            "asker": asker,
        }
        | _thread(container),
        place=place_of(team, channel),
        key=delivery,
        # What is done once however often it is asked for, like saving, tells so each time.
        twin=stable_id("slack", team, channel, user, shown, name, item) if writes else None,
    )


def is_question(fields: Mapping[str, Any], call: Call) -> bool:
    """Whether a press answers what one person alone was asked, and is to be asked no more. Pure."""
    alone = object_in(fields, "container").get("is_ephemeral") is True
    return alone and call.command in (AGAIN, PICK, "take-back")


def once_more(pressed: Command, earlier: Request) -> Command:
    """What was asked for before, about what it was about, answered where the button is. Pure."""
    mine = {name: word for name, word in pressed.address.items() if name not in _ABOUT}
    about = {name: earlier.address[name] for name in _ABOUT if name in earlier.address}
    return replace(pressed, text=earlier.call, address=mine | about, place=earlier.place)


def read_shortcut(fields: Mapping[str, Any], accepted_at: float) -> Command | None:
    """“Save to Notion” in a message's menu; None where it names no message.

    https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload
    """
    person, message = object_in(fields, "user"), object_in(fields, "message")
    user, channel = word_in(person, "id"), word_in(object_in(fields, "channel"), "id")
    ts = word_in(fields, "message_ts") or word_in(message, "ts")
    if not (user and channel and ts):
        return None
    team = word_in(object_in(fields, "team"), "id") or word_in(person, "team_id")
    moment = word_in(fields, "trigger_id") or word_in(fields, "action_ts")
    delivery = stable_id("slack", team, channel, user, moment, "save", ts)
    thread = word_in(message, "thread_ts")
    return Command(
        delivery=delivery,
        sender=Sender("slack", user, word_in(person, "username") or word_in(person, "name"), team),
        text=Call("save"),
        address={
            "delivery": str(delivery),
            "channel_id": channel,
            "user_id": user,
            "team_id": team,
            "enterprise_id": word_in(object_in(fields, "enterprise"), "id"),
            "response_url": _web_address(word_in(fields, "response_url")),
            "message": ts,
            "accepted_at": f"{accepted_at:.6f}",
        }
        | ({"in_thread": thread} if thread not in ("", ts) else {}),
        place=place_of(team, channel),
    )


def locate(link: str) -> Address | None:
    """What the address of a message says: its channel, itself, and the thread it is in.

    `https://acme.slack.com/archives/C123/p1700000000123456?thread_ts=1699999999.000100&cid=C123`
    """
    try:
        parts = urlsplit(link.strip().strip("<>"))
        host = parts.hostname or ""
    except ValueError:
        return None
    found = _PERMALINK.fullmatch(parts.path)
    slack = host.endswith((".slack.com", ".slack-gov.com"))
    if parts.scheme not in ("https", "http") or not slack or found is None:
        return None
    message = f"{found[2]}.{found[3]}"
    thread = (parse_qs(parts.query).get("thread_ts") or [""])[0]
    inside = _MOMENT.fullmatch(thread) and thread != message
    where = {"channel_id": found[1], "message": message, "linked": "yes"}
    return where | ({"in_thread": thread} if inside else {})


def _thread(container: Mapping[str, Any]) -> dict[str, str]:
    """What answers a button belongs where the button is."""
    thread = word_in(container, "thread_ts")
    return {"thread": thread} if thread else {}


def place_of(team: str, channel: str) -> str:
    """The core's name for a channel."""
    return f"{team}:{channel}" if channel else ""


def _web_address(text: str) -> str:
    return text if text.startswith(("https://", "http://")) else ""


def object_in(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object among the fields, empty where there is none."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def word_in(fields: Mapping[str, Any], name: str) -> str:
    """A string among the fields, empty where there is none."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def kind_of(fields: Mapping[str, Any]) -> str:
    """What kind of delivery it is, for the numbers: one of five words."""
    if "command" in fields:
        return "command"
    event = word_in(object_in(fields, "event"), "type")
    if event in ("message", "app_mention"):
        return "message"
    if event in ("reaction_added", "reaction_removed"):
        return "reaction"
    return "interaction" if "user" in fields and "event" not in fields else "other"
