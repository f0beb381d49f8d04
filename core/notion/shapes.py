"""Notion's objects, as much of them as is needed here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.ports import Child, Destination

Json = dict[str, Any]


def destination(found: Json) -> Destination:
    """A page or a data source as a place for pages."""
    url, edited = found.get("url") or "", found.get("last_edited_time") or ""
    if found.get("object") == "data_source":
        return Destination(found["id"], "data_source", title(found), url, edited)
    return Destination(found["id"], "page", title(found), url, edited)


def parent_id(found: Json) -> str:
    """The page or data source that this one stands in; empty where it stands in none."""
    parent = found.get("database_parent") or found.get("parent") or {}
    kind = parent.get("type") or next(iter(parent), "")
    inside = parent.get(kind)
    return inside if isinstance(inside, str) else ""


def title(found: Json) -> str:
    """The title of a page or data source; empty for an untitled one."""
    if isinstance(found.get("title"), list):
        return plain_text(found["title"])
    for value in (found.get("properties") or {}).values():
        if not isinstance(value, dict):
            continue
        # A minimal server may leave out the type; the value says it all the same.
        if value.get("type", "title") == "title" and isinstance(value.get("title"), list):
            return plain_text(value["title"])
    return ""


def plain_text(rich_text: Sequence[Json]) -> str:
    """The text as Notion shows it, in what it answers or in what is sent to it."""
    return "".join(_run(run) for run in rich_text)


def _run(run: Json) -> str:
    if isinstance(run.get("plain_text"), str):
        return str(run["plain_text"])
    if isinstance(run.get("equation"), dict):
        return str(run["equation"].get("expression") or "")
    if user := _mentioned(run):
        # A minimal server gives back what was sent.
        return f"@{user}"
    return str((run.get("text") or {}).get("content") or "")


def child(block: Json) -> Child:
    """A block, with the first link in its text."""
    kind = block["type"]
    rich_text = (block.get(kind) or {}).get("rich_text") or []
    links = (run.get("href") or _target(run) for run in rich_text)
    link = next((link for link in links if link), None)
    return Child(block["id"], kind, link, text_of(block), _mentions(block))


def text_of(block: Json) -> str:
    """A block's own text, of one that was told of and of one that is to be sent alike."""
    body = block.get(block["type"]) or {}
    if isinstance(body.get("expression"), str):
        return str(body["expression"])
    return "\t".join(plain_text(runs) for runs in _texts(block)).strip()


def _texts(block: Json) -> list[list[Json]]:
    body = block.get(block["type"]) or {}
    return [body.get("rich_text") or [], *(body.get("cells") or [])]


def _mentions(block: Json) -> tuple[tuple[str, str], ...]:
    return tuple(
        (_run(run), user) for runs in _texts(block) for run in runs if (user := _mentioned(run))
    )


def _mentioned(run: Json) -> str:
    """The id of the person a text mentions; empty where it mentions none."""
    mention = run.get("mention")
    user = mention.get("user") if isinstance(mention, dict) else None
    found = user.get("id") if isinstance(user, dict) else None
    return found if isinstance(found, str) else ""


def _target(run: Json) -> str | None:
    link = (run.get("text") or {}).get("link")
    return link["url"] if link else None
