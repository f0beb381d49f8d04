"""Text as it may come in, and what a schema says of it."""

from __future__ import annotations

from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

NO_NUL = r"^[^\x00]*$"
NOT_BLANK = r"^[^\x00]*[^\x00\s][^\x00]*$"


def _is_text(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not hold NUL characters")
    # Only a query string can hold half a surrogate pair; no database takes it.
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("must be Unicode text")
    return value


def says_something(value: str) -> str:
    """The text. Raises ValueError where there is none."""
    if not value.strip():
        raise ValueError("must not be empty")
    return value


class _Plain:
    """Text that every database takes, and a schema that says so."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(_is_text, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"pattern": NO_NUL} | handler(schema)


# Last of all, so that a wrong length is told of as what it is.
Plain = _Plain()
