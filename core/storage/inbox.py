"""Requests that were accepted, and how far their answers have come: `requests`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Table, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.messages import Answer, Call, Channel, Request, Sender
from core.storage.kept import change, found
from core.storage.tables import requests as table
from core.storage.upsert import upsert

_BATCH = 500
"""Ids in one query."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that was accepted.

    `answer` is None until it is known, `finished_at` until it has reached the person. `replies`
    holds, by the number of the message, what was begun and what was sent. `started`: its work has
    begun, and it is known whose it is.
    """

    request: Request
    user_id: UUID | None
    answer: Answer | None
    replies: dict[str, dict[str, Any]]
    finished_at: datetime | None
    created_at: datetime
    started: bool = False


class InboxTable:
    """`requests`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, requests: Sequence[Request]) -> set[UUID]:
        """Keeps requests, and says which of them are new."""
        now = datetime.now(UTC)
        rows = [
            {
                "id": r.id,
                "platform": r.sender.platform,
                "body": r.to_json(),
                "queue": r.queue,
                # What came first in a batch comes first in its queue.
                "created_at": now + timedelta(microseconds=number),
            }
            for number, r in enumerate(requests)
        ]
        # Rows beside the statement, not in it: so it is compiled once, whatever their number.
        statement = _new(upsert(self._connection))
        done = await self._connection.execute(statement, rows)
        return {row.id for row in done}

    async def get(self, request_id: UUID) -> Accepted | None:
        """One request."""
        done = await self._connection.execute(found(table.c.id), {"key": request_id})
        row = done.one_or_none()
        if row is None:
            return None
        return _accepted(row)

    async def owner(self, request_id: UUID) -> UUID | None:
        """Whose request it is; None where nobody looked at it yet, or it is gone."""
        query = found(table.c.id, table.c.user_id)
        done = await self._connection.execute(query, {"key": request_id})
        owner: UUID | None = done.scalar_one_or_none()
        return owner

    async def unstarted(self, before: datetime, limit: int = 100) -> list[UUID]:
        """Requests accepted before this moment whose work nobody has begun, oldest first."""
        rows = await self._connection.execute(
            select(table.c.id)
            .where(table.c.started.is_(False), table.c.created_at < before)
            .order_by(table.c.created_at)
            .limit(limit)
        )
        return [row.id for row in rows]

    async def ahead(self, request: Request) -> int:
        """How many requests in its queue were accepted before it and have no answer yet.

        What a message shows is shown last, so there it takes the whole of an earlier one.
        """
        asked = {"key": request.id, "platform": request.sender.platform, "queue": request.queue}
        return int((await self._connection.execute(_ahead(request.marked), asked)).scalar_one())

    async def unfinished(self) -> tuple[int, datetime | None]:
        """How many requests are waiting or under way, and when the oldest of them came."""
        query = select(func.count(), func.min(table.c.created_at)).where(
            table.c.finished_at.is_(None)
        )
        count, oldest = (await self._connection.execute(query)).one()
        return int(count), oldest

    async def going_on(self, channel: Channel, thread: str, limit: int = 20) -> list[Accepted]:
        """What was asked in a thread and has not reached its person yet, oldest first."""
        query = (
            select(table)
            .where(
                table.c.platform == channel.platform,
                table.c.finished_at.is_(None),
                table.c.body["place"].as_string() == channel.place,
                table.c.body["address"]["thread"].as_string() == thread,
            )
            .order_by(table.c.created_at)
            .limit(limit)
        )
        return [_accepted(row) for row in await self._connection.execute(query)]

    async def about(self, platform: str, queue: str, limit: int = 200) -> list[Accepted]:
        """The newest requests of one queue, oldest first."""
        query = (
            select(table)
            .where(table.c.platform == platform, table.c.queue == queue)
            .order_by(table.c.created_at.desc(), table.c.id.desc())
            .limit(limit)
        )
        rows = (await self._connection.execute(query)).all()
        return [_accepted(row) for row in reversed(rows)]

    async def places(self, platform: str, since: datetime, limit: int) -> list[str]:
        """Where something was asked after this moment, the newest place first."""
        place = table.c.body["place"].as_string()
        query = (
            select(place.label("place"), func.max(table.c.created_at).label("newest"))
            .where(table.c.platform == platform, table.c.created_at > since)
            .group_by(place)
            .order_by(func.max(table.c.created_at).desc())
            .limit(limit)
        )
        return [row.place for row in await self._connection.execute(query) if row.place]

    async def belongs_to(self, request_id: UUID, user_id: UUID, *, started: bool = False) -> None:
        """Notes whose request it is, and where that is so that the work has begun."""
        begun = {"started": True} if started else {}
        await self._set(request_id, user_id=user_id, **begun)

    async def answered(self, request_id: UUID, answer: Answer) -> None:
        """Keeps the answer, unless there is one: what was deleted meanwhile has its own."""
        given = {"key": request_id, "said": answer.to_json()}
        await self._connection.execute(_ANSWERED, given)

    async def replied(self, request_id: UUID, replies: dict[str, dict[str, Any]]) -> None:
        """Keeps what was begun and what was sent."""
        await self._set(request_id, replies=replies)

    async def stop(self, request_id: UUID) -> None:
        """Notes that its owner wants the writing to end."""
        await self._set(request_id, stop_at=datetime.now(UTC))

    async def stopping(self, request_id: UUID) -> bool:
        """Whether the writing is to end: its owner wants that, or is erased and with them this."""
        done = await self._connection.execute(_GOING, {"key": request_id})
        return done.first() is None

    async def stopping_among(self, requests: Sequence[UUID]) -> set[UUID]:
        """Those of them whose writing is to end."""
        going: set[UUID] = set()
        for start in range(0, len(requests), _BATCH):
            batch = requests[start : start + _BATCH]
            query = select(table.c.id).where(table.c.id.in_(batch), table.c.stop_at.is_(None))
            going |= {row.id for row in await self._connection.execute(query)}
        return set(requests) - going

    async def finish(self, request_id: UUID) -> None:
        """Notes that the answer has reached the person, and forgets what it said."""
        query = found(table.c.id, table.c.answer)
        done = await self._connection.execute(query, {"key": request_id})
        kept = done.scalar_one_or_none()
        said = {} if kept is None else {"answer": kept | {"text": "", "notes": []}}
        await self._set(request_id, finished_at=datetime.now(UTC), **said)

    async def redact(self, request_id: UUID, answer: Answer) -> None:
        """Forgets what a request asked for; this is its answer, and work on it is to end."""
        query = select(table.c.body).where(table.c.id == request_id).with_for_update()
        body = (await self._connection.execute(query)).scalar_one_or_none()
        if body is None:
            return
        request = Request.from_json(body)
        empty = replace(request, call=Call(request.call.command))
        await self._set(request_id, body=empty.to_json(), answer=answer.to_json())
        await self.stop(request_id)

    async def erase(self, user_id: UUID, senders: Sequence[Sender]) -> list[UUID]:
        """Deletes a person's requests, and says which.

        Those that nobody has looked at yet are known by who sent them.
        """
        sender = table.c.body["sender"]
        theirs = [
            and_(
                table.c.platform == each.platform,
                sender["workspace"].as_string() == each.workspace,
                sender["id"].as_string() == each.id,
            )
            for each in senders
        ]
        unseen = and_(table.c.user_id.is_(None), or_(*theirs))
        done = await self._connection.execute(
            delete(table).where(or_(table.c.user_id == user_id, unseen)).returning(table.c.id)
        )
        return [row.id for row in done]

    async def drop(self, request_id: UUID) -> None:
        """Deletes a request that nothing may stay of."""
        await self._connection.execute(delete(table).where(table.c.id == request_id))

    async def forget(self, before: datetime) -> int:
        """Deletes what was finished before this moment, and says how many."""
        done = await self._connection.execute(delete(table).where(table.c.finished_at < before))
        return done.rowcount

    async def _set(self, request_id: UUID, **values: Any) -> None:
        await change(self._connection, table.c.id, request_id, **values)


