"""Notion's pages, over its HTTP API. https://developers.notion.com/reference/intro"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import IO, Any

import structlog

from core.errors import AssistantError, NotionFailed
from core.notion.connection import Connection, Json, TokenSource
from core.notion.counting import Count
from core.notion.destinations import Destinations
from core.notion.examining import Examining, Report
from core.notion.news import NOTHING, Heard, News, PageNews
from core.notion.pace import pace_of
from core.notion.plainly import MOST, plainly
from core.notion.properties import Properties
from core.notion.reading import Reading
from core.notion.refusals import NotionRefused, is_gone
from core.notion.shapes import child, title
from core.notion.uploads import Uploads
from core.ports import Child, Destination, Page, Property, Template

REQUESTS_PER_MINUTE = 180
"""What Notion gives one connection; 600 on its Business and Enterprise plans."""

_MOST_MADE = 20

_log = structlog.get_logger(__name__)

_SKEW = timedelta(minutes=2)
"""Notion rounds times down to the minute, and its clock is not ours."""


class NotionPages:
    """The port `Pages` on one token.

    `parent` is where pages go by default: an address, an id or a title. `patience` is the most
    seconds one answer may take, retries and waiting for a turn included. `budget` names what
    Notion counts requests by, where that is not the token: a connection by OAuth keeps its budget
    while its tokens change. `count` counts them for all processes, where there is no Redis.
    `workspace` is the id of Notion's workspace, whose limit is shared; `learns` asks for it.
    """

    def __init__(  # noqa: PLR0913 - settings, most of them with a default
        self,
        token: str | TokenSource,
        parent: str | None,
        base_url: str = "https://api.notion.com",
        requests_per_minute: int = REQUESTS_PER_MINUTE,
        redis_url: str | None = None,
        *,
        patience: float = 60.0,
        budget: str | None = None,
        count: Count | None = None,
        workspace: str = "",
        learns: bool = False,
    ) -> None:
        counted = budget or (token if isinstance(token, str) else repr(token))
        pace = pace_of(counted, requests_per_minute, redis_url, count)
        pace.belongs_to(workspace)
        self._connection = Connection(token, base_url, pace, patience, learns=learns)
        self._destinations = Destinations(self._connection, parent)
        self._properties = Properties(self._connection)
        self._reading = Reading(self._connection)
        self._uploads = Uploads(self._connection)
        self._news = News(self._connection)

    async def destination(self, wanted: str | None) -> Destination:
        """The page or data source meant by an id, an address or a title; None: the default one.

        A place that was found is remembered for five minutes. Raises InvalidInput where nothing, or
        more than one thing, is meant, with what to choose from.
        """
        return await self._destinations.meant(wanted)

    async def destinations(self, query: str, limit: int = 20) -> list[Destination]:
        """Pages and data sources the connection can see whose title matches, best first."""
        return await self._destinations.search(query, limit)

    async def schema(self, data_source: str, *, fresh: bool = False) -> tuple[Property, ...]:
        """The properties of a data source's pages; what was read lately, unless `fresh`."""
        return await self._properties.schema(data_source, fresh=fresh)

    async def titled(self, data_source: str, title: str) -> list[Destination]:
        """The pages of a data source with this title, or else with it in theirs."""
        return await self._properties.titled(data_source, title)

    async def templates(self, data_source: str) -> list[Template]:
        """The templates that Notion has for a data source."""
        return await self._properties.templates(data_source)

    async def people(self) -> dict[str, str]:
        """The ids of the workspace's people by their email addresses."""
        return await self._properties.people()

    async def create(
        self,
        destination: Destination,
        title: str,
        children: Sequence[dict[str, Any]],
        properties: Mapping[str, Any] | None = None,
        template: str | None = None,
    ) -> Page:
        """Makes a page. Never repeats a write that may have been carried out.

        https://developers.notion.com/docs/creating-pages-from-templates
        """
        name = "title"
        if destination.kind == "data_source":
            name = await self._properties.title(destination.id)
        parent = f"{destination.kind}_id"
        text = [{"type": "text", "text": {"content": title}}]
        body: Json = {
            "parent": {"type": parent, parent: destination.id},
            "properties": {**(properties or {}), name: {"title": text}},
        }
        if template is not None:
            body["template"] = {"type": "template_id", "template_id": template}
            children = ()

        async def send(blocks: Sequence[Json]) -> Json:
            inside = {} if template is not None else {"children": list(blocks)}
            return await self._connection.write("POST", "pages", body | inside)

        try:
            return _page(await _taken(children, send))
        except NotionRefused as error:
            if is_gone(error):
                # What was found a few minutes ago is to be looked at anew.
                self._destinations.forget(destination.id)
            page = await self._saved_all_the_same(error)
            if page is None:
                raise
            return page

    async def _saved_all_the_same(self, error: NotionRefused) -> Page | None:
        """The page a 503 says was made; None where it says nothing, or the page is not to be had.

        https://developers.notion.com/reference/request-limits
        """
        made = error.data.get("committed_resource_id")
        if not error.unsure or not isinstance(made, str):
            return None
        try:
            return _page(await self._connection.get(f"pages/{made}"))
        except AssistantError:
            return None

    async def upload(self, name: str, media_type: str, content: IO[bytes], size: int) -> str:
        """Sends a file, in parts where it is large; the id by which a block names it."""
        return await self._uploads.send(name, media_type, content, size)

    async def find(
        self, destination: Destination, title: str, link: str, since: datetime
    ) -> Page | None:
        """The page under the destination, made after `since`, whose footer links to `link`.

        A destination that is gone holds no page.
        """
        try:
            for found in await self._titled(destination, title, since - _SKEW):
                if any(link in (one.link or "") for one in await self.children(found)):
                    return _page(await self._connection.get(f"pages/{found}"))
        except NotionRefused as error:
            if error.status != 404:
                raise
        return None

    async def made(self, destination: Destination, title: str, since: datetime) -> list[Page]:
        """The pages of this title made since then, the newest first."""
        try:
            ids = await self._titled(destination, title, since - _SKEW)
        except NotionRefused as error:
            if error.status != 404:
                raise
            return []
        return [_page(await self._connection.get(f"pages/{each}")) for each in ids[:_MOST_MADE]]

    async def refill(self, page_id: str, properties: Mapping[str, Any]) -> None:
        """Writes values of a page's properties."""
        await self._connection.write("PATCH", f"pages/{page_id}", {"properties": dict(properties)})

    async def _titled(self, place: Destination, wanted: str, since: datetime) -> list[str]:
        """The ids of pages of this title made since then, the newest first."""
        if place.kind == "data_source":
            ids: list[str] = []
            async for row in self._rows(place.id, since):
                if datetime.fromisoformat(row["created_time"]) < since:
                    break
                if title(row).strip() == wanted.strip():
                    ids.append(row["id"])
            return ids
        found = [
            block["id"]
            async for block in self._blocks(place.id)
            if block["type"] == "child_page"
            and block["child_page"]["title"].strip() == wanted.strip()
            and datetime.fromisoformat(block["created_time"]) >= since
        ]
        return found[::-1]

    def _rows(self, data_source: str, since: datetime) -> AsyncIterator[Json]:
        """The pages made on the day before or later, the newest first.

        By Notion's specification the filter is a date; which zone's, it does not say.
        """
        day = (since.astimezone(UTC) - timedelta(days=1)).date().isoformat()
        query = {
            "filter": {"timestamp": "created_time", "created_time": {"on_or_after": day}},
            "sorts": [{"timestamp": "created_time", "direction": "descending"}],
        }
        return self._connection.listed(f"data_sources/{data_source}/query", query)

    def _blocks(self, block: str) -> AsyncIterator[Json]:
        return self._connection.listed(f"blocks/{block}/children")

    async def trash(self, page_id: str) -> None:
        """Puts a page in the trash; a page that is gone is no error."""
        try:
            await self._connection.write("PATCH", f"pages/{page_id}", {"in_trash": True})
        except NotionRefused as error:
            # Said of a page that is not there, and of one that somebody took out of the trash.
            if error.status != 404:
                raise

    async def children(self, block: str) -> list[Child]:
        """Every direct child of a page or block, in order: one request for each hundred."""
        return [child(one) async for one in self._blocks(block)]

    async def read(self, page_id: str, limit: int) -> str:
        """What a page says, as Markdown, in at most `limit` characters; of a longer one, less."""
        return await self._reading.page(page_id, limit)

    async def append(
        self, block: str, children: Sequence[dict[str, Any]], after: str | None = None
    ) -> list[Child]:
        """Adds children at the end, or after the child `after`; before all others where it is "".

        Never repeats an unsure write. Gives them as Notion tells of them; none where it does not
        tell of each one. https://developers.notion.com/reference/patch-block-children
        """
        body: Json = {}
        if after == "":
            body["position"] = {"type": "start"}
        elif after is not None:
            body["position"] = {"type": "after_block", "after_block": {"id": after}}

        async def send(blocks: Sequence[Json]) -> Json:
            path, whole = f"blocks/{block}/children", {"children": list(blocks)} | body
            nonlocal children
            children = blocks
            return await self._connection.write("PATCH", path, whole)

        try:
            answer = await _taken(children, send)
        except NotionRefused as error:
            saved = error.data.get("committed_child_ids")
            if not isinstance(saved, list) or len(saved) < len(children):
                raise
            return []
        return _made(answer, children)

    async def change(self, block: str, kind: str, fields: Mapping[str, Any]) -> bool:
        """Gives a block of this type other values of these fields; the others stay.

        False where it is not there, or nothing can be changed. https://developers.notion.com/reference/update-a-block
        """
        return await self._again("PATCH", f"blocks/{block}", {kind: dict(fields)})

    async def remove(self, block: str) -> None:
        """Takes a block away, into the page's trash. One that is gone is no error.

        https://developers.notion.com/reference/delete-a-block
        """
        if not await self._again("DELETE", f"blocks/{block}"):
            # It is gone, or the server has no such call.
            await self._again("PATCH", f"blocks/{block}", {"in_trash": True})

    async def _again(self, method: str, path: str, body: Json | None = None) -> bool:
        """A write that may be repeated, for twice is once. False where its object is gone."""
        for last in (False, True):
            try:
                await self._connection.write(method, path, body)
            except NotionRefused as error:
                # The last two: a server that has no such call.
                if is_gone(error) or error.status in (405, 501):
                    return False
                if last or not error.unsure:
                    raise
            except NotionFailed as error:
                if last or not error.unsure:
                    raise
            else:
                return True
        return True  # pragma: no cover - the loop returns or raises

    async def title(self, page_id: str) -> str:
        """A page's title as it is now; the empty string where it has none."""
        return title(await self._connection.get(f"pages/{page_id}"))

    async def trashed(self, page_id: str) -> bool:
        """Whether a page is in the trash."""
        return (await self._connection.get(f"pages/{page_id}")).get("in_trash") is True

    async def rename(self, page_id: str, title: str) -> None:
        """Gives a page another title. The property of a title has the id `title` everywhere.

        https://developers.notion.com/reference/property-object#title
        """
        text = [{"type": "text", "text": {"content": title}}]
        await self._again("PATCH", f"pages/{page_id}", {"properties": {"title": {"title": text}}})

    async def news(
        self,
        page_id: str,
        since: datetime,
        authors: Sequence[str],
        told: Sequence[str],
        heard: Heard = NOTHING,
    ) -> PageNews | None:
        """What is new of a page; see `core.notion.news.News.of`."""
        return await self._news.of(page_id, since, authors, told, heard)

    async def examine(self) -> Report:
        """What this connection sees and may do, by calls that change nothing."""
        return await Examining(self._connection).report()

    async def close(self) -> None:
        """Lets go of connections. May be called twice."""
        await self._connection.close()


