"""The work engine: DBOS, held to the few calls the core needs.

https://docs.dbos.dev/python/reference. Steps' results are kept as JSON in a database of the
engine's own: a SQLite file beside the application's, or the schema `dbos` in PostgreSQL.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import structlog

from core.errors import AssistantError, Misconfigured, Unavailable, error_from_json
from core.ports import Again, Step

if TYPE_CHECKING:
    from dbos import DBOS

T = TypeVar("T")
Handle = Callable[[UUID, Step], Awaitable[bool]]
"""Carries a request out; False where nothing of it may stay."""

log = structlog.get_logger(__name__)

APPLICATION_VERSION = "1"
"""Pinned: by default it is a hash of the source, and after an edit work in flight would stay
pending for ever. To change the order of steps, or which of them are kept, add a workflow
`request_v3` and keep the earlier ones until they are drained."""

THREADS = 8
"""The engine makes these the loop's threads for everything. Each waits for the same interpreter
lock as the loop, so more of them make acknowledgements slower and no work faster."""

BATCH = 500
LOOK_SECONDS = 0.05
CANCEL_SECONDS = 2.0
OLDEST_SQLITE = (3, 42)
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]


class Work:
    """Carries out requests durably. One in a process: DBOS is a single instance."""

    def __init__(self, database_url: str, executor: str) -> None:
        self._url = _engine_url(database_url)
        self._executor = executor
        self._handle: Handle | None = None
        self._started: type[DBOS] | None = None
        self._workflow: Any = None
        self._active: set[asyncio.Task[Any]] = set()
        self._unwanted: set[str] = set()
        self._up = asyncio.Event()

    @property
    def _dbos(self) -> type[DBOS]:
        if self._started is None:
            raise Unavailable("The work engine is not running. Try again in a moment.")
        return self._started

    async def start(self, handle: Handle) -> None:
        """Begins to carry out requests, those that an earlier process left behind first."""
        dbos = await asyncio.to_thread(_import)
        self._handle = handle
        if self._url.startswith("sqlite"):
            _prepare_sqlite(self._url)
        dbos.DBOS(
            config={
                "name": "notion-assistant",
                "system_database_url": self._url,
                "application_version": APPLICATION_VERSION,
                "executor_id": self._executor,
                # Portable JSON: pickles break when a class moves, and may carry code.
                "serializer": dbos.DBOSPortableJSONSerializer(),
                "max_executor_threads": THREADS,
                "sys_db_pool_size": 10,
                "log_level": "ERROR",
                "notification_listener_polling_interval_sec": 1.0,
            }
        )
        # The library greets and reports at INFO whatever its own setting says.
        logging.getLogger("dbos").setLevel(logging.ERROR)
        self._started = dbos.DBOS
        self._workflow = workflows(dbos.DBOS)["request_v2"]
        _CURRENT.append(self)
        try:
            # Inside the running loop, so that recovered work runs on it too.
            dbos.DBOS.launch()
        except Exception:
            await self._end()
            raise
        self._up.set()

    async def begin(self, request_id: UUID) -> None:
        """Begins to carry a request out; does nothing where it was begun before.

        Requests that come before the engine is up wait for it.
        """
        await self._up.wait()
        from dbos import SetWorkflowID, error

        with SetWorkflowID(str(request_id)):
            try:
                await self._dbos.start_workflow_async(self._workflow, str(request_id))
            except error.DBOSConflictingWorkflowError:
                log.info("an earlier release began this request", request=str(request_id))

    async def run(self, request_id: UUID, step: Step) -> None:
        """Carries one request out; the engine calls it."""
        assert self._handle is not None  # noqa: S101 - set by start
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - this is a coroutine
        self._active.add(task)
        try:
            if not await self._handle(request_id, step):
                self._unwanted.add(str(request_id))
        finally:
            self._active.discard(task)

    async def step(self, name: str, run: Callable[[], Awaitable[T]]) -> T:
        """A durable step, as `core.ports.Step` says."""
        if isinstance(run, Again):
            given: T = await run()
            return given
        return await self.kept(name, run)

    async def kept(self, name: str, run: Callable[[], Awaitable[T]]) -> T:
        """The same, whose result is kept in any case."""

        async def attempt() -> dict[str, Any]:
            try:
                return {"result": await run()}
            except AssistantError as error:
                return {"error": error.to_json()}

        kept = await self._dbos.run_step_async({"name": name}, attempt)
        if "error" in kept:
            raise error_from_json(kept["error"])
        result: T = kept["result"]
        return result

    async def adopt(self, executor: str) -> int:
        """Takes over the work of a process that is gone; returns how much there was."""
        left = await self._dbos.list_workflows_async(
            status="PENDING", executor_id=executor, load_input=False, load_output=False
        )
        if left:
            await self._dbos.resume_workflows_async([each.workflow_id for each in left])
            log.info("work of a process that is gone was taken over", requests=len(left))
        return len(left)

    async def executors(self) -> set[str]:
        """Which processes, living or gone, have work under way."""
        pending = await self._dbos.list_workflows_async(
            status="PENDING", load_input=False, load_output=False
        )
        return {each.executor_id for each in pending if each.executor_id}

    async def forget(self, before: datetime) -> None:
        """Deletes the engine's records of what was finished before this moment."""
        while True:
            old = await self._dbos.list_workflows_async(
                end_time=before.isoformat(),
                status=_ENDED,
                limit=BATCH,
                load_input=False,
                load_output=False,
            )
            if not old:
                return
            await self._dbos.delete_workflows_async([each.workflow_id for each in old])

    async def erase(self, requests: Sequence[UUID]) -> None:
        """Deletes the engine's records of these requests: at once, or when their work has ended."""
        self._unwanted.update(map(str, requests))
        try:
            await self.sweep()
        except Exception:
            # They are gone from the database, and the janitor comes by every few seconds.
            log.exception("the work engine could not forget requests yet")

    async def sweep(self) -> None:
        """Deletes the records that nobody wants, of work that has ended."""
        for batch in _batches(sorted(self._unwanted)):
            there = await self._dbos.list_workflows_async(
                workflow_ids=batch, load_input=False, load_output=False
            )
            ended = [each.workflow_id for each in there if each.status in _ENDED]
            if ended:
                await self._dbos.delete_workflows_async(ended)
            # Of what was never begun there is no record, and its work will find nothing to do.
            running = {each.workflow_id for each in there} - set(ended)
            self._unwanted -= set(batch) - running

    @property
    def running(self) -> int:
        """How many requests are being carried out."""
        return len(self._active)

    async def idle(self, patience: float, apart: Callable[[], int]) -> None:
        """Waits until no more than `apart` requests run, at most `patience` seconds."""
        # What was begun a moment ago does not run before the engine's next turn.
        await asyncio.sleep(LOOK_SECONDS)
        deadline = asyncio.get_running_loop().time() + patience
        while self.running > apart() and asyncio.get_running_loop().time() < deadline:
            await asyncio.wait(
                set(self._active), timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )

    async def stop(self) -> None:
        """Leaves what still runs for the next start."""
        if self._started is None:
            return
        if left := list(self._active):
            log.info("work was left for the next start", requests=len(left))
            # Cancelled work is not failed work: the engine leaves it for whoever comes next.
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=CANCEL_SECONDS)
        await self._end()

    async def _end(self) -> None:
        if self._started is not None:
            _CURRENT.remove(self)
            await asyncio.to_thread(self._started.destroy)
            self._started = None
            # The engine had made its own threads the loop's, and they have ended with it.
            threads = ThreadPoolExecutor(thread_name_prefix="asyncio")
            asyncio.get_running_loop().set_default_executor(threads)


