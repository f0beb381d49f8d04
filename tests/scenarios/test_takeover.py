"""On PostgreSQL, work of a process that died is carried on by one that lives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from product import Product, World, eventually

Launch = Callable[..., Awaitable[Product]]


@pytest.mark.postgres
@pytest.mark.crash
async def test_another_process_finishes_what_a_dead_one_began(
    world: World, launch: Launch, postgres_url: str, tmp_path: Path
) -> None:
    world.ai.hold_after = 8
    first = await launch("slack", database_url=postgres_url)
    (tmp_path / "second").mkdir()
    second = Product(tmp_path / "second", first.environment)
    second.environment["PORT"] = str(second.port)
    try:
        await second.start("--only", "api,worker")
        await world.slack.slash_command(text="generate a plan --save")

        async def begun() -> bool:
            return bool(world.ai.calls) and world.ai.calls[0].tokens > 3

        await eventually(begun, "the model was never asked")
        first.kill()
        await first.dead()
        world.ai.hold_after = None

        async def finished() -> bool:
            return "Open in Notion" in str(world.slack.answers())

        await eventually(finished, f"nobody took over: {second.output()}")
        assert await second.stop() == 0
    finally:
        await second.end()
    assert len(world.slack.answers()) == 1
    assert len(await world.pages()) == 1
    assert world.paid == 1
