"""Heartbeats, and what is asked after a silence, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.messages import Call, Channel, Message, Request, Sender, marked_queue, stable_id
from core.storage.database import Database

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PLACE = "T1:C1"


def marking(message: str, number: int, command: str = "save-marked") -> Request:
    address = {"message": message, "marked": "yes"}
    sender = Sender("slack", f"U{number}", workspace="T1")
    return Request(stable_id(message, str(number)), sender, Call(command), address, PLACE)


async def test_the_newest_heartbeat_counts_whoever_writes_last(database: Database) -> None:
    async with database.begin() as unit:
        assert await unit.heartbeats.get("slack") is None
        await unit.heartbeats.keep("slack", NOW)
        await unit.heartbeats.keep("discord", NOW + timedelta(hours=1))
        await unit.heartbeats.keep("slack", NOW - timedelta(seconds=5))
        assert await unit.heartbeats.get("slack") == NOW
        await unit.heartbeats.keep("slack", NOW + timedelta(seconds=5))
    async with database.read() as unit:
        assert await unit.heartbeats.get("slack") == NOW + timedelta(seconds=5)


async def test_what_reactions_to_a_message_asked_for_comes_in_order(database: Database) -> None:
    first, second, other = marking("1.1", 1), marking("1.1", 2, "undo-save"), marking("2.2", 3)
    async with database.begin() as unit:
        await unit.inbox.add([first, second, other])
    async with database.read() as unit:
        found = await unit.inbox.about("slack", marked_queue(PLACE, "1.1"))
        assert [each.request for each in found] == [first, second]
        assert await unit.inbox.about("discord", marked_queue(PLACE, "1.1")) == []


async def test_recent_places_are_those_where_something_was_said_or_asked(
    database: Database,
) -> None:
    async with database.begin() as unit:
        for number, thread in enumerate(("old", "new", "newer", "new")):
            said = Message(str(number), "Ada", "Hello", NOW + timedelta(hours=number))
            await unit.messages.keep(Channel("slack", PLACE), thread, [said])
        await unit.inbox.add([marking("1.1", 1)])
    async with database.read() as unit:
        assert await unit.messages.recent("slack", NOW, 9) == [(PLACE, "new"), (PLACE, "newer")]
        assert await unit.messages.recent("slack", NOW, 1) == [(PLACE, "new")]
        assert await unit.messages.recent("discord", NOW, 9) == []
        long_ago = datetime.now(UTC) - timedelta(minutes=1)
        assert await unit.inbox.places("slack", long_ago, 9) == [PLACE]
        assert await unit.inbox.places("slack", long_ago + timedelta(minutes=2), 9) == []
