"""Acceptance: a request is written down before it is acknowledged, many in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog

from core.errors import AssistantError, Unauthorized, Unavailable
from core.jobs.recognise import ERASED, announce
from core.messages import Request
from core.metrics import ACCEPTED, DUPLICATES
from core.storage.database import Database

log = structlog.get_logger(__name__)

WAITING_AT_MOST = 1000
BATCH = 200
PATIENCE_SECONDS = 2.0
HEAD_START_SECONDS = 0.06
"""Work begins so long after its acceptance, so that a burst is acknowledged before its work takes
the processor: with thirty commands at once the median halves."""


class Inbox:
    """Writes requests down and has them begun.

    Platforms wait for an acknowledgement of 3 seconds, so a request waits for its turn at most 2.
    Whoever comes while a transaction is being committed goes into the next one together.
    """

    def __init__(self, database: Database, begin: Callable[[UUID], Awaitable[None]]) -> None:
        self._database = database
        self._begin = begin
        self._waiting: list[tuple[Request, asyncio.Future[bool]]] = []
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writer: asyncio.Task[None] | None = None
        self._open = False

    def start(self) -> None:
        """Opens the door."""
        self._open = True
        self._writer = asyncio.create_task(self._write())

    async def accept(self, request: Request) -> bool:
        """As `core.ports.Intake.accept`."""
        if not self._open:
            raise Unavailable("The server is stopping. Try again in a minute.", retry_after=30)
        if len(self._waiting) >= WAITING_AT_MOST:
            raise Unavailable("Too much is going on here. Try again in a minute.", retry_after=30)
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, done))
        self._wake.set()
        try:
            with ACCEPTED.labels(request.sender.platform).time():
                return await asyncio.wait_for(done, PATIENCE_SECONDS)
        except TimeoutError:
            raise Unavailable(
                "The database is too slow just now. Try again in a minute.", retry_after=30
            ) from None

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._gather()
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                await self._keep(batch)

    async def _gather(self) -> None:
        """Lets those in who stand at the door, while more come with each turn of the loop."""
        come = 0
        while come < len(self._waiting) < BATCH:
            come = len(self._waiting)
            await asyncio.sleep(0)

    async def _keep(self, batch: list[tuple[Request, asyncio.Future[bool]]]) -> None:
        try:
            async with self._database.begin(brief=True) as unit:
                fresh = await unit.inbox.add([request for request, _ in batch])
                new = {request.id: request for request, _ in batch if request.id in fresh}
                gone = {id_ for id_, request in new.items() if not await announce(unit, request)}
        except Exception as error:
            log.exception("requests could not be written down", requests=len(batch))
            told = (
                error
                if isinstance(error, AssistantError)
                else Unavailable("The request could not be written down. Try again in a moment.")
            )
            for _, done in batch:
                if not done.done():
                    done.set_exception(told)
            return
        for request, done in batch:
            if request.id in gone:
                if not done.done():
                    done.set_exception(Unauthorized(ERASED))
                continue
            first = request.id in fresh
            fresh.discard(request.id)
            if not done.done():
                done.set_result(first)
            if first:
                self.begin(request.id)
            else:
                DUPLICATES.labels(request.sender.platform).inc()

    def begin(self, request_id: UUID) -> None:
        """Has a request begun, in the background."""
        task = asyncio.create_task(self._started(request_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _started(self, request_id: UUID) -> None:
        await asyncio.sleep(HEAD_START_SECONDS)
        try:
            await self._begin(request_id)
        except Exception:
            # It is written down: the janitor begins it a few seconds later.
            log.exception("a request could not be begun", request=str(request_id))

    async def stop(self) -> None:
        """Closes the door; what was accepted has been written down."""
        self._open = False
        waiting = [done for _, done in self._waiting]
        if waiting:
            await asyncio.wait(waiting, timeout=PATIENCE_SECONDS)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)
        if self._writer is not None:
            self._writer.cancel()
