"""What admins are told of people and of work, asked of both databases."""

from datetime import UTC, datetime
from uuid import uuid4

from core.accounts.usage import Spending, Usage
from core.messages import Call, Request, Sender
from core.storage.database import Database
from core.storage.spending import Day, day_of


async def test_unfinished_work_is_counted_and_the_oldest_is_known(database: Database) -> None:
    async with database.read() as unit:
        assert await unit.inbox.unfinished() == (0, None)
    asked = [Request(uuid4(), Sender("slack", "U1"), Call("help")) for _ in range(3)]
    before = datetime.now(UTC)
    async with database.begin() as unit:
        await unit.inbox.add(asked)
        await unit.inbox.finish(asked[0].id)
    async with database.read() as unit:
        count, oldest = await unit.inbox.unfinished()
    assert count == 2
    assert oldest is not None
    assert before <= oldest <= datetime.now(UTC)


async def test_the_oldest_account_that_is_on_comes_after_another(database: Database) -> None:
    async with database.begin() as unit:
        await unit.users.of(Sender("slack", "U1", "Ada"))
        ada, bob, eve = [await unit.users.add(f"{n}@x.org", n, None) for n in ("ada", "bob", "eve")]
        assert (await unit.people.oldest(but=ada.id)) == bob
        await unit.people.change(bob.id, disabled_at=datetime.now(UTC))
        found = await unit.people.oldest(but=ada.id)
        assert found is not None
        assert found.id == eve.id
        await unit.people.change(eve.id, disabled_at=datetime.now(UTC))
        assert await unit.people.oldest(but=ada.id) is None, "who is known from chat has no account"


async def test_the_cost_of_each_person_is_of_what_has_a_price(database: Database) -> None:
    today = day_of(datetime.now(UTC))
    async with database.begin() as unit:
        ada, bob, eve = [await unit.users.add(f"{n}@x.org", n, None) for n in ("ada", "bob", "eve")]
        for who, provider, tokens in (
            (ada, "openai", 1_000_000),
            (ada, "other", 5_000_000),
            (bob, "openai", 2_000_000),
            (eve, "other", 1_000_000),
        ):
            await unit.spending.add(who.id, Day(today, provider, "m", 1, 0, tokens))
        await unit.users.delete(bob.id)
    usage = Usage(database, {"openai": (1.0, 10.0)})
    found = {each.name: each for each in await usage.people(7)}
    assert found["ada"].spent == Spending(2, 0, 6_000_000, None)
    assert found["ada"].known == 10.0
    assert found[None].spent == Spending(1, 0, 2_000_000, 20.0), "who was erased stays counted"
    assert found["eve"].spent.cost is None
    assert found["eve"].known == 0
    assert await Usage(database, {}).people(7) != []
