"""What is wrong with a body or a query, in plain words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

MOST = 10
"""Problems that are told of at once."""


def problems(error: ValidationError) -> str:
    """Which fields are wrong and why, never what they hold."""
    found = error.errors(include_input=False, include_url=False)[:MOST]
    return "; ".join(f"{_field(each['loc'])}{_what(each)}" for each in found)


def _field(location: tuple[int | str, ...]) -> str:
    name = ".".join(str(part) for part in location)[:64]
    return f"{name}: " if name else ""


def _what(problem: Mapping[str, Any]) -> str:
    if problem["type"] == "model_type" and problem["loc"]:
        return "must be a JSON object"
    say = _SENTENCES.get(problem["type"])
    if say is None:
        # Our own validators speak for themselves.
        return str(problem["msg"]).removeprefix("Value error, ")
    return say(problem.get("ctx", {}))


def _characters(count: int) -> str:
    return "1 character" if count == 1 else f"{count:,} characters"


def _elements(count: int) -> str:
    return "1 element" if count == 1 else f"{count:,} elements"


def _number(limit: float) -> str:
    return f"{int(limit):,}" if limit == int(limit) else str(limit)


def _always(sentence: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda _: sentence


# https://docs.pydantic.dev/latest/errors/validation_errors/
_SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": _always("is missing"),
    "extra_forbidden": _always("is not known here"),
    "string_type": _always("must be text"),
    "string_unicode": _always("must be Unicode text"),
    "bool_type": _always("must be true or false"),
    "bool_parsing": _always("must be true or false"),
    "int_type": _always("must be a whole number"),
    "int_parsing": _always("must be a whole number"),
    "int_parsing_size": _always("is too large a number"),
    "int_from_float": _always("must be a whole number"),
    "list_type": _always("must be a list"),
    "dict_type": _always("must be a JSON object"),
    "float_type": _always("must be a number"),
    "finite_number": _always("must be a number"),
    "datetime_type": _always("must be a date and time, like 2027-02-03T09:30:00Z"),
    "model_type": _always("The body must be a JSON object."),
    "json_invalid": _always("The body is no JSON that can be read."),
    "string_too_short": lambda more: f"must have at least {_characters(more['min_length'])}",
    "string_too_long": lambda more: f"must have at most {_characters(more['max_length'])}",
    "too_short": lambda more: f"must have at least {_elements(more['min_length'])}",
    "too_long": lambda more: f"must have at most {_elements(more['max_length'])}",
    # The choices as the library names them: 'read', 'write' or 'admin'.
    "literal_error": lambda more: f"must be {more['expected']}".replace("'", ""),
    "greater_than_equal": lambda more: f"must be at least {more['ge']}",
    "less_than_equal": lambda more: f"must be at most {_number(more['le'])}",
}
