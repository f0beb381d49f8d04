"""Pages of which the chat hears, and the channels that want it: `announced`, `announcing`.

`notion_webhooks` holds the tokens by which Notion signs what it sends, encrypted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row as RowOf
from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.messages import Channel, Sender
from core.storage.connection_tables import announced as table
from core.storage.connection_tables import announcing, notion_webhooks
from core.storage.upsert import upsert

REMEMBERED = 300
"""Comments of one page that are known to have been told."""

LATEST = 8
"""People whose changes are told together."""

NAMED = 20
"""Comments of one page that were heard of and not told yet; the newest are kept."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A page, and where in chat it came from.

    `seen_at` is from when on edits and comments are news to the chat, `comments` the ids of those
    that are none; `first_at` is when the oldest news came that was not told yet, `due_at` when they
    are told. `authors` are who changed the page, by Notion's ids, `heard` the comments that Notion
    named and nobody was told of.
    """

    content_id: UUID
    page_id: str
    platform: str
    place: str
    sender: dict[str, Any]
    address: dict[str, str]
    seen_at: datetime
    first_at: datetime | None
    due_at: datetime | None
    authors: list[str]
    comments: list[str]
    polled_at: datetime | None
    heard: list[str]


_COLUMNS = (
    table.c.content_id,
    table.c.page_id,
    table.c.platform,
    table.c.place,
    table.c.sender,
    table.c.address,
    table.c.seen_at,
    table.c.first_at,
    table.c.due_at,
    table.c.authors,
    table.c.comments,
    table.c.polled_at,
    table.c.heard,
)


class AnnouncedTable:
    """`announced` and `announcing`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    # ── Channels ─────────────────────────────────────────────────────────────────────────────────

    async def turn(self, channel: Channel, now: datetime, *, on: bool) -> bool:
        """Has a channel hear of its pages, or not; False where that is so already."""
        mine = and_(announcing.c.platform == channel.platform, announcing.c.place == channel.place)
        if not on:
            done = await self._connection.execute(
                delete(announcing).where(mine).returning(announcing.c.place)
            )
            return bool(done.all())
        key = {"platform": channel.platform, "place": channel.place}
        done = await self._connection.execute(
            upsert(self._connection)(announcing)
            .values(**key, created_at=now)
            .on_conflict_do_nothing()
            .returning(announcing.c.place)
        )
        if not done.all():
            return False
        # What was changed before is no news.
        here = and_(table.c.platform == channel.platform, table.c.place == channel.place)
        await self._connection.execute(update(table).where(here).values(seen_at=now))
        return True

    async def on_since(self, channel: Channel) -> datetime | None:
        """Since when a channel hears of its pages; None where it does not."""
        found = await self._connection.execute(
            select(announcing.c.created_at).where(
                announcing.c.platform == channel.platform, announcing.c.place == channel.place
            )
        )
        return found.scalar()

    # ── Pages ────────────────────────────────────────────────────────────────────────────────────

    async def watch(
        self,
        content_id: UUID,
        page_id: str,
        channel: Channel,
        sender: Sender,
        address: Mapping[str, str],
        now: datetime,
    ) -> None:
        """Keeps where a page came from; the first place it came from stays."""
        await self._connection.execute(
            upsert(self._connection)(table)
            .values(
                content_id=content_id,
                page_id=plain_id(page_id),
                platform=channel.platform,
                place=channel.place,
                sender=asdict(sender),
                address=dict(address),
                seen_at=now,
                authors=[],
                comments=[],
                created_at=now,
            )
            .on_conflict_do_nothing()
        )

    async def get(self, content_id: UUID) -> Announced | None:
        """Where a page came from."""
        found = await self._connection.execute(
            select(*_COLUMNS).where(table.c.content_id == content_id)
        )
        row = found.one_or_none()
        return None if row is None else _announced(row)

    async def of_page(self, page_id: str) -> list[Announced]:
        """Where a page came from that somebody wants to hear of."""
        found = await self._connection.execute(
            select(*_COLUMNS).where(table.c.page_id == plain_id(page_id), _wanted())
        )
        return [_announced(row) for row in found]

    async def news(
        self,
        one: Announced,
        authors: Sequence[str],
        due: datetime,
        now: datetime,
        comments: Sequence[str] = (),
    ) -> None:
        """There is something to tell of a page: what these people changed, and these comments."""
        everybody = list(dict.fromkeys([*one.authors, *authors]))[:LATEST]
        heard = list(dict.fromkeys([*one.heard, *comments]))[-NAMED:]
        first = func.coalesce(table.c.first_at, now)
        await self._connection.execute(
            update(table)
            .where(table.c.content_id == one.content_id)
            .values(authors=everybody, heard=heard, first_at=first, due_at=due)
        )

    async def due(self, now: datetime, limit: int) -> list[Announced]:
        """What is to be told by now."""
        found = await self._connection.execute(
            select(*_COLUMNS).where(table.c.due_at <= now).order_by(table.c.due_at).limit(limit)
        )
        return [_announced(row) for row in found]

    async def take(self, one: Announced) -> bool:
        """Takes what is to be told, authors apart; False where somebody else took it."""
        done = await self._connection.execute(
            update(table)
            .where(table.c.content_id == one.content_id, table.c.due_at == one.due_at)
            .values(due_at=None, first_at=None)
            .returning(table.c.content_id)
        )
        return bool(done.all())

    async def told(self, content_id: UUID, seen_at: datetime, comments: Sequence[str]) -> None:
        """The chat knows of what was changed before that, and of these comments."""
        one = await self.get(content_id)
        left = [each for each in one.heard if each not in comments] if one else []
        known = list(comments)[-REMEMBERED:]
        await self._connection.execute(
            update(table)
            .where(table.c.content_id == content_id)
            .values(seen_at=seen_at, authors=[], comments=known, heard=left)
        )

    async def unwatch(self, content_id: UUID) -> None:
        """Forgets an item's page."""
        await self._connection.execute(delete(table).where(table.c.content_id == content_id))

    async def poll(self, since: datetime, before: datetime, limit: int) -> list[Announced]:
        """Pages made since then that were not looked at since `before`, the longest ago first."""
        old = or_(table.c.polled_at.is_(None), table.c.polled_at <= before)
        found = await self._connection.execute(
            select(*_COLUMNS)
            .where(old, table.c.created_at >= since, table.c.due_at.is_(None), _wanted())
            .order_by(table.c.polled_at.nulls_first(), table.c.content_id)
            .limit(limit)
        )
        return [_announced(row) for row in found]

    async def looked(self, one: Announced, now: datetime) -> bool:
        """Takes a page to be looked at; False where somebody else does."""
        same = table.c.polled_at.is_not_distinct_from(one.polled_at)
        done = await self._connection.execute(
            update(table)
            .where(table.c.content_id == one.content_id, same)
            .values(polled_at=now)
            .returning(table.c.content_id)
        )
        return bool(done.all())

    async def forget(self, before: datetime) -> None:
        """Deletes what was made before this moment."""
        await self._connection.execute(delete(table).where(table.c.created_at < before))


