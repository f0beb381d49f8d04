"""Slack's events, as plain values: what was said to the app, and how people reacted. Pure.

https://docs.slack.dev/apis/events-api
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.slack.markdown import markdown, mentions, people_in, plain_text, without_mention
from bot.slack.parse import Command, object_in, place_of, word_in
from bot.slack.workspace import Workspace, via
from core.messages import Call, Sender, stable_id

REACTION = "memo"

# What else comes as a `message` is news of messages: edited, deleted, somebody joined.
_SPOKEN = frozenset({"", "file_share", "me_message", "thread_broadcast"})
SLACKBOT = "USLACKBOT"
_COMMAND = re.compile(r"/notion(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Said:
    """A message that a person wrote where the app is.

    `thread` is the first message of its thread: its own where it begins one. `follows`: it is a
    reply. `called`: the app is meant, for it is named or nobody else is there. `below_us`: the
    thread is one of the app's own messages. `us` is the app's user id, as far as it is told. `via`
    is what its address adds where it came through another workspace's installation.
    """

    team: str
    enterprise: str
    channel: str
    user: str
    ts: str
    thread: str
    follows: bool
    called: bool
    below_us: bool
    us: str
    text: str
    event: Mapping[str, Any] = field(repr=False)
    via: Mapping[str, str] = field(default_factory=dict)

    @property
    def installed(self) -> Workspace:
        """The workspace whose installation brought it."""
        return Workspace.of({"team_id": self.team, "enterprise_id": self.enterprise, **self.via})

    @property
    def place(self) -> str:
        """The core's name for the channel."""
        return place_of(self.team, self.channel)


def read_said(fields: Mapping[str, Any]) -> Said | None:
    """The message of an `app_mention` or `message` event; None where no person says anything."""
    event = object_in(fields, "event")
    kind, user, ts = (word_in(event, name) for name in ("type", "user", "ts"))
    channel, us = word_in(event, "channel"), our_user(fields)
    spoken = kind in ("app_mention", "message") and word_in(event, "subtype") in _SPOKEN
    if not (spoken and user and ts and channel) or event.get("hidden"):
        return None
    if event.get("bot_id") or event.get("bot_profile") or user in (us, SLACKBOT):
        return None
    text, above = word_in(event, "text"), word_in(event, "thread_ts")
    direct = word_in(event, "channel_type") == "im"
    team, enterprise = _team(fields), _enterprise(fields)
    return Said(
        team=team,
        enterprise=enterprise,
        channel=channel,
        user=user,
        ts=ts,
        thread=above or ts,
        follows=above not in ("", ts),
        called=direct or kind == "app_mention" or mentions(text, us),
        below_us=us != "" and word_in(event, "parent_user_id") == us,
        us=us,
        text=text,
        event=event,
        via=via(fields, team, enterprise),
    )


def asked(said: Said, names: Mapping[str, str], accepted_at: float) -> Command:
    """What the message asks for: a conversation, help, or a command written out.

    An `app_mention` and a `message` about the same words are the same request. `names` are those
    of the people and channels in it, and of its author.
    """
    text = without_mention(said.text, said.us)
    plain = plain_text(text, names)
    call: str | Call = Call("talk", markdown(text, names, exact=False))
    if not plain.strip() or plain.strip().lower() == "help":
        call = Call("help")
    elif _COMMAND.match(plain):
        call = plain
    delivery = stable_id("slack", said.team, said.channel, said.ts, "said")
    return Command(
        delivery=delivery,
        sender=Sender("slack", said.user, names.get(said.user, ""), said.team),
        text=call,
        address={
            "delivery": str(delivery),
            "channel_id": said.channel,
            "user_id": said.user,
            "team_id": said.team,
            "enterprise_id": said.enterprise,
            "response_url": "",
            "accepted_at": f"{accepted_at:.6f}",
            "thread": said.thread,
            "message": said.ts,
            **said.via,
        },
        place=said.place,
    )


def is_talk(said: Said) -> bool:
    """Whether the message asks for an answer in a conversation, and for nothing else."""
    text = asked(said, {}, 0.0).text
    return isinstance(text, Call) and text.command == "talk"


def read_reaction(fields: Mapping[str, Any], accepted_at: float) -> Command | None:
    """An emoji put on a message or taken away; None for any other event.

    The call for another emoji than 📝 names it, and nobody knows yet whether it asks for anything.
    https://docs.slack.dev/reference/events/reaction_added
    """
    event = object_in(fields, "event")
    kind, item, user = word_in(event, "type"), object_in(event, "item"), word_in(event, "user")
    channel, ts = word_in(item, "channel"), word_in(item, "ts")
    ours = kind in ("reaction_added", "reaction_removed") and word_in(item, "type") == "message"
    name = word_in(event, "reaction")
    if not (ours and user and channel and ts and name):
        return None
    if user in (our_user(fields), SLACKBOT):
        return None
    team, enterprise = _team(fields), _enterprise(fields)
    moment = word_in(event, "event_ts") or word_in(fields, "event_id")
    delivery = stable_id("slack", team, channel, ts, user, kind, name, moment)
    return Command(
        delivery=delivery,
        sender=Sender("slack", user, "", team),
        text=Call(
            "save-marked" if kind == "reaction_added" else "undo-save",
            flags={} if name == REACTION else {"emoji": f":{name}:"},
        ),
        address={
            "delivery": str(delivery),
            "channel_id": channel,
            "user_id": user,
            "team_id": team,
            "enterprise_id": enterprise,
            "response_url": "",
            "accepted_at": f"{accepted_at:.6f}",
            "thread": ts,
            "message": ts,
            "marked": "yes",
            **via(fields, team, enterprise),
        },
        place=place_of(team, channel),
    )


def our_user(fields: Mapping[str, Any]) -> str:
    """The app's own user, as the delivery names it; empty where it does not."""
    listed = fields.get("authorizations")
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and each.get("is_bot"):
            return word_in(each, "user_id")
    return ""


def people_named(said: Said) -> list[str]:
    """The people whose names are wanted: the author, and whom the message mentions."""
    found = [said.user, *people_in(said.text)]
    return [user for user in dict.fromkeys(found) if user != said.us]


def _team(fields: Mapping[str, Any]) -> str:
    return word_in(fields, "team_id") or word_in(object_in(fields, "event"), "team")


def _enterprise(fields: Mapping[str, Any]) -> str:
    return word_in(fields, "enterprise_id") or word_in(fields, "context_enterprise_id")
