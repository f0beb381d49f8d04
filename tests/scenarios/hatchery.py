"""Starts processes that have the libraries loaded already.

Loading the libraries is most of what a start costs, and the scenarios start the product hundreds of
times. This program loads them once, and of the product nothing; each order it reads makes a copy of
itself (https://docs.python.org/3/library/os.html#os.fork) that goes on as the program it is told
to be, in a process, a folder and an environment of its own. For Linux, as `hatch` is.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

LIBRARIES = (
    *("aiohttp.web", "aiosqlite", "alembic.command", "anthropic", "asyncpg", "click"),
    *("dbos", "discord", "filelock", "jinja2", "limits", "notion_client", "openai", "psycopg"),
    *("pydantic_settings", "pyromark", "redis.asyncio", "slack_bolt.async_app"),
    *("slack_sdk.web.async_client", "sqlalchemy.ext.asyncio", "stamina", "structlog"),
)
"""What the product loads when it runs. One that is not here costs time, and nothing else."""


POSSIBLE = hasattr(os, "pidfd_open")


class Hatched:
    """A process, as `asyncio.subprocess.Process` shows one."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    @property
    def returncode(self) -> int | None:
        """Its exit code; None while it runs."""
        if self._code is None:
            self._code = _told(self.pid)
        return self._code

    async def wait(self) -> int:
        """Its exit code, once there is one."""
        # The number is not given to another process before the exit code was asked for.
        if (code := self.returncode) is not None:
            return code
        handle, gone, loop = os.pidfd_open(self.pid), asyncio.Event(), asyncio.get_running_loop()
        loop.add_reader(handle, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(handle)
            os.close(handle)
        code = self.returncode
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        """Sends it a signal, unless it is gone."""
        if self.returncode is None:
            os.kill(self.pid, number)


def hatch(
    words: Sequence[str], directory: Path, environment: Mapping[str, str], log: Path
) -> Hatched:
    """Starts a Python file with its arguments; what it writes is added to the file `log`."""
    paths = {"directory": str(directory), "log": str(log)}
    pid = _told({"words": list(words), "environment": dict(environment), **paths})
    assert pid is not None
    return Hatched(pid)


def _told(order: dict[str, Any] | int) -> int | None:
    hatchery = _hatchery()
    assert hatchery.stdin is not None
    assert hatchery.stdout is not None
    hatchery.stdin.write(json.dumps(order) + "\n")
    hatchery.stdin.flush()
    answer: int | None = json.loads(hatchery.stdout.readline())
    return answer


@cache
def _hatchery() -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    # As bare as the environment of what it starts: some of it is read once, by Python itself.
    environment = {"PATH": os.environ["PATH"]}
    command = [sys.executable, "-P", __file__]
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)
    atexit.register(process.communicate)
    return process


# ── In the process that is copied ────────────────────────────────────────────────────────────────


def become(order: dict[str, Any]) -> None:
    """Goes on as the program that was ordered."""
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(old, new)
    os.close(log)
    os.close(nothing)
    os.chdir(order["directory"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.path[:0] = order["environment"]["PYTHONPATH"].split(os.pathsep)
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = order["words"]
    runpy.run_path(sys.argv[0], run_name="__main__")


def ended(pid: int) -> int | None:
    """A copy's exit code as `subprocess` gives it, None while it runs."""
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def main() -> None:
    """Answers each order with a process id, and each process id with its exit code.

    Ends what still runs when nobody can order any more.
    """
    running: set[int] = set()
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    while line := sys.stdin.readline():
        order = json.loads(line)
        if isinstance(order, int):
            answer = ended(order)
            if answer is not None:
                running.discard(order)
        elif (answer := os.fork()) == 0:
            become(order)
            return
        else:
            running.add(answer)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in running:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