_GOING = found(table.c.id, table.c.id).where(table.c.stop_at.is_(None))
_ANSWERED = (
    update(table)
    .where(table.c.id == bindparam("key"), table.c.answer.is_(None))
    .values(answer=bindparam("said", type_=table.c.answer.type))
)


@cache
def _new(insert: Callable[[Table], Any]) -> Any:
    """A new request, unless there is one; gives its id where it is new."""
    return insert(table).on_conflict_do_nothing().returning(table.c.id)


@cache
def _ahead(marked: bool) -> Select[Any]:
    """How many came earlier, to be asked with a request's `key`, `platform` and `queue`."""
    key = bindparam("key", type_=table.c.id.type)
    mine = select(table.c.created_at).where(table.c.id == key).scalar_subquery()
    earlier = or_(table.c.created_at < mine, and_(table.c.created_at == mine, table.c.id < key))
    return select(func.count()).where(
        table.c.platform == bindparam("platform"),
        table.c.queue == bindparam("queue"),
        (table.c.finished_at if marked else table.c.answer).is_(None),
        earlier,
    )


def _accepted(row: Row[Any]) -> Accepted:
    return Accepted(
        request=Request.from_json(row.body),
        user_id=row.user_id,
        answer=Answer.from_json(row.answer) if row.answer else None,
        replies=row.replies,
        finished_at=row.finished_at,
        created_at=row.created_at,
        started=row.started,
    )
