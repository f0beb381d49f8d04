"""What was said in threads, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from core.messages import Channel, File, Message
from core.storage.database import Database

CHANNEL = Channel("slack", "T1:C1")
SAID = Message(
    "1.1",
    "Ada",
    "Hello",
    datetime(2026, 11, 24, tzinfo=UTC),
    files=(File("a", "https://b.example"),),
)


async def test_a_thread_comes_back_in_order_and_apart_from_others(database: Database) -> None:
    later = replace(SAID, id="1.2", at=SAID.at + timedelta(seconds=1))
    async with database.begin() as unit:
        await unit.messages.keep(CHANNEL, "1.1", [later, SAID])
        await unit.messages.keep(CHANNEL, "9.9", [replace(SAID, id="9.9")])
        await unit.messages.keep(Channel("slack", "T1:C2"), "1.1", [replace(SAID, text="other")])
    async with database.read() as unit:
        assert await unit.messages.thread(CHANNEL, "1.1") == [SAID, later]


async def test_a_message_heard_again_takes_the_place_of_the_first(database: Database) -> None:
    async with database.begin() as unit:
        await unit.messages.keep(CHANNEL, "1.1", [SAID], to_us=True)
        await unit.messages.keep(CHANNEL, "1.1", [replace(SAID, text="edited")])
    async with database.read() as unit:
        (found,) = await unit.messages.thread(CHANNEL, "1.1")
        assert found.text == "edited"
        assert await unit.messages.takes_part(CHANNEL, "1.1")


async def test_the_app_takes_part_where_it_wrote_or_was_written_to(database: Database) -> None:
    async with database.begin() as unit:
        await unit.messages.keep(CHANNEL, "heard", [replace(SAID, id="1")])
        await unit.messages.keep(CHANNEL, "asked", [replace(SAID, id="2")], to_us=True)
        await unit.messages.keep(CHANNEL, "wrote", [replace(SAID, id="3", ours=True)])
    async with database.read() as unit:
        found = [await unit.messages.takes_part(CHANNEL, t) for t in ("heard", "asked", "wrote")]
    assert found == [False, True, True]


async def test_old_messages_are_forgotten(database: Database) -> None:
    async with database.begin() as unit:
        await unit.messages.keep(CHANNEL, "1.1", [SAID])
        await unit.messages.forget(datetime.now(UTC) - timedelta(days=1))
        assert await unit.messages.thread(CHANNEL, "1.1") == [SAID]
        await unit.messages.forget(datetime.now(UTC) + timedelta(seconds=1))
        assert await unit.messages.thread(CHANNEL, "1.1") == []
