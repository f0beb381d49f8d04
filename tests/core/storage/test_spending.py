from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import time_machine

from core.accounts.usage import Spending, Usage
from core.history.history import History
from core.messages import Sender
from core.storage.content import Written
from core.storage.database import Database
from core.storage.spending import Cost, Spent

NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)


async def person(database: Database, name: str = "ada") -> UUID:
    async with database.begin() as unit:
        return (await unit.users.of(Sender("console", name))).id


async def spend(
    database: Database, user: UUID, model: str, when: datetime, tokens: tuple[int, int] = (10, 100)
) -> UUID:
    """One finished item of this moment."""
    item, provider = uuid4(), model.partition("-")[0]
    with time_machine.travel(when, tick=False):
        async with database.begin() as unit:
            await unit.content.begin(item, user, "prompt", None)
            await unit.content.finish(item, Written("text", provider, model, None, *tokens))
    return item


async def test_what_was_spent_is_summed_by_model_for_each_period(database: Database) -> None:
    ada = await person(database)
    midnight = NOON.replace(hour=0)
    for when in (NOON, midnight, midnight - timedelta(seconds=1), NOON - timedelta(days=30)):
        await spend(database, ada, "openai-large", when)
    await spend(database, ada, "openai-small", NOON - timedelta(days=29), (1, 2))
    found = await History(database).spent(ada, NOON)
    assert found == [
        Spent("openai", "openai-large", Cost(2, 20, 200), Cost(3, 30, 300), Cost(4, 40, 400)),
        Spent("openai", "openai-small", Cost(0, 0, 0), Cost(1, 1, 2), Cost(1, 1, 2)),
    ]


async def test_nothing_of_others_and_nothing_unfinished_is_counted(database: Database) -> None:
    ada, bob = await person(database), await person(database, "bob")
    await spend(database, bob, "openai-large", NOON)
    async with database.begin() as unit:
        await unit.content.begin(uuid4(), ada, "still being written", None)
    assert await History(database).spent(ada, NOON) == []


async def test_what_is_deleted_stays_counted_as_it_does_on_the_web(database: Database) -> None:
    ada = await person(database)
    item = await spend(database, ada, "openai-large", NOON)
    await spend(database, ada, "openai-large", NOON)
    history = History(database)
    await history.delete(ada, item)
    [left] = await history.spent(ada, NOON)
    assert left.ever == Cost(2, 20, 200)
    with time_machine.travel(NOON, tick=False):
        report = await Usage(database, {}).report(30, ada)
    assert report.total == Spending(2, 20, 200, None)


async def test_the_costliest_model_comes_first(database: Database) -> None:
    ada = await person(database)
    for model, tokens in (("a-cheap", (1, 1)), ("b-dear", (500, 0)), ("c-middling", (2, 20))):
        await spend(database, ada, model, NOON, tokens)
    found = await History(database).spent(ada, NOON)
    assert [each.provider for each in found] == ["b", "c", "a"]
