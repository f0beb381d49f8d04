"""Reading a request's fields: each reader returns the value or refuses it by its path."""

import re
from collections.abc import Collection
from typing import Any

from sandbox.notion.errors import MISSING, should_be, too_many
from sandbox.notion.ids import parse_id

ARRAY_LIMIT = 100
URL_LIMIT = 2000
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_WEB_URL = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)
_NEVER = ("javascript:", "vbscript:", "data:")


def utf16_length(text: str) -> int:
    """Notion counts text as JavaScript does, in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def read_object(value: object, path: str) -> dict[str, Any]:
    if value is MISSING:
        raise should_be(path, "defined", value)
    if not isinstance(value, dict):
        raise should_be(path, "an object", value)
    return value


def only_keys(value: dict[str, Any], path: str, allowed: Collection[str]) -> None:
    for key in value:
        if key not in allowed:
            raise should_be(f"{path}.{key}", "not present", value[key])


def read_array(value: object, path: str, limit: int = ARRAY_LIMIT) -> list[Any]:
    if value is MISSING:
        raise should_be(path, "defined", value)
    if not isinstance(value, list):
        raise should_be(path, "an array", value)
    if len(value) > limit:
        raise too_many(path, limit, len(value))
    return value


def read_text(value: object, path: str, limit: int | None = None) -> str:
    """A string of at most `limit` UTF-16 units."""
    if value is MISSING:
        raise should_be(path, "defined", value)
    if not isinstance(value, str):
        raise should_be(path, "a string", value)
    if limit is not None and (length := utf16_length(value)) > limit:
        raise too_many(path, limit, length)
    return value


def read_bool(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise should_be(path, "a boolean", value)
    return value


def read_int(value: object, path: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise should_be(path, "a number", value)
    if value < low:
        raise should_be(path, f"≥ `{low}`", value)
    if value > high:
        raise should_be(path, f"≤ `{high}`", value)
    return value


def read_choice(value: object, path: str, choices: Collection[str]) -> str:
    if value is MISSING:
        raise should_be(path, "defined", value)
    if not isinstance(value, str) or value not in choices:
        listed = [f'`"{choice}"`' for choice in choices]
        raise should_be(
            path, " or ".join(filter(None, [", ".join(listed[:-1]), listed[-1]])), value
        )
    return value


def read_id(value: object, path: str) -> str:
    if value is MISSING:
        raise should_be(path, "defined", value)
    found = parse_id(value)
    if found is None:
        raise should_be(path, "a valid uuid", value)
    return found


def is_link(url: str) -> bool:
    """Whether Notion takes it as a link: absolute, with a scheme; a relative one is refused."""
    if not _SCHEME.match(url) or any(char.isspace() for char in url):
        return False
    lowered = url.lower()
    if lowered.startswith(("http:", "https:")):
        return is_web_url(url)
    return not lowered.startswith(_NEVER)


def is_web_url(url: str) -> bool:
    return _WEB_URL.fullmatch(url) is not None
