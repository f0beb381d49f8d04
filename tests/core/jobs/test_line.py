"""What people hear while their request waits for its turn at Notion."""

from __future__ import annotations

from uuid import uuid4

import pytest

from core.durations import about
from core.errors import PlatformFailed
from core.jobs.line import Line, standing_in_line
from core.live import Feed
from core.messages import Answer, Call, Request, Sender
from core.notion.pace import Pace
from core.ports import Address, Part, Reply

ASKED = Request(uuid4(), Sender("room", "U1"), Call("save"), {"channel": "C1"}, "C1")


class Room:
    """Keeps what is posted, and where."""

    name = "room"

    def __init__(self, trouble: Exception | None = None) -> None:
        self.posted: list[tuple[str, str]] = []
        self.trouble = trouble

    def render(self, answer: Answer) -> list[Part]:
        return [{"text": answer.text}]

    async def post(self, address: Address, part: Part, marker: str, *, again: bool) -> Reply:  # noqa: ARG002 - the port's signature
        if self.trouble is not None:
            raise self.trouble
        self.posted.append((address.get("private", ""), part["text"]))
        return {}

    async def close(self) -> None:
        self.posted.clear()


async def full(room: Room, feed: Feed, *, aloud: bool) -> None:
    """Waits while Notion wants to be left alone."""
    pace = Pace("key", 1, None)
    pace.close_for(0.2)
    async with standing_in_line(room, ASKED, feed, aloud=aloud):
        await pace.turn(0.05)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.notion.urgency.TOLD_AFTER", 0.05)


async def test_a_save_that_waits_says_so_to_its_person_alone() -> None:
    room, feed = Room(), Feed()
    await full(room, feed, aloud=True)
    ((private, text),) = room.posted
    assert private == "yes"
    assert text.endswith("Yours is in line: about 5 seconds.")
    assert feed.notice == ""


async def test_who_waits_longer_than_was_said_hears_so_but_not_at_every_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr("core.jobs.line.time.monotonic", lambda: now)
    room, feed = Room(), Feed()
    line = Line(room, ASKED, feed, aloud=True)
    for step in range(600):
        now = 1000.0 + step
        line.tell(60.0)
    await line.end()
    texts = [text for _, text in room.posted]
    assert len(texts) == 4
    assert texts[0].endswith("Yours is in line: about 1 minute.")
    assert set(texts[1:]) == {"Yours is still in line at Notion: about 1 minute more."}


async def test_where_an_answer_grows_its_placeholder_says_it() -> None:
    room, feed = Room(), Feed()
    notices: list[str] = []
    feed.notify = notices.append  # type: ignore[method-assign, assignment]
    await full(room, feed, aloud=False)
    assert room.posted == []
    assert notices[0].startswith("Notion takes only so many requests a minute.")
    assert notices[-1] == ""


async def test_a_platform_that_does_not_take_it_holds_nothing_up() -> None:
    await full(Room(PlatformFailed("gone", retryable=False)), Feed(), aloud=True)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "about 5 seconds"),
        (37, "about 35 seconds"),
        (58, "about 1 minute"),
        (170, "about 3 minutes"),
        (900, "about 15 minutes"),
        (7200, "about 2 hours"),
    ],
)
def test_times_are_told_in_round_words(seconds: float, words: str) -> None:
    assert about(seconds) == words
