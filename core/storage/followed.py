"""Items whose pages follow what becomes of their messages: `followed`, `followed_messages`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.messages import Channel
from core.storage.tables import followed, followed_messages, requests
from core.storage.upsert import upsert

Json = dict[str, Any]

_BATCH = 500
"""Ids in one query."""


@dataclass(frozen=True, slots=True)
class Followed:
    """An item that is followed.

    `thread` is the thread that was saved whole, empty where none was; `shape` is how the document
    is built. `address` is where the platform is asked about it. `running` is the request that
    brings changes to the page, and `taken` what it brings: until that is done, it is not changed.
    """

    content_id: UUID
    platform: str
    place: str
    thread: str
    shape: str
    address: dict[str, str]
    until: datetime
    due_at: datetime | None
    running: UUID | None
    rounds: int
    failures: int
    taken: Json | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """A message of a followed item: as its page shows it, and as it is by now where that differs.

    Both are what `core.transcript.Entry.to_json` gives.
    """

    id: str
    shown: Json | None
    wanted: Json | None


class FollowedTable:
    """`followed` and `followed_messages`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def begin(self, item: Followed, shown: Mapping[str, Json]) -> bool:
        """Begins to follow an item. False where it is followed already: then nothing changes."""
        row = {name: getattr(item, name) for name in item.__slots__}
        done = await self._connection.execute(
            upsert(self._connection)(followed)
            .values(**row)
            .on_conflict_do_nothing()
            .returning(followed.c.content_id)
        )
        if done.first() is None:
            return False
        rows = [
            {"content_id": item.content_id, "external_id": each, "shown": entry, "wanted": None}
            for each, entry in shown.items()
        ]
        if rows:
            await self._connection.execute(followed_messages.insert(), rows)
        return True

    async def get(self, content_id: UUID, *, hold: bool = False) -> Followed | None:
        """One item; with `hold` nobody else changes it before the transaction ends."""
        query = select(followed).where(followed.c.content_id == content_id)
        row = (
            await self._connection.execute(query.with_for_update() if hold else query)
        ).one_or_none()
        return None if row is None else Followed(*tuple(row))

    async def messages(self, content_id: UUID) -> list[Kept]:
        """Every message of an item."""
        table = followed_messages
        rows = await self._connection.execute(
            select(table.c.external_id, table.c.shown, table.c.wanted).where(
                table.c.content_id == content_id
            )
        )
        return [Kept(*tuple(row)) for row in rows]

    async def holding(self, channel: Channel, messages: Sequence[str], now: datetime) -> list[UUID]:
        """The items followed at this moment that hold one of these messages."""
        found: dict[UUID, None] = {}
        for batch in _batches(messages):
            query = (
                select(followed.c.content_id)
                .join(followed_messages, followed_messages.c.content_id == followed.c.content_id)
                .where(
                    followed_messages.c.external_id.in_(batch),
                    followed.c.until > now,
                    *_in(channel),
                )
                .distinct()
            )
            found |= dict.fromkeys((await self._connection.execute(query)).scalars())
        return list(found)

    async def threads(self, channel: Channel, thread: str, now: datetime) -> list[UUID]:
        """The items followed at this moment that hold all of a thread."""
        asked = {
            "key": thread,
            "now": now,
            "platform": channel.platform,
            "place": channel.place,
        }
        return list((await self._connection.execute(_THREADS, asked)).scalars())

    async def places(self, platform: str, now: datetime, limit: int) -> list[tuple[str, str]]:
        """Where messages are that are followed: place and thread, those saved last first."""
        query = (
            select(followed.c.place, followed.c.thread)
            .where(followed.c.platform == platform, followed.c.until > now)
            .order_by(followed.c.created_at.desc())
            .limit(limit)
        )
        return [(row.place, row.thread) for row in await self._connection.execute(query)]

    async def newest(self, platform: str, now: datetime, limit: int) -> list[tuple[str, str, Kept]]:
        """Messages that are followed, with the place and thread of their items, newest first.

        What a platform names later it names higher.
        """
        table = followed_messages
        query = (
            select(
                followed.c.place,
                followed.c.thread,
                table.c.external_id,
                table.c.shown,
                table.c.wanted,
            )
            .join(table, table.c.content_id == followed.c.content_id)
            .where(followed.c.platform == platform, followed.c.until > now)
            .order_by(table.c.external_id.desc())
            .limit(limit)
        )
        rows = await self._connection.execute(query)
        return [(row[0], row[1], Kept(*row[2:])) for row in rows]

    async def want(self, content_id: UUID, message: str, wanted: Json) -> None:
        """Keeps what a message is by now, in place of what it was to be before."""
        await self._connection.execute(
            upsert(self._connection)(followed_messages)
            .values(content_id=content_id, external_id=message, wanted=wanted)
            .on_conflict_do_update(
                index_elements=["content_id", "external_id"], set_={"wanted": wanted}
            )
        )

    async def show(self, content_id: UUID, message: str, shown: Json, *, settled: bool) -> None:
        """Keeps what the page shows of a message; `settled`: nothing else is wanted of it."""
        values: Json = {"shown": shown} | ({"wanted": None} if settled else {})
        await self._connection.execute(
            update(followed_messages)
            .where(
                followed_messages.c.content_id == content_id,
                followed_messages.c.external_id == message,
            )
            .values(**values)
        )

    async def due(self, now: datetime, limit: int) -> list[UUID]:
        """Items of which a change is due, and that no request is at work on, oldest first."""
        at_work = (
            select(requests.c.id)
            .where(requests.c.id == followed.c.running, requests.c.finished_at.is_(None))
            .exists()
        )
        query = (
            select(followed.c.content_id)
            .where(
                followed.c.due_at <= now,
                followed.c.until > now,
                or_(followed.c.running.is_(None), ~at_work),
            )
            .order_by(followed.c.due_at)
            .limit(limit)
        )
        return list((await self._connection.execute(query)).scalars())

    async def set(self, content_id: UUID, **values: Any) -> None:
        """Changes what is known of an item, by the names of its fields."""
        await self._connection.execute(
            update(followed).where(followed.c.content_id == content_id).values(**values)
        )

    async def forget(self, before: datetime) -> None:
        """Deletes what is followed no more since before this moment."""
        await self._connection.execute(delete(followed).where(followed.c.until < before))


def new_item(
    content_id: UUID,
    channel: Channel,
    thread: str,
    shape: str,
    address: dict[str, str],
    until: datetime,
) -> Followed:
    """An item that begins to be followed. Pure but for the clock."""
    return Followed(
        content_id,
        channel.platform,
        channel.place,
        thread,
        shape,
        address,
        until,
        due_at=None,
        running=None,
        rounds=0,
        failures=0,
        taken=None,
        created_at=datetime.now(UTC),
    )


_THREADS = select(followed.c.content_id).where(
    followed.c.thread == bindparam("key"),
    followed.c.until > bindparam("now"),
    followed.c.platform == bindparam("platform"),
    followed.c.place == bindparam("place"),
)


def _in(channel: Channel) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return followed.c.platform == channel.platform, followed.c.place == channel.place


def _batches(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    for start in range(0, len(ids), _BATCH):
        yield ids[start : start + _BATCH]
