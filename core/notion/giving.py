"""The values that somebody named for a page's properties, in the form Notion takes. Pure.

https://developers.notion.com/reference/page-property-values
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from core.notion.filling import MOST, WRITERS, Filled, Json, key
from core.ports import Given, Property

LONGEST_SHORT = 200
"""UTF-16 units of an email address or a telephone number."""

_YES = frozenset(
    "yes y true on 1 x ✓ ✔ ✅ ☑ checked ja oui sí si sim はい 是 예".split()  # noqa: SIM905
)
_NO = frozenset(
    "no n false off 0 - ✗ ✘ ❌ ☐ unchecked nein non não nee いいえ 否 아니요".split()  # noqa: SIM905
)
_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?", re.IGNORECASE)
_GROUPED = re.compile(r"(?<=\d)[,'’_\s](?=\d{3}(?:\D|$))")

Value = tuple[Any, str]
"""A value, None where there is none, and why, in that case."""

Found = Mapping[tuple[str, str], Sequence[str]]
"""The ids that were looked up, by the name of a property and the word for one thing in it."""


def matching(schema: Sequence[Property], name: str) -> Property | None:
    """The property that a name means: the same, or the same but for case, signs and emoji."""
    exact = [each for each in schema if each.name == name]
    folded = [each for each in schema if each.name.casefold() == name.casefold()]
    loose = [each for each in schema if key(name) and key(each.name) == key(name)]
    return next(iter([*exact, *folded, *(loose if len(loose) == 1 else [])]), None)


def words_of(value: str) -> list[str]:
    """The things that a value names, where a property takes several: those between commas."""
    return [word.strip() for word in value.split(",") if word.strip()][:MOST]


def give(schema: Sequence[Property], pairs: Given, found: Found, today: date) -> Filled:
    """The values that fit, and what to say of those that do not.

    A value that is empty leaves its property empty, whatever else would fill it: it is None.
    """
    values: dict[str, Json] = {}
    notes: list[str] = []
    for name, text in pairs:
        into = matching(schema, name)
        if into is None:
            notes.append(_unknown(schema, name))
            continue
        if not text.strip():
            values[into.name] = {}
            continue
        value, why = _value(into, text, found, today)
        if why:
            notes.append(f"“{into.name}” was left out: {why}")
        if value is not None:
            values[into.name] = {into.type: value}
    return Filled(values, tuple(notes))


def _unknown(schema: Sequence[Property], name: str) -> str:
    there = ", ".join(each.name for each in schema if each.type in _KINDS)[:300]
    has = f" It has: {there}." if there else ""
    return f"“{name[:60]}” was left out: the data source has no property of this name.{has}"


def _value(into: Property, text: str, found: Found, today: date) -> Value:
    if into.type == "title":
        return None, "the title is that of what is saved."
    kind = _KINDS.get(into.type)
    if kind is None:
        return None, f"Notion lets nobody write a property of the type {into.type or 'unknown'}."
    return kind(into, " ".join(text.split()), found, today)


# ── A reader for each type ───────────────────────────────────────────────────────────────────────


def _as_ever(into: Property, text: str, _found: Found, _today: date) -> Value:
    several = into.type == "multi_select"
    value, why = WRITERS[into.type](into, words_of(text) if several else [text])
    if into.type == "status" and value is None:
        return None, f"{why} It has: {', '.join(into.options) or 'none'}."
    if into.type == "url" and value is None and not why:
        return None, "a web address begins with https://."
    return value, why


def _number(_into: Property, text: str, _found: Found, _today: date) -> Value:
    bare = _GROUPED.sub("", text.strip(" %€$£¥"))
    if "," in bare and "." not in bare:
        bare = bare.replace(",", ".")
    if not _NUMBER.fullmatch(bare):
        return None, f"“{text[:40]}” is no number."
    number = float(bare)
    if text.rstrip().endswith("%"):
        number /= 100
    return (int(number) if number.is_integer() and abs(number) < 2**53 else number), ""


def _checkbox(_into: Property, text: str, _found: Found, _today: date) -> Value:
    word = text.casefold()
    if word in _YES or word in _NO:
        return word in _YES, ""
    return None, f"“{text[:40]}” is neither yes nor no."


def _email(_into: Property, text: str, _found: Found, _today: date) -> Value:
    address = text.removeprefix("mailto:")
    if _EMAIL.fullmatch(address) and len(address) <= LONGEST_SHORT:
        return address, ""
    return None, f"“{text[:40]}” is no email address."


def _phone(_into: Property, text: str, _found: Found, _today: date) -> Value:
    if len(text) <= LONGEST_SHORT:
        return text, ""
    return None, f"a telephone number may have {LONGEST_SHORT} characters in Notion."


def _date(_into: Property, text: str, _found: Found, today: date) -> Value:
    begin, _, end = (
        part.strip() for part in re.sub(r"\s*(?:\.\.|…|→)\s*", "|", text).partition("|")
    )
    ends = [_moment(part, today) for part in (begin, end) if part]
    if not ends or None in ends:
        return None, f"“{text[:40]}” is no date; write it like {today.isoformat()}."
    return {"start": ends[0]} | ({"end": ends[1]} if len(ends) > 1 else {}), ""


def _moment(text: str, today: date) -> str | None:
    near = {"today": 0, "tomorrow": 1, "yesterday": -1}.get(text.casefold())
    if near is not None:
        return (today + timedelta(days=near)).isoformat()
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text.replace(" ", "T", 1))
    except ValueError:
        return None
    # A time that names no zone is taken as UTC, as everything that is saved is.
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat(timespec="seconds")


def _people(into: Property, text: str, found: Found, _today: date) -> Value:
    ids, lost = _looked_up(into, text, found)
    known = [{"object": "user", "id": one} for one in ids] or None
    why = f"Notion knows nobody here as {lost}; give the email address." if lost else ""
    return known, why


def _relation(into: Property, text: str, found: Found, _today: date) -> Value:
    reasons: list[str] = []
    ids: list[str] = []
    for word in words_of(text):
        there = found.get((into.name, word), ())
        if len(there) == 1:
            ids.append(there[0])
        elif there:
            reasons.append(f"more than one page is called “{word[:60]}”; give its address.")
        else:
            reasons.append(f"no page of the data source it points to is called “{word[:60]}”.")
    return [{"id": one} for one in dict.fromkeys(ids)] or None, " ".join(reasons)


def _looked_up(into: Property, text: str, found: Found) -> tuple[list[str], str]:
    ids: list[str] = []
    lost: list[str] = []
    for word in words_of(text):
        there = found.get((into.name, word), ())
        if there:
            ids.append(there[0])
        else:
            lost.append(f"“{word[:60]}”")
    return list(dict.fromkeys(ids)), ", ".join(lost)


def _files(_into: Property, text: str, _found: Found, _today: date) -> Value:
    urls = text.split()
    if not all(url.startswith(("https://", "http://")) and len(url) <= 2_000 for url in urls):
        return None, "a file is named by its address, which begins with https://."
    name = "external"
    return [
        {"type": name, "name": url.rpartition("/")[2][:100] or "file", name: {"url": url}}
        for url in urls[:MOST]
    ], ""


_Reader = Callable[[Property, str, Found, date], Value]

_KINDS: Mapping[str, _Reader] = {
    **dict.fromkeys(WRITERS, _as_ever),
    "date": _date,
    "number": _number,
    "checkbox": _checkbox,
    "email": _email,
    "phone_number": _phone,
    "people": _people,
    "relation": _relation,
    "files": _files,
}
