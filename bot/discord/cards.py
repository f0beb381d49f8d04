"""What Discord shows beside a message's words: cards, components and polls, as Markdown. Pure.

https://docs.discord.com/developers/resources/message#embed-object
https://docs.discord.com/developers/components/reference
https://docs.discord.com/developers/resources/poll
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.discord.text import Names, markdown, named
from core.markdown.addresses import web_address

Json = Mapping[str, Any]

DEEPEST = 5
"""Components within components; Discord allows three levels."""

_TEXT = 10
"""The type of a component that is nothing but text."""


def card(embed: Json, names: Names) -> str:
    """An embed: who it is from, title, text, fields and footer; pictures are left out."""
    link = web_address(str(embed.get("url") or ""))
    parts = [
        _styled("*", _text(embed.get("author"), "name", names)),
        _linked(_styled("**", _text(embed, "title", names)), link),
        _text(embed, "description", names),
        *(_field(each, names) for each in _objects(embed.get("fields"))),
        _text(embed.get("footer"), "text", names),
    ]
    return "\n\n".join(part for part in parts if part)


def _field(field: Json, names: Names) -> str:
    name, value = _styled("**", _text(field, "name", names)), _text(field, "value", names)
    if not name or not value:
        return name or value
    return f"{name}\n\n{value}" if "\n" in value else f"{name}: {value}"


def _text(part: object, name: str, names: Names) -> str:
    words = part.get(name) if isinstance(part, dict) else None
    return markdown(named(words, names)).strip() if isinstance(words, str) else ""


def _styled(mark: str, text: str) -> str:
    line = " ".join(text.split())
    return f"{mark}{line}{mark}" if line and "*" not in line else line


def _linked(text: str, link: str) -> str:
    return f"[{text}](<{link}>)" if text and link and not re.search(r"[\[\]]", text) else text


def laid_out(components: object, names: Names, levels: int = DEEPEST) -> Iterator[str]:
    """The texts of components, in order; buttons and menus are for pressing, so left out."""
    for each in _objects(components) if levels else ():
        if each.get("type") == _TEXT:
            yield _text(each, "content", names)
        yield from laid_out(each.get("components"), names, levels - 1)


def polled(poll: Json) -> str:
    """A poll: its question, its answers, and their votes where Discord tells of any."""
    results = poll.get("results")
    counts = _objects(results.get("answer_counts")) if isinstance(results, dict) else []
    votes = {one.get("id"): one.get("count") for one in counts}
    lines = [f"**{_media(poll.get('question'))}**\n"]
    for answer in _objects(poll.get("answers")):
        count = votes.get(answer.get("answer_id"))
        told = f" ({count} {'vote' if count == 1 else 'votes'})" if isinstance(count, int) else ""
        lines.append(f"- {_media(answer.get('poll_media'))}{told}")
    return "\n".join(lines)


def _media(media: object) -> str:
    """A question or an answer, in which nothing is markup, behind its emoji."""
    told = media if isinstance(media, dict) else {}
    emoji = told.get("emoji")
    name = str(emoji.get("name") or "") if isinstance(emoji, dict) else ""
    shown = f":{name}:" if isinstance(emoji, dict) and emoji.get("id") else name
    words = re.sub(r"([\\`*_\[\]<>|~])", r"\\\1", " ".join(str(told.get("text") or "").split()))
    return " ".join(part for part in (shown, words) if part)


def _objects(value: object) -> list[Json]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
