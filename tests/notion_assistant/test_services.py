import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from core.errors import Misconfigured, PlatformFailed
from notion_assistant import services


@dataclass
class Door:
    """A way in; `trouble` is raised by its first starts, one each."""

    trouble: list[Exception]
    routes: tuple[()] = ()
    started: asyncio.Event = field(default_factory=asyncio.Event)
    starts: int = 0
    stops: int = 0

    async def start(self) -> None:
        self.starts += 1
        if self.trouble:
            raise self.trouble.pop(0)
        self.started.set()

    async def stop(self) -> None:
        self.stops += 1


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "START_AGAIN_SECONDS", 0.01)


async def test_a_platform_that_could_not_be_reached_is_connected_once_it_can_be() -> None:
    door = Door([PlatformFailed("not there", retryable=True)] * 3)
    async with AsyncExitStack() as stack:
        await services._enter(stack, "chat", door)
        await asyncio.wait_for(door.started.wait(), 30)
    assert (door.starts, door.stops) == (4, 1)


async def test_a_setting_that_is_wrong_is_not_tried_again() -> None:
    door = Door([Misconfigured("DISCORD_TOKEN is not accepted")])
    async with AsyncExitStack() as stack:
        await services._enter(stack, "chat", door)
        await asyncio.sleep(0.1)
    assert door.starts == 1


async def test_a_platform_that_is_never_there_does_not_hold_up_the_end() -> None:
    door = Door([PlatformFailed("not there", retryable=True)] * 1_000)
    async with asyncio.timeout(30), AsyncExitStack() as stack:
        await services._enter(stack, "chat", door)
    assert (door.starts, door.stops) == (1, 1)


async def test_a_platform_that_is_late_is_tried_soon_and_then_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    asleep = asyncio.sleep

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await asleep(0)

    monkeypatch.setattr(services, "START_AGAIN_SECONDS", 30.0)
    monkeypatch.setattr(services.asyncio, "sleep", sleep)
    door = Door([PlatformFailed("not there", retryable=True)] * 8)
    async with AsyncExitStack() as stack:
        await services._enter(stack, "chat", door)
        await asyncio.wait_for(door.started.wait(), 30)
    for pause, most in zip(pauses, [1, 2, 4, 8, 16, 30, 30, 30], strict=True):
        assert most * 0.75 <= pause <= most
