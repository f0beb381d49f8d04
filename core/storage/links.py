"""What joins chat identities and accounts: `link_codes`, and the merge of two people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Uuid, and_, delete, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.messages import Sender
from core.storage.account_tables import audit, brought
from core.storage.connection_tables import notion_connections
from core.storage.spending import SpendingTable
from core.storage.tables import (
    content_history,
    destinations,
    identities,
    link_codes,
    ratings,
    requests,
    users,
)
from core.storage.upsert import upsert
from core.storage.users import Identity

MOVED = frozenset(
    {
        "identities",
        "content_history",
        "destinations",
        "requests",
        "ratings",
        "link_codes",
        "notion_connections",
        "audit",
        "spending",
    }
)
"""The tables whose rows a merge gives to the account; a test holds them against the schema."""

LEFT = frozenset(
    {"refresh_tokens", "sessions", "known_addresses", "personal_tokens", "mailed_links"}
)
"""Those of which somebody without an account has nothing."""


@dataclass(frozen=True, slots=True)
class LinkCode:
    """A one-time code, as kept: its hash, never itself.

    It stands for the chat identity `identity_id`, or for the account `user_id`. `address` is where
    the chat hears of it, and what else is known of the one who asked for it.
    """

    hash: str
    identity_id: UUID | None
    user_id: UUID | None
    address: dict[str, Any]
    expires_at: datetime
    used_at: datetime | None


class LinkTable:
    """`link_codes`, `identities` as they change hands, and people as they become one."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    # ── Codes ────────────────────────────────────────────────────────────────────────────────────

    async def add(self, code: LinkCode) -> None:
        """Keeps a code, and ends the unused ones before it; the same one again changes nothing."""
        mine = (
            link_codes.c.identity_id == code.identity_id
            if code.user_id is None
            else link_codes.c.user_id == code.user_id
        )
        await self._connection.execute(
            delete(link_codes).where(
                mine, link_codes.c.used_at.is_(None), link_codes.c.hash != code.hash
            )
        )
        await self._connection.execute(
            upsert(self._connection)(link_codes)
            .values(
                hash=code.hash,
                identity_id=code.identity_id,
                user_id=code.user_id,
                address=code.address,
                expires_at=code.expires_at,
                created_at=datetime.now(UTC),
            )
            .on_conflict_do_nothing()
        )

    async def code(self, hash_: str) -> LinkCode | None:
        """The code with this hash; nobody else changes it before the transaction ends."""
        row = (
            await self._connection.execute(
                select(link_codes).where(link_codes.c.hash == hash_).with_for_update()
            )
        ).one_or_none()
        if row is None:
            return None
        return LinkCode(
            row.hash, row.identity_id, row.user_id, row.address, row.expires_at, row.used_at
        )

    async def used(self, identity_id: UUID) -> LinkCode | None:
        """The code by which an identity was linked last, for about a day after that."""
        query = (
            select(link_codes.c.hash)
            .where(link_codes.c.identity_id == identity_id, link_codes.c.used_at.is_not(None))
            .order_by(link_codes.c.used_at.desc())
            .limit(1)
        )
        found = (await self._connection.execute(query)).scalar_one_or_none()
        return None if found is None else await self.code(found)

    async def asking(self, identity_id: UUID) -> LinkCode | None:
        """The newest code of an identity, used or not; nobody else changes it meanwhile."""
        query = (
            select(link_codes.c.hash)
            .where(link_codes.c.identity_id == identity_id)
            .order_by(link_codes.c.created_at.desc())
            .limit(1)
        )
        found = (await self._connection.execute(query)).scalar_one_or_none()
        return None if found is None else await self.code(found)

    async def use(self, hash_: str) -> None:
        """Uses a code up. Where its holder is gone meanwhile, so is the code."""
        await self._set(hash_, used_at=datetime.now(UTC))

    async def readdress(self, hash_: str, address: dict[str, Any]) -> None:
        """Keeps what became known of a code."""
        await self._set(hash_, address=address)

    async def _set(self, hash_: str, **values: Any) -> None:
        await self._connection.execute(
            update(link_codes).where(link_codes.c.hash == hash_).values(**values)
        )

    async def forget(self, before: datetime) -> None:
        """Deletes codes that ended before this moment, and what was known by them."""
        await self._connection.execute(delete(link_codes).where(link_codes.c.expires_at < before))
        by_code = select(link_codes.c.identity_id).where(link_codes.c.identity_id.is_not(None))
        await self._connection.execute(delete(brought).where(brought.c.identity_id.not_in(by_code)))

    # ── Identities ───────────────────────────────────────────────────────────────────────────────

    async def identity(self, which: UUID | Sender) -> tuple[Identity, UUID] | None:
        """A chat identity and whose it is; it changes hands no more before the transaction ends."""
        query = (
            select(
                identities.c.id,
                identities.c.platform,
                identities.c.workspace,
                identities.c.external_id,
                identities.c.name,
                identities.c.created_at,
                identities.c.user_id,
            )
            .where(_is(which))
            .with_for_update()
        )
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else (Identity(*row[:-1]), row[-1])

    async def detach(self, identity_id: UUID) -> UUID:
        """Makes a chat identity a new person of its own, and says whose id that is."""
        user_id = uuid4()
        await self._connection.execute(
            insert(users).values(id=user_id, created_at=datetime.now(UTC))
        )
        await self._connection.execute(
            update(identities).where(identities.c.id == identity_id).values(user_id=user_id)
        )
        return user_id

    # ── Two people become one ────────────────────────────────────────────────────────────────────

    async def merge(self, person: UUID, account: UUID) -> bool:
        """Gives the account all that is this person's, and forgets the person.

        That is their identities, history, pages, what is being written, ratings, destination,
        connection to Notion and preferences; where both have one, the account's stays. False where
        one of them is gone.
        """
        query = (
            select(users.c.id, users.c.preferences)
            .where(users.c.id.in_((person, account)))
            .order_by(users.c.id)
            .with_for_update()
        )
        found = {row.id: row.preferences for row in await self._connection.execute(query)}
        if len(found) < 2:
            return False
        preferences = {**(found[person] or {}), **(found[account] or {})}
        await self._connection.execute(
            update(users).where(users.c.id == account).values(preferences=preferences)
        )
        await self._drop_what_the_account_has(person, account)
        for table in (
            identities,
            content_history,
            destinations,
            requests,
            ratings,
            link_codes,
            notion_connections,
        ):
            await self._connection.execute(
                update(table).where(table.c.user_id == person).values(user_id=account)
            )
        for column in (audit.c.actor_id, audit.c.subject_id):
            await self._connection.execute(
                update(audit).where(column == person).values({column: account})
            )
        await SpendingTable(self._connection).give(person, account)
        await self._connection.execute(delete(users).where(users.c.id == person))
        return True

    async def _drop_what_the_account_has(self, person: UUID, account: UUID) -> None:
        chosen = select(destinations.c.id).where(destinations.c.user_id == account)
        await self._connection.execute(
            delete(destinations).where(destinations.c.user_id == person, chosen.exists())
        )
        theirs = notion_connections.c.user_id
        connected = select(notion_connections.c.id).where(theirs == account)
        await self._connection.execute(
            delete(notion_connections).where(theirs == person, connected.exists())
        )
        rated = select(ratings.c.content_id).where(ratings.c.user_id == account)
        await self._connection.execute(
            delete(ratings).where(ratings.c.user_id == person, ratings.c.content_id.in_(rated))
        )


