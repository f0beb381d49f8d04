"""A terminal and the door it goes through, in one process; the core behind it is scripted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import UUID

import pytest

from bot.console import door
from bot.console.adapter import ConsolePlatform
from bot.console.client import Client
from bot.console.door import ConsoleEntry, whose
from core.errors import Unavailable
from core.live import Feed
from core.messages import Answer, Request


async def until(ready: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while True:
            if ready():
                return
            await asyncio.sleep(0.01)


class Core:
    """Records requests; answers them when told to, with the line's own words."""

    def __init__(self, platform: ConsolePlatform) -> None:
        self.platform = platform
        self.accepted: list[Request] = []
        self.at_once = True
        self.trouble: Exception | None = None
        self._answers: dict[UUID, asyncio.Future[Answer]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def accept(self, request: Request) -> bool:
        if self.trouble is not None:
            raise self.trouble
        if request.id in self._answers:
            return False
        self.accepted.append(request)
        self._answers[request.id] = asyncio.get_running_loop().create_future()
        if self.at_once:
            task = asyncio.create_task(self.answer(request, f"About {request.call.text}."))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return True

    async def answer(self, request: Request, text: str) -> None:
        [part] = self.platform.render(Answer(text))
        await self.platform.post(request.address, part, f"{request.id}:0", again=False)
        self._answers[request.id].set_result(Answer(text))

    async def grow(self, request: Request, text: str) -> None:
        part = self.platform.draft(text)
        await self.platform.post(request.address, part, f"{request.id}:0", again=False)

    def feed(self, request_id: UUID) -> Feed:  # noqa: ARG002 - the port's signature
        return Feed()

    async def result(self, request_id: UUID, feed: Feed, timeout: float) -> Answer:  # noqa: ARG002 - as above
        return await asyncio.shield(self._answers[request_id])


class Room:
    """A door that can be broken and opened anew, and one terminal at it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.platform = ConsolePlatform()
        self.core = Core(self.platform)
        self.entry = ConsoleEntry(directory, self.platform, self.core)
        self.shown: list[str] = []
        self.told: list[str] = []
        self.client = Client(directory, "ada", self.shown.append, self.told.append)

    async def open(self, *, lasting: bool = True) -> None:
        self.entry = ConsoleEntry(self.directory, self.platform, self.core, lasting=lasting)
        await self.entry.start()

    async def accepted(self, number: int = 1) -> Request:
        await until(lambda: len(self.core.accepted) >= number)
        return self.core.accepted[number - 1]

    async def told_of(self, words: str) -> str:
        await until(lambda: any(words in text for text in self.told))
        return next(text for text in self.told if words in text)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    made = Room(tmp_path)
    await made.open()
    async with made.client:
        yield made
    await made.entry.stop()


async def test_a_terminal_that_asks_nothing_for_long_stays_connected(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.entry.stop()
    monkeypatch.setattr(door, "HEARTBEAT_SECONDS", 0.1)
    await room.open()
    assert await room.client.ask("generate lakes")
    sockets = set(room.entry._sockets)
    await asyncio.sleep(0.6)
    assert await room.client.ask("generate rivers")
    assert set(room.entry._sockets) == sockets, "the connection is the first one"
    assert "".join(room.shown) == "About lakes.\nAbout rivers.\n"
    assert room.told == []


async def test_a_connection_lost_between_lines_is_made_again_without_a_word(room: Room) -> None:
    assert await room.client.ask("generate lakes")
    await room.entry.stop()
    await room.open()
    assert await room.client.ask("generate rivers")
    assert "".join(room.shown) == "About lakes.\nAbout rivers.\n"
    assert len(room.core.accepted) == 2
    assert room.told == []


async def test_an_answer_that_went_to_a_broken_connection_comes_once_more(room: Room) -> None:
    room.core.at_once = False
    asking = asyncio.create_task(room.client.ask("generate lakes"))
    request = await room.accepted()
    await room.core.grow(request, "# About")
    await room.entry.stop()
    # Another terminal of the same person takes it, which nobody looks at.
    lost: list[object] = []

    async def take(request_id: str, part: object) -> None:
        lost.append((request_id, part))

    room.platform.attach("ada", take)
    await room.core.answer(request, "# About lakes")
    room.platform.detach("ada", take)
    await room.open()
    assert await asyncio.wait_for(asking, 30)
    assert len(lost) == 1
    assert "".join(room.shown) == "# About lakes\n"
    assert len(room.core.accepted) == 1


async def test_what_nobody_waits_for_any_more_is_named_in_a_line_and_told_once(room: Room) -> None:
    room.core.at_once = False
    asking = asyncio.create_task(room.client.ask("generate a plan for the lakes"))
    request = await room.accepted()
    asking.cancel()
    await asyncio.wait([asking])
    await room.core.answer(request, "# Lakes\n\n" + "- a point\n" * 9)
    told = await room.told_of("An answer from before")
    assert "to “generate a plan for the lakes”" in told
    assert "`/notion history a plan for the`" in told
    assert "a point" not in told
    assert "\n" not in told
    room.core.at_once = True
    assert await room.client.ask("generate rivers")
    assert room.told == [told]


async def test_a_short_answer_that_nobody_waits_for_is_told_whole(room: Room) -> None:
    room.core.at_once = False
    asking = asyncio.create_task(room.client.ask("history"))
    request = await room.accepted()
    asking.cancel()
    await asyncio.wait([asking])
    await room.core.answer(request, "Nothing there.")
    assert "Nothing there." in await room.told_of("An answer from before")


async def test_an_answer_whose_reader_left_is_not_told_another_time(room: Room) -> None:
    def leave(_text: str) -> None:
        raise BrokenPipeError

    room.core.at_once = False
    reader = Client(room.directory, "ada", leave, room.told.append)
    async with reader:
        asking = asyncio.create_task(reader.ask("generate lakes"))
        request = await room.accepted()
        await room.core.grow(request, "# Lakes")
        with pytest.raises(BrokenPipeError):
            await asking
    room.core.at_once = True
    assert await room.client.ask("generate rivers")
    await asyncio.wait_for(room.core.answer(request, "# Lakes\n\nlong"), 30)
    assert await room.client.ask("generate forests")
    assert room.told == []
    assert "Lakes" not in "".join(room.shown)


async def test_what_failed_is_said_beside_the_answers(room: Room) -> None:
    assert not await room.client.ask("generat lakes")
    assert room.shown == []
    assert "Did you mean `/notion generate`?" in room.told[0]


async def test_a_terminals_core_that_leaves_sends_others_elsewhere(room: Room) -> None:
    await room.entry.stop()
    await room.open(lasting=False)
    assert whose(room.directory) == "terminal"
    assert await room.client.ask("generate lakes")
    room.entry.leave()
    room.core.trouble = Unavailable("The server is stopping.")
    asking = asyncio.create_task(room.client.ask("generate rivers"))
    await asyncio.sleep(0.5)
    assert not asking.done()
    await room.entry.stop()
    room.core.trouble = None
    await room.open()
    assert await asyncio.wait_for(asking, 30)
    assert whose(room.directory) == "server"
    assert "".join(room.shown) == "About lakes.\nAbout rivers.\n"


async def test_a_finished_answer_waits_for_its_person_and_a_draft_does_not() -> None:
    platform = ConsolePlatform()
    address = {"user": "ada"}
    await platform.post(address, platform.draft("# Lak"), "1:0", again=False)
    [part] = platform.render(Answer("# Lakes"))
    posting = asyncio.create_task(platform.post(address, part, "1:0", again=False))
    await asyncio.sleep(0.05)
    assert platform.unseen == {"1"}
    seen: list[object] = []

    async def take(request_id: str, part: object) -> None:
        seen.append(request_id)

    platform.attach("ada", take)
    await asyncio.wait_for(posting, 30)
    assert (seen, platform.unseen) == (["1"], set())
