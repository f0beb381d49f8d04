"""The program, made to die at a moment a test chose: `DIE_AT=before:generate` or `after:…`.

Before or after: the result of the step of that name is written down by the work engine; of a step
that may run again, before or after it runs. Nothing of the product is changed; the process is
killed as an operating system would, with SIGKILL.

The engine looks for left work, and for its own end, every tenth of a second instead of every
second: what it then does is the same, and a test that restarts the program waits for it each time.
"""

import os
import signal
from typing import Any

from dbos._dbos import DBOSRegistry
from dbos._queue import Queue
from dbos._sys_db import SystemDatabase

from core.jobs.work import Work
from core.ports import Again
from notion_assistant.cli import main

LOOK_SECONDS = 0.1
MOMENT, _, STEP = os.environ.get("DIE_AT", "").partition(":")
step = Work.step
record = SystemDatabase.record_operation_result
prepare = SystemDatabase.__init__
internal_queue = DBOSRegistry.get_internal_queue


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def record_and_die(self: SystemDatabase, result: Any, **options: Any) -> None:
    if result["function_name"] == STEP and MOMENT == "before":
        die()
    record(self, result, **options)
    if result["function_name"] == STEP:
        die()


async def step_and_die(self: Work, name: str, run: Any) -> Any:
    mortal = name == STEP and isinstance(run, Again)
    if mortal and MOMENT == "before":
        die()
    result = await step(self, name, run)
    if mortal:
        die()
    return result


def prepare_briskly(self: SystemDatabase, **options: Any) -> None:
    prepare(self, **options | {"notification_listener_polling_interval_sec": LOOK_SECONDS})


def brisk_queue(self: DBOSRegistry) -> Queue:
    queue = internal_queue(self)
    queue._polling_interval_sec = LOOK_SECONDS
    return queue


if __name__ == "__main__":
    if STEP:
        Work.step = step_and_die  # type: ignore[method-assign]
        SystemDatabase.record_operation_result = record_and_die  # type: ignore[method-assign]
    SystemDatabase.__init__ = prepare_briskly  # type: ignore[method-assign]
    DBOSRegistry.get_internal_queue = brisk_queue  # type: ignore[method-assign]
    main()
