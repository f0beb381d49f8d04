"""What was spent: by day and model, in tokens and, where prices are known, in dollars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.storage.database import Database
from core.storage.spending import Day, day_of

Prices = Mapping[str, tuple[float, float]]
"""Dollars for a million tokens in and out, by the name of a model, or of a provider."""

LONGEST_DAYS = 366
MOST_PEOPLE = 100


@dataclass(frozen=True, slots=True)
class Spending:
    """Requests and tokens, and their cost in US dollars; None where a price is not known.

    `estimated` are those of the requests that were broken off: what they took is an estimate.
    """

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = 0.0
    estimated: int = 0

    def __add__(self, other: Spending) -> Spending:
        cost = None if self.cost is None or other.cost is None else self.cost + other.cost
        return Spending(
            self.requests + other.requests,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            None if cost is None else round(cost, 6),
            self.estimated + other.estimated,
        )


@dataclass(frozen=True, slots=True)
class Row:
    """What one model took on one day."""

    day: str
    provider: str
    model: str
    spent: Spending


@dataclass(frozen=True, slots=True)
class Report:
    """From one day to another, both included (UTC): by day and model, by provider, and in all."""

    since: str
    until: str
    days: list[Row]
    providers: dict[str, Spending]
    total: Spending


@dataclass(frozen=True, slots=True)
class PersonSpent:
    """What somebody spent; `name` is None for who has no account, `id` too for the erased.

    `known` is the cost of what has a price, all of it where `spent.cost` is that too.
    """

    id: UUID | None
    name: str | None
    spent: Spending
    known: float = 0.0


def cost_of(day: Day, prices: Prices) -> float | None:
    """US dollars; None where there is no price of the model, nor of its provider. Pure."""
    price = prices.get(day.model) or prices.get(day.provider)
    if price is None:
        return None
    return round((day.input_tokens * price[0] + day.output_tokens * price[1]) / 1_000_000, 6)


class Usage:
    """Reads what was spent."""

    def __init__(self, database: Database, prices: Prices) -> None:
        self._database = database
        self._prices = prices

    async def report(self, days: int, user_id: UUID | None = None) -> Report:
        """The last `days` days, today included, 1 to 366: of one person, or of everybody."""
        since, until = _range(days)
        async with self._database.read() as uow:
            found = await uow.spending.days(since, until, user_id)
        rows = [Row(each.day, each.provider, each.model, self._spent(each)) for each in found]
        providers: dict[str, Spending] = {}
        for row in rows:
            providers[row.provider] = providers.get(row.provider, Spending()) + row.spent
        return Report(since, until, rows, providers, _sum(row.spent for row in rows))

    async def people(self, days: int) -> list[PersonSpent]:
        """Who spent most in the last `days` days, a hundred at most."""
        since, until = _range(days)
        async with self._database.read() as uow:
            found = await uow.spending.people(since, until, MOST_PEOPLE)
            ids = [each[0] for each in found if each[0] is not None]
            names = await uow.people.names(ids)
            models = await uow.spending.models(since, until, ids)
        spent: dict[UUID | None, list[Spending]] = {}
        for who, day in models:
            spent.setdefault(who, []).append(self._spent(day))
        return [
            PersonSpent(
                who,
                names.get(who) if who else None,
                _sum(spent.get(who, ())),
                round(sum(each.cost or 0 for each in spent.get(who, ())), 6),
            )
            for who, *_ in found
        ]

    def _spent(self, day: Day) -> Spending:
        cost = cost_of(day, self._prices)
        return Spending(day.requests, day.input_tokens, day.output_tokens, cost, day.estimated)


def _range(days: int) -> tuple[str, str]:
    now = datetime.now(UTC)
    return day_of(now - timedelta(days=max(1, min(days, LONGEST_DAYS)) - 1)), day_of(now)


def _sum(each: Iterable[Spending]) -> Spending:
    return sum(each, Spending())