@dataclass(frozen=True, slots=True)
class Webhook:
    """A token by which Notion signs. `used_at` is when it signed something last."""

    hash: str
    token: str
    created_at: datetime
    used_at: datetime | None


class WebhookTable:
    """`notion_webhooks`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, hash_: str, token: str, now: datetime, most: int) -> None:
        """Keeps a token; of those that never signed anything, the newest `most`."""
        await self._connection.execute(
            upsert(self._connection)(notion_webhooks)
            .values(hash=hash_, token=token, created_at=now)
            .on_conflict_do_nothing()
        )
        unused = notion_webhooks.c.used_at.is_(None)
        newest = (
            select(notion_webhooks.c.hash)
            .where(unused)
            .order_by(notion_webhooks.c.created_at.desc())
            .limit(most)
        )
        await self._connection.execute(
            delete(notion_webhooks).where(unused, notion_webhooks.c.hash.not_in(newest))
        )

    async def all(self) -> list[Webhook]:
        """Every token, the newest first."""
        columns = (
            notion_webhooks.c.hash,
            notion_webhooks.c.token,
            notion_webhooks.c.created_at,
            notion_webhooks.c.used_at,
        )
        found = await self._connection.execute(
            select(*columns).order_by(notion_webhooks.c.created_at.desc())
        )
        return [Webhook(*row) for row in found]

    async def used(self, hash_: str, now: datetime) -> None:
        """It signed something."""
        await self._connection.execute(
            update(notion_webhooks).where(notion_webhooks.c.hash == hash_).values(used_at=now)
        )


def plain_id(page_id: str) -> str:
    """An id without hyphens: Notion writes it both ways. Pure."""
    return page_id.replace("-", "").lower()


def _wanted() -> Any:
    here = and_(announcing.c.platform == table.c.platform, announcing.c.place == table.c.place)
    return select(announcing.c.place).where(here).exists()


def _announced(row: RowOf[*tuple[Any, ...]]) -> Announced:
    return Announced(**(dict(row._mapping) | {"heard": row.heard or []}))
