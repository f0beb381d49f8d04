"""The filters of a data source's query: text, choices, numbers, check boxes and times."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from sandbox.notion.checks import read_array, read_bool, read_object, read_text
from sandbox.notion.errors import MISSING, invalid, should_be
from sandbox.notion.present import timestamp
from sandbox.notion.records import Record
from sandbox.notion.rich_text import plain_text

Keep = Callable[[Record], bool]
_TIMES = ("created_time", "last_edited_time")


def read_filter(value: object, schema: dict[str, Any], path: str = "body.filter") -> Keep:
    """Whether a page stays in the answer. Raises RefusedError for a filter that is not known."""
    if value is None:
        return lambda _: True
    given = read_object(value, path)
    for word, decide in (("and", all), ("or", any)):
        if word in given:
            parts = [
                read_filter(one, schema, f"{path}.{word}[{n}]")
                for n, one in enumerate(read_array(given[word], f"{path}.{word}"))
            ]
            return _joined(parts, decide)
    if "timestamp" in given:
        return _time_filter(given, path)
    return _property_filter(given, schema, path)


def _joined(parts: list[Keep], decide: Callable[[list[bool]], bool]) -> Keep:
    return lambda record: decide([part(record) for part in parts])


def property_value(record: Record, name: str) -> Any:
    """A property as it is compared: text, a list of names, a number, a boolean, or a time."""
    value = record.body["properties"][name]
    kind = value["type"]
    content = value[kind]
    if kind in ("title", "rich_text"):
        return plain_text(content)
    if kind in ("select", "status"):
        return content["name"] if content else ""
    if kind == "multi_select":
        return [option["name"] for option in content]
    if kind == "date":
        return content["start"] if content else ""
    return "" if content is None else content


def _property_filter(given: dict[str, Any], schema: dict[str, Any], path: str) -> Keep:
    asked = read_text(given.get("property", MISSING), f"{path}.property")
    name = next((n for n, config in schema.items() if asked in (n, config["id"])), None)
    if name is None:
        raise invalid(f"Could not find property with name or id: {asked}")
    kind = schema[name]["type"]
    if kind not in given:
        raise should_be(f"{path}.{kind}", "defined", MISSING)
    condition = read_object(given[kind], f"{path}.{kind}")
    compare = _compare_dates if kind == "date" else _compare
    tests = [compare(word, wanted, f"{path}.{kind}") for word, wanted in condition.items()]
    return lambda record: all(test(property_value(record, name)) for test in tests)


def _time_filter(given: dict[str, Any], path: str) -> Keep:
    name = given["timestamp"]
    if name not in _TIMES:
        raise should_be(f"{path}.timestamp", '`"created_time"` or `"last_edited_time"`', name)
    condition = read_object(given.get(name, MISSING), f"{path}.{name}")
    tests = [_compare_dates(word, wanted, f"{path}.{name}") for word, wanted in condition.items()]

    def keep(record: Record) -> bool:
        moment = record.created if name == "created_time" else record.edited
        return all(test(timestamp(moment)) for test in tests)

    return keep


_Test = Callable[[Any], bool]


def _compare(word: str, wanted: Any, path: str) -> _Test:
    comparisons: dict[str, _Test] = {
        "equals": lambda value: bool(value == wanted),
        "does_not_equal": lambda value: bool(value != wanted),
        "contains": lambda value: _fold(wanted) in _fold(value),
        "does_not_contain": lambda value: _fold(wanted) not in _fold(value),
        "starts_with": lambda value: str(_fold(value)).startswith(str(_fold(wanted))),
        "ends_with": lambda value: str(_fold(value)).endswith(str(_fold(wanted))),
        "greater_than": lambda value: value != "" and value > wanted,
        "less_than": lambda value: value != "" and value < wanted,
        "is_empty": lambda value: value in ("", [], False),
        "is_not_empty": lambda value: value not in ("", [], False),
    }
    if word not in comparisons:
        raise should_be(f"{path}.{word}", "not present", wanted)
    if word in ("contains", "does_not_contain", "starts_with", "ends_with"):
        read_text(wanted, f"{path}.{word}")
    elif word.startswith("is_"):
        read_bool(wanted, f"{path}.{word}")
    elif word.endswith("_than") and not isinstance(wanted, int | float):
        raise should_be(f"{path}.{word}", "a number", wanted)
    return comparisons[word]


def _fold(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _compare_dates(word: str, wanted: Any, path: str) -> _Test:
    """Dates without a time compare by day, times by the minute, as Notion keeps them."""
    where = f"{path}.{word}"
    if word in ("is_empty", "is_not_empty"):
        return _compare(word, wanted, path)
    limit = _moment(read_text(wanted, where), where)
    day_only = "T" not in wanted

    def part(text: str) -> date | datetime:
        moment = _moment(text, where)
        return moment.date() if day_only else moment.replace(second=0, microsecond=0)

    edge = part(wanted) if day_only else limit.replace(second=0, microsecond=0)
    comparisons: dict[str, Callable[[Any], bool]] = {
        "equals": lambda value: value == edge,
        "before": lambda value: value < edge,
        "after": lambda value: value > edge,
        "on_or_before": lambda value: value <= edge,
        "on_or_after": lambda value: value >= edge,
    }
    if word not in comparisons:
        raise should_be(where, "not present", wanted)
    return lambda text: text != "" and comparisons[word](part(text))


def _moment(text: str, path: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise should_be(path, "a valid ISO 8601 date string", text) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
