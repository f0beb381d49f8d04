from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from core.messages import Call, Channel, Request, Sender
from core.ports import Destination
from core.storage.database import Database
from core.storage.destinations import Choices
from core.storage.tables import destinations

ADA = Sender("slack", "U1", "Ada", "T1")
GENERAL = Channel("slack", "T1:C1")
NOTES = Destination(str(uuid4()), "data_source", "Notes", "https://notion.so/notes")
PLANS = Destination(str(uuid4()), "page", "Plans 🚀", "https://notion.so/plans")


async def ada(database: Database) -> UUID:
    async with database.begin() as unit:
        return (await unit.users.of(ADA)).id


async def test_a_person_and_a_channel_each_have_a_choice_of_their_own(database: Database) -> None:
    person = await ada(database)
    async with database.begin() as unit:
        assert await unit.destinations.of(person, GENERAL) == Choices()
        await unit.destinations.choose(person, NOTES)
        await unit.destinations.choose(GENERAL, PLANS)
        assert await unit.destinations.of(person, GENERAL) == Choices(NOTES, PLANS)
        assert await unit.destinations.of(person, None) == Choices(NOTES, None)
        assert await unit.destinations.of(uuid4(), GENERAL) == Choices(None, PLANS)
        for other in (Channel("slack", "T1:C2"), Channel("discord", "T1:C1")):
            assert await unit.destinations.of(uuid4(), other) == Choices()


async def test_a_new_choice_takes_the_place_of_the_old_one(database: Database) -> None:
    person = await ada(database)
    async with database.begin() as unit:
        for holder in (person, GENERAL):
            await unit.destinations.choose(holder, NOTES)
            await unit.destinations.choose(holder, PLANS)
        assert await unit.destinations.of(person, GENERAL) == Choices(PLANS, PLANS)


async def test_a_choice_taken_back_is_told_once_and_leaves_the_others(database: Database) -> None:
    person = await ada(database)
    async with database.begin() as unit:
        await unit.destinations.choose(person, NOTES)
        await unit.destinations.choose(GENERAL, PLANS)
        assert await unit.destinations.clear(person) == NOTES
        assert await unit.destinations.clear(person) is None
        assert await unit.destinations.of(person, GENERAL) == Choices(None, PLANS)
        assert await unit.destinations.clear(GENERAL) == PLANS
        assert await unit.destinations.of(person, GENERAL) == Choices()


async def test_deleting_a_person_deletes_their_choice_and_leaves_the_channels(
    database: Database,
) -> None:
    person = await ada(database)
    async with database.begin() as unit:
        await unit.destinations.choose(person, NOTES)
        await unit.destinations.choose(GENERAL, PLANS)
        await unit.users.delete(person)
        assert await unit.destinations.of(person, GENERAL) == Choices(None, PLANS)


@pytest.mark.parametrize(
    "holder",
    [
        {},
        {"platform": "slack"},
        {"place": "T1:C1"},
        {"user_id": "ada", "platform": "slack", "place": "T1:C1"},
    ],
    ids=["nobody's", "no place", "no platform", "both"],
)
async def test_a_choice_belongs_to_a_person_or_to_a_channel(
    database: Database, holder: dict[str, Any]
) -> None:
    if "user_id" in holder:
        holder = holder | {"user_id": await ada(database)}
    row = {"id": uuid4(), "notion_id": "n", "kind": "page", "title": "", "url": ""}
    row |= {"created_at": datetime.now(UTC), **holder}
    async with database.engine.begin() as connection:
        with pytest.raises(IntegrityError):
            await connection.execute(destinations.insert().values(row))


async def test_a_request_remembers_its_place_and_an_older_one_has_none(database: Database) -> None:
    request = Request(uuid4(), ADA, Call("help"), {"channel": "C1"}, "T1:C1")
    assert request.channel == GENERAL
    async with database.begin() as unit:
        await unit.inbox.add([request])
        kept = await unit.inbox.get(request.id)
    assert kept is not None
    assert kept.request == request
    older = request.to_json()
    del older["place"]
    assert Request.from_json(older).channel is None
