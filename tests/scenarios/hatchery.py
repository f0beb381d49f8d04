"""Starts processes that have their code loaded already.

Loading code is most of what a start costs, and the scenarios start the product hundreds of times.
This program loads the libraries and the product's modules once, and calls nothing of the product;
each order it reads makes a copy of itself (https://docs.python.org/3/library/os.html#os.fork) that
goes on as the program it is told to be, in a process, a folder and an environment of its own. For
Linux, as `hatch` is.
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
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

LIBRARIES = (
    *("aiohttp.web", "aiosqlite", "alembic.command", "anthropic", "anyio._backends._asyncio"),
    *("asyncpg", "certifi", "click", "dbos", "dbos._sys_db_sqlite", "discord", "filelock"),
    *("httpcore", "httpcore2", "jinja2", "limits", "notion_client", "openai", "psycopg"),
    *("pydantic_settings", "pyromark", "redis.asyncio", "slack_bolt.async_app"),
    *("slack_sdk.web.async_client", "sqlalchemy.dialects.sqlite.aiosqlite"),
    *("sqlalchemy.dialects.postgresql.asyncpg", "sqlalchemy.ext.asyncio", "stamina", "structlog"),
)
"""What the product loads when it runs. What is not here costs time, and nothing else."""

PRODUCT = (
    *("api.app", "api.server", "bot.discord.client", "bot.slack.app", "notion_assistant.chat"),
    *("notion_assistant.cli", "notion_assistant.logs", "notion_assistant.services"),
)
"""The same of the product itself. Its modules define, and neither read nor begin anything."""


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


class Piped(Hatched):
    """One that is written to and read from, as far as `asyncio.subprocess.Process` offers that."""

    def __init__(self, pid: int, standard: tuple[int, int, int]) -> None:
        super().__init__(pid)
        self._standard = standard

    def kill(self) -> None:
        """Ends it at once."""
        self.send_signal(signal.SIGKILL)

    async def communicate(self, given: bytes | None = None) -> tuple[bytes, bytes]:
        """Its output and errors, once it is gone; it is given this, and no more."""
        into, *outs = self._standard
        if given:
            with suppress(BrokenPipeError):  # it has not waited for it
                os.write(into, given)
        os.close(into)
        out, err = await asyncio.gather(*map(_read, outs))
        await self.wait()
        return out, err


async def _read(pipe: int) -> bytes:
    reader, loop = asyncio.StreamReader(), asyncio.get_running_loop()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_read_pipe(lambda: protocol, os.fdopen(pipe, "rb", 0))
    try:
        return await reader.read()
    finally:
        transport.close()


def hatch(
    words: Sequence[str], directory: Path, environment: Mapping[str, str], log: Path
) -> Hatched:
    """Starts a Python file with its arguments; what it writes is added to the file `log`."""
    return Hatched(_begun(words, directory, environment, (os.devnull, str(log), str(log))))


def hatch_piped(words: Sequence[str], directory: Path, environment: Mapping[str, str]) -> Piped:
    """The same, with pipes. What it is given or writes before `communicate` fits into one."""
    (theirs, into), (out, mine), (err, too) = (os.pipe() for _ in range(3))
    standard = tuple(f"/proc/{os.getpid()}/fd/{each}" for each in (theirs, mine, too))
    pid = _begun(words, directory, environment, standard)
    for each in (theirs, mine, too):
        os.close(each)
    return Piped(pid, (into, out, err))


def _begun(
    words: Sequence[str],
    directory: Path,
    environment: Mapping[str, str],
    standard: Sequence[str],
) -> int:
    order = {"words": list(words), "directory": str(directory), "environment": dict(environment)}
    pid = _told(order | {"standard": standard})
    assert pid is not None
    return pid


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


def opened(paths: Sequence[str]) -> list[int]:
    """The files that are a copy's standard input, output and errors."""
    kinds = (os.O_RDONLY, os.O_WRONLY | os.O_APPEND, os.O_WRONLY | os.O_APPEND)
    return [os.open(path, kind) for path, kind in zip(paths, kinds, strict=True)]


def become(order: dict[str, Any], standard: Sequence[int]) -> None:
    """Goes on as the program that was ordered."""
    for new, file in enumerate(standard):
        os.dup2(file, new)
        os.close(file)
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
    sys.path.insert(0, str(Path(__file__).parents[2]))
    for name in (*LIBRARIES, *PRODUCT):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    while line := sys.stdin.readline():
        order = json.loads(line)
        if isinstance(order, int):
            answer = ended(order)
            if answer is not None:
                running.discard(order)
        else:
            standard = opened(order["standard"])
            if (answer := os.fork()) == 0:
                become(order, standard)
                return
            for file in standard:
                os.close(file)
            running.add(answer)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in running:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
