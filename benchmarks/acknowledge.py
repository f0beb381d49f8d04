"""`acknowledge`: a slash command until its acknowledgement, against a bare Bolt handler.

The product writes the command down before it acknowledges it, and begins its work right after; the
baseline does neither. The work takes the same CPU as later acknowledgements, so three moments are
measured: one command while nothing else is going on; thirty at the same instant, and then a pause
until their work is done; and thirty connections that never pause, where acknowledgements and the
work of earlier commands compete.

Bolt looks every 10 ms whether its handler has acknowledged, unless it is told to wait for it
(`process_before_response`), as the product does: hence a ratio far below 1 where nothing else is
going on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from benchmarks.load import Commands, Connection, connections
from benchmarks.measure import Goal, Row, Series, Size
from benchmarks.processes import PRODUCT, running, settled
from benchmarks.world import SIGNING_SECRET, elsewhere

FULL = Size(rounds=5, repeats=9)
BARE = ("-m", "benchmarks.bare_bolt")
CONCURRENT = 30
Send = Callable[[list[Connection], Commands], Awaitable[list[float]]]


async def measure(size: Size, directory: Path) -> list[Row]:
    """Measures both, in turns."""
    async with (
        elsewhere() as outside,
        running(PRODUCT, directory / "ours", outside.settings, "/health/ready") as ours,
        running(BARE, directory / "bare", outside.settings, "/health/live") as bare,
        connections(ours, CONCURRENT) as to_ours,
        connections(bare, CONCURRENT) as to_bare,
    ):
        commands = Commands(SIGNING_SECRET, outside.command)

        async def compare(send: Send, times: int) -> tuple[Series, Series]:
            ours, bare = Series("Notion Assistant"), Series("bare Bolt handler")
            for number in range(-size.warming, size.rounds):
                one: list[float] = []
                other: list[float] = []
                for _ in range(times):
                    one += await send(to_ours, commands)
                    await settled(directory / "ours")
                    other += await send(to_bare, commands)
                # The first round warms both up.
                if number >= 0:
                    ours.add(one)
                    bare.add(other)
            return ours, bare

        alone = await compare(_one, size.repeats)
        together = await compare(_together, max(1, size.repeats // 3))
        times = max(1, size.repeats // 2)
        without = await compare(partial(_without_a_pause, times=times), 1)
    return [
        Row(
            "acknowledge: one command, nothing else going on (Bolt alone looks every 10 ms)",
            *alone,
            Goal(ratio=1.3),
        ),
        Row(
            f"acknowledge: {CONCURRENT} commands at once, then a pause until their work is done",
            *together,
            Goal(ratio=1.3, p99=0.05),
        ),
        Row(f"acknowledge: {CONCURRENT} connections without a pause, work under way", *without),
    ]


async def _one(to: list[Connection], commands: Commands) -> list[float]:
    return [await to[0].post(commands.next())]


async def _together(to: list[Connection], commands: Commands) -> list[float]:
    requests = [commands.next() for _ in to]
    return list(await asyncio.gather(*map(Connection.post, to, requests)))


async def _without_a_pause(to: list[Connection], commands: Commands, *, times: int) -> list[float]:
    async def one_after_another(connection: Connection) -> list[float]:
        return [await connection.post(commands.next()) for _ in range(times)]

    return [took for series in await asyncio.gather(*map(one_after_another, to)) for took in series]
