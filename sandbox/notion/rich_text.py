"""Rich text: what a request may say, in the full form that answers carry.

Limits: 100 items an array, 2,000 UTF-16 units a text, 1,000 an equation, 2,000 a link.
https://developers.notion.com/reference/request-limits
"""

from typing import Any

from sandbox.notion.checks import (
    URL_LIMIT,
    is_link,
    only_keys,
    read_array,
    read_bool,
    read_choice,
    read_id,
    read_object,
    read_text,
)
from sandbox.notion.errors import MISSING, creation_failed, invalid, should_be
from sandbox.notion.users import person

TEXT_LIMIT = 2000
EQUATION_LIMIT = 1000

_HUES = ("gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")
COLORS = ("default", *_HUES, "default_background", *(f"{hue}_background" for hue in _HUES))
_MARKS = ("bold", "italic", "strikethrough", "underline", "code")
_KINDS = ("text", "mention", "equation")
_MENTIONS = ("user", "date", "page", "database")


def read_rich_text(value: object, path: str) -> list[dict[str, Any]]:
    """Refuses what breaks a limit or the shape; else the items with every field filled in."""
    return [_read_item(item, f"{path}[{n}]") for n, item in enumerate(read_array(value, path))]


def plain_text(items: list[dict[str, Any]]) -> str:
    return "".join(item["plain_text"] for item in items)


def text_item(content: str) -> dict[str, Any]:
    """A plain text in the form that answers carry."""
    return _read_item({"type": "text", "text": {"content": content}}, "text")


def _read_item(value: object, path: str) -> dict[str, Any]:
    item = read_object(value, path)
    kind = item.get("type") or next((kind for kind in _KINDS if kind in item), "text")
    if kind not in _KINDS:
        raise should_be(f"{path}.type", '`"text"`, `"mention"` or `"equation"`', kind)
    body = read_object(item.get(kind, MISSING), f"{path}.{kind}")
    annotations = _read_annotations(item.get("annotations"), f"{path}.annotations")
    read = {"text": _read_text, "mention": _read_mention, "equation": _read_equation}[kind]
    shaped, plain, href = read(body, f"{path}.{kind}")
    return {
        "type": kind,
        kind: shaped,
        "annotations": annotations,
        "plain_text": plain,
        "href": href,
    }


def _read_annotations(value: object, path: str) -> dict[str, Any]:
    marks: dict[str, Any] = dict.fromkeys(_MARKS, False) | {"color": "default"}
    if value is None:
        return marks
    given = read_object(value, path)
    only_keys(given, path, marks)
    for name, mark in given.items():
        where = f"{path}.{name}"
        marks[name] = (
            read_choice(mark, where, COLORS) if name == "color" else read_bool(mark, where)
        )
    return marks


_Shaped = tuple[dict[str, Any], str, str | None]


def _read_text(body: dict[str, Any], path: str) -> _Shaped:
    only_keys(body, path, ("content", "link"))
    content = read_text(body.get("content", MISSING), f"{path}.content", TEXT_LIMIT)
    link = body.get("link")
    if link is None:
        return {"content": content, "link": None}, content, None
    given = read_object(link, f"{path}.link")
    url = read_text(given.get("url", MISSING), f"{path}.link.url", URL_LIMIT)
    if not is_link(url):
        raise creation_failed("Invalid URL for link.")
    return {"content": content, "link": {"url": url}}, content, url


def _read_equation(body: dict[str, Any], path: str) -> _Shaped:
    expression = read_text(body.get("expression", MISSING), f"{path}.expression", EQUATION_LIMIT)
    return {"expression": expression}, expression, None


def _read_mention(body: dict[str, Any], path: str) -> _Shaped:
    kind = body.get("type") or next((kind for kind in _MENTIONS if kind in body), None)
    if kind not in _MENTIONS:
        raise should_be(f"{path}.type", '`"user"`, `"date"`, `"page"` or `"database"`', kind)
    target = read_object(body.get(kind, MISSING), f"{path}.{kind}")
    if kind == "date":
        date = read_date(target, f"{path}.date")
        shown = " → ".join(filter(None, [date["start"], date["end"]]))
        return {"type": "date", "date": date}, shown, None
    found = read_id(target.get("id", MISSING), f"{path}.{kind}.id")
    if kind == "user":
        only_keys(target, f"{path}.user", ("object", "id"))
        user = person(found)
        if user is None:
            # https://developers.notion.com/changelog/user-mentions-can-only-be-of-people
            raise invalid(f"Could not find user with ID: {found}.")
        return {"type": "user", "user": user}, f"@{user['name']}", None
    # The presenter puts the title and the address in: they belong to the page as it is by then.
    return {"type": kind, kind: {"id": found}}, "Untitled", None


def read_date(value: dict[str, Any], path: str) -> dict[str, Any]:
    only_keys(value, path, ("start", "end", "time_zone"))
    start = read_text(value.get("start", MISSING), f"{path}.start")
    end, zone = value.get("end"), value.get("time_zone")
    return {
        "start": start,
        "end": None if end is None else read_text(end, f"{path}.end"),
        "time_zone": None if zone is None else read_text(zone, f"{path}.time_zone"),
    }
