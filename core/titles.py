"""What an item that people wrote is called."""

from __future__ import annotations

from core.messages import Message
from core.notion.page import plain
from core.transcript import name_of


def first_line(message: Message) -> str:
    """The first line of a message without its marks; who wrote it where it has none. Pure."""
    line = next((line for line in message.text.splitlines() if line.strip()), "")
    return plain(line) or f"Message from {name_of(message)}"