async def _taken(
    children: Sequence[Json], send: Callable[[Sequence[Json]], Awaitable[Json]]
) -> Json:
    """What Notion answers to blocks, of which it is sent those more plainly that it refuses."""
    for _ in range(MOST):
        try:
            return await send(children)
        except NotionRefused as error:
            fresh = plainly(children, error)
            if fresh is None:
                raise
            _log.warning("notion did not take a block, so it comes as plain text")
            children = fresh
    return await send(children)


def _made(answer: Json, children: Sequence[Json]) -> list[Child]:
    """What was made of the children; none where the answer tells of anything else than these."""
    results = answer.get("results")
    if not isinstance(results, list) or len(results) != len(children):
        return []
    for block, wanted in zip(results, children, strict=True):
        if not isinstance(block, dict) or not isinstance(block.get("id"), str):
            return []
        if block.get("type") != wanted.get("type"):
            return []
    return [child(block) for block in results]


def _page(found: Json) -> Page:
    """A page as Notion tells of it; without its address, the one that every page has.

    Raises NotionFailed, unsure, where the answer tells of none.
    """
    made = found.get("id")
    if not isinstance(made, str):
        raise NotionFailed("Notion did not say which page it is.", retryable=True, unsure=True)
    return Page(made, found.get("url") or f"https://www.notion.so/{made.replace('-', '')}")
