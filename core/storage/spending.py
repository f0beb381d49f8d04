"""What was asked of each model on each day: `spending`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Table, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.account_tables import spending as table
from core.storage.upsert import upsert

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert


@dataclass(frozen=True, slots=True)
class Day:
    """What was asked of one model on one day (UTC, as 2026-11-05); `provider` and `model` say of
    which.

    `estimated` are the requests that were broken off and whose tokens are an estimate.
    """

    day: str
    provider: str
    model: str
    requests: int
    input_tokens: int
    output_tokens: int
    estimated: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """Requests, and their tokens in and out as the provider counts them.

    `estimated` are those of the requests that were broken off: there it is an estimate.
    """

    requests: int
    input_tokens: int
    output_tokens: int
    estimated: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """What a person asked of one model, since each of two moments and in all."""

    provider: str
    model: str
    today: Cost
    month: Cost
    ever: Cost


_COUNTED = (table.c.requests, table.c.input_tokens, table.c.output_tokens, table.c.estimated)
_SUMS = tuple(func.sum(column) for column in _COUNTED)
_TOKENS = func.coalesce(func.sum(table.c.input_tokens + table.c.output_tokens), 0)


class SpendingTable:
    """`spending`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, user_id: UUID | None, spent: Day) -> None:
        """Counts what was spent; None is somebody who was erased."""
        row = {"id": uuid4(), "user_id": user_id} | asdict(spent)
        await self._connection.execute(_counted(upsert(self._connection)), row)

    async def days(self, since: str, until: str, user_id: UUID | None = None) -> list[Day]:
        """By day and model, oldest first, both days included; of everybody, or of one person."""
        keys = (table.c.day, table.c.provider, table.c.model)
        query = select(*keys, *_SUMS).where(table.c.day >= since, table.c.day <= until)
        if user_id is not None:
            query = query.where(table.c.user_id == user_id)
        rows = await self._connection.execute(query.group_by(*keys).order_by(*keys))
        return [_day(row) for row in rows]

    async def spent(self, user_id: UUID, today: str, month: str) -> list[Spent]:
        """What a person spent by model: today, since the other day, and ever; the costliest first.

        What they deleted since counts as well: it was asked for all the same.
        """
        ever = _costs(table.c.day >= "")
        keys = (table.c.provider, table.c.model)
        query = (
            select(*keys, *_costs(table.c.day >= today), *_costs(table.c.day >= month), *ever)
            .where(table.c.user_id == user_id)
            .group_by(*keys)
            .order_by((ever[1] + ever[2]).desc(), *keys)
        )
        return [
            Spent(provider, model, _cost(sums[:4]), _cost(sums[4:8]), _cost(sums[8:]))
            for provider, model, *sums in await self._connection.execute(query)
        ]

    async def tokens(self, since: str, user_id: UUID | None = None) -> int:
        """Tokens in and out since this day; of everybody, or of one person."""
        conditions: list[ColumnElement[bool]] = [table.c.day >= since]
        if user_id is not None:
            conditions.append(table.c.user_id == user_id)
        query = select(_TOKENS).where(*conditions)
        return int((await self._connection.execute(query)).scalar_one())

    async def people(
        self, since: str, until: str, limit: int
    ) -> list[tuple[UUID | None, int, int, int]]:
        """Who spent most: requests, and tokens in and out. None is everybody who was erased."""
        query = (
            select(table.c.user_id, *_SUMS)
            .where(table.c.day >= since, table.c.day <= until)
            .group_by(table.c.user_id)
            .order_by(_TOKENS.desc(), table.c.user_id)
            .limit(limit)
        )
        rows = await self._connection.execute(query)
        return [(row[0], int(row[1]), int(row[2]), int(row[3])) for row in rows]

    async def models(
        self, since: str, until: str, people: list[UUID]
    ) -> list[tuple[UUID | None, Day]]:
        """What these people asked of each model, and everybody who was erased (None). Their `day`
        is the last one."""
        keys = (table.c.user_id, table.c.provider, table.c.model)
        query = (
            select(*keys, *_SUMS)
            .where(
                table.c.day >= since,
                table.c.day <= until,
                or_(table.c.user_id.in_(people), table.c.user_id.is_(None)),
            )
            .group_by(*keys)
        )
        rows = await self._connection.execute(query)
        return [(who, _day((until, *rest))) for who, *rest in rows]

    async def give(self, person: UUID, account: UUID) -> None:
        """Counts what a person spent as an account's."""
        keys = (table.c.day, table.c.provider, table.c.model)
        query = select(*keys, *_COUNTED).where(table.c.user_id == person)
        for row in (await self._connection.execute(query)).all():
            await self.add(account, _day(row))
        await self._connection.execute(delete(table).where(table.c.user_id == person))


@cache
def _counted(insert: Callable[[Table], Insert]) -> Insert:
    """A row of `spending`, or as much more in the one there is."""
    statement = insert(table)
    counted = {each.name: each + statement.excluded[each.name] for each in _COUNTED}
    return statement.on_conflict_do_update(
        index_elements=["user_id", "day", "provider", "model"], set_=counted
    )


def _costs(counted: ColumnElement[bool]) -> list[ColumnElement[int]]:
    """The columns of a `Cost` over the rows that are counted."""
    return [func.coalesce(func.sum(each).filter(counted), 0) for each in _COUNTED]


def _cost(sums: Iterable[Any]) -> Cost:
    return Cost(*(int(each) for each in sums))


def day_of(moment: datetime) -> str:
    """The day of a moment in UTC, as it is kept."""
    return moment.date().isoformat()


def _day(row: Iterable[Any]) -> Day:
    day, provider, model, *sums = row
    # PostgreSQL's sums of large numbers are decimals.
    return Day(day, provider, model, *(int(each) for each in sums))
