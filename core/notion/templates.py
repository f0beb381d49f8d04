"""Notion's own templates of a data source: which is meant, and whether it has been applied.

Notion applies a template after it has made the page, and replaces what the page holds; so what is
to stand below comes later. https://developers.notion.com/docs/creating-pages-from-templates
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from core.errors import InvalidInput, NotionFailed
from core.notion.addresses import object_id
from core.notion.refusals import NotionRefused
from core.ports import Destination, Pages, Template

DEFAULT = "default"
"""Names the template that Notion itself would take."""

PAUSES = (0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 10.0, 15.0)
"""Seconds between looks whether a template has been applied: a minute in all."""

STEADY = 4
"""Looks in a row at which a page must hold as much as before, where its template holds more."""


def chosen(templates: Sequence[Template], name: str) -> Template:
    """The template that a name, an address or an id means. Pure.

    Raises InvalidInput, with those there are, where none or more than one is meant.
    """
    wanted, found_id = name.strip().casefold(), object_id(name)
    same = [each for each in templates if each.name.strip().casefold() == wanted]
    if found_id is not None:
        same = [each for each in templates if object_id(each.id) == found_id]
        # Any page may be one, where the integration sees it.
        same = same or [Template(found_id, name)]
    elif not same and wanted == DEFAULT:
        same = [each for each in templates if each.default]
    if not same:
        same = [each for each in templates if wanted and wanted in each.name.casefold()]
    if len(same) == 1:
        return same[0]
    there = ", ".join(f"“{each.name or 'Untitled'}”" for each in templates[:10])
    if same:
        raise InvalidInput(f"More than one of Notion's templates fits “{name}”: {there}.")
    has = f"It has: {there}." if there else "It has none."
    raise InvalidInput(f"The data source has no template “{name}” in Notion. {has}")


class Templates:
    """Finds templates, and waits for them. `pauses` are seconds."""

    def __init__(self, pages: Pages, pauses: Sequence[float] = PAUSES) -> None:
        self._pages = pages
        self._pauses = pauses

    async def meant(self, place: Destination, name: str) -> tuple[str | None, str]:
        """The id of a template, or why the page is made without. Raises what `Pages` raises."""
        if not name:
            return None, ""
        if place.kind != "data_source":
            return None, "Only a data source has templates, so the page was made without one."
        try:
            return chosen(await self._pages.templates(place.id), name).id, ""
        except InvalidInput as error:
            return None, f"{error.message} The page was made without one."

    async def applied(self, page_id: str, template: str, mark: str) -> tuple[int, str]:
        """How many blocks of the page are the template's, once it is applied, and what to say.

        Waits for a minute at most. `mark` is in the link of what is ours, once that is there.
        """
        wanted = await self._size(template)
        before, same = -1, 0
        for look, pause in enumerate((0.0, *self._pauses)):
            await asyncio.sleep(pause)
            try:
                children = await self._pages.children(page_id)
            except NotionRefused as error:
                # A page that is being made is not to be seen everywhere at once.
                if error.status != 404 or look == len(self._pauses):
                    raise
                continue
            there = len(children)
            if any(mark in (child.link or "") for child in children):
                return (min(wanted or 0, there), "")
            same = same + 1 if there == before else 0
            # A part of it may come before the rest.
            needed = 1 if wanted is None else STEADY
            if there == wanted or (there and (same >= needed or there > (wanted or there))):
                return there, ""
            before = there
        if before > 0:
            return before, ""
        return 0, "Notion had not applied the template after a minute; look whether it is there."

    async def _size(self, template: str) -> int | None:
        """How many blocks a template has; None where Notion does not say."""
        try:
            return len(await self._pages.children(template))
        except NotionFailed as error:
            if error.retryable:
                raise
            return None
