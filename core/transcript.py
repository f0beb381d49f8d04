"""Messages as one Markdown document: who said what and when, and where it was said. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from core.attachments import line_of
from core.messages import Carried, File, Message

Shape = Literal["thread", "range"]
"""A message with the replies to it, or messages one after another."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A message as a page shows it, or is to show it.

    `deleted` is when it was deleted in the chat, `files` what became of those that were copied,
    and `told` when the platform told so, in epoch seconds.
    """

    message: Message
    deleted: datetime | None = None
    files: tuple[Carried, ...] = ()
    told: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "message": self.message.to_json(),
            "deleted": self.deleted.isoformat() if self.deleted else None,
            "files": list(self.files),
            "told": self.told,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Entry:
        """The entry that `to_json` described."""
        deleted = data["deleted"]
        return cls(
            Message.from_json(data["message"]),
            datetime.fromisoformat(deleted) if deleted else None,
            tuple(data["files"]),
            data["told"],
        )

    def told_anew(self, message: Message, told: float) -> Entry:
        """The same message after an edit: what was said of it before and is not said now stays.

        Of files the address alone tells which one it is, without the part that ends with time.
        """
        known = {_which(file): file for file in self.message.files}
        return replace(
            self,
            message=replace(
                self.message,
                text=message.text,
                files=tuple(known.get(_which(file), file) for file in message.files),
                tags=message.tags,
                mentions=message.mentions,
            ),
            told=told,
        )


def in_order(entries: Sequence[Entry]) -> list[Entry]:
    """Oldest first."""
    return sorted(entries, key=lambda entry: (entry.message.at, entry.message.id))


def transcript(entries: Sequence[Entry], shape: Shape = "thread") -> str:
    """The document of entries that stand in order."""
    first, *replies = entries
    if shape == "range":
        parts = [_where(first.message, len(entries))]
        replies = list(entries)
    else:
        parts = [_body(first.message), _source(first.message), _deletion(first)]
        if replies:
            parts.append(f"## {len(replies)} {'reply' if len(replies) == 1 else 'replies'}")
    for reply in replies:
        said = reply.message
        parts += [f"**{_name(said)}** — {_when(said)}", _deletion(reply), _body(said)]
    return "\n\n".join(part for part in parts if part) + "\n"


def document(messages: Sequence[Message], shape: Shape = "thread") -> str:
    """The document of messages as they were said."""
    return transcript([Entry(message) for message in messages], shape)


def name_of(message: Message) -> str:
    """The author's name, so that it breaks no Markdown."""
    return _name(message)


def _body(message: Message) -> str:
    files = "\n".join(line_of(file) for file in message.files if file.link)
    return "\n\n".join(part for part in (message.text.strip(), files) if part)


def _source(message: Message) -> str:
    said = f"*{_name(message)} — {_when(message)}*"
    return f"{said} · [Original message](<{message.link}>)" if message.link else said


def _where(first: Message, count: int) -> str:
    said = f"*{count} messages since {_when(first)}*"
    return f"{said} · [First message](<{first.link}>)" if first.link else said


def _deletion(entry: Entry) -> str:
    if entry.deleted is None:
        return ""
    when = entry.deleted.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"> [!WARNING]\n> Deleted in the chat on {when}. What was said is kept here."


def _which(file: File) -> str:
    return file.link.partition("?")[0]


def _name(message: Message) -> str:
    return re.sub(r"([\\`*_\[\]<>])", r"\\\1", message.author) or "Somebody"


def _when(message: Message) -> str:
    return message.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
