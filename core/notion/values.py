"""The values of a new page's properties, and what to do where Notion does not take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from core.errors import NotionFailed
from core.facts import Facts
from core.messages import Sender
from core.notion.addresses import object_id
from core.notion.filling import Filled, fill, fitting
from core.notion.giving import Found, give, matching, words_of
from core.notion.names import Fact
from core.notion.people import Directory
from core.notion.refusals import NotionRefused
from core.ports import Destination, Given, Pages, Property
from core.storage.database import Database

MOST_TRIES = 3
"""How often a page is asked for again with other values; the last time with its title alone."""

_NO_PROPERTIES = "only pages of a data source have properties, and this one stands on a page."
_NO_TAGS = (
    "`--tags` was left out: the data source has no property for tags, a multi-select called Tags, "
    "for example."
)
_CHANGED = "The properties of its data source have changed in Notion."
_REFUSED = "Notion did not take every property."


@dataclass(frozen=True, slots=True)
class Attempt(Filled):
    """Values that are to be sent.

    `schema` is what they were made for, `tries` how often others were sent before, and `refused`
    are properties that Notion did not take.
    """

    schema: tuple[Property, ...] = ()
    tries: int = 0
    refused: tuple[str, ...] = ()


class Values:
    """Fills the properties of pages in data sources; other pages have none but a title."""

    def __init__(self, database: Database, pages: Pages) -> None:
        self._pages = pages
        self._directory = Directory(database, pages)

    async def of(self, place: Destination, facts: Facts) -> Attempt:
        """The values that fit. Raises what `Pages.schema` raises."""
        if place.kind != "data_source":
            tags = ("`--tags`",) if facts.tagged else ()
            named = ", ".join((*tags, *(f"“{name}”" for name, _ in facts.given)))
            return Attempt({}, (f"{named} left out: {_NO_PROPERTIES}",) if named else ())
        return await self._fitting(place, facts, fresh=False)

    async def unfit(self, place: Destination, pairs: Given) -> tuple[str, ...]:
        """What to say of named values that no page here could carry; of those alone.

        Raises what `Pages` raises.
        """
        schema = await self._pages.schema(place.id) if place.kind == "data_source" else ()
        # What Notion does not tell of now is told when something is saved.
        if not (schema and pairs):
            return ()
        found = await self._looked_up(schema, pairs)
        return give(schema, pairs, found, datetime.now(UTC).date()).notes

    async def instead(
        self, place: Destination, facts: Facts, before: Attempt, error: NotionFailed
    ) -> Attempt:
        """What to send after Notion refused `before`: what fits the schema as it is now.

        What the refusal names is left out, and in the end everything but the title: no page is lost
        over a property. Raises the refusal where the properties cannot be the reason.
        """
        if not _may_be_the_values(place, before, error):
            raise error
        now = await self._fitting(place, facts, fresh=True)
        changed = now.schema != before.schema
        # Without a change the reason is in the values themselves.
        named = [] if changed else refused_values(before, error)
        if not (changed or before.values):
            raise error
        refused = (*before.refused, *named)
        hopeless = not (changed or named) or before.tries + 1 == MOST_TRIES
        fits = {} if hopeless else now.values
        values = {name: value for name, value in fits.items() if name not in refused}
        lost = [name for name in before.values if name not in values]
        told = _CHANGED if changed else _REFUSED
        note = f"{told} The page was made{_without(lost)}." if lost else told
        # What was told of an earlier try holds on; what a try left out, the next may have.
        earlier = before.notes[: before.tries]
        notes = (*earlier, note, *(() if hopeless else now.notes))
        return Attempt(values, notes, now.schema, before.tries + 1, refused)

    async def _fitting(self, place: Destination, facts: Facts, *, fresh: bool) -> Attempt:
        schema = tuple(await self._pages.schema(place.id, fresh=fresh))
        if not fresh and any(matching(schema, name) is None for name, _ in facts.given):
            # Somebody may have made it a moment ago.
            schema = tuple(await self._pages.schema(place.id, fresh=True))
        filled = fill(schema, facts, await self._known(place, schema, facts))
        if schema and facts.tagged and not fitting(schema, "tags"):
            filled = replace(filled, notes=(*filled.notes, _NO_TAGS))
        if not (facts.given and schema):
            return Attempt(filled.values, filled.notes, schema)
        found = await self._looked_up(schema, facts.given)
        named = give(schema, facts.given, found, datetime.now(UTC).date())
        both = {**filled.values, **named.values}
        # What is to stay empty is given no value.
        values = {name: value for name, value in both.items() if value}
        told = tuple(note for note in filled.notes if not _is_about(note, named.values))
        return Attempt(values, (*told, *named.notes), schema)

    async def _looked_up(self, schema: Sequence[Property], pairs: Given) -> Found:
        """The ids of the pages and people that the named values speak of."""
        found: dict[tuple[str, str], list[str]] = {}
        for name, value in pairs:
            into = matching(schema, name)
            if into is None or into.type not in ("relation", "people"):
                continue
            for word in words_of(value):
                if into.type == "relation":
                    found[into.name, word] = await self._related(into, word)
                else:
                    found[into.name, word] = await self._person(word)
        return found

    async def _related(self, into: Property, word: str) -> list[str]:
        if (page := object_id(word)) is not None:
            return [page]
        if not into.related:
            return []
        return [each.id for each in await self._pages.titled(into.related, word)]

    async def _person(self, word: str) -> list[str]:
        people = await self._pages.people()
        wanted = word.removeprefix("mailto:").casefold()
        return [people[wanted]] if wanted in people else []

    async def _known(
        self, place: Destination, schema: Sequence[Property], facts: Facts
    ) -> dict[Sender, str]:
        """The ids in Notion of those that properties ask for."""
        who: list[Sender] = []
        if _takes_people(schema, "author") and facts.author is not None:
            who.append(facts.author)
        if _takes_people(schema, "participants"):
            who += facts.participants
        return await self._directory.of(place.connection, who, facts.emails)


def _is_about(note: str, named: Mapping[str, Any]) -> bool:
    return any(note.startswith(f"“{name}” ") for name in named)


def _takes_people(schema: Sequence[Property], fact: Fact) -> bool:
    return any(each.type == "people" for each in fitting(schema, fact))


def _may_be_the_values(place: Destination, before: Attempt, error: NotionFailed) -> bool:
    if place.kind != "data_source" or not isinstance(error, NotionRefused):
        return False
    if before.tries == MOST_TRIES:
        return False
    about = error.about
    only_blocks = "body.children" in about and "body.properties" not in about
    # 404 is also Notion's word for a person, or a file, that is none of this workspace, and 403 for
    # people that the integration may not name.
    if error.status == 403:
        return bool(_of_people(before))
    gone = error.status == 404 and bool(before.values)
    return (error.status == 400 and not only_blocks) or gone


def refused_values(before: Attempt, error: NotionFailed) -> list[str]:
    """The properties that a refusal is about, as far as it says."""
    if not isinstance(error, NotionRefused):
        return []
    named = [name for name in before.values if name in error.about]
    return named or (_of_people(before) if error.status == 403 else [])


def _of_people(before: Attempt) -> list[str]:
    return [name for name, value in before.values.items() if "people" in value]


def _without(lost: Sequence[str]) -> str:
    listed = ", ".join(f"“{name}”" for name in lost)
    return f" without {listed}" if listed else ""
