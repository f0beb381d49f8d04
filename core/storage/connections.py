"""Connections to Notion by OAuth: `notion_connections`. The tokens are encrypted already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, delete, func, insert, or_, select, update
from sqlalchemy import Row as RowOf
from sqlalchemy.ext.asyncio import AsyncConnection

from core.messages import Sender
from core.storage.connection_tables import notion_connections as table


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a connection is: a person's, or everybody's in a chat workspace."""

    user_id: UUID | None = None
    platform: str = ""
    workspace: str = ""

    @property
    def shared(self) -> bool:
        """Whether it is a workspace's."""
        return self.user_id is None


@dataclass(frozen=True, slots=True)
class Row:
    """One connection as it is stored.

    `bot_id` is the connection's own id at Notion, `name` what people call the Notion workspace,
    `owner` who agreed there and `connected_by` who asked here. `owner_id` is the former's id at
    Notion, `agreed_as` the id in chat of who connected a workspace; empty where that is not known.
    `version` counts the tokens;
    `refreshing_until` is set while somebody trades the refresh token, and stays set where they
    died over it. `lost_at` is when Notion stopped accepting it.
    """

    id: UUID
    holder: Holder
    bot_id: str
    notion_workspace: str
    name: str
    owner: str
    connected_by: str
    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    version: int
    refreshing_until: datetime | None
    lost_at: datetime | None
    created_at: datetime
    updated_at: datetime
    owner_id: str = ""
    agreed_as: str = ""


_COLUMNS = (
    table.c.id,
    table.c.user_id,
    table.c.platform,
    table.c.workspace,
    table.c.bot_id,
    table.c.notion_workspace,
    table.c.name,
    table.c.owner,
    table.c.connected_by,
    table.c.access_token,
    table.c.refresh_token,
    table.c.version,
    table.c.refreshing_until,
    table.c.lost_at,
    table.c.created_at,
    table.c.updated_at,
    table.c.owner_id,
    table.c.agreed_as,
)


