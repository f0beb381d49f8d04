"""Joining chat identities and accounts, on both databases; and who cannot."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from sqlalchemy import Table

from core.accounts.links import Links
from core.config import Settings
from core.errors import Conflict, Forbidden, InvalidInput, NotFound, RateLimited
from core.jobs.recognise import recognise
from core.limits.limits import Limits
from core.messages import Call, Request, Sender
from core.ports import Destination
from core.storage.account_tables import brought
from core.storage.content import Written
from core.storage.database import Database
from core.storage.links import LEFT, MOVED
from core.storage.tables import link_codes, metadata, ratings, users

ADA = Sender("slack", "U1", "Ada", "T1")
BOB = Sender("discord", "42", "Bob")
NOTES = Destination("n1", "page", "Notes", "https://notion.so/n1")
OTHER = Destination("n2", "page", "Other", "https://notion.so/n2")


@dataclass
class Stage:
    database: Database
    links: Links
    begun: list[UUID]

    async def asked(self, sender: Sender = ADA) -> str:
        """The code that `/notion link` shows this person."""
        request = Request(uuid4(), sender, Call("link"), {"channel": "C1", "workspace": "acme"})
        async with self.database.begin() as unit:
            await unit.users.of(sender)
        assert await self.links.offer(request)
        return self.links.code(request.id)

    async def account(self, name: str) -> UUID:
        async with self.database.begin() as unit:
            return (await unit.users.add(f"{name}@example.com", name, "hash")).id

    async def person(self, sender: Sender) -> UUID:
        async with self.database.begin() as unit:
            return (await unit.users.of(sender)).id

    async def wrote(self, user: UUID, prompt: str) -> UUID:
        item = uuid4()
        async with self.database.begin() as unit:
            await unit.content.begin(item, user, prompt, None)
            await unit.content.finish(item, Written("Text", "openai", "m", None, 1, 1))
        return item

    async def kept(self, table: Table) -> list[object]:
        async with self.database.engine.connect() as connection:
            return list(await connection.execute(table.select()))

    async def rows(self) -> str:
        """All that the tables hold, as text."""
        found = []
        async with self.database.engine.connect() as connection:
            for table in metadata.sorted_tables:
                found += [str(row) for row in await connection.execute(table.select())]
        return "\n".join(found)


@pytest.fixture
def stage(database: Database) -> Stage:
    settings = Settings(
        _env_file=None,
        database_url="postgresql://elsewhere/x",
        public_url="https://notes.example",
        secret_key="k" * 40,
    )
    begun: list[UUID] = []
    return Stage(database, Links(settings, database, Limits(settings), begun.append), begun)


def test_a_merge_knows_every_table_that_holds_something_of_a_person() -> None:
    theirs = {
        table.name
        for table in metadata.sorted_tables
        for column in table.columns
        if any(key.references(users) for key in column.foreign_keys)
    }
    assert theirs == MOVED | LEFT


async def test_all_of_a_chat_person_becomes_the_accounts_and_the_person_is_gone(
    stage: Stage,
) -> None:
    ada, chat = await stage.account("ada"), await stage.person(ADA)
    item, rated_by_both = await stage.wrote(chat, "from chat"), await stage.wrote(ada, "from web")
    running = Request(uuid4(), ADA, Call("generate", "running"))
    async with stage.database.begin() as unit:
        await unit.content.saved(item, "page", "https://notion.so/p")
        await unit.users.prefer(chat, {"provider": "openai", "template": "retro"})
        await unit.users.prefer(ada, {"provider": "anthropic"})
        await unit.destinations.choose(chat, NOTES)
        await unit.inbox.add([running])
        await unit.inbox.belongs_to(running.id, chat)
        await unit.ratings.rate(item, chat, good=True)
        await unit.ratings.rate(rated_by_both, chat, good=True)
        await unit.ratings.rate(rated_by_both, ada, good=False)
    found = await stage.links.confirm(ada, await stage.asked())
    assert (found.identity.platform, found.identity.name, found.workspace) == (
        "slack",
        "Ada",
        "acme",
    )
    async with stage.database.begin() as unit:
        assert {each.prompt for each in await unit.content.page(ada)} == {"from chat", "from web"}
        kept = await unit.content.get(item, ada)
        assert kept is not None
        assert kept.notion_url == "https://notion.so/p"
        user = await unit.users.of(ADA)
        assert user.id == ada
        assert user.preferences == {"provider": "anthropic", "template": "retro"}
        assert (await unit.destinations.of(ada, None)).person == NOTES
        assert await unit.inbox.owner(running.id) == ada
        assert await unit.ratings.of([item, rated_by_both]) == {item: (1, 0), rated_by_both: (0, 1)}
        assert await unit.users.get(chat) is None


async def test_the_accounts_own_destination_stays(stage: Stage) -> None:
    ada, chat = await stage.account("ada"), await stage.person(ADA)
    async with stage.database.begin() as unit:
        await unit.destinations.choose(chat, NOTES)
        await unit.destinations.choose(ada, OTHER)
    await stage.links.confirm(ada, await stage.asked())
    async with stage.database.read() as unit:
        assert (await unit.destinations.of(ada, None)).person == OTHER


async def test_the_chat_hears_of_it_on_the_same_private_way(stage: Stage) -> None:
    ada = await stage.account("ada")
    await stage.links.confirm(ada, await stage.asked())
    [notice] = stage.begun
    async with stage.database.read() as unit:
        kept = await unit.inbox.get(notice)
    assert kept is not None
    assert kept.request.sender == ADA
    assert kept.request.address["channel"] == "C1"
    assert kept.request.call == Call("linked", "ada (a…@example.com)")


async def test_no_code_is_kept_in_clear(stage: Stage) -> None:
    ada = await stage.account("ada")
    codes = [await stage.asked(), (await stage.links.web_code(ada)).replace("-", "")]
    kept = await stage.rows()
    assert all(code not in kept for code in codes)
    assert len(codes[0]) * 5 >= 128


async def test_a_code_works_once(stage: Stage) -> None:
    ada, eve = await stage.account("ada"), await stage.account("eve")
    code = await stage.asked()
    await stage.links.confirm(ada, code)
    for who in (ada, eve):
        with pytest.raises(Conflict, match="used already"):
            await stage.links.confirm(who, code)
    assert await stage.person(ADA) == ada


async def test_of_two_at_once_one_account_gets_the_identity(stage: Stage) -> None:
    ada, eve = await stage.account("ada"), await stage.account("eve")
    code = await stage.asked()
    ends = await asyncio.gather(
        *(stage.links.confirm(who, code) for who in (ada, eve)), return_exceptions=True
    )
    assert sorted(isinstance(each, Exception) for each in ends) == [False, True]
    winner = ada if not isinstance(ends[0], Exception) else eve
    assert await stage.person(ADA) == winner


async def test_a_code_ends_after_ten_minutes_and_with_the_next_one(stage: Stage) -> None:
    ada = await stage.account("ada")
    first = await stage.asked()
    second = await stage.asked()
    with pytest.raises(InvalidInput, match="not valid"):
        await stage.links.confirm(ada, first)
    with (
        time_machine.travel(datetime.now(UTC) + timedelta(seconds=601)),
        pytest.raises(InvalidInput, match="ten minutes"),
    ):
        await stage.links.confirm(ada, second)
    assert await stage.person(ADA) != ada


@pytest.mark.parametrize(
    "dress", [str.lower, lambda code: f"https://notes.example/link#code={code}"]
)
async def test_a_code_may_be_typed_or_pasted_with_its_link(stage: Stage, dress: object) -> None:
    ada = await stage.account("ada")
    await stage.links.confirm(ada, dress(await stage.asked()))  # type: ignore[operator]
    assert await stage.person(ADA) == ada


# ── Somebody who merely saw the link ─────────────────────────────────────────────────────────────


async def test_who_sees_a_link_that_its_owner_has_opened_can_do_nothing(stage: Stage) -> None:
    ada, eve = await stage.account("ada"), await stage.account("eve")
    code = await stage.asked()
    assert (await stage.links.preview(ada, code)).identity.name == "Ada"
    for step in (stage.links.preview, stage.links.confirm):
        with pytest.raises(Forbidden, match="another account"):
            await step(eve, code)
    await stage.links.confirm(ada, code)
    assert await stage.person(ADA) == ada


async def test_who_was_first_to_open_a_seen_link_is_found_out_and_a_new_one_ends_it(
    stage: Stage,
) -> None:
    ada, eve = await stage.account("ada"), await stage.account("eve")
    seen = await stage.asked()
    await stage.links.preview(eve, seen)
    with pytest.raises(Forbidden, match="If that was not you, type `/notion link` again"):
        await stage.links.preview(ada, seen)
    await stage.links.confirm(ada, await stage.asked())
    with pytest.raises(InvalidInput, match="not valid"):
        await stage.links.confirm(eve, seen)
    assert await stage.person(ADA) == ada


async def test_a_code_from_a_link_is_of_no_use_in_chat_nor_a_typed_one_on_the_web(
    stage: Stage,
) -> None:
    ada = await stage.account("ada")
    code = await stage.asked()
    await stage.person(BOB)
    with pytest.raises(InvalidInput, match="not valid"):
        await stage.links.redeem(BOB, code)
    with pytest.raises(InvalidInput, match="not valid"):
        await stage.links.confirm(ada, await stage.links.web_code(ada))


async def test_guessing_ends_after_five_wrong_codes_even_with_the_right_one(stage: Stage) -> None:
    ada = await stage.account("ada")
    await stage.person(BOB)
    right = await stage.links.web_code(ada)
    for number in range(5):
        with pytest.raises(InvalidInput):
            await stage.links.redeem(BOB, f"AAAAA-AAAA{number}")
    with pytest.raises(RateLimited):
        await stage.links.redeem(BOB, right)
    assert await stage.person(BOB) != ada


async def test_an_identity_is_never_taken_from_another_account(stage: Stage) -> None:
    ada, eve = await stage.account("ada"), await stage.account("eve")
    code = await stage.asked()
    await stage.links.redeem(ADA, await stage.links.web_code(ada))
    with pytest.raises(Conflict, match="Type `/notion unlink`"):
        await stage.links.confirm(eve, code)
    with pytest.raises(Conflict, match="Type `/notion unlink`"):
        await stage.links.redeem(ADA, await stage.links.web_code(eve))
    assert await stage.person(ADA) == ada


async def test_somebody_erased_meanwhile_has_a_clear_end(stage: Stage) -> None:
    ada, chat = await stage.account("ada"), await stage.person(ADA)
    code, typed = await stage.asked(), await stage.links.web_code(ada)
    async with stage.database.begin() as unit:
        await unit.users.delete(chat)
    with pytest.raises(InvalidInput, match="not valid"):
        await stage.links.confirm(ada, code)
    await stage.person(BOB)
    async with stage.database.begin() as unit:
        await unit.users.delete(ada)
    with pytest.raises(InvalidInput, match="not valid"):
        await stage.links.redeem(BOB, typed)


# ── From the web to chat, and apart again ────────────────────────────────────────────────────────


async def test_a_code_from_the_web_joins_whoever_types_it_and_twice_is_once(stage: Stage) -> None:
    ada, chat = await stage.account("ada"), await stage.person(BOB)
    await stage.wrote(chat, "from chat")
    code = await stage.links.web_code(ada)
    for _ in range(2):
        await stage.links.redeem(BOB, code.lower())
    assert await stage.person(BOB) == ada
    await stage.person(ADA)
    with pytest.raises(InvalidInput, match="not valid"):
        await stage.links.redeem(ADA, code)
    async with stage.database.read() as unit:
        assert [each.prompt for each in await unit.content.page(ada)] == ["from chat"]


async def test_what_was_parted_is_a_person_of_its_own_and_can_be_joined_again(
    stage: Stage,
) -> None:
    ada = await stage.account("ada")
    await stage.links.confirm(ada, await stage.asked())
    item = await stage.wrote(ada, "kept")
    assert await stage.links.leave(ADA, ada)
    assert await stage.links.leave(ADA, ada), "a second time, after a crash"
    fresh = await stage.person(ADA)
    assert fresh != ada
    assert not await stage.links.leave(ADA, fresh)
    async with stage.database.read() as unit:
        assert await unit.content.page(fresh) == []
        assert await unit.content.get(item, ada) is not None
    await stage.links.confirm(ada, await stage.asked())
    assert await stage.person(ADA) == ada


async def test_only_its_owner_parts_an_identity_over_http(stage: Stage) -> None:
    ada, eve = await stage.account("ada"), await stage.account("eve")
    found = await stage.links.confirm(ada, await stage.asked())
    for who, which in ((eve, found.identity.id), (ada, uuid4())):
        with pytest.raises(NotFound):
            await stage.links.unlink(who, which)
    await stage.links.unlink(ada, found.identity.id)
    assert await stage.person(ADA) != ada


async def test_erasing_takes_codes_and_ratings_along(stage: Stage) -> None:
    ada, eve = await stage.account("ada"), await stage.account("eve")
    item = await stage.wrote(eve, "an answer")
    await stage.asked()
    await stage.links.web_code(ada)
    chat = await stage.person(ADA)
    async with stage.database.begin() as unit:
        await unit.ratings.rate(item, ada, good=True)
    async with stage.database.begin() as unit:
        for who in (ada, chat):
            await unit.users.delete(who)
    async with stage.database.engine.connect() as connection:
        for table in (ratings, link_codes):
            assert (await connection.execute(table.select())).all() == []


async def test_a_request_of_somebody_who_is_being_joined_is_the_accounts(stage: Stage) -> None:
    ada, chat = await stage.account("ada"), await stage.person(ADA)
    early, late = (Request(uuid4(), ADA, Call("generate", "x")) for _ in range(2))
    async with stage.database.begin() as unit:
        await unit.inbox.add([early, late])
        assert await recognise(unit, early) == chat
    await stage.links.confirm(ada, await stage.asked())
    async with stage.database.begin() as unit:
        # What began before still says whose it was.
        await unit.content.begin(early.id, chat, "x", None)
        assert await unit.content.get(early.id, ada) is not None
        assert await recognise(unit, late) == ada


# ── Somebody who merely saw the link ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize("hidden", [False, True], ids=["still linked", "parted by the thief"])
async def test_who_saw_the_link_and_was_quicker_keeps_nothing_of_it(
    stage: Stage, *, hidden: bool
) -> None:
    eve, chat = await stage.account("eve"), await stage.person(ADA)
    item, hers = await stage.wrote(chat, "ada's"), await stage.wrote(eve, "eve's")
    async with stage.database.begin() as unit:
        await unit.users.prefer(chat, {"template": "retro"})
        await unit.destinations.choose(chat, NOTES)
    stolen = await stage.asked()
    joined = await stage.links.confirm(eve, stolen)
    if hidden:
        await stage.links.unlink(eve, joined.identity.id)
    me = await stage.person(ADA)
    assert await stage.links.leave(ADA, me, not_me=True) is True
    me = await stage.person(ADA)
    assert me != eve
    async with stage.database.begin() as unit:
        assert [each.id for each in await unit.content.page(me)] == [item]
        assert [each.id for each in await unit.content.page(eve)] == [hers]
        assert (await unit.destinations.of(me, None)).person == NOTES
        user = await unit.users.get(me)
    assert user is not None
    assert user.preferences == {"template": "retro"}
    assert await stage.links.leave(ADA, me, not_me=True) is False, "there is no more to undo"
    ada = await stage.account("ada")
    await stage.links.confirm(ada, await stage.asked())
    assert await stage.person(ADA) == ada


async def test_what_was_written_after_the_link_stays_with_the_account(stage: Stage) -> None:
    ada, chat = await stage.account("ada"), await stage.person(ADA)
    before = await stage.wrote(chat, "before")
    await stage.links.confirm(ada, await stage.asked())
    after = await stage.wrote(ada, "after")
    await stage.links.leave(ADA, ada)
    async with stage.database.read() as unit:
        assert {each.id for each in await unit.content.page(ada)} == {before, after}


async def test_after_a_day_nothing_is_taken_back(stage: Stage) -> None:
    ada, chat = await stage.account("ada"), await stage.person(ADA)
    item = await stage.wrote(chat, "before")
    await stage.links.confirm(ada, await stage.asked())
    async with stage.database.begin() as unit:
        await unit.links.forget(datetime.now(UTC) + timedelta(days=1))
    await stage.links.leave(ADA, ada, not_me=True)
    async with stage.database.read() as unit:
        assert [each.id for each in await unit.content.page(ada)] == [item]
    assert str(item) not in str(await stage.kept(brought))


async def test_a_link_takes_no_identity_from_an_account(stage: Stage) -> None:
    ada, eve = await stage.account("ada"), await stage.account("eve")
    seen = await stage.asked()
    await stage.links.redeem(ADA, await stage.links.web_code(ada))
    with pytest.raises(Conflict, match="another account"):
        await stage.links.confirm(eve, seen)
    assert await stage.person(ADA) == ada


@pytest.fixture
def strict(stage: Stage) -> Stage:
    """A server that asks in chat before it joins anybody."""
    settings = stage.links._settings.model_copy(update={"link_confirmation": "chat"})
    stage.links = Links(settings, stage.database, stage.links.limits, stage.begun.append)
    return stage


async def test_where_the_chat_is_asked_who_saw_the_link_can_do_nothing(strict: Stage) -> None:
    eve, chat = await strict.account("eve"), await strict.person(ADA)
    item = await strict.wrote(chat, "ada's")
    code = await strict.asked()
    for _ in range(2):
        with pytest.raises(Conflict, match="/notion link yes"):
            await strict.links.confirm(eve, code)
    async with strict.database.begin() as unit:
        assert await unit.content.page(eve) == []
        assert [each.id for each in await unit.content.page(chat)] == [item]
        asked = await unit.inbox.get(strict.begun[0])
        await unit.users.of(BOB)
    assert asked is not None
    assert asked.request.call == Call("link-asked", "eve (e…@example.com)")
    with pytest.raises(InvalidInput, match="Nobody asks"):
        await strict.links.accept(BOB)
    # Her own link ends the one that was seen, and what was asked with it.
    await strict.asked()
    with pytest.raises(InvalidInput, match="Nobody asks"):
        await strict.links.accept(ADA)
    assert await strict.person(ADA) == chat


async def test_where_the_chat_is_asked_a_yes_joins_once_and_in_time(strict: Stage) -> None:
    ada, chat = await strict.account("ada"), await strict.person(ADA)
    item = await strict.wrote(chat, "ada's")
    with pytest.raises(Conflict):
        await strict.links.confirm(ada, await strict.asked())
    with (
        time_machine.travel(datetime.now(UTC) + timedelta(seconds=601)),
        pytest.raises(InvalidInput, match="Nobody asks"),
    ):
        await strict.links.accept(ADA)
    for _ in range(2):
        await strict.links.accept(ADA)
    assert await strict.person(ADA) == ada
    async with strict.database.read() as unit:
        assert [each.id for each in await unit.content.page(ada)] == [item]
