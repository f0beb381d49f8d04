"""The converters as programs: ours, the floor, and others, which are installed for the occasion.

The others go into a folder that is removed again, by the package managers as they are set up on
the machine. Where one cannot be had, it is left out and named.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import ROOT

PYTHON_PACKAGES = {
    "notionify": "0.2.3",
    "notion-markdown": "0.7.0",
    "md2notionpage": "0.1.6",
    "pymartian": "1.0.0",
}
NPM_PACKAGES = {"@tryfabric/martian": "1.2.4"}

_HERE = Path(__file__).parent
_INSTALLING = 300.0
_CONVERTING = 300.0
_LONGEST_LINE = 2**27


@dataclass(slots=True)
class Program:
    """One converter in its process."""

    name: str
    process: asyncio.subprocess.Process

    async def seconds(self, texts: Sequence[str], repeats: int) -> list[list[float]]:
        """The CPU of each conversion, text by text."""
        answer: list[list[float]] = await self._ask({"texts": texts, "repeats": repeats})
        return answer

    async def outcomes(self, texts: Sequence[str]) -> list[Any]:
        """The blocks of each text, or the name of the exception."""
        answer: list[Any] = await self._ask({"texts": texts, "show": True})
        return answer

    async def _ask(self, request: dict[str, Any]) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        async with asyncio.timeout(_CONVERTING):
            await self.process.stdin.drain()
            line = await self.process.stdout.readline()
        if not line:
            msg = f"{self.name} ended; see its log"
            raise RuntimeError(msg)
        return json.loads(line)


@asynccontextmanager
async def programs(
    own: Sequence[str], directory: Path, *, others: bool
) -> AsyncIterator[tuple[dict[str, Program], list[str]]]:
    """The converters that run here, by name, and the names of those that cannot be had."""
    commands = {name: (sys.executable, str(_HERE / "worker.py"), name) for name in own}
    missing: list[str] = []
    if others:
        python = await _python_packages(directory / "python")
        for name, version in PYTHON_PACKAGES.items():
            if python is not None:
                commands[name] = (str(python), str(_HERE / "worker.py"), name)
            else:
                missing.append(f"{name} {version} (PyPI)")
        has_npm = await _npm_packages(directory / "npm")
        for name, version in NPM_PACKAGES.items():
            if has_npm:
                commands[name] = ("node", str(_HERE / "martian.js"))
            else:
                missing.append(f"{name} {version} (npm)")
    async with AsyncExitStack() as stack:
        made = {
            name: await stack.enter_async_context(_running(name, command, directory))
            for name, command in commands.items()
        }
        yield made, missing


@asynccontextmanager
async def _running(name: str, command: Sequence[str], directory: Path) -> AsyncIterator[Program]:
    own = command[0] == sys.executable
    folder = directory / "npm" if command[0] == "node" else directory
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory)}
    with (directory / f"{name.replace('/', '-')}.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=environment | ({"PYTHONPATH": ROOT} if own else {}),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            limit=_LONGEST_LINE,
        )
    try:
        yield Program(name, process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def _python_packages(folder: Path) -> Path | None:
    """An interpreter that has the Python packages, None where they cannot be installed."""
    python = folder / "bin" / "python"
    wanted = [f"{name}=={version}" for name, version in PYTHON_PACKAGES.items()]
    made = await _succeeds(sys.executable, "-m", "venv", str(folder))
    quietly = ("--disable-pip-version-check", "--quiet")
    installed = made and await _succeeds(str(python), "-m", "pip", "install", *quietly, *wanted)
    return python if installed else None


async def _npm_packages(folder: Path) -> bool:
    """Whether the npm packages could be installed."""
    if not (shutil.which("npm") and shutil.which("node")):
        return False
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing else runs here
    wanted = [f"{name}@{version}" for name, version in NPM_PACKAGES.items()]
    quietly = ("--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder))
    return await _succeeds("npm", "install", *quietly, *wanted)


async def _succeeds(*command: str) -> bool:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        return await asyncio.wait_for(process.wait(), _INSTALLING) == 0
    except TimeoutError:
        process.kill()
        await process.wait()
        return False
