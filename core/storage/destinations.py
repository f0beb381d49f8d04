"""Where people and channels want their pages: `destinations`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from core.messages import Channel
from core.ports import Destination
from core.storage.tables import destinations as table

Holder = UUID | Channel
"""Whose choice it is: a person's, by their id, or a channel's."""

_PLACE = (table.c.notion_id, table.c.kind, table.c.title, table.c.url)


@dataclass(frozen=True, slots=True)
class Choices:
    """What was chosen by a person and by the channel they write in; None where nothing was."""

    person: Destination | None = None
    channel: Destination | None = None


class DestinationTable:
    """`destinations`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, user_id: UUID, channel: Channel | None) -> Choices:
        """What a person and, where there is one, their channel have chosen."""
        wanted = _is(user_id) if channel is None else or_(_is(user_id), _is(channel))
        rows = await self._connection.execute(select(table.c.user_id, *_PLACE).where(wanted))
        found = {owner: Destination(*place) for owner, *place in rows}
        return Choices(found.get(user_id), found.get(None))

    async def choose(self, holder: Holder, destination: Destination) -> None:
        """Keeps a choice, in place of the one before."""
        dialect = sqlite if self._connection.dialect.name == "sqlite" else postgresql
        key = _key(holder)
        values = {
            "notion_id": destination.id,
            "kind": destination.kind,
            "title": destination.title,
            "url": destination.url,
            "created_at": datetime.now(UTC),
        }
        statement = dialect.insert(table).values(id=uuid4(), **key, **values)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=list(key), set_=values)
        )

    async def clear(self, holder: Holder) -> Destination | None:
        """Forgets a choice, and says which; None where there was none."""
        done = await self._connection.execute(delete(table).where(_is(holder)).returning(*_PLACE))
        row = done.one_or_none()
        return None if row is None else Destination(*row)


def _key(holder: Holder) -> dict[str, Any]:
    if isinstance(holder, Channel):
        return {"platform": holder.platform, "place": holder.place}
    return {"user_id": holder}


def _is(holder: Holder) -> ColumnElement[bool]:
    return and_(*(table.c[name] == value for name, value in _key(holder).items()))
