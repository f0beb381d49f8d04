"""`start`: from the start of the process to its first answer, on files the machine has read before.

The database is there and up to date, as at every start but the first.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measure import Goal, Row, Series, Size
from benchmarks.processes import PRODUCT, end, free_port, spawn, until_it_answers
from benchmarks.world import settings, world

FULL = Size(rounds=7, repeats=1)
BARE = ("-m", "benchmarks.bare_hello")
GOAL = Goal(median=1.5)


async def measure(size: Size, directory: Path) -> list[Row]:
    """Starts each program `size.rounds` times, in turns."""
    async with world() as outside:
        programs: dict[str, tuple[Sequence[str], Mapping[str, str]]] = {
            "bare aiohttp": (BARE, {}),
            "no key": (PRODUCT, {}),
            "Slack, OpenAI, Notion": (PRODUCT, settings(outside)),
        }
        live = {name: Series(name) for name in programs}
        ready = {name: Series(name) for name in programs}
        for number in range(-size.warming, size.rounds):
            for name, (program, environment) in programs.items():
                took = await _start(program, directory / name.replace(" ", "-"), environment)
                # The first round migrates the databases and warms the files.
                if number >= 0:
                    live[name].add([took[0]])
                    ready[name].add([took[1]])
    bare = live.pop("bare aiohttp")
    return [
        Row(f"start to the first 200 from {path} ({name})", series[name], bare, GOAL)
        for name in live
        for path, series in (("/health/live", live), ("/health/ready", ready))
    ]


async def _start(
    program: Sequence[str], directory: Path, environment: Mapping[str, str]
) -> tuple[float, float]:
    """Seconds to the first answer, and until it is ready to work."""
    port = free_port()
    began = time.perf_counter()
    process = await spawn(program, directory, environment, port)
    try:
        await until_it_answers(process, port, "/health/live")
        live = time.perf_counter() - began
        if program is PRODUCT:
            await until_it_answers(process, port, "/health/ready")
        return live, time.perf_counter() - began
    finally:
        await end(process)
