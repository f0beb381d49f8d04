"""The measured programs, each in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = str(Path(__file__).parents[1])
PATIENCE = 60.0
PRODUCT = ("-c", "from notion_assistant.cli import main; main()", "run")
"""What the installed script `notion-assistant` does."""

POLL = 0.002
UNFINISHED = "SELECT 1 FROM requests WHERE finished_at IS NULL LIMIT 1"


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def spawn(
    program: Sequence[str],
    directory: Path,
    settings: Mapping[str, str],
    port: int,
    interpreter: str = sys.executable,
) -> asyncio.subprocess.Process:
    """Starts `python PROGRAM`, or another interpreter's, with nothing but these settings.

    Its output goes to `log.txt`. It runs in `directory`, made where it is not there.
    """
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "PYTHONPATH": ROOT}
    directory.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing else runs here
    with (directory / "log.txt").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            interpreter,
            *program,
            cwd=directory,
            env={**environment, "PORT": str(port), **settings},
            stdout=log,
            stderr=log,
        )


async def end(process: asyncio.subprocess.Process) -> None:
    """Asks it to end and waits until it has."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(process.wait(), PATIENCE)


async def answers(port: int, path: str) -> bool:
    """Whether something on this port answers this path with 200."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return False
    try:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
        )
        return b" 200 " in await reader.readline()
    except ConnectionError:
        return False
    finally:
        writer.close()


async def until_it_answers(process: asyncio.subprocess.Process, port: int, path: str) -> None:
    """Returns with the first 200. Raises RuntimeError where the process ends instead."""
    async with asyncio.timeout(PATIENCE):
        while not await answers(port, path):
            if process.returncode is not None:
                msg = f"the process ended with {process.returncode}; see log.txt in its folder"
                raise RuntimeError(msg)
            await asyncio.sleep(POLL)


@asynccontextmanager
async def running(
    program: Sequence[str], directory: Path, settings: Mapping[str, str], path: str
) -> AsyncIterator[int]:
    """A program that serves HTTP, from its first answer on `path`; gives its port."""
    port = free_port()
    process = await spawn(program, directory, settings, port)
    try:
        await until_it_answers(process, port, path)
        yield port
    finally:
        await end(process)


@asynccontextmanager
async def elsewhere(module: str) -> AsyncIterator[str]:
    """Servers in a process of their own, until its standard input ends; gives its first line.

    The module prints that once they listen.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        await process.wait()


async def settled(directory: Path, patience: float = PATIENCE) -> None:
    """Returns once the product in this folder has finished all that it accepted."""
    database = directory / "data" / "notion-assistant.db"
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        async with asyncio.timeout(patience):
            while connection.execute(UNFINISHED).fetchone():  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.02)
    finally:
        connection.close()
    # The engine's own last notes come after that.
    await asyncio.sleep(0.1)
