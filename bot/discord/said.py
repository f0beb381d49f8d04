"""What Discord tells of a message, as the core's. Pure.

The gateway, REST and an interaction describe a message alike:
https://docs.discord.com/developers/resources/message
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any

from bot.discord.cards import card, laid_out, polled
from bot.discord.text import Names, markdown, named, quoted
from core.facts import hashtags
from core.messages import File, Mention, Message

Json = dict[str, Any]

DEFAULT, REPLY, COMMAND, STARTER, MENU = 0, 19, 20, 21, 23
"""Types of messages that people or apps write; `STARTER` stands for the one a thread began from."""

_LOADING = 1 << 7
_FORWARD = 1
_LINK = re.compile(
    r"<?https://(?:(?:ptb|canary)\.)?discord(?:app)?\.com"
    r"/channels/(?P<guild>\d+|@me)/(?P<channel>\d+)/(?P<message>\d+)/?(?:\?\S*)?>?"
)


def message_of(data: Json, guild: str, names: Names, ours: Collection[str]) -> Message:
    """The message. `guild` is empty in private; `ours` are the ids that this app writes under."""
    author: Json = data.get("author") or {}
    files = [file for part in (data, *_forwarded(data)) for file in part.get("attachments") or []]
    return Message(
        id=data["id"],
        author=name_of(data),
        text=_text(data, dict(names) | people_of(data)),
        at=_moment(data.get("timestamp")),
        link=f"https://discord.com/channels/{guild or '@me'}/{data['channel_id']}/{data['id']}",
        ours=author.get("id") in ours,
        files=tuple(_file(file) for file in files),
        author_id=""
        if author.get("bot") or data.get("webhook_id")
        else str(author.get("id") or ""),
        tags=hashtags(str(data.get("content") or "")),
        mentions=tuple(_mentioned(data)),
    )


def _mentioned(data: Json) -> Iterator[Mention]:
    """Whom a message, or one forwarded with it, mentions; apps are none."""
    for part in (data, *_forwarded(data)):
        for user in part.get("mentions") or []:
            name = name_of({"author": user, "member": user.get("member")})
            if name and not user.get("bot"):
                yield Mention(str(user["id"]), name)


def _file(file: Json) -> File:
    url, size = str(file.get("url", "")), file.get("size")
    size = size if isinstance(size, int) else 0
    return File(str(file.get("filename", "")), url, str(file.get("content_type") or ""), size, url)


def name_of(data: Json) -> str:
    """The author's name, as people see it there."""
    author: Json = data.get("author") or {}
    nick = (data.get("member") or {}).get("nick")
    return str(nick or author.get("global_name") or author.get("username") or "")


def people_of(data: Json) -> dict[str, str]:
    """The names of the people a message mentions."""
    return {
        f"@{user['id']}": name_of({"author": user, "member": user.get("member")})
        for user in data.get("mentions") or []
    }


def texts_of(data: Json) -> list[str]:
    """All that is written in a message, as it came."""
    return [str(part.get("content") or "") for part in (data, *_forwarded(data))]


def is_said(data: Json) -> bool:
    """Whether somebody wrote it, and it is there; else Discord tells of an event."""
    written = data.get("type", DEFAULT) in (DEFAULT, REPLY, COMMAND, MENU)
    return written and not int(data.get("flags") or 0) & _LOADING


def is_blank(data: Json) -> bool:
    """Whether Discord shows nothing of it, because the app may not read what people write."""
    shown = ("content", "attachments", "embeds", "components", "sticker_items", "poll")
    return is_said(data) and not any(data.get(name) for name in (*shown, "message_snapshots"))


def answered(data: Json) -> str:
    """The id of the message that this one replies to; empty where it is no reply."""
    reference: Json = data.get("message_reference") or {}
    if data.get("type") != REPLY or reference.get("type", 0) != 0:
        return ""
    return str(reference.get("message_id") or "")


def located(link: str) -> dict[str, str] | None:
    """What a message's address adds to a request's; None where it is none."""
    match = _LINK.fullmatch(link.strip())
    if match is None:
        return None
    return {
        "guild_id": match["guild"].removeprefix("@me"),
        "channel_id": match["channel"],
        "message": match["message"],
        "thread": "",
        "linked": "yes",
    }


def _text(data: Json, names: Names) -> str:
    parts = [_told(data, names)]
    for snapshot in _forwarded(data):
        forwarded = _told(snapshot, dict(names) | people_of(snapshot))
        source = _source(data, snapshot)
        parts.append(source + (f"\n\n{quoted(forwarded)}" if forwarded else ""))
    return "\n\n".join(part for part in parts if part)


def _told(data: Json, names: Names) -> str:
    """What a message says, forwarded ones aside."""
    written = str(data.get("content") or "")
    parts = [markdown(named(written, names)), *laid_out(data.get("components"), names)]
    automatic = (data.get("author") or {}).get("bot") or data.get("webhook_id")
    for embed in data.get("embeds") or []:
        # What an app shows in a card; a person's only unfolds a link in their words.
        made = embed.get("type", "rich") == "rich" and str(embed.get("url") or " ") not in written
        if not parts[0] or (automatic and made):
            parts.append(card(embed, names))
    parts += [f":{one.get('name', 'sticker')}:" for one in data.get("sticker_items") or []]
    if poll := data.get("poll"):
        parts.append(polled(poll))
    return "\n\n".join(part for part in parts if part)


def _source(data: Json, snapshot: Json) -> str:
    """Where a forwarded message came from and when. Discord does not tell who wrote it."""
    reference: Json = data.get("message_reference") or {}
    ids = [str(reference.get(name) or "") for name in ("guild_id", "channel_id", "message_id")]
    place = f"https://discord.com/channels/{ids[0] or '@me'}/{ids[1]}/{ids[2]}"
    link = f" · [Original message](<{place}>)" if ids[1] and ids[2] else ""
    try:
        at = datetime.fromisoformat(str(snapshot.get("timestamp"))).astimezone(UTC)
        when = f" ({at:%Y-%m-%d %H:%M} UTC)"
    except ValueError:
        when = ""
    return f"Forwarded{when}{link}"


def _forwarded(data: Json) -> list[Json]:
    if (data.get("message_reference") or {}).get("type", _FORWARD) != _FORWARD:
        return []
    return [one["message"] for one in data.get("message_snapshots") or [] if one.get("message")]


def _moment(text: object) -> datetime:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return datetime.now(UTC)
