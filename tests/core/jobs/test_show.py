import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from core.budget import Budget
from core.errors import InvalidInput, PlatformFailed, RateLimited
from core.jobs.show import Show, patiently
from core.live import Feed
from core.messages import Action, Answer
from core.ports import Address, CanEdit, Part, Reply


@dataclass
class Screen:
    """A platform of one message; `trouble` is raised by the next edits, one each."""

    edit_interval: float = 0.02
    name: str = "screen"
    shown: list[str] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)
    slow: float = 0.0

    def render(self, answer: Answer) -> list[Part]:
        return [{"text": answer.text}]

    def editable(self, address: Address) -> bool:
        return not address

    def waiting(self, actions: Sequence[Action] = (), why: str = "") -> Part:
        return {"text": why or "…", "buttons": len(actions)}

    def draft(self, text: str, actions: Sequence[Action] = ()) -> Part:
        return {"text": text, "buttons": len(actions)}

    async def post(self, address: Address, part: Part, marker: str, *, again: bool) -> Reply:
        self.shown.append(f"{marker} {again} {address} {part['text']}")
        return {}

    async def edit(self, address: Address, reply: Reply, part: Part) -> None:
        assert (address, reply) == ({}, {})
        if self.trouble:
            raise self.trouble.pop(0)
        await asyncio.sleep(self.slow)
        self.shown.append(part["text"])

    async def close(self) -> None:
        self.shown.clear()


def test_the_screen_of_these_tests_is_a_platform_that_can_edit() -> None:
    assert isinstance(Screen(), CanEdit)


def show(screen: Screen, feed: Feed, *actions: Action) -> Show:
    """Shows a feed in a message that is there."""

    async def post(part: Part) -> Reply:
        raise AssertionError(part)

    return Show(screen, {}, feed, post, {}, actions)


async def wait_for(screen: Screen, count: int) -> None:
    async with asyncio.timeout(30):
        while len(screen.shown) < count:  # noqa: ASYNC110 - the screen is what a person polls
            await asyncio.sleep(0.005)


async def test_the_first_words_are_shown_at_once_and_then_the_newest_text() -> None:
    screen, feed = Screen(edit_interval=0.2), Feed()
    async with show(screen, feed):
        feed.add("one ")
        await wait_for(screen, 1)
        for word in ("two ", "three ", "four"):
            feed.add(word)
            await asyncio.sleep(0)
        assert screen.shown == ["one "]
        await wait_for(screen, 2)
    assert screen.shown == ["one ", "one two three four"]


async def test_what_grows_keeps_its_buttons() -> None:
    buttons: list[int] = []

    class Buttoned(Screen):
        async def edit(self, address: Address, reply: Reply, part: Part) -> None:
            buttons.append(part["buttons"])
            await super().edit(address, reply, part)

    screen, feed = Buttoned(), Feed()
    async with show(screen, feed, Action("stop", "Stop", "1")):
        feed.add("one")
        await wait_for(screen, 1)
    assert buttons == [1]


async def test_an_edit_that_fails_is_dropped_and_the_next_makes_up_for_it() -> None:
    screen, feed = Screen(trouble=[PlatformFailed("no"), RateLimited("later")]), Feed()
    async with show(screen, feed):
        for word in ("one ", "two ", "three"):
            feed.add(word)
            await asyncio.sleep(0.05)
        await wait_for(screen, 1)
    assert screen.shown == ["one two three"]


async def test_a_rate_limit_is_waited_for_but_not_the_end() -> None:
    screen, feed = Screen(trouble=[RateLimited("later", retry_after=600)]), Feed()
    async with asyncio.timeout(30), show(screen, feed):
        feed.add("one")
        await asyncio.sleep(0.02)
    assert screen.shown == []


async def test_no_edit_comes_after_the_block_has_ended() -> None:
    screen, feed = Screen(slow=0.1), Feed()
    async with show(screen, feed):
        feed.add("one")
        await asyncio.sleep(0.02)
    assert screen.shown == ["one"]
    feed.add(" two")
    await asyncio.sleep(0.15)
    assert screen.shown == ["one"]


async def test_nothing_is_shown_of_nothing() -> None:
    screen, feed = Screen(), Feed()
    async with show(screen, feed):
        feed.add(" \n")
        await asyncio.sleep(0.02)
        feed.add("# ")
        await asyncio.sleep(0.02)
    assert screen.shown == []


