"""Making a page: once, whatever becomes of the answer, and with its template where it has one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NotRequired, TypedDict
from uuid import UUID

from core.errors import NotionFailed
from core.facts import NO_FACTS, Facts
from core.notion.mentions import (
    MOST_TRIES,
    People,
    may_be_a_person,
    people_of,
    with_people,
    without_refused,
)
from core.notion.people import Directory
from core.notion.refusals import NotionRefused
from core.notion.templates import PAUSES, Templates
from core.notion.values import Attempt, Values, refused_values
from core.ports import Destination, Page, Pages
from core.storage.database import Database

NO_TEMPLATE = "Notion did not take the template; the page was made without it."


class Kept(TypedDict):
    """What is kept of a page; `whole` where it held everything before.

    `notes` is what there is to say of it; what was kept before there were any has none. `template`
    is the one that Notion applies to it, before which it holds nothing. `people` are those whom it
    mentions, by the names its text has for them.
    """

    id: str
    url: str
    whole: bool
    notes: NotRequired[list[str]]
    template: NotRequired[str]
    people: NotRequired[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait.

    `looks`: before each look for a page that may have been made. `template`: between the looks
    whether Notion has applied a template. `other`: for another request that
    saves the same item, asked about every `poll`. `flight`: for the end of what it last asked of
    Notion, when its work is taken over.
    """

    looks: tuple[float, ...] = (1.0, 2.0, 4.0)
    template: tuple[float, ...] = PAUSES
    other: float = 60.0
    poll: float = 0.5
    flight: float = 60.0


@dataclass(frozen=True, slots=True)
class Draft:
    """An item as a page. The same item always gives the same draft.

    `mark` is what the footer's link holds and no other's does. `said`: people wrote it, and the
    names in it are theirs.
    """

    title: str
    mark: str
    footer: dict[str, Any]
    requests: list[Any]
    facts: Facts = NO_FACTS
    said: bool = False


class Making:
    """Makes pages of drafts, and finds those that were made."""

    def __init__(self, database: Database, pages: Pages, patience: Patience) -> None:
        self._database = database
        self._pages = pages
        self._values = Values(database, pages)
        self._directory = Directory(database, pages)
        self._templates = Templates(pages, patience.template)
        self._patience = patience

    async def create(
        self,
        still_ours: Callable[[], Awaitable[bool]],
        place: Destination,
        draft: Draft,
        since: datetime,
        item: UUID,
    ) -> Kept | None:
        """Makes the page; after an unsure answer looks for it, then tries once more at most.

        Where the properties may be why Notion made none, it is made with fewer.
        """
        children = [*draft.requests[0].children, draft.footer]
        filled = await self._values.of(place, draft.facts)
        template, told = await self._templates.meant(place, draft.facts.template)
        people: People = await self._people(place, draft)
        last, tries = False, 0
        while True:
            shown = with_people(children, people)
            try:
                page = await self._pages.create(place, draft.title, shown, filled.values, template)
                if template is None or await self._hold(item, page.id):
                    return kept(page, (*filled.notes, told), template, people)
            except NotionFailed as error:
                if error.unsure:
                    found = await self._look(place, draft, since, item)
                    if found is not None:
                        return kept(found, (*filled.notes, told), template, people)
                    if last:
                        raise
                    last = True
                elif template is not None and _may_be_the_template(error):
                    template, told = None, NO_TEMPLATE
                elif shown != children and (left := _left(people, error, filled)) is not None:
                    tries += 1
                    people = left if tries < MOST_TRIES else {}
                else:
                    filled = await self._values.instead(place, draft.facts, filled, error)
            if not await still_ours():
                return None

    async def _people(self, place: Destination, draft: Draft) -> dict[str, str]:
        """Whom the page mentions, by the names its text has for them."""
        if not draft.said:
            return {}
        facts = draft.facts
        known = await self._directory.of(place.connection, facts.people, facts.emails)
        return people_of(facts.people, known)

    async def _look(
        self, place: Destination, draft: Draft, since: datetime, item: UUID
    ) -> Page | None:
        for pause in self._patience.looks:
            await asyncio.sleep(pause)
            page = await self.find(place, draft, since, item)
            if page is not None:
                return page
        return None

    async def find(
        self, place: Destination, draft: Draft, since: datetime, item: UUID
    ) -> Page | None:
        """The item's page, where one was made; one that waits for its template has no mark yet."""
        page = await self._pages.find(place, draft.title, draft.mark, since)
        if page is not None or not draft.facts.template:
            return page
        made = await self._pages.made(place, draft.title, since)
        kept = await self._held(item)
        # Of pages that nobody holds, one is as good as another: each is empty, and of this title.
        for each in sorted(made, key=lambda one: one.id != kept):
            if await self._hold(item, each.id):
                return each
        return None

    async def found(self, page: Page, place: Destination, draft: Draft, item: UUID) -> Kept:
        """What is kept of a page that was found.

        One that is held was made with a template; where that was refused, it was made without.
        """
        people = await self._people(place, draft)
        if page.id != await self._held(item):
            return kept(page, people=people)
        template, told = await self._templates.meant(place, draft.facts.template)
        return kept(page, (told,), template, people)

    async def _held(self, item: UUID) -> str | None:
        async with self._database.read() as uow:
            content = await uow.content.get(item)
        return content.page_id if content else None

    async def _hold(self, item: UUID, page_id: str) -> bool:
        async with self._database.begin() as uow:
            return await uow.content.hold(item, page_id)

    async def applied(
        self, place: Destination, page_id: str, template: str, draft: Draft
    ) -> list[Any]:
        """How many blocks are the template's, and what there is to say, once it is applied.

        A template brings values of its own; what is known, or was named, goes before them.
        """
        skip, told = await self._templates.applied(page_id, template, draft.mark)
        values = (await self._values.of(place, draft.facts)).values
        if values:
            try:
                await self._pages.refill(page_id, values)
            except NotionFailed as error:
                if error.retryable:
                    raise
        return [skip, told] if told else [skip]


def kept(
    page: Page,
    notes: Sequence[str] = (),
    template: str | None = None,
    people: People | None = None,
) -> Kept:
    told = [note for note in notes if note]
    kept: Kept = {"id": page.id, "url": page.url, "whole": False, "notes": told}
    if template is not None:
        kept["template"] = template
    if people:
        kept["people"] = dict(people)
    return kept


def _left(people: People, error: NotionFailed, filled: Attempt) -> People | None:
    """Whom to mention after a refusal; None where that has another reason."""
    if not isinstance(error, NotionRefused) or refused_values(filled, error):
        return None
    return without_refused(people, error) if may_be_a_person(error) else None


def _may_be_the_template(error: NotionFailed) -> bool:
    return isinstance(error, NotionRefused) and "template" in error.about.casefold()
