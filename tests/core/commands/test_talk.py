"""A conversation: what was said before is what the model goes by."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from core.commands.talk import LONGEST_CONTEXT, turns
from core.conversation import Conversation
from core.errors import RateLimited
from core.live import Feed
from core.messages import Answer, Call, Channel, File, Message, Request, Sender, stable_id
from core.ports import Turn
from core.storage.database import Database
from tests.core.commands.room import Room, message

CHANNEL = Channel("slack", "T1:C1")
SENDER = Sender("slack", "U1", "", "T1")
SAID = [
    message(1, "We ship on Thursday."),
    message(2, "Good.", "Grace"),
    message(3, "Noted: Thursday.", "", ours=True),
    message(4, "When do we ship?"),
]


@pytest.fixture
def room() -> Room:
    return Room({"m1": SAID})


def conversation(database: Database, room: Room) -> Conversation:
    address = {"thread": "m1", "message": "m4"}
    request = Request(stable_id("talk"), SENDER, Call("talk", "x"), address, "T1:C1")
    return Conversation(database, room, request)


def test_people_and_the_app_take_turns() -> None:
    assert turns(SAID, "m4") == [
        Turn("user", "Ada: We ship on Thursday.\n\nGrace: Good."),
        Turn("assistant", "Noted: Thursday."),
    ]


def test_a_thread_that_the_app_began_still_begins_with_a_person() -> None:
    found = turns(SAID[2:], "m4")
    assert [turn.role for turn in found] == ["user", "assistant"]


def test_what_was_said_after_the_question_is_left_out() -> None:
    later = message(5, "Never mind.")
    assert turns([*SAID, later], "m4") == turns(SAID, "m4")


def test_of_a_long_thread_the_newest_is_kept() -> None:
    said = [message(n, f"{n} " + "x" * 999) for n in range(60)]
    (turn,) = turns(said, "m99")
    assert len(turn.text) <= LONGEST_CONTEXT + 1000
    assert "Ada: 59 " in turn.text
    assert "Ada: 1 " not in turn.text


def test_of_a_message_too_long_for_the_context_the_beginning_is_kept() -> None:
    long = message(2, "Plan: " + "x" * 2 * LONGEST_CONTEXT, "", ours=True)
    _, turn = turns([message(1, "Write a plan."), long], "m3")
    assert turn.role == "assistant"
    assert turn.text.startswith("Plan: x")
    assert turn.text.endswith(" […]")
    assert len(turn.text) <= LONGEST_CONTEXT + 10


def test_a_file_is_named_and_said_to_be_unread() -> None:
    shared = replace(message(1, ""), files=(File("plan\nB.pdf", "https://x"),))
    (turn,) = turns([shared], "m2")
    assert turn.text == "Ada: [Attached, and not to be read here: plan B.pdf]"


async def test_a_thread_heard_from_its_beginning_is_not_asked_for(
    database: Database, room: Room
) -> None:
    async with database.begin() as unit:
        await unit.messages.keep(CHANNEL, "m1", SAID)
    assert await conversation(database, room).thread() == SAID
    assert room.reads == 0


async def test_a_thread_not_heard_from_its_beginning_is_asked_for_once(
    database: Database, room: Room
) -> None:
    async with database.begin() as unit:
        await unit.messages.keep(CHANNEL, "m1", SAID[3:], to_us=True)
    assert await conversation(database, room).thread() == SAID
    assert await conversation(database, room).thread() == SAID
    assert room.reads == 1


async def test_a_platform_that_does_not_tell_is_made_do_without(
    database: Database, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.conversation.BRIEF", 0.2)
    room.trouble = RateLimited("Slow down.", retry_after=60)
    async with database.begin() as unit:
        await unit.messages.keep(CHANNEL, "m1", SAID[3:])
    assert await conversation(database, room).thread() == SAID[3:]


@pytest.mark.parametrize("command", ["talk", "generate"])
async def test_two_questions_in_one_thread_are_answered_in_their_order(
    database: Database, room: Room, command: str
) -> None:
    first, second = (
        Request(
            stable_id(command, n), SENDER, Call(asked, n), {"thread": "m1", "message": n}, "T1:C1"
        )
        for n, asked in (("1", "talk"), ("2", command))
    )
    for request in (first, second):
        async with database.begin() as unit:
            await unit.inbox.add([request])
    feed = Feed()
    waiting = asyncio.create_task(Conversation(database, room, second).turn(feed))
    await Conversation(database, room, first).turn(Feed())
    await asyncio.sleep(0.5)
    assert not waiting.done()
    assert "Waiting for the answer before" in feed.notice
    async with database.begin() as unit:
        await unit.inbox.answered(first.id, Answer("Done."))
    await asyncio.wait_for(waiting, 30)
    assert (feed.notice, feed.text) == ("", "")


async def test_whoever_stops_while_waiting_waits_no_longer(database: Database, room: Room) -> None:
    first, second = (
        Request(
            stable_id("talk", n), SENDER, Call("talk", n), {"thread": "m1", "message": n}, "T1:C1"
        )
        for n in ("1", "2")
    )
    for request in (first, second):
        async with database.begin() as unit:
            await unit.inbox.add([request])
    waiting = asyncio.create_task(Conversation(database, room, second).turn(Feed()))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    async with database.begin() as unit:
        await unit.inbox.stop(second.id)
    await asyncio.wait_for(waiting, 30)


@pytest.mark.parametrize(
    ("call", "address"),
    [
        (Call("generate", "x", {"private": True}), {"thread": "m1"}),
        (Call("generate", "x"), {}),
        (Call("history"), {"thread": "m1"}),
    ],
)
def test_what_nobody_else_sees_and_what_is_in_no_thread_waits_for_nothing(
    call: Call, address: dict[str, str]
) -> None:
    assert Request(stable_id("x"), SENDER, call, address, "T1:C1").queue is None


def test_what_is_added_to_pages_waits_within_a_workspace_alone() -> None:
    def queue(page: str, workspace: str) -> str | None:
        call = Call("save", "x", {"append": page})
        return Request(stable_id("x"), Sender("slack", "U1", "", workspace), call, {}).queue

    assert queue("My  Notes", "T1") == queue("my notes", "T1")
    assert queue("My Notes", "T1") != queue("My Notes", "T2")


async def test_what_the_app_answered_is_part_of_the_thread(database: Database, room: Room) -> None:
    async with database.begin() as unit:
        await unit.messages.keep(CHANNEL, "m1", SAID)
    await conversation(database, room).said("On Thursday.")
    await conversation(database, room).said("On Thursday.")
    found = await conversation(database, room).thread()
    assert [m.text for m in found if m.ours] == ["Noted: Thursday.", "On Thursday."]


async def test_an_answer_stands_behind_its_question_and_before_what_was_asked_meanwhile(
    database: Database, room: Room
) -> None:
    async with database.begin() as unit:
        await unit.messages.keep(CHANNEL, "m1", [*SAID, message(5, "And where?")])
    await conversation(database, room).said("On Thursday.")
    found = await conversation(database, room).thread()
    assert [m.text for m in found][3:] == ["When do we ship?", "On Thursday.", "And where?"]
    assert Turn("assistant", "On Thursday.") in turns(found, "m5")


def test_a_message_survives_as_json() -> None:
    whole = message(
        1, "x", link="https://a.example", ours=True, files=(File("a", "https://b.example"),)
    )
    assert Message.from_json(whole.to_json()) == whole
