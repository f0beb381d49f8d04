"""The work engine by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

from core.jobs.work import Work
from core.ports import Step

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