class BroughtTable:
    """`brought`: what an identity had when it was linked, so that it can be given back."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def note(self, identity_id: UUID, person: UUID) -> dict[str, Any]:
        """Notes what a person has who is about to be merged; what is no item, as JSON."""
        await self._connection.execute(delete(brought).where(brought.c.identity_id == identity_id))
        theirs = select(content_history.c.id, literal(identity_id, Uuid)).where(
            content_history.c.user_id == person
        )
        await self._connection.execute(
            insert(brought).from_select(["content_id", "identity_id"], theirs)
        )
        came: dict[str, Any] = {}
        for name, table in (("destination", destinations), ("connection", notion_connections)):
            query = select(table.c.id).where(table.c.user_id == person)
            found = (await self._connection.execute(query)).scalar_one_or_none()
            came[name] = None if found is None else str(found)
        query = select(users.c.preferences).where(users.c.id == person)
        came["preferences"] = (await self._connection.execute(query)).scalar_one_or_none() or {}
        return came

    async def give_back(self, identity_id: UUID, person: UUID, came: dict[str, Any]) -> None:
        """Gives a person what came with their identity, as far as it is still there."""
        items = select(brought.c.content_id).where(brought.c.identity_id == identity_id)
        for table, column in (
            (content_history, content_history.c.id),
            (requests, requests.c.id),
        ):
            await self._connection.execute(
                update(table).where(column.in_(items)).values(user_id=person)
            )
        for name, table in (("destination", destinations), ("connection", notion_connections)):
            if came.get(name):
                mine = table.c.id == UUID(came[name])
                await self._connection.execute(update(table).where(mine).values(user_id=person))
        await self._connection.execute(
            update(users).where(users.c.id == person).values(preferences=came["preferences"])
        )
        await self._connection.execute(delete(brought).where(brought.c.identity_id == identity_id))


class RatingTable:
    """`ratings`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def rate(self, content_id: UUID, user_id: UUID, *, good: bool) -> bool:
        """Keeps what a person thinks of an item, in place of what they thought before.

        False where that is what they had said already.
        """
        mine = and_(ratings.c.content_id == content_id, ratings.c.user_id == user_id)
        before = (
            await self._connection.execute(select(ratings.c.good).where(mine))
        ).scalar_one_or_none()
        if before is good:
            return False
        await self._connection.execute(
            upsert(self._connection)(ratings)
            .values(content_id=content_id, user_id=user_id, good=good, created_at=datetime.now(UTC))
            .on_conflict_do_update(index_elements=["content_id", "user_id"], set_={"good": good})
        )
        return True

    async def by(
        self, user_id: UUID, after: UUID | None, limit: int
    ) -> list[tuple[UUID, bool, datetime]]:
        """What a person thinks of items, by the items' ids; `after` is where a page ended."""
        query = select(ratings.c.content_id, ratings.c.good, ratings.c.created_at).where(
            ratings.c.user_id == user_id
        )
        if after is not None:
            query = query.where(ratings.c.content_id > after)
        rows = await self._connection.execute(query.order_by(ratings.c.content_id).limit(limit))
        return [(row.content_id, row.good, row.created_at) for row in rows]

    async def of(self, items: list[UUID]) -> dict[UUID, tuple[int, int]]:
        """How many thought well and how many thought badly of each item; unrated ones are left out.

        A hundred items at most.
        """
        query = (
            select(
                ratings.c.content_id,
                func.count().filter(ratings.c.good),
                func.count().filter(~ratings.c.good),
            )
            .where(ratings.c.content_id.in_(items))
            .group_by(ratings.c.content_id)
        )
        rows = (await self._connection.execute(query)).all() if items else []
        return {content_id: (good, bad) for content_id, good, bad in rows}


def _is(which: UUID | Sender) -> ColumnElement[bool]:
    if isinstance(which, UUID):
        return identities.c.id == which
    return and_(
        identities.c.platform == which.platform,
        identities.c.workspace == which.workspace,
        identities.c.external_id == which.id,
    )
