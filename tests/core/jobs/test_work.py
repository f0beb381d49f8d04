"""The work engine by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

from dbos import DBOS, SetWorkflowID

from core.jobs.work import Work, workflows
from core.ports import Again, Step

PATIENCE = 30


async def test_it_begins_anew_in_the_loop_where_it_ended(tmp_path: Path) -> None:
    done: dict[UUID, str] = {}
    finished = asyncio.Event()

    async def handle(request_id: UUID, step: Step) -> bool:
        async def answer() -> str:
            return "here"

        done[request_id] = await step("answer", answer)
        finished.set()
        return True

    requests = [uuid4(), uuid4()]
    for request in requests:
        work = Work(f"sqlite+aiosqlite:///{tmp_path}/data/test.db", "this process")
        await asyncio.wait_for(work.start(handle), PATIENCE)
        await asyncio.wait_for(work.begin(request), PATIENCE)
        await asyncio.wait_for(finished.wait(), PATIENCE)
        finished.clear()
        await work.stop()
        # Others of this process have the loop's threads, too.
        assert await asyncio.to_thread(len, "abc") == 3
    assert done == dict.fromkeys(requests, "here")


async def test_what_may_run_again_is_not_kept_and_the_rest_is(tmp_path: Path) -> None:
    ran: list[str] = []
    paused, finished = asyncio.Event(), asyncio.Event()

    async def handle(_request: UUID, step: Step) -> bool:
        async def run() -> str:
            ran.append(str(len(ran)))
            return ran[-1]

        told = [await step("look", Again(run)), await step("pay", run), await step("tell", run)]
        if len(ran) < 4:
            # As a process dies: what was running is left for the next start.
            paused.set()
            await asyncio.Event().wait()
        assert told == ["3", "1", "2"]
        finished.set()
        return True

    url, request = f"sqlite+aiosqlite:///{tmp_path}/data/test.db", uuid4()
    work = Work(url, "this process")
    await asyncio.wait_for(work.start(handle), PATIENCE)
    await asyncio.wait_for(work.begin(request), PATIENCE)
    await asyncio.wait_for(paused.wait(), PATIENCE)
    await work.stop()
    work = Work(url, "this process")
    await asyncio.wait_for(work.start(handle), PATIENCE)
    await asyncio.wait_for(finished.wait(), PATIENCE)
    await work.stop()


async def test_what_an_earlier_release_began_goes_on_as_it_was_begun(tmp_path: Path) -> None:
    ran: list[str] = []
    paused, finished = asyncio.Event(), asyncio.Event()

    async def handle(_request: UUID, step: Step) -> bool:
        async def run() -> str:
            ran.append("run")
            return str(len(ran))

        told = await step("look", Again(run))
        if not paused.is_set():
            paused.set()
            await asyncio.Event().wait()
        assert told == "1"
        finished.set()
        return True

    url, request = f"sqlite+aiosqlite:///{tmp_path}/data/test.db", uuid4()
    work = Work(url, "this process")
    await asyncio.wait_for(work.start(handle), PATIENCE)
    with SetWorkflowID(str(request)):
        await DBOS.start_workflow_async(workflows(DBOS)["request_v1"], str(request))
    await asyncio.wait_for(paused.wait(), PATIENCE)
    await work.stop()
    work = Work(url, "this process")
    await asyncio.wait_for(work.start(handle), PATIENCE)
    # The janitor may find it before it is known to have begun.
    await asyncio.wait_for(work.begin(request), PATIENCE)
    await asyncio.wait_for(finished.wait(), PATIENCE)
    await work.stop()
    assert ran == ["run"]
