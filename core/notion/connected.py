"""Notion as whoever asks may see it: `core.ports.Pages` over every connection there is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import IO, Any

from core.errors import AssistantError, InvalidInput, Misconfigured
from core.notion.client import NotionPages
from core.notion.connections import Connections
from core.notion.destinations import distance
from core.notion.examining import Report, reachable, unreachable
from core.notion.news import NOTHING, Heard, PageNews
from core.notion.refusals import NotionRefused
from core.notion.unconnected import Unconnected
from core.notion.whose import using
from core.ports import Child, Destination, Page, Pages, Property, Template


class Connected:
    """Each call goes by the connection concerned.

    A place is looked for in the person's own connection, then in their workspace's, then with the
    server's token, and remembers which one sees it: what is made there is made by that one. What
    names no place goes by the connection decided for what is under way (`core.notion.whose`), else
    by the first.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._none = Unconnected(oauth=connections.grants.on)

    async def destination(self, wanted: str | None) -> Destination:
        """As `core.ports.Pages.destination`; what the first connection says counts in the end."""
        first: InvalidInput | None = None
        async for connection, pages in self._chain():
            try:
                return replace(await pages.destination(wanted), connection=connection)
            except InvalidInput as error:
                first = first or error
        if first is None:
            return await self._none.destination(wanted)
        raise first

    async def destinations(self, query: str, limit: int = 20) -> list[Destination]:
        """What any of the connections sees, best first; each place once."""
        chain = [each async for each in self._chain()]
        if not chain:
            return await self._none.destinations(query, limit)
        asked = [pages.destinations(query, limit) for _, pages in chain]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        if isinstance(answers[0], BaseException):
            raise answers[0]
        found: dict[str, Destination] = {}
        for (connection, _), places in zip(chain, answers, strict=True):
            if isinstance(places, AssistantError):
                continue
            if isinstance(places, BaseException):
                raise places
            for place in places:
                found.setdefault(place.id, replace(place, connection=connection))
        if len(chain) == 1:
            return list(found.values())
        return sorted(found.values(), key=lambda one: distance(one.title, query))[:limit]

    async def schema(self, data_source: str, *, fresh: bool = False) -> Sequence[Property]:
        """As `core.ports.Pages.schema`."""
        return await (await self._now()).schema(data_source, fresh=fresh)

    async def titled(self, data_source: str, title: str) -> Sequence[Destination]:
        """As `core.ports.Pages.titled`."""
        return await (await self._now()).titled(data_source, title)

    async def templates(self, data_source: str) -> Sequence[Template]:
        """As `core.ports.Pages.templates`."""
        return await (await self._now()).templates(data_source)

    async def made(self, destination: Destination, title: str, since: datetime) -> Sequence[Page]:
        """As `core.ports.Pages.made`, by the connection that sees the place."""
        return await (await self._at(destination)).made(destination, title, since)

    async def refill(self, page_id: str, properties: Mapping[str, Any]) -> None:
        """As `core.ports.Pages.refill`."""
        await (await self._now()).refill(page_id, properties)

    async def people(self) -> Mapping[str, str]:
        """As `core.ports.Pages.people`."""
        return await (await self._now()).people()

    async def create(
        self,
        destination: Destination,
        title: str,
        children: Sequence[dict[str, Any]],
        properties: Mapping[str, Any] | None = None,
        template: str | None = None,
    ) -> Page:
        """As `core.ports.Pages.create`, by the connection that sees the place."""
        pages = await self._at(destination)
        return await pages.create(destination, title, children, properties, template)

    async def find(
        self, destination: Destination, title: str, link: str, since: datetime
    ) -> Page | None:
        """As `core.ports.Pages.find`, by the connection that sees the place."""
        return await (await self._at(destination)).find(destination, title, link, since)

    async def upload(self, name: str, media_type: str, content: IO[bytes], size: int) -> str:
        """As `core.ports.Pages.upload`. Only a page of the same connection can hold the file."""
        return await (await self._now()).upload(name, media_type, content, size)

    async def trash(self, page_id: str) -> None:
        """As `core.ports.Pages.trash`."""
        await (await self._now()).trash(page_id)

    async def children(self, block: str) -> list[Child]:
        """As `core.ports.Pages.children`."""
        return await (await self._now()).children(block)

    async def read(self, page_id: str, limit: int) -> str:
        """As `core.ports.Pages.read`, by the first connection that sees the page."""
        if using() is not None:
            return await (await self._now()).read(page_id, limit)
        first: NotionRefused | None = None
        async for _, pages in self._chain():
            try:
                return await pages.read(page_id, limit)
            except NotionRefused as error:
                if error.status != 404:
                    raise
                first = first or error
        if first is None:
            return await self._none.read(page_id, limit)
        raise first

    async def append(
        self, block: str, children: Sequence[dict[str, Any]], after: str | None = None
    ) -> list[Child]:
        """As `core.ports.Pages.append`."""
        return await (await self._now()).append(block, children, after)

    async def change(self, block: str, kind: str, fields: Mapping[str, Any]) -> bool:
        """As `core.ports.Pages.change`."""
        return await (await self._now()).change(block, kind, fields)

    async def remove(self, block: str) -> None:
        """As `core.ports.Pages.remove`."""
        await (await self._now()).remove(block)

    async def title(self, page_id: str) -> str:
        """As `core.ports.Pages.title`."""
        return await (await self._now()).title(page_id)

    async def trashed(self, page_id: str) -> bool:
        """As `core.ports.Pages.trashed`."""
        return await (await self._now()).trashed(page_id)

    async def rename(self, page_id: str, title: str) -> None:
        """As `core.ports.Pages.rename`."""
        await (await self._now()).rename(page_id, title)

    async def news(
        self,
        page_id: str,
        since: datetime,
        authors: Sequence[str],
        told: Sequence[str],
        heard: Heard = NOTHING,
    ) -> PageNews | None:
        """What is new of a page, as its connection sees it; None where there is none any more."""
        pages = await self._now()
        if not isinstance(pages, NotionPages):
            return None
        return await pages.news(page_id, since, authors, told, heard)

    async def examine(self, wanted: Destination | None) -> Report:
        """What the connection that goes first sees and may do, and whether pages can go there.

        `wanted` is the destination in use, None for the default one. Raises Misconfigured where
        there is no connection, Lost where it is not accepted any more, and NotionFailed or
        RateLimited where Notion does not answer.
        """
        pages = await self._now()
        if not isinstance(pages, NotionPages | Unconnected):
            raise Misconfigured("This connection cannot be looked at.")
        report = await pages.examine()
        try:
            place = reachable(await self.destination(wanted.id if wanted else None))
        except AssistantError as error:
            place = unreachable(error, wanted, report.integration)
        return replace(report, findings=(*report.findings, place))

    async def close(self) -> None:
        """Lets go of connections. May be called twice."""
        await self._connections.close()

    async def _chain(self) -> AsyncIterator[tuple[str, Pages]]:
        for connection in await self._connections.chain():
            pages = await self._connections.pages(connection)
            if pages is not None:
                yield connection, pages

    async def _now(self) -> Pages:
        found = await self._connections.pages(await self._connections.first())
        return found or self._none

    async def _at(self, place: Destination) -> Pages:
        """The connection that sees a place; where it was taken away, the one that goes first."""
        return await self._connections.pages(place.connection) or await self._now()
