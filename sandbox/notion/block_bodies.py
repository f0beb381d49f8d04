"""What each type of block carries besides its children, as `blockObjectRequest` has it."""

from collections.abc import Callable
from typing import Any

from sandbox.notion.checks import (
    ARRAY_LIMIT,
    URL_LIMIT,
    is_web_url,
    only_keys,
    read_array,
    read_bool,
    read_choice,
    read_id,
    read_int,
    read_object,
    read_text,
)
from sandbox.notion.errors import MISSING, invalid, should_be
from sandbox.notion.icons import read_icon
from sandbox.notion.languages import LANGUAGES
from sandbox.notion.rich_text import COLORS, EQUATION_LIMIT, read_rich_text

HEADINGS = ("heading_1", "heading_2", "heading_3", "heading_4")
LISTS = ("bulleted_list_item", "numbered_list_item")
MEDIA = ("image", "video", "pdf", "file", "audio")
_EMPTY = ("divider", "breadcrumb", "tab")

Body = Callable[[dict[str, Any], str], dict[str, Any]]


def _colored_text(given: dict[str, Any], path: str) -> dict[str, Any]:
    return {
        "rich_text": read_rich_text(given.get("rich_text", MISSING), f"{path}.rich_text"),
        "color": read_choice(given.get("color", "default"), f"{path}.color", COLORS),
    }


def _plain(given: dict[str, Any], path: str) -> dict[str, Any]:
    only_keys(given, path, ("rich_text", "color"))
    return _colored_text(given, path)


def _heading(given: dict[str, Any], path: str) -> dict[str, Any]:
    only_keys(given, path, ("rich_text", "color", "is_toggleable"))
    toggleable = read_bool(given.get("is_toggleable", False), f"{path}.is_toggleable")
    return _colored_text(given, path) | {"is_toggleable": toggleable}


def _to_do(given: dict[str, Any], path: str) -> dict[str, Any]:
    only_keys(given, path, ("rich_text", "color", "checked"))
    checked = read_bool(given.get("checked", False), f"{path}.checked")
    return _colored_text(given, path) | {"checked": checked}


def _with_icon(given: dict[str, Any], path: str) -> dict[str, Any]:
    only_keys(given, path, ("rich_text", "color", "icon"))
    return _colored_text(given, path) | {"icon": read_icon(given.get("icon"), f"{path}.icon")}


def _callout(given: dict[str, Any], path: str) -> dict[str, Any]:
    # Without one, Notion puts its light bulb.
    bulb = {"type": "emoji", "emoji": "💡"}
    return _with_icon({"icon": bulb, **given}, path)


def _template(given: dict[str, Any], path: str) -> dict[str, Any]:
    only_keys(given, path, ("rich_text",))
    return {"rich_text": read_rich_text(given.get("rich_text", MISSING), f"{path}.rich_text")}


def _code(given: dict[str, Any], path: str) -> dict[str, Any]:
    only_keys(given, path, ("rich_text", "language", "caption"))
    return {
        "caption": read_rich_text(given.get("caption", []), f"{path}.caption"),
        "rich_text": read_rich_text(given.get("rich_text", MISSING), f"{path}.rich_text"),
        "language": read_choice(given.get("language", MISSING), f"{path}.language", LANGUAGES),
    }


def _equation(given: dict[str, Any], path: str) -> dict[str, Any]:
    only_keys(given, path, ("expression",))
    where = f"{path}.expression"
    return {"expression": read_text(given.get("expression", MISSING), where, EQUATION_LIMIT)}


def _nothing(given: dict[str, Any], path: str) -> dict[str, Any]:
    only_keys(given, path, ())
    return {}


def _contents(given: dict[str, Any], path: str) -> dict[str, Any]:
    only_keys(given, path, ("color",))
    return {"color": read_choice(given.get("color", "default"), f"{path}.color", COLORS)}


def _link_to_page(given: dict[str, Any], path: str) -> dict[str, Any]:
    only_keys(given, path, ("type", "page_id", "database_id"))
    kind = "database_id" if "database_id" in given else "page_id"
    return {"type": kind, kind: read_id(given.get(kind, MISSING), f"{path}.{kind}")}


