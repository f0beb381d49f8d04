"""Pieces of sentences that commands share, in Markdown. Pure."""

from __future__ import annotations

from core.ports import Destination

LONGEST_TITLE = 80
KINDS = {"page": "page", "data_source": "data source"}


def link(title: str, url: str | None) -> str:
    """A title of one line and at most 80 characters, as a link where there is an address."""
    text = " ".join(title.split()) or "Untitled"
    text = text if len(text) <= LONGEST_TITLE else text[: LONGEST_TITLE - 1].rstrip() + "…"
    text = text.replace("[", "(").replace("]", ")")
    return f"[{text}]({url})" if url else text


def place(destination: Destination) -> str:
    """A page or data source, as a link with its kind: `[Notes](https://…) (data source)`."""
    return f"{link(destination.title, destination.url)} ({KINDS[destination.kind]})"
