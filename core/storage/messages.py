"""What was said in threads: `messages`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Table, bindparam, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.messages import ANSWERS, Channel, File, Message
from core.storage.tables import messages as table
from core.storage.upsert import upsert

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert

MOST = 200
"""Messages of a thread that are given, the newest of them."""

_KEY = ("platform", "place", "external_id")


_SAID = ("thread", "author", "text", "link", "files", "ours", "said_at")
_THREAD = (
    select(table)
    .where(
        table.c.platform == bindparam("platform"),
        table.c.place == bindparam("place"),
        table.c.thread == bindparam("thread"),
    )
    .order_by(table.c.said_at.desc(), table.c.external_id.desc())
    .limit(MOST)
)


@cache
def _kept(insert: Callable[[Table], Insert], to_us: bool) -> Insert:
    """A message, in the place of the one of its key."""
    statement = insert(table)
    changed = (*_SAID, "to_us") if to_us else _SAID
    return statement.on_conflict_do_update(
        index_elements=_KEY, set_={name: statement.excluded[name] for name in changed}
    )


class MessageTable:
    """`messages`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def keep(
        self, channel: Channel, thread: str, messages: Sequence[Message], *, to_us: bool = False
    ) -> None:
        """Keeps messages of a thread; one that is known takes the earlier one's place.

        That one was written to this app is never forgotten by hearing of it again.
        """
        statement = _kept(upsert(self._connection), to_us)
        for message in messages:
            row = {
                "thread": thread,
                "author": message.author[:128],
                "text": message.text,
                "link": message.link,
                "files": [list(file) for file in message.files],
                "ours": message.ours,
                "said_at": message.at,
                "platform": channel.platform,
                "place": channel.place,
                "external_id": message.id,
                "to_us": to_us,
                "created_at": datetime.now(UTC),
            }
            await self._connection.execute(statement, row)

    async def last_answer(self, channel: Channel, thread: str) -> Message | None:
        """The newest of this app's answers in a thread; None where there is none."""
        said = await self.thread(channel, thread)
        ours = [each for each in said if each.id.startswith(ANSWERS) and each.text.strip()]
        return ours[-1] if ours else None

    async def thread(self, channel: Channel, thread: str) -> list[Message]:
        """The newest messages of a thread, oldest first."""
        asked = {"platform": channel.platform, "place": channel.place, "thread": thread}
        rows = (await self._connection.execute(_THREAD, asked)).all()
        return [
            Message(
                id=row.external_id,
                author=row.author,
                text=row.text,
                at=row.said_at,
                link=row.link,
                ours=row.ours,
                files=tuple(File(*file) for file in row.files),
            )
            for row in reversed(rows)
        ]

    async def takes_part(self, channel: Channel, thread: str) -> bool:
        """Whether this app wrote, or was written to, in a thread."""
        query = select(table.c.external_id).where(
            table.c.platform == channel.platform,
            table.c.place == channel.place,
            table.c.thread == thread,
            or_(table.c.ours, table.c.to_us),
        )
        return (await self._connection.execute(query.limit(1))).first() is not None

    async def recent(self, platform: str, since: datetime, limit: int) -> list[tuple[str, str]]:
        """Places and threads in which something was said after this moment, the newest first."""
        newest = func.max(table.c.said_at)
        query = (
            select(table.c.place, table.c.thread, newest.label("newest"))
            .where(table.c.platform == platform, table.c.said_at > since)
            .group_by(table.c.place, table.c.thread)
            .order_by(newest.desc())
            .limit(limit)
        )
        rows = await self._connection.execute(query)
        return [(row.place, row.thread) for row in rows]

    async def forget(self, before: datetime) -> None:
        """Deletes what was heard before this moment."""
        await self._connection.execute(delete(table).where(table.c.created_at < before))
