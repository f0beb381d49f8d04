"""How much a month a person may spend, and the whole server: in tokens, and in US dollars.

Counted by calendar month in UTC, from what providers said an answer took: it is looked at before a
text is written, so the last one may go over. What people delete stays counted. Dollars are reckoned
by the prices of the settings; what has no price there counts in tokens alone.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from uuid import UUID

from core.accounts.usage import Prices, cost_of
from core.errors import RateLimited
from core.storage.database import Database, UnitOfWork
from core.storage.spending import day_of
from core.storage.users import User

NAME = "allowance"

FRESH_SECONDS = 5.0
"""For which what admins chose is not asked for again."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """Tokens a month for each `person`, and for the whole `server`, and dollars for both; None is
    no limit."""

    person: int | None = None
    server: int | None = None
    person_dollars: float | None = None
    server_dollars: float | None = None

    def of(self, user: User | None) -> Allowance:
        """What holds for this person: what an admin gave them goes before what everybody has."""
        if user is None:
            return self
        own = self
        if user.allowance is not None:
            own = replace(own, person=user.allowance)
        if user.allowance_dollars is not None:
            own = replace(own, person_dollars=user.allowance_dollars)
        return own


@dataclass(frozen=True, slots=True)
class Bill:
    """What was spent in US dollars, as far as that is known; `unpriced` are models without a price.

    `is_known`: at least something has a price, or nothing was spent.
    """

    dollars: float = 0.0
    unpriced: tuple[str, ...] = ()
    is_known: bool = True


class Allowances:
    """Knows and keeps them, and turns away who has used theirs up."""

    def __init__(
        self,
        database: Database,
        prices: Prices = MappingProxyType({}),
        fresh: float = FRESH_SECONDS,
    ) -> None:
        self._database = database
        self._prices = prices
        self._fresh = fresh
        self._known: tuple[float, Allowance] | None = None

    async def get(self) -> Allowance:
        """What holds now."""
        async with self._database.read() as uow:
            return await _chosen(uow)

    async def set(self, actor: UUID, allowance: Allowance) -> None:
        """Keeps another one."""
        async with self._database.begin() as uow:
            before = await _chosen(uow)
            await uow.people.choose(NAME, asdict(allowance))
            told = f"{_told(before)} → {_told(allowance)}"
            await uow.audit.note("allowance.changed", actor, target=told)
        self._known = None

    async def used(self, user_id: UUID | None = None) -> int:
        """Tokens that were spent this month, by one person or by everybody."""
        async with self._database.read() as uow:
            return await uow.spending.tokens(day_of(_month()), user_id)

    async def bill(self, user_id: UUID | None = None) -> Bill:
        """What that cost this month, of one person or of everybody."""
        async with self._database.read() as uow:
            return await self._bill(uow, user_id)

    async def _bill(self, uow: UnitOfWork, user_id: UUID | None) -> Bill:
        since, today = day_of(_month()), day_of(datetime.now(UTC))
        days = await uow.spending.days(since, today, user_id)
        costs = [cost_of(each, self._prices) for each in days]
        known = [cost for cost in costs if cost is not None]
        unpriced = {
            each.model or each.provider
            for each, cost in zip(days, costs, strict=True)
            if cost is None
        }
        return Bill(round(sum(known), 6), tuple(sorted(unpriced)), bool(known or not days))

    async def check(self, user_id: UUID) -> None:
        """Raises RateLimited where nothing is left this month, saying whose."""
        recent = await self._recent()
        async with self._database.read(brief=True) as uow:
            allowance = recent.of(await uow.users.get(user_id))
        if allowance == Allowance():
            return
        person = allowance.person
        async with self._database.read() as uow:
            since = day_of(_month())
            if person is not None and await uow.spending.tokens(since, user_id) >= person:
                raise _used_up(
                    f"You have used your {person:,} tokens of this month."
                    if person
                    else "No tokens are given to you on this server."
                )
            server = allowance.server
            if server is not None and await uow.spending.tokens(since) >= server:
                raise _used_up("This server has used its tokens of this month.")
            dollars = allowance.person_dollars
            if dollars is not None and (await self._bill(uow, user_id)).dollars >= dollars:
                raise _used_up(f"You have used your ${dollars:,.2f} of this month.")
            dollars = allowance.server_dollars
            if dollars is not None and (await self._bill(uow, None)).dollars >= dollars:
                raise _used_up(f"This server has used its ${dollars:,.2f} of this month.")

    async def _recent(self) -> Allowance:
        now = time.monotonic()
        if self._known is None or now - self._known[0] > self._fresh:
            self._known = now, await self.get()
        return self._known[1]


async def _chosen(uow: UnitOfWork) -> Allowance:
    return Allowance(**(await uow.people.chosen(NAME) or {}))


def _month() -> datetime:
    return datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _used_up(what: str) -> RateLimited:
    begins = _month()
    year, month = (begins.year + 1, 1) if begins.month == 12 else (begins.year, begins.month + 1)
    begins = begins.replace(year=year, month=month)
    left = (begins - datetime.now(UTC)).total_seconds()
    return RateLimited(
        f"{what} It begins anew on {begins.day} {begins:%B}; until then, an admin of this server "
        "can give you more.",
        retryable=False,
        retry_after=left,
    )


def _told(allowance: Allowance) -> str:
    person, server = (
        "no limit" if each is None else f"{each:,}" for each in (allowance.person, allowance.server)
    )
    told = f"{person} a person, {server} in all"
    for dollars, whose in (
        (allowance.person_dollars, "a person"),
        (allowance.server_dollars, "in all"),
    ):
        told += "" if dollars is None else f", ${dollars:,.2f} {whose}"
    return told
