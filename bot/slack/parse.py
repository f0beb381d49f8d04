"""What Slack delivers, as plain values. Pure.

https://docs.slack.dev/interactivity/implementing-slash-commands
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from core.actions import call_of
from core.errors import InvalidInput
from core.messages import Call, Sender, stable_id
from core.ports import Address

# For how long, in seconds, the same trigger id or response URL means the same delivery, and for
# how long the same words do where there is neither. A server may have one id for all it sends.
_HOUR = 3_600.0
_MINUTE = 60.0

_REFERENCE = re.compile(r"<([@#!]|https?://|mailto:)([^<>|]*)(?:\|([^<>]*))?>")


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody asked for, typed or by a button: who, what and where, and where to answer.

    `delivery` is the same when Slack delivers it twice. A button's `text` is a call already.
    Commands of one `key` within `holds` seconds are one; None: `delivery` alone tells.
    """

    delivery: UUID
    sender: Sender
    text: str | Call
    address: Address
    place: str
    key: UUID | None = None
    holds: float = _HOUR


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


def read_command(fields: Mapping[str, Any], accepted_at: float) -> Command:
    """A slash command as Slack describes it; `accepted_at` is epoch seconds.

    The trigger id is different for each time somebody presses return, and the same when one
    delivery comes twice. Where a server leaves it out, or has but one, the text tells commands
    apart; where it names no response URL either, the same text in the same ten seconds is taken
    for a repeat, and by whoever remembers `key`, in the same minute.
    """
    team, channel, user = (_word(fields, name) for name in ("team_id", "channel_id", "user_id"))
    respond_to, text = _word(fields, "response_url"), _word(fields, "text")
    trigger = _word(fields, "trigger_id") or respond_to
    key = stable_id("slack", team, channel, user, trigger, text)
    moment = f"{accepted_at // 10:.0f}"
    delivery = key if trigger else stable_id("slack", team, channel, user, moment, text)
    return Command(
        delivery=delivery,
        sender=Sender("slack", user, _word(fields, "user_name"), team),
        text=plain_text(text),
        address={
            "delivery": str(delivery),
            "channel_id": channel,
            "user_id": user,
            "team_id": team,
            "enterprise_id": _word(fields, "enterprise_id"),
            "response_url": _web_address(respond_to),
            "accepted_at": f"{accepted_at:.6f}",
        },
        place=_place(team, channel),
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
    person, container = _object(fields, "user"), _object(fields, "container")
    user = _word(person, "id")
    if not isinstance(pressed, dict) or not user:
        return None
    name, item = _word(pressed, "action_id"), _word(pressed, "value")
    call = call_of(name, item, private=container.get("is_ephemeral") is True)
    if call is None:
        return None
    # Where the app is installed for a whole organisation, the person alone names a team.
    team = _word(_object(fields, "team"), "id") or _word(person, "team_id")
    channel = _word(_object(fields, "channel"), "id") or _word(container, "channel_id")
    moment = _word(fields, "trigger_id") or _word(pressed, "action_ts")
    delivery = stable_id("slack", team, channel, user, moment, name, item)
    return Command(
        delivery=delivery,
        sender=Sender("slack", user, _word(person, "username") or _word(person, "name"), team),
        text=call,
        address={
            "delivery": str(delivery),
            "channel_id": channel,
            "user_id": user,
            "team_id": team,
            "enterprise_id": _word(_object(fields, "enterprise"), "id"),
            "response_url": _web_address(_word(fields, "response_url")),
            "pressed": "yes",
            "accepted_at": f"{accepted_at:.6f}",
        },
        place=_place(team, channel),
        key=delivery,
    )


def plain_text(text: str) -> str:
    """What the person typed, from what Slack made of it.

    Links and mentions come as `<https://…|label>` and `<@U123|ada>`, and `&`, `<`, `>` as entities.
    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return unescape(_REFERENCE.sub(_typed, text))


def _typed(match: re.Match[str]) -> str:
    kind, target, label = match[1], match[2], match[3]
    if kind in ("@", "#"):
        return kind + (label or target).removeprefix(kind)
    if kind == "!":
        return "@" + (label or target.partition("^")[0]).removeprefix("@")
    return label or target if kind == "mailto:" else kind + target


def _place(team: str, channel: str) -> str:
    return f"{team}:{channel}" if channel else ""


def _web_address(text: str) -> str:
    return text if text.startswith(("https://", "http://")) else ""


def _object(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def _word(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