class ConnectionTable:
    """`notion_connections`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def chain(self, user_id: UUID | None, platform: str, workspace: str) -> list[Row]:
        """A person's own connection first, then their chat workspace's; those there are."""
        mine: list[ColumnElement[bool]] = []
        if user_id is not None:
            mine.append(table.c.user_id == user_id)
        if workspace:
            mine.append(and_(table.c.platform == platform, table.c.workspace == workspace))
        if not mine:
            return []
        own_first = case((table.c.user_id.is_(None), 1), else_=0)
        wanted = select(*_COLUMNS).where(or_(*mine)).order_by(own_first)
        return [_row(each) for each in await self._connection.execute(wanted)]

    async def get(self, id_: UUID) -> Row | None:
        """One connection."""
        found = await self._connection.execute(select(*_COLUMNS).where(table.c.id == id_))
        row = found.one_or_none()
        return None if row is None else _row(row)

    async def of(self, holder: Holder) -> Row | None:
        """The connection of a person or workspace."""
        found = await self._connection.execute(select(*_COLUMNS).where(_is(holder)))
        row = found.one_or_none()
        return None if row is None else _row(row)

    async def owned(
        self, user_ids: Sequence[UUID], platform: str, people: Sequence[str]
    ) -> list[Row]:
        """The connections to which these people, or those of these ids in chat, agreed."""
        personal = table.c.user_id.in_(user_ids)
        shared = and_(table.c.platform == platform, table.c.agreed_as.in_(people))
        wanted = select(*_COLUMNS).where(table.c.owner_id.is_not(None), or_(personal, shared))
        return [_row(each) for each in await self._connection.execute(wanted)]

    async def keep(self, row: Row) -> Row | None:
        """Keeps a connection in place of the holder's earlier one, which is returned.

        Its id stays the holder's: what was made by the earlier one is found again.
        """
        before = await self.remove(row.holder)
        values = {
            "id": before.id if before else row.id,
            "user_id": row.holder.user_id,
            "platform": row.holder.platform or None,
            "workspace": row.holder.workspace or None,
            "bot_id": row.bot_id,
            "notion_workspace": row.notion_workspace,
            "name": row.name,
            "owner": row.owner,
            "connected_by": row.connected_by[:128],
            "owner_id": row.owner_id or None,
            "agreed_as": row.agreed_as[:128] or None,
            "access_token": row.access_token,
            "refresh_token": row.refresh_token,
            "version": before.version + 1 if before else 1,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
        }
        await self._connection.execute(insert(table).values(**values))
        return before

    async def remove(self, holder: Holder) -> Row | None:
        """Forgets a holder's connection, and says what it was."""
        done = await self._connection.execute(delete(table).where(_is(holder)).returning(*_COLUMNS))
        row = done.one_or_none()
        return None if row is None else _row(row)

    async def forget(self, people: Sequence[Sender]) -> None:
        """Forgets who agreed to a workspace's connection, where it is one of these; it stays."""
        for each in people:
            conditions = [table.c.platform == each.platform, table.c.agreed_as == each.id]
            if each.workspace:
                conditions.append(table.c.workspace == each.workspace)
            nobody = {"agreed_as": None, "owner_id": None, "owner": "", "connected_by": "somebody"}
            await self._connection.execute(update(table).where(*conditions).values(**nobody))

    async def claim(self, id_: UUID, version: int, now: datetime, until: datetime) -> bool:
        """Claims the right to trade this version's refresh token; False where somebody has it.

        A claim that ended without an answer can be taken over.
        """
        free = or_(table.c.refreshing_until.is_(None), table.c.refreshing_until <= now)
        done = await self._connection.execute(
            update(table)
            .where(table.c.id == id_, table.c.version == version, free)
            .values(refreshing_until=until)
            .returning(table.c.id)
        )
        return bool(done.all())

    async def renew(
        self,
        id_: UUID,
        version: int,
        tokens: tuple[str, str | None],
        now: datetime,
        owner_id: str = "",
    ) -> bool:
        """Keeps the tokens that were got for this version's refresh token, and who agreed."""
        done = await self._connection.execute(
            update(table)
            .where(table.c.id == id_, table.c.version == version)
            .values(
                access_token=tokens[0],
                refresh_token=tokens[1],
                version=version + 1,
                refreshing_until=None,
                lost_at=None,
                updated_at=now,
                **({"owner_id": owner_id} if owner_id else {}),
            )
            .returning(table.c.id)
        )
        return bool(done.all())

    async def release(self, id_: UUID, version: int, ended: datetime | None) -> None:
        """Gives a claim up.

        `ended` is None where the refresh token was certainly not traded, else when the try ended
        without an answer: whoever comes next has to find out.
        """
        await self._connection.execute(
            update(table)
            .where(table.c.id == id_, table.c.version == version)
            .values(refreshing_until=ended)
        )

    async def lose(self, id_: UUID, version: int, now: datetime) -> None:
        """Notes that Notion does not accept this version any more."""
        await self._connection.execute(
            update(table)
            .where(table.c.id == id_, table.c.version == version)
            .values(lost_at=now, refreshing_until=None)
        )

    async def count(self) -> tuple[int, int]:
        """How many there are, and how many of them Notion does not accept any more."""
        found = await self._connection.execute(
            select(func.count(), func.count(table.c.lost_at)).select_from(table)
        )
        total, lost = found.one()
        return int(total), int(lost)


def _is(holder: Holder) -> ColumnElement[bool]:
    if holder.user_id is not None:
        return table.c.user_id == holder.user_id
    return and_(table.c.platform == holder.platform, table.c.workspace == holder.workspace)


def _row(found: RowOf[*tuple[Any, ...]]) -> Row:
    values = {**found._mapping}
    holder = Holder(
        values.pop("user_id"), values.pop("platform") or "", values.pop("workspace") or ""
    )
    for name in ("owner_id", "agreed_as"):
        values[name] = values[name] or ""
    return Row(holder=holder, **values)
