"""Which property of a data source takes which fact, and in what form. Pure.

A fact goes into a property that is made for it: of a type that can hold it, and of a name that
people give to such a property. All else is left as it is.
https://developers.notion.com/reference/page-property-values
https://developers.notion.com/reference/request-limits
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from urllib.parse import urlsplit

from core.facts import Facts
from core.markdown.richtext import cut, units
from core.messages import Sender
from core.notion.names import NAMES, Fact
from core.ports import Property

Json = dict[str, Any]

LONGEST_TEXT = 2_000
LONGEST_URL = 2_000
LONGEST_OPTION = 100
"""UTF-16 units, as Notion counts."""

MOST = 100
"""Options, people or files of one property."""

_TEXTS = ("select", "rich_text", "multi_select", "status")
TYPES: Mapping[Fact, Sequence[str]] = {
    "author": ("people", *_TEXTS),
    "participants": ("people", "multi_select", "rich_text"),
    "channel": _TEXTS,
    "source": _TEXTS,
    "at": ("date",),
    "link": ("url",),
    "tags": ("multi_select", "rich_text"),
    "provider": _TEXTS,
    "model": _TEXTS,
    "files": ("files",),
}
"""The types that can hold each fact. What Notion reckons itself, such as formulas, is not among
them."""


@dataclass(frozen=True, slots=True)
class Filled:
    """The values for the properties of a page, by name, and what was left out and why."""

    values: Mapping[str, Json]
    notes: tuple[str, ...] = ()


def fill(schema: Sequence[Property], facts: Facts, people: Mapping[Sender, str]) -> Filled:
    """The values that fit; `people` are the ids in Notion of those who are known there.

    Each fact fills one property at most, the one whose name fits best, and each property takes one.
    """
    values: dict[str, Json] = {}
    notes: list[str] = []
    for fact in NAMES:
        for each in fitting(schema, fact):
            if each.name in values:
                continue
            value, why = _value(each, _said(fact, facts), people)
            if why:
                notes.append(f"“{each.name}” was left out: {why}")
            if value is not None:
                values[each.name] = {each.type: value}
                break
    return Filled(values, tuple(notes))


def fitting(schema: Sequence[Property], fact: Fact) -> list[Property]:
    """The properties that are made for a fact, the best name first."""
    names = NAMES[fact]
    found = [each for each in schema if each.type in TYPES[fact] and key(each.name) in names]
    return sorted(found, key=lambda each: names.index(key(each.name)))


def key(name: str) -> str:
    """A property's name without case, signs and emoji."""
    return " ".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", name).casefold()))


# ── Values ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Said:
    """A fact: the words for it, and what else a type may need."""

    words: Sequence[str] = ()
    people: Sequence[Sender] = ()
    files: Sequence[tuple[str, str]] = ()


def _said(fact: Fact, facts: Facts) -> _Said:
    match fact:
        case "author":
            return _persons([facts.author] if facts.author else [])
        case "participants":
            return _persons(facts.participants)
        case "at":
            at = facts.at
            return _Said([at.astimezone(UTC).isoformat(timespec="seconds")] if at else [])
        case "tags":
            return _Said(facts.tags)
        case "files":
            return _Said(files=[(file["name"], file["id"]) for file in facts.files if file["id"]])
    words: str = getattr(facts, fact)
    return _Said([words] if words else [])


def _persons(senders: Sequence[Sender]) -> _Said:
    names = dict.fromkeys(sender.name for sender in senders if sender.name)
    return _Said(list(names), people=senders)


_Value = tuple[Any, str]
"""A value, None where there is none, and why it was left out, where that is worth a word."""

_NONE: _Value = (None, "")


def _value(into: Property, said: _Said, people: Mapping[Sender, str]) -> _Value:
    if into.type == "people":
        known = dict.fromkeys(people[each] for each in said.people if each in people)
        return ([{"object": "user", "id": one} for one in known][:MOST] or None), ""
    if into.type == "files":
        return [_file(name, upload) for name, upload in said.files][:MOST] or None, ""
    words = [" ".join(word.split()) for word in said.words if word.strip()]
    return WRITERS[into.type](into, words) if words else _NONE


def _file(name: str, upload: str) -> Json:
    return {"type": "file_upload", "file_upload": {"id": upload}, "name": _cut(name, 100)}


def _rich_text(_into: Property, words: Sequence[str]) -> _Value:
    text = _cut(", ".join(words), LONGEST_TEXT)
    return [{"type": "text", "text": {"content": text}}], ""


def _select(into: Property, words: Sequence[str]) -> _Value:
    return {"name": _option(into, words[0])}, ""


def _multi_select(into: Property, words: Sequence[str]) -> _Value:
    names = list(dict.fromkeys(_option(into, word) for word in words))
    return [{"name": name} for name in names[:MOST]], ""


def _status(into: Property, words: Sequence[str]) -> _Value:
    """Notion makes no options of a status, as it does of a select."""
    name = _option(into, words[0])
    if name in into.options:
        return {"name": name}, ""
    return None, f"it has no option “{name}”, and options of a status are made in Notion alone."


def _date(_into: Property, words: Sequence[str]) -> _Value:
    return {"start": words[0]}, ""


def _url(_into: Property, words: Sequence[str]) -> _Value:
    url = words[0]
    if units(url) > LONGEST_URL:
        return None, f"an address may have {LONGEST_URL:,} characters in Notion."
    parts = urlsplit(url)
    return (url, "") if parts.scheme in ("http", "https") and parts.netloc else _NONE


WRITERS: Mapping[str, Callable[[Property, Sequence[str]], _Value]] = {
    "rich_text": _rich_text,
    "select": _select,
    "multi_select": _multi_select,
    "status": _status,
    "date": _date,
    "url": _url,
}
"""What writes words into a property, by its type."""


def _option(into: Property, word: str) -> str:
    """The option that is meant, whatever its case, or the name of a new one, without commas."""
    name = _cut(" ".join(word.replace(",", " ").split()) or "–", LONGEST_OPTION)
    alike = (one for one in into.options if one.casefold() == name.casefold())
    return next(alike, name)


def _cut(text: str, limit: int) -> str:
    return next(cut(text, limit), "").rstrip() if units(text) > limit else text
