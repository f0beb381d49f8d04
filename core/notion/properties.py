"""What a data source's pages have beside their content, and who the workspace's people are.

https://developers.notion.com/reference/retrieve-a-data-source
https://developers.notion.com/reference/get-users
"""

from __future__ import annotations

import structlog

from core.errors import AssistantError
from core.notion.connection import Connection, Json
from core.notion.destinations import Recent
from core.notion.refusals import NotionRefused
from core.ports import Property

MOST_PEOPLE = 2_000
"""People who are looked through for an email address."""

# The id of every title property, whatever it is called; Notion takes ids for names.
_TITLE = "title"

_log = structlog.get_logger(__name__)


class Properties:
    """Reads schemas and people over one connection; each is remembered for five minutes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._schemas: Recent[tuple[Property, ...]] = Recent()
        self._people: Recent[dict[str, str]] = Recent()

    async def schema(self, data_source: str, *, fresh: bool = False) -> tuple[Property, ...]:
        """As `core.ports.Pages.schema`."""

        async def ask() -> tuple[Property, ...]:
            try:
                return read_schema(await self._connection.get(f"data_sources/{data_source}"))
            except NotionRefused as error:
                if error.retryable:
                    raise
                # What is wrong with the place is said when the page is made.
                return ()

        if fresh:
            self._schemas.forget(data_source)
        found = await self._schemas.get(data_source, ask)
        if not found:
            self._schemas.forget(data_source)
        return found

    async def title(self, data_source: str) -> str:
        """What a data source calls its title property."""
        schema = await self.schema(data_source)
        return next((each.name for each in schema if each.type == "title"), _TITLE)

    async def people(self) -> dict[str, str]:
        """As `core.ports.Pages.people`."""
        return await self._people.get("", self._ask_people)

    async def _ask_people(self) -> dict[str, str]:
        """Whoever may not read users, or not their addresses, is told of nobody."""
        found: dict[str, str] = {}
        looked = 0
        try:
            async for user in self._connection.listed("users"):
                if email := _email(user):
                    found[email] = user["id"]
                looked += 1
                if looked == MOST_PEOPLE:
                    break
        except (AssistantError, KeyError, TypeError) as error:
            # The last two: a server that answers in another shape.
            _log.info("notion did not say who is in the workspace", reason=str(error))
        return found


def read_schema(source: Json) -> tuple[Property, ...]:
    """The properties of a data source as Notion tells of it, in its order. Pure."""
    properties = source.get("properties")
    listed = properties.items() if isinstance(properties, dict) else ()
    return tuple(_property(name, told) for name, told in listed if isinstance(told, dict))


def _property(name: str, told: Json) -> Property:
    # A minimal server may leave out the type; the key of its settings says it too.
    kinds = (key for key, value in told.items() if isinstance(value, dict))
    kind = str(told.get("type") or next(kinds, ""))
    settings = told.get(kind)
    options = settings.get("options") if isinstance(settings, dict) else None
    names = [one.get("name") for one in options or () if isinstance(one, dict)]
    return Property(name, kind, tuple(one for one in names if isinstance(one, str)))


def _email(user: Json) -> str:
    person = user.get("person")
    email = person.get("email") if isinstance(person, dict) else None
    known = isinstance(email, str) and isinstance(user.get("id"), str)
    return str(email).strip().lower() if known else ""
