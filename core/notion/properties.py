"""What a data source's pages have beside their content, and who the workspace's people are.

https://developers.notion.com/reference/retrieve-a-data-source
https://developers.notion.com/reference/get-users
"""

from __future__ import annotations

import asyncio

import structlog

from core.errors import AssistantError
from core.notion.connection import PAGE_SIZE, Connection, Json
from core.notion.destinations import Recent
from core.notion.refusals import NotionRefused
from core.notion.shapes import destination
from core.ports import Destination, Property, Template

MOST_PEOPLE = 2_000
"""People who are looked through for an email address."""

FRESH = 1_800.0
"""Seconds for which the workspace's people are remembered: to read them takes many requests."""

PATIENCE = 10.0
"""Seconds for the workspace's people: without them names are names, and a save goes on."""

MOST_TEMPLATES = 500
"""Templates of one data source that are looked through for a name."""

# The id of every title property, whatever it is called; Notion takes ids for names.
_TITLE = "title"

_log = structlog.get_logger(__name__)


class Properties:
    """Reads schemas and people over one connection; they are remembered for a while."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._schemas: Recent[tuple[Property, ...]] = Recent()
        self._people: Recent[dict[str, str]] = Recent(FRESH)
        # What was answered lately, nobody where Notion did not say: that is asked again soon.
        self._told: Recent[dict[str, str]] = Recent()
        self._asking = asyncio.Lock()

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

    async def titled(self, data_source: str, wanted: str) -> list[Destination]:
        """As `core.ports.Pages.titled`."""
        name = await self.title(data_source)
        for how in ("equals", "contains"):
            body = {
                "filter": {"property": name, "title": {how: wanted}},
                "page_size": PAGE_SIZE,
            }
            try:
                found = await self._connection.ask(f"data_sources/{data_source}/query", body)
            except NotionRefused as error:
                if error.retryable:
                    raise
                return []
            results = found.get("results")
            rows = [one for one in results or () if isinstance(one, dict) and one.get("id")]
            pages = [destination(one) for one in rows if not one.get("in_trash")]
            same = [one for one in pages if one.title.casefold() == wanted.casefold()]
            if same or pages:
                return same or pages
        return []

    async def templates(self, data_source: str) -> list[Template]:
        """As `core.ports.Pages.templates`.

        https://developers.notion.com/reference/list-data-source-templates
        """
        found: list[Template] = []
        query: Json = {"page_size": PAGE_SIZE}
        path = f"data_sources/{data_source}/templates"
        while len(found) < MOST_TEMPLATES:
            try:
                page = await self._connection.get(path, query)
            except NotionRefused as error:
                if error.retryable:
                    raise
                # A server of before there were any.
                break
            listed = page.get("templates")
            for one in listed if isinstance(listed, list) else ():
                if isinstance(one, dict) and isinstance(one.get("id"), str):
                    name, default = one.get("name"), one.get("is_default")
                    found.append(Template(one["id"], str(name or ""), default is True))
            if not page.get("has_more") or not page.get("next_cursor"):
                break
            query = {"page_size": PAGE_SIZE, "start_cursor": page["next_cursor"]}
        return found

    async def people(self) -> dict[str, str]:
        """As `core.ports.Pages.people`; for ten seconds at most, and by one at a time."""
        async with self._asking:
            return await self._told.get("", self._known_people)

    async def _known_people(self) -> dict[str, str]:
        """Whoever may not read users, or not their addresses, is told of nobody."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._people.get("", self._ask_people)
        except (AssistantError, TimeoutError, KeyError, TypeError) as error:
            # The last two: a server that answers in another shape.
            _log.info("notion did not say who is in the workspace", reason=str(error))
            return {}

    async def _ask_people(self) -> dict[str, str]:
        found: dict[str, str] = {}
        looked = 0
        async for user in self._connection.listed("users"):
            if email := _email(user):
                found[email] = user["id"]
            looked += 1
            if looked == MOST_PEOPLE:
                break
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
    settings = settings if isinstance(settings, dict) else {}
    names = [one.get("name") for one in settings.get("options") or () if isinstance(one, dict)]
    options = tuple(one for one in names if isinstance(one, str))
    related = settings.get("data_source_id") if kind == "relation" else None
    return Property(name, kind, options, related if isinstance(related, str) else "")


def _email(user: Json) -> str:
    person = user.get("person")
    email = person.get("email") if isinstance(person, dict) else None
    known = isinstance(email, str) and isinstance(user.get("id"), str)
    return str(email).strip().lower() if known else ""
