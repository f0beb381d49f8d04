"""Where people, channels, workspaces and emoji want pages, and what was added to pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Table, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.messages import Channel, Workspace
from core.ports import Destination, Route
from core.storage.place_tables import additions, emoji_destinations, workspace_destinations
from core.storage.tables import destinations as table
from core.storage.upsert import upsert

Holder = UUID | Channel | Workspace
"""Whose choice it is: a person's, by their id, a channel's, or a workspace's."""

_PLACE = ("notion_id", "kind", "title", "url")


@dataclass(frozen=True, slots=True)
class Choices:
    """What was chosen by a person, by the channel they write in and by its workspace.

    None where nothing was.
    """

    person: Destination | None = None
    channel: Destination | None = None
    workspace: Destination | None = None


class DestinationTable:
    """`destinations` and `workspace_destinations`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(
        self, user_id: UUID, channel: Channel | None, workspaces: Sequence[Workspace] = ()
    ) -> Choices:
        """What a person and, where there are any, their channel and workspace have chosen.

        Of several workspaces that chose different places, none is meant.
        """
        wanted = _is(user_id) if channel is None else or_(_is(user_id), _is(channel))
        rows = await self._connection.execute(
            select(table.c.user_id, *_columns(table)).where(wanted)
        )
        found = {owner: Destination(*place) for owner, *place in rows}
        all_of = [_is(each) for each in workspaces]
        shared: set[Destination] = set()
        if all_of:
            query = select(*_columns(workspace_destinations)).where(or_(*all_of))
            shared = {Destination(*row) for row in await self._connection.execute(query)}
        common = shared.pop() if len(shared) == 1 else None
        return Choices(found.get(user_id), found.get(None), common)

    async def choose(self, holder: Holder, destination: Destination) -> None:
        """Keeps a choice, in place of the one before."""
        key, into = _key(holder), _table(holder)
        values = _values(destination) | {"created_at": datetime.now(UTC)}
        new = {} if into is workspace_destinations else {"id": uuid4()}
        statement = upsert(self._connection)(into).values(**new, **key, **values)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=list(key), set_=values)
        )

    async def clear(self, holder: Holder) -> Destination | None:
        """Forgets a choice, and says which; None where there was none."""
        into = _table(holder)
        done = await self._connection.execute(
            delete(into).where(_is(holder)).returning(*_columns(into))
        )
        row = done.one_or_none()
        return None if row is None else Destination(*row)


class RouteTable:
    """`emoji_destinations`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, channel: Channel) -> list[Route]:
        """Those of a channel, the oldest first."""
        return await self._where(_in(channel))

    async def get(self, channel: Channel, emoji: str) -> Route | None:
        """What one emoji does in a channel; None where it does nothing."""
        found = await self._where(and_(_in(channel), emoji_destinations.c.emoji == emoji))
        return found[0] if found else None

    async def others(self, channel: Channel, emoji: str) -> int:
        """How many other emoji do something in a channel."""
        query = select(func.count()).where(_in(channel), emoji_destinations.c.emoji != emoji)
        return (await self._connection.execute(query)).scalar_one()

    async def keep(self, channel: Channel, route: Route) -> None:
        """Keeps what an emoji does, in place of what it did before."""
        key = {"platform": channel.platform, "place": channel.place, "emoji": route.emoji}
        values = _values(route.place) | {
            "shown": route.shown,
            "template": route.template,
            "given": [list(pair) for pair in route.given],
        }
        statement = upsert(self._connection)(emoji_destinations).values(
            **key, **values, created_at=datetime.now(UTC)
        )
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=list(key), set_=values)
        )

    async def forget(self, channel: Channel, emoji: str) -> bool:
        """Has an emoji do nothing any more; False where it did nothing."""
        wanted = and_(_in(channel), emoji_destinations.c.emoji == emoji)
        done = await self._connection.execute(delete(emoji_destinations).where(wanted))
        return done.rowcount == 1

    async def _where(self, wanted: ColumnElement[bool]) -> list[Route]:
        columns = emoji_destinations.c
        query = (
            select(
                columns.emoji,
                columns.shown,
                columns.template,
                columns.given,
                *_columns(emoji_destinations),
            )
            .where(wanted)
            .order_by(columns.created_at, columns.emoji)
        )
        return [
            Route(emoji, shown, Destination(*place), template, tuple((n, v) for n, v in given))
            for emoji, shown, template, given, *place in await self._connection.execute(query)
        ]


@dataclass(frozen=True, slots=True)
class Addition:
    """Something that is being added to a page, by which request; `url` once it is done."""

    page_id: str
    begun_by: UUID
    url: str | None


class AdditionTable:
    """`additions`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def begin(self, addition: UUID, page_id: str, request: UUID) -> bool:
        """Notes who adds it, before anything is added; False where somebody began before."""
        done = await self._connection.execute(
            upsert(self._connection)(additions)
            .values(id=addition, page_id=page_id, begun_by=request, created_at=datetime.now(UTC))
            .on_conflict_do_nothing()
        )
        return done.rowcount == 1

    async def get(self, addition: UUID) -> Addition | None:
        """How far one has come."""
        query = select(additions.c.page_id, additions.c.begun_by, additions.c.url).where(
            additions.c.id == addition
        )
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else Addition(*row)

    async def take_over(self, addition: UUID, request: UUID, before: UUID) -> bool:
        """Notes who goes on with it; False where somebody else was quicker."""
        done = await self._connection.execute(
            update(additions)
            .where(additions.c.id == addition, additions.c.begun_by == before)
            .values(begun_by=request)
        )
        return done.rowcount == 1

    async def done(self, addition: UUID, url: str) -> None:
        """Notes that all of it is on the page."""
        await self._connection.execute(
            update(additions).where(additions.c.id == addition).values(url=url)
        )


def _columns(of: Table) -> list[ColumnElement[Any]]:
    return [of.c[name] for name in _PLACE]


def _values(place: Destination) -> dict[str, Any]:
    return dict(zip(_PLACE, (place.id, place.kind, place.title, place.url), strict=True))


def _table(holder: Holder) -> Table:
    return workspace_destinations if isinstance(holder, Workspace) else table


def _key(holder: Holder) -> dict[str, Any]:
    if isinstance(holder, Channel):
        return {"platform": holder.platform, "place": holder.place}
    if isinstance(holder, Workspace):
        return {"platform": holder.platform, "workspace": holder.id}
    return {"user_id": holder}


def _is(holder: Holder) -> ColumnElement[bool]:
    columns = _table(holder).c
    return and_(*(columns[name] == value for name, value in _key(holder).items()))


def _in(channel: Channel) -> ColumnElement[bool]:
    columns = emoji_destinations.c
    return and_(columns.platform == channel.platform, columns.place == channel.place)
