"""Page icons and covers."""

from typing import Any

from sandbox.notion.checks import (
    URL_LIMIT,
    is_web_url,
    read_choice,
    read_id,
    read_object,
    read_text,
)
from sandbox.notion.errors import MISSING, invalid, not_found, should_be

_EMOJI_UNITS = 32
_NAME_LIMIT = 100
_HUES = ("brown", "yellow", "orange", "green", "blue", "purple", "pink", "red")
_COLORS = ("gray", "lightgray", *_HUES)


def read_icon(value: object, path: str) -> dict[str, Any] | None:
    """An icon in the form that answers carry; None takes it away."""
    if value is None:
        return None
    icon = read_object(value, path)
    kind = icon.get("type") or next((name for name in _ICONS if name in icon), MISSING)
    if kind is MISSING or kind not in _ICONS:
        raise should_be(f"{path}.type", '`"emoji"`, `"external"` or `"icon"`', kind)
    if kind not in icon:
        raise should_be(f"{path}.{kind}", "defined", MISSING)
    return {"type": kind, kind: _ICONS[kind](icon[kind], f"{path}.{kind}")}


def read_cover(value: object, path: str) -> dict[str, Any] | None:
    if value is None:
        return None
    cover = read_object(value, path)
    kind = "file_upload" if "file_upload" in cover else "external"
    return {"type": kind, kind: _ICONS[kind](cover.get(kind, MISSING), f"{path}.{kind}")}


def _emoji(value: object, path: str) -> str:
    text = read_text(value, path, _EMOJI_UNITS)
    # Notion lists every emoji it takes; that none of them is plain text is what matters here.
    if not text or (text.isascii() and text[0] not in "#*0123456789") or text.isalnum():
        raise should_be(path, "a valid emoji", value)
    return text


def _external(value: object, path: str) -> dict[str, Any]:
    external = read_object(value, path)
    url = read_text(external.get("url", MISSING), f"{path}.url", URL_LIMIT)
    if not is_web_url(url):
        raise invalid("Invalid image url.")
    return {"url": url}


def _upload(value: object, path: str) -> dict[str, Any]:
    raise not_found("file_upload", read_id(read_object(value, path).get("id", MISSING), path))


def _named(value: object, path: str) -> dict[str, Any]:
    icon = read_object(value, path)
    name = read_text(icon.get("name", MISSING), f"{path}.name", _NAME_LIMIT)
    return {"name": name, "color": read_choice(icon.get("color", "gray"), f"{path}.color", _COLORS)}


_ICONS = {"emoji": _emoji, "external": _external, "file_upload": _upload, "icon": _named}
