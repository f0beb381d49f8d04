"""Ending an answer before its end, whichever process writes it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from uuid import UUID

import structlog

from core.actions import NOT_YOURS
from core.errors import AssistantError, Forbidden
from core.storage.database import Database

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0
"""How often the database is asked whether another process was told to stop this one's writing."""


class Stops:
    """Who wants an answer to end.

    The wish is a row, so that it reaches every process and outlives them; the process that writes
    it also wakes its own work at once.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._here: dict[UUID, asyncio.Event] = {}
        self._watch: asyncio.Task[None] | None = None

    async def ask(self, user_id: UUID, item: UUID) -> bool:
        """Has the writing of an item end; returns False where it has ended.

        Raises Forbidden where somebody else asked for it.
        """
        async with self._database.begin() as unit:
            accepted = await unit.inbox.get(item)
            if accepted is None:
                return False
            if accepted.user_id != user_id:
                raise Forbidden(NOT_YOURS)
            kept = await unit.content.get(item)
            ended = kept is not None and (kept.text is not None or kept.stopped)
            if ended or accepted.answer is not None:
                return False
            await unit.inbox.stop(item)
        if item in self._here:
            self._here[item].set()
        return True

    async def asked(self, item: UUID) -> bool:
        """Whether somebody wants this item's writing to end."""
        async with self._database.read(brief=True) as unit:
            return await unit.inbox.stopping(item)

    async def finished(self, item: UUID, work: Coroutine[None, None, None]) -> bool:
        """Runs the work; returns False where it was ended because somebody wanted that.

        Raises what the work raises.
        """
        event = self._here[item] = asyncio.Event()
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._look())
        running = asyncio.create_task(work)
        told = asyncio.create_task(event.wait())
        try:
            await asyncio.wait({running, told}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
                return True
            return False
        finally:
            del self._here[item]
            running.cancel()
            told.cancel()
            # Whatever the provider's connection says as it is closed is of no interest any more.
            await asyncio.gather(running, told, return_exceptions=True)

    async def _look(self) -> None:
        """Asks the database about all that is being written here, until nothing is."""
        while self._here:
            try:
                async with self._database.read() as unit:
                    stopping = await unit.inbox.stopping_among(list(self._here))
            except AssistantError as error:
                # The text still comes; only a stop from elsewhere has to wait.
                log.debug("not known whether to stop", reason=error.message)
            else:
                for item in stopping & self._here.keys():
                    self._here[item].set()
            await asyncio.sleep(POLL_SECONDS)
