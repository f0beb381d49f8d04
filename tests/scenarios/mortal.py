"""The program, made to die at a moment a test chose: `DIE_AT=before:generate` or `after:…`.

Before or after: the result of the step of that name is written down by the work engine. Nothing of
the product is changed; the process is killed as an operating system would, with SIGKILL.
"""

import os
import signal
from typing import Any

from dbos._sys_db import SystemDatabase

from notion_assistant.cli import main

MOMENT, _, STEP = os.environ["DIE_AT"].partition(":")
record = SystemDatabase.record_operation_result


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def record_and_die(self: SystemDatabase, result: Any, **options: Any) -> None:
    if result["function_name"] == STEP and MOMENT == "before":
        die()
    record(self, result, **options)
    if result["function_name"] == STEP:
        die()


if __name__ == "__main__":
    SystemDatabase.record_operation_result = record_and_die  # type: ignore[method-assign]
    main()
