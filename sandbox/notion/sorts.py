"""The order of a data source's pages."""

from collections.abc import Callable
from typing import Any

from sandbox.notion.checks import read_array, read_choice, read_object, read_text
from sandbox.notion.errors import MISSING, invalid
from sandbox.notion.filters import property_value
from sandbox.notion.records import Record

DIRECTIONS = ("ascending", "descending")
_TIMES = ("created_time", "last_edited_time")


def sort_rows(rows: list[Record], value: object, schema: dict[str, Any]) -> list[Record]:
    """The rows by each sort in turn, the first one deciding first."""
    for n, one in reversed(list(enumerate(read_array(value, "body.sorts")))):
        path = f"body.sorts[{n}]"
        sort = read_object(one, path)
        direction = read_choice(sort.get("direction", MISSING), f"{path}.direction", DIRECTIONS)
        rows = sorted(rows, key=_key_of(sort, schema, path), reverse=direction == "descending")
    return rows


def _key_of(sort: dict[str, Any], schema: dict[str, Any], path: str) -> Callable[[Record], Any]:
    if "timestamp" in sort:
        time = read_choice(sort["timestamp"], f"{path}.timestamp", _TIMES)
        return lambda row: row.created if time == "created_time" else row.edited
    name = read_text(sort.get("property", MISSING), f"{path}.property")
    if name not in schema:
        raise invalid(f"Could not find sort property with name or id: {name}")
    return lambda row: _comparable(property_value(row, name))


def _comparable(value: Any) -> tuple[bool, Any]:
    """Numbers before text, so that empty values, which are "", never meet a number."""
    if isinstance(value, list):
        value = ", ".join(str(one) for one in value)
    return (True, value.casefold()) if isinstance(value, str) else (False, value)
