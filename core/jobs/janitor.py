"""The janitor: begins what was left lying, takes over from the dead, throws away what is old."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from core.accounts.tokens import REFRESH_DAYS
from core.announcing import WATCHED
from core.follow.news import News
from core.jobs.inbox import Inbox
from core.jobs.owner import Owner
from core.jobs.work import Work
from core.storage.database import Database

log = structlog.get_logger(__name__)

ROUND_SECONDS = 3.0
LEFT_LYING = timedelta(seconds=10)
"""A request that nobody began for so long was accepted by a process that died right after."""

CLEANING_ROUNDS = 1200
KEPT = timedelta(days=7)
"""How long the traces of finished requests are kept: a delivery that comes again is known by them.
History is kept until its owner deletes it."""

KEYS_KEPT = timedelta(days=1)

SESSIONS_KEPT = timedelta(days=REFRESH_DAYS)
"""Without a visit; then no refresh token of theirs is good any more."""

ADDRESSES_KEPT = timedelta(days=90)
"""How long it is known where somebody has logged in from."""

AUDIT_KEPT = timedelta(days=365)

HEARD_KEPT = timedelta(days=7)
"""How long messages of threads are kept; older ones are asked of the platform again."""


class Janitor:
    """Goes round while the process lives."""

    def __init__(
        self,
        database: Database,
        inbox: Inbox,
        work: Work,
        owner: Owner,
        news: News,
        audit: timedelta = AUDIT_KEPT,
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._work = work
        self._owner = owner
        self._audit = audit
        self._news = news

    async def run(self) -> None:
        """Goes round for ever; trouble in one round is logged, and the next one tries again."""
        rounds = 0
        while True:
            try:
                # What lies there at the start was left by a process that is gone.
                await self.begin_left(LEFT_LYING if rounds else timedelta(0))
                await self.adopt()
                await self.begin_due()
                await self._work.sweep()
                if rounds % CLEANING_ROUNDS == 0:
                    await self.clean()
            except Exception:
                log.exception("the janitor stumbled")
            await asyncio.sleep(ROUND_SECONDS)
            rounds += 1

    async def begin_left(self, age: timedelta) -> None:
        """Begins accepted requests that are older than `age` and that nobody began."""
        async with self._database.read() as unit:
            left = await unit.inbox.unstarted(datetime.now(UTC) - age)
        for request_id in left:
            self._inbox.begin(request_id)

    async def begin_due(self) -> None:
        """Begins to bring to its page what became of saved messages."""
        for request_id in await self._news.begun():
            self._inbox.begin(request_id)

    async def adopt(self) -> None:
        """Takes over the work of processes that are gone."""
        gone = await self._owner.gone(await self._work.executors())
        try:
            for executor in gone:
                await self._work.adopt(executor)
        finally:
            await self._owner.release(gone)

    async def clean(self) -> None:
        """Throws away what nobody needs any more."""
        now = datetime.now(UTC)
        async with self._database.begin() as unit:
            await unit.inbox.forget(now - KEPT)
            await unit.messages.forget(now - HEARD_KEPT)
            await unit.followed.forget(now)
            await unit.tokens.forget(now)
            await unit.sessions.forget(now - SESSIONS_KEPT, now - ADDRESSES_KEPT)
            await unit.personal.forget(now)
            await unit.mailed.forget(now)
            await unit.audit.forget(now - self._audit)
            await unit.links.forget(now - KEYS_KEPT)
            await unit.connect_codes.forget(now - KEYS_KEPT)
            await unit.announced.forget(now - WATCHED)
            await unit.idempotency.forget(now - KEYS_KEPT)
        await self._work.forget(now - KEPT)
