"""What was spent, as its pages show it: totals, charts by day, and the tables under them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby

from aiohttp import web

from api.pages.charts import MOST_SERIES, Chart, chart, days_between
from api.pages.figures import compact, money, short_money, whole
from core.accounts.usage import Report, Row, Spending

RANGES = (7, 30, 90)
"""Days that a page shows; the last of them is today (UTC)."""
USUAL = 30


@dataclass(frozen=True, slots=True)
class Part:
    """What one provider took: its colour's number, and its share of all tokens, 0 to 100."""

    name: str
    colour: int
    spent: Spending
    share: float
    models: list[tuple[str, Spending]]


@dataclass(frozen=True, slots=True)
class Spent:
    """A report, ready to be shown. `cost` is of what has a price, `unpriced` names what has not."""

    report: Report
    tokens: Chart | None
    costs: Chart | None
    parts: list[Part]
    by_day: list[tuple[str, Spending]]
    cost: float | None
    unpriced: list[str]

    @property
    def average(self) -> int:
        """Tokens of an answer."""
        total = self.report.total
        return round(tokens_of(total) / total.requests) if total.requests else 0


@dataclass(frozen=True, slots=True)
class Allotted:
    """Tokens, or dollars, of this month: how many there are, None for no limit, and how many were
    used."""

    limit: float | None
    used: float

    @property
    def left(self) -> float:
        """What may still be spent; 0 where there is no limit too."""
        return max(0, (self.limit or 0) - self.used)

    @property
    def share(self) -> float:
        """How much was used, 0 to 100."""
        if self.limit is None:
            return 0.0
        return min(100.0, 100 * self.used / self.limit) if self.limit else 100.0

    @property
    def is_low(self) -> bool:
        """Whether it will soon be, or is, used up."""
        return self.limit is not None and self.share >= 80


def days_asked(request: web.Request) -> int:
    """The days of `?days=`, where a page shows so many; else the usual."""
    given = request.query.get("days", "")
    return next((days for days in RANGES if given == str(days)), USUAL)


def tokens_of(spent: Spending) -> int:
    """Tokens in and out."""
    return spent.input_tokens + spent.output_tokens


def renewal() -> str:
    """When the month's tokens begin anew, as a person says it."""
    today = datetime.now(UTC).date()
    following = date(today.year + today.month // 12, today.month % 12 + 1, 1)
    return f"{following.day} {following:%B}"


def spent_in(report: Report, providers: Iterable[str]) -> Spent:
    """The report as it is shown. `providers` are the server's, which keep their colours."""
    colours = _colours(report, providers)
    days = days_between(report.since, report.until)
    counted: dict[str, dict[str, float]] = {}
    priced: dict[str, dict[str, float]] = {}
    for row in report.days:
        _add(counted, row, tokens_of(row.spent))
        _add(priced, row, row.spent.cost or 0)
    costs = [row.spent.cost for row in report.days if row.spent.cost is not None]
    return Spent(
        report,
        chart(days, counted, colours, whole, compact, " tokens"),
        chart(days, priced, colours, money, short_money),
        [
            _part(report, name, colour)
            for name, colour in colours.items()
            if name in report.providers
        ],
        [(day, _sum(rows)) for day, rows in _reversed_days(report)],
        round(sum(costs), 6) if costs or not report.days else None,
        sorted({row.model or row.provider for row in report.days if row.spent.cost is None}),
    )


def _colours(report: Report, providers: Iterable[str]) -> dict[str, int]:
    """By name, so that a provider looks the same whatever was asked of the others."""
    names = [*sorted(providers), *sorted(set(report.providers) - set(providers))]
    return {name: min(number, MOST_SERIES - 1) for number, name in enumerate(names)}


def _add(values: dict[str, dict[str, float]], row: Row, number: float) -> None:
    days = values.setdefault(row.provider, {})
    days[row.day] = days.get(row.day, 0) + number


def _part(report: Report, name: str, colour: int) -> Part:
    spent, every = report.providers[name], tokens_of(report.total)
    models: dict[str, Spending] = {}
    for row in report.days:
        if row.provider == name:
            models[row.model] = models.get(row.model, Spending()) + row.spent
    ordered = sorted(models.items(), key=lambda each: -tokens_of(each[1]))
    return Part(name, colour, spent, 100 * tokens_of(spent) / every if every else 0, ordered)


def _reversed_days(report: Report) -> list[tuple[str, list[Row]]]:
    found = [(day, list(rows)) for day, rows in groupby(report.days, key=lambda row: row.day)]
    return found[::-1]


def _sum(rows: list[Row]) -> Spending:
    return sum((row.spent for row in rows), Spending())