def _table(given: dict[str, Any], path: str) -> dict[str, Any]:
    only_keys(given, path, ("table_width", "has_column_header", "has_row_header"))
    flags = {
        name: read_bool(given.get(name, False), f"{path}.{name}")
        for name in ("has_column_header", "has_row_header")
    }
    width = given.get("table_width", MISSING)
    return {"table_width": read_int(width, f"{path}.table_width", 1, ARRAY_LIMIT), **flags}


def _table_row(given: dict[str, Any], path: str) -> dict[str, Any]:
    only_keys(given, path, ("cells",))
    where = f"{path}.cells"
    cells = read_array(given.get("cells", MISSING), where)
    return {"cells": [read_rich_text(cell, f"{where}[{n}]") for n, cell in enumerate(cells)]}


def _column(given: dict[str, Any], path: str) -> dict[str, Any]:
    only_keys(given, path, ("width_ratio",))
    ratio = given.get("width_ratio", 1)
    if isinstance(ratio, bool) or not isinstance(ratio, int | float) or not 0 < ratio <= 1:
        raise should_be(f"{path}.width_ratio", "a number > `0` and ≤ `1`", ratio)
    return {"width_ratio": ratio} if "width_ratio" in given else {}


def _synced(given: dict[str, Any], path: str) -> dict[str, Any]:
    only_keys(given, path, ("synced_from",))
    source = given.get("synced_from", MISSING)
    if source is None:
        return {"synced_from": None}
    where = f"{path}.synced_from"
    found = read_id(read_object(source, where).get("block_id", MISSING), f"{where}.block_id")
    return {"synced_from": {"type": "block_id", "block_id": found}}


def _page_url(kind: str) -> Body:
    def read(given: dict[str, Any], path: str) -> dict[str, Any]:
        only_keys(given, path, ("url", "caption"))
        url = read_text(given.get("url", MISSING), f"{path}.url", URL_LIMIT)
        _refuse_bad_url(url, kind)
        return {"caption": read_rich_text(given.get("caption", []), f"{path}.caption"), "url": url}

    return read


def _media(kind: str) -> Body:
    def read(given: dict[str, Any], path: str) -> dict[str, Any]:
        only_keys(given, path, ("type", "external", "file_upload", "caption", "name"))
        if "file_upload" in given:
            return _uploaded(kind, given, path)
        external = read_object(given.get("external", MISSING), f"{path}.external")
        url = read_text(external.get("url", MISSING), f"{path}.external.url", URL_LIMIT)
        _refuse_bad_url(url, kind)
        body = {
            "caption": read_rich_text(given.get("caption", []), f"{path}.caption"),
            "type": "external",
            "external": {"url": url},
        }
        if kind != "file":
            only_keys(given, path, ("type", "external", "caption"))
            return body
        tail = url.partition("?")[0].rstrip("/").rpartition("/")[2]
        return body | {
            "name": read_text(given.get("name", tail[:ARRAY_LIMIT]), f"{path}.name", 100)
        }

    return read


def _uploaded(kind: str, given: dict[str, Any], path: str) -> dict[str, Any]:
    where = f"{path}.file_upload"
    upload = read_object(given["file_upload"], where).get("id", MISSING)
    body: dict[str, Any] = {
        "caption": read_rich_text(given.get("caption", []), f"{path}.caption"),
        "type": "file_upload",
        "file_upload": {"id": read_id(upload, f"{where}.id")},
    }
    only_keys(
        given, path, ("type", "file_upload", "caption", *(("name",) if kind == "file" else ()))
    )
    if "name" in given:
        body["name"] = read_text(given["name"], f"{path}.name", 100)
    return body


def _refuse_bad_url(url: str, kind: str) -> None:
    if not is_web_url(url):
        raise invalid(f"Invalid {kind} url.")


BODIES: dict[str, Body] = {
    **{kind: _page_url(kind) for kind in ("embed", "bookmark")},
    **{kind: _media(kind) for kind in MEDIA},
    "code": _code,
    "equation": _equation,
    **dict.fromkeys(_EMPTY, _nothing),
    "table_of_contents": _contents,
    "link_to_page": _link_to_page,
    "table_row": _table_row,
    "table": _table,
    "column_list": _nothing,
    "column": _column,
    **dict.fromkeys(HEADINGS, _heading),
    "paragraph": _with_icon,
    **dict.fromkeys((*LISTS, "quote", "toggle"), _plain),
    "to_do": _to_do,
    "template": _template,
    "callout": _callout,
    "synced_block": _synced,
}