@dataclass
class Counted(Screen):
    """A screen with a budget, and a message that is not there yet."""

    counted: Budget = field(default_factory=lambda: Budget(3, 60))

    def budget(self, address: Address, reply: Reply) -> Budget:
        assert (address, reply) == ({}, {"id": "1"})
        return self.counted

    async def edit(self, address: Address, reply: Reply, part: Part) -> None:
        assert (address, reply) == ({}, {"id": "1"})
        self.shown.append(part["text"])

    async def send(self, part: Part) -> Reply:
        if self.trouble:
            raise self.trouble.pop(0)
        self.shown.append(f"new: {part['text']}")
        return {"id": "1"}


async def test_the_first_words_are_the_first_message() -> None:
    screen, feed = Counted(), Feed()
    async with Show(screen, {}, feed, screen.send):
        feed.add("one")
        await wait_for(screen, 1)
    assert screen.shown == ["new: one"]


async def test_a_placeholder_stands_where_the_words_are_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.jobs.show.PLACEHOLDER_AFTER", 0.05)
    screen, feed = Counted(), Feed()
    async with Show(screen, {}, feed, screen.send):
        await wait_for(screen, 1)
        feed.add("one")
        await wait_for(screen, 2)
    assert screen.shown == ["new: …", "one"]


async def test_the_placeholder_stands_there_however_late_the_show_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.jobs.show.PLACEHOLDER_AFTER", 0.05)
    screen, feed = Counted(), Feed()

    async def slowly() -> None:
        # Whatever else the process has to do before the show gets its turn.
        time.sleep(0.03)  # noqa: ASYNC251 - it is the loop that is held up

    held_up = asyncio.create_task(slowly())
    async with Show(screen, {}, feed, screen.send):
        await wait_for(screen, 1)
    await held_up
    assert screen.shown == ["new: …"]


async def test_the_placeholder_says_why_somebody_has_to_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.jobs.show.PLACEHOLDER_AFTER", 0.05)
    screen, feed = Counted(), Feed()
    async with Show(screen, {}, feed, screen.send):
        feed.notify("Another one is first.")
        await wait_for(screen, 1)
        feed.notify("")
        feed.add("one")
        await wait_for(screen, 2)
    assert screen.shown == ["new: Another one is first.", "one"]


async def test_a_message_that_will_never_be_is_not_tried_again() -> None:
    screen, feed = Counted(trouble=[PlatformFailed("no")]), Feed()
    async with Show(screen, {}, feed, screen.send) as made:
        feed.add("one")
        await asyncio.sleep(0.05)
        feed.add("two")
        await asyncio.sleep(0.05)
    assert screen.shown == []
    assert made.reply is None


async def test_what_nobody_foresaw_keeps_no_answer_from_its_end() -> None:
    screen, feed = Counted(trouble=[KeyError("ts")]), Feed()
    async with Show(screen, {}, feed, screen.send):
        feed.add("one")
        await asyncio.sleep(0.02)


async def test_the_budget_is_kept_and_the_end_has_its_place() -> None:
    screen, feed = Counted(), Feed()
    screen.counted.pause = lambda wanted: wanted  # type: ignore[method-assign]
    async with Show(screen, {}, feed, screen.send) as made:
        for number in range(8):
            feed.add(f"{number} ")
            await asyncio.sleep(0.06)
    # Of three, one is kept for the end.
    assert len(screen.shown) == 1 + 2
    assert await made.end(0)
    assert not await made.end(0)
    made.close()
    made.close()


async def test_a_whole_text_is_shown_at_once() -> None:
    screen, feed = Counted(edit_interval=30), Feed()
    async with asyncio.timeout(30), Show(screen, {}, feed, screen.send):
        feed.add("one")
        await wait_for(screen, 1)
        feed.add(" two")
        feed.complete()
        await wait_for(screen, 2)
    assert screen.shown == ["new: one", "one two"]


async def test_nobody_is_waited_for_longer_than_patience_lasts() -> None:

    async def send() -> None:
        raise RateLimited("later", retry_after=86_400)

    async with asyncio.timeout(30):
        with pytest.raises(RateLimited):
            await patiently(send, 0.2)


async def test_what_is_worth_another_try_gets_one_as_late_as_was_asked_for() -> None:
    tries: list[float] = []

    async def send() -> str:
        tries.append(asyncio.get_running_loop().time())
        if len(tries) == 1:
            raise RateLimited("later", retry_after=0.2)
        return "sent"

    assert await patiently(send) == "sent"
    assert tries[1] - tries[0] >= 0.2


async def test_what_is_not_worth_another_try_fails_at_once() -> None:
    tries: list[int] = []

    async def send() -> None:
        tries.append(1)
        raise InvalidInput("wrong")

    with pytest.raises(InvalidInput):
        await patiently(send)
    assert tries == [1]
