"""Which page or data source is meant."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from core.errors import Ambiguous, AssistantError, InvalidInput, Misconfigured
from core.notion.addresses import object_id
from core.notion.connection import PAGE_SIZE, Connection, Json
from core.notion.refusals import NOT_SHARED, NotionRefused
from core.notion.shapes import destination, parent_id, title
from core.notion.urgency import Urgency, urgency
from core.ports import Destination

T = TypeVar("T")

REMEMBERED = 300.0
"""Seconds an answer from Notion is trusted."""

MOST_PLACED = 12
"""Places of one search whose surroundings are asked for: a request each, remembered."""

_MOST_REMEMBERED = 1000
_MOST_LISTED = 5
_MOST_SEARCHED = 500
_HOW = "Give the address of one of them with --to or to `/notion to`, or set NOTION_PARENT to it."


class Recent(Generic[T]):
    """Answers of the last minutes, by question; `seconds` is how long each is kept.

    While one asks, others with the same question wait for what comes of it; what is urgent does
    not wait for what is less so.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = seconds
        self._kept: dict[str, tuple[float, T]] = {}
        self._asking: dict[str, tuple[asyncio.Future[None], Urgency]] = {}

    async def get(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer kept, or a new one, which is kept where it is no error."""
        asking = self._asking.get(key)
        if asking is not None and asking[1] <= urgency():
            # Where nothing comes of it, it is asked anew, with a patience of one's own.
            await asyncio.wait([asking[0]])
        now = time.monotonic()
        kept = self._kept.get(key)
        if kept is not None and kept[0] > now:
            return kept[1]
        mine = asyncio.get_running_loop().create_future(), urgency()
        self._asking[key] = mine
        try:
            answer = await ask()
            if self._asking.get(key) is mine:
                self._keep(key, now, answer)
            return answer
        finally:
            if self._asking.get(key) is mine:
                del self._asking[key]
            mine[0].set_result(None)

    def _keep(self, key: str, now: float, answer: T) -> None:
        self._kept.pop(key, None)
        self._kept[key] = (now + (self._seconds or REMEMBERED), answer)
        if len(self._kept) > _MOST_REMEMBERED:
            del self._kept[next(iter(self._kept))]

    def forget(self, key: str) -> None:
        """Has the next one ask anew, whoever asks already."""
        self._kept.pop(key, None)
        self._asking.pop(key, None)

    def forget_all(self, which: Callable[[T], bool]) -> None:
        """The same for every answer of which this is true."""
        for key in [key for key, (_, answer) in self._kept.items() if which(answer)]:
            self.forget(key)


class Destinations:
    """Finds where pages go. `parent` is the configured place: an id, an address or a title."""

    def __init__(self, connection: Connection, parent: str | None) -> None:
        self._connection = connection
        self._parent = parent
        self._meant: Recent[Destination] = Recent()
        self._titles: Recent[str] = Recent()

    async def meant(self, wanted: str | None) -> Destination:
        """The place meant by an id, an address or a title; None: the default one.

        Raises InvalidInput where none, or more than one, is meant, Misconfigured where that is so
        for the configured one.
        """
        name = (wanted or "").strip()
        if name:
            return await self._meant.get(name.casefold(), lambda: self._find(name))
        return await self._meant.get("", self._default)

    def forget(self, place: str) -> None:
        """Has this place looked at anew, whatever it was meant by."""
        self._meant.forget_all(lambda one: one.id == place)

    async def search(self, query: str, limit: int) -> list[Destination]:
        """At most `limit` (100 at most) places whose title matches, the closest titles first.

        Of a dozen or less, what they stand in is asked for where it was not found too.
        """
        found = await self._searched(query, limit)
        places = await self._placed(found) if limit <= MOST_PLACED else [one for one, _ in found]
        return sorted(places, key=lambda place: distance(place.title, query))

    async def _searched(self, query: str, limit: int) -> list[tuple[Destination, str]]:
        """The places, each with the id of what it stands in; empty where it stands in none."""
        body = {"query": query, "page_size": max(1, min(limit, PAGE_SIZE))}
        found = await self._connection.ask("search", body)
        results = [one for one in found.get("results") or [] if one.get("id")]
        titles = {one["id"]: title(one) for one in results}
        return [
            (replace(destination(one), place=titles.get(parent_id(one), "")), parent_id(one))
            for one in results
            if not one.get("in_trash")
        ]

    async def _placed(self, found: Sequence[tuple[Destination, str]]) -> list[Destination]:
        """The places with what they stand in, as far as Notion says."""
        unknown = {parent for place, parent in found if parent and not place.place}
        asked = sorted(unknown)[:MOST_PLACED]
        titles = dict(zip(asked, await asyncio.gather(*map(self._title_of, asked)), strict=True))
        return [
            place if place.place else replace(place, place=titles.get(parent, ""))
            for place, parent in found
        ]

    async def _title_of(self, place: str) -> str:
        async def ask() -> str:
            for path in ("pages", "data_sources", "databases"):
                if (there := await self._look(f"{path}/{place}")) is not None:
                    return title(there)
            return ""

        try:
            return await self._titles.get(place, ask)
        except AssistantError:
            # Without it the place is found all the same.
            return ""

    async def _default(self) -> Destination:
        if not self._parent:
            return await self._only()
        try:
            return await self._find(self._parent)
        except InvalidInput as error:
            raise Misconfigured(f"NOTION_PARENT is not usable. {error.message}") from error

    async def _find(self, name: str) -> Destination:
        found = object_id(name)
        return await (self._by_title(name) if found is None else self._by_id(found))

    async def _by_id(self, found: str) -> Destination:
        for path in ("pages", "data_sources"):
            if (there := await self._look(f"{path}/{found}")) is not None:
                if there.get("in_trash"):
                    raise InvalidInput(f"“{title(there)}” is in Notion's trash. Restore it first.")
                return destination(there)
        database = await self._look(f"databases/{found}")
        if database is None:
            raise InvalidInput(NOT_SHARED)
        sources = [
            Destination(one["id"], "data_source", one["name"]) for one in database["data_sources"]
        ]
        if len(sources) == 1:
            return sources[0]
        raise _ambiguous(f"The database “{title(database)}” has {len(sources)} sources", sources)

    async def _look(self, path: str) -> Json | None:
        try:
            return await self._connection.get(path)
        except NotionRefused as error:
            # 400 is Notion's answer to the id of another kind of object.
            if error.status in (400, 404):
                return None
            raise

    async def _by_title(self, name: str) -> Destination:
        found = await self._searched(name, PAGE_SIZE)
        exact = [one for one in found if one[0].title.casefold() == name.casefold()]
        fitting = exact or sorted(found, key=lambda one: distance(one[0].title, name))
        several = fitting[:_MOST_LISTED]
        best = [one for one, _ in several] if len(fitting) == 1 else await self._placed(several)
        if len(best) == 1:
            return best[0]
        if not best:
            raise InvalidInput(
                f"Nothing shared with this integration is called “{name}”. {_how_to_share()}"
            )
        raise _ambiguous(f"More than one page or data source fits “{name}”", best, len(fitting))

    async def _only(self) -> Destination:
        found = [one async for one in self._first(_MOST_SEARCHED) if not one.get("in_trash")]
        seen = {one["id"] for one in found}
        tops = [one for one in found if _is_top(one, seen)]
        places = [destination(one) for one in tops or found]
        if not places:
            raise InvalidInput(f"No Notion page is shared with this integration. {_how_to_share()}")
        if len(places) == 1:
            return places[0]
        raise _ambiguous("Pages could go to more than one place", places)

    async def _first(self, most: int) -> AsyncIterator[Json]:
        count = 0
        async for one in self._connection.listed("search", {}):
            yield one
            count += 1
            if count == most:
                return


def _is_top(one: Json, seen: set[str]) -> bool:
    """Whether it was shared itself, rather than with the page it stands on."""
    parent = one.get("database_parent") or one["parent"]
    kind = parent["type"]
    if kind == "workspace":
        return True
    # What a block holds cannot be told apart without asking for the block.
    return kind != "block_id" and parent[kind] not in seen


def distance(found: str, query: str) -> int:
    """How far a title is from what was looked for: 0 where they are the same. Pure."""
    found, query = found.casefold(), query.strip().casefold()
    if found == query:
        return 0
    if found.startswith(query):
        return 1
    return 2 if query in found else 3


def _how_to_share() -> str:
    return "Open the page in Notion, choose ••• → Connections, and add the integration."


def _ambiguous(why: str, places: Sequence[Destination], total: int | None = None) -> Ambiguous:
    kinds = {"page": "page", "data_source": "data source"}
    lines = [
        f"• {place.title or 'Untitled'} ({kinds[place.kind]}): {place.url or place.id}"
        for place in places[:_MOST_LISTED]
    ]
    left = (total or len(places)) - _MOST_LISTED
    more = [f"• and {left} more"] if left > 0 else []
    choices = [(place.id, _named(place)) for place in places[:_MOST_LISTED]]
    return Ambiguous("\n".join([f"{why}. {_HOW}", *lines, *more]), choices=choices)


def _named(place: Destination) -> str:
    inside = f" — in {place.place}" if place.place else ""
    return f"{place.title or 'Untitled'}{inside}"
