"""What an event of the gateway asks for. Pure.

https://docs.discord.com/developers/events/gateway-events
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.discord.said import DEFAULT, REPLY, texts_of
from bot.discord.text import Names, named, without_mention
from core.commands.command import PREFIX
from core.emoji import MEMO
from core.messages import Call

Json = dict[str, Any]

SAME = 10.0
"""Seconds within which the same reaction told again is the same one."""

LATE = 3_600.0
"""Seconds after which nobody waits for the answer to a message that calls the bot by an edit."""

_KNOWN = 10_000
_EPOCH = 1_420_070_400


def is_from_a_person(data: Json, own: str) -> bool:
    """Whether a person wrote a message: neither this bot, nor another app, nor Discord itself."""
    author = data.get("author") or {}
    written = data.get("type", DEFAULT) in (DEFAULT, REPLY)
    automatic = author.get("bot") or author.get("system") or data.get("webhook_id")
    return written and not automatic and author.get("id") not in (None, own)


def is_to_us(data: Json, own: str) -> bool:
    """Whether a message is for the bot: in private, by its name, or in reply to it.

    Whoever calls everybody, or a role, does not call the bot.
    """
    if not data.get("guild_id"):
        return True
    replied = ((data.get("referenced_message") or {}).get("author") or {}).get("id")
    return own in {user.get("id") for user in data.get("mentions") or []} or replied == own


def is_called_late(data: Json, own: str, now: float) -> bool:
    """Whether an edit names the bot in a message that is younger than `LATE`; `now` in seconds.

    What was asked already is known by the message's id, and not asked again.
    """
    named_now = own in {user.get("id") for user in data.get("mentions") or []}
    written = (int(data["id"]) >> 22) / 1_000 + _EPOCH
    return named_now and bool(data.get("edited_timestamp")) and now - written < LATE


def asked(data: Json, own: str, names: Names) -> str | Call:
    """What a message to the bot asks for."""
    text = ""
    for written in texts_of(data):
        text = text or named(without_mention(written, own), names)
    if text.split(None, 1)[:1] == [PREFIX]:
        return text
    if text.lower() in ("", "help"):
        return Call("help")
    return Call("talk", text)


@dataclass(frozen=True, slots=True)
class Reaction:
    """An emoji that somebody put on a message, or took away."""

    message: str
    channel: str
    guild: str
    user: str
    name: str
    added: bool
    emoji: str = MEMO

    @property
    def call(self) -> Call:
        """What 📝 asks for; what another emoji does is chosen in its channel."""
        return Call("save-marked" if self.added else "undo-save")


def reaction_of(data: Json, own: str, *, added: bool) -> Reaction | None:
    """The reaction of a person; None where it is an app's, or with nothing."""
    told, member = data.get("emoji") or {}, data.get("member") or {}
    user = member.get("user") or {}
    emoji = str(told.get("name") or "")
    if told.get("id"):
        # One of a server's own, whose name may be gone: https://docs.discord.com/developers/resources/emoji
        emoji = f"<:{emoji or 'emoji'}:{told['id']}>"
    if not emoji:
        return None
    if user.get("bot") or str(data.get("user_id")) == own:
        return None
    name = member.get("nick") or user.get("global_name") or user.get("username") or ""
    return Reaction(
        message=str(data["message_id"]),
        channel=str(data["channel_id"]),
        guild=str(data.get("guild_id") or ""),
        user=str(data["user_id"]),
        name=name,
        added=added,
        emoji=emoji,
    )


class Deliveries:
    """Names for reactions, which Discord gives none.

    The same one told twice has the same name, here and in another process; one that was taken away
    and put back has another.
    """

    def __init__(self) -> None:
        self._last: dict[tuple[str, ...], tuple[bool, int, float]] = {}

    def name(self, reaction: Reaction, now: float) -> str:
        """The name of this one; `now` is in seconds."""
        key: tuple[str, ...] = (reaction.message, reaction.user)
        if reaction.emoji != MEMO:
            key = (*key, reaction.emoji)
        added, turns, since = self._last.pop(key, (not reaction.added, 0, 0.0))
        if now - since > SAME:
            turns, since = 0, now
        elif added != reaction.added:
            turns += 1
        if len(self._last) >= _KNOWN:
            del self._last[next(iter(self._last))]
        self._last[key] = (reaction.added, turns, since)
        return f"{reaction.added}:{turns}:{int(since / SAME)}:{':'.join(key)}"