def _batches(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


# DBOS finds workflows by name in one registry of the process, so they are registered once and look
# here for who carries them out.
_CURRENT: list[Work] = []
_REGISTERED: dict[str, Any] = {}


def workflows(dbos: Any) -> dict[str, Any]:
    """The workflows there are, by name."""
    if not _REGISTERED:
        # Of releases that kept the result of every step.
        @dbos.workflow(name="request_v1")  # type: ignore[untyped-decorator]
        async def request_v1(request_id: str) -> None:
            await _CURRENT[-1].run(UUID(request_id), _CURRENT[-1].kept)

        @dbos.workflow(name="request_v2")  # type: ignore[untyped-decorator]
        async def request_v2(request_id: str) -> None:
            await _CURRENT[-1].run(UUID(request_id), _CURRENT[-1].step)

        _REGISTERED.update(request_v1=request_v1, request_v2=request_v2)
    return _REGISTERED


def _import() -> Any:
    import dbos  # over a second: not at the start of the program

    return dbos


def _engine_url(url: str) -> str:
    if url.startswith("sqlite"):
        path = Path(url.partition(":///")[2])
        return f"sqlite:///{path.with_name(path.stem + '-work.db')}"
    return url.replace("postgresql+asyncpg://", "postgresql+psycopg://", 1)


def check_engine(database_url: str) -> None:
    """Raises Misconfigured where this Python's SQLite is too old for the engine."""
    # From Python 3.12 on the engine uses what SQLite has since 3.42.
    old = sys.version_info >= (3, 12) and sqlite3.sqlite_version_info < OLDEST_SQLITE
    if database_url.startswith("sqlite") and old:
        raise Misconfigured(
            f"This Python's SQLite is {sqlite3.sqlite_version}; the work engine needs 3.42. "
            "Use Python 3.11, a newer SQLite, or PostgreSQL."
        )


def _prepare_sqlite(url: str) -> None:
    path = Path(url.removeprefix("sqlite:///"))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    # Kept in the file: readers go on while one writes.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
