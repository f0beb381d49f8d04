"""Connections by OAuth: whose they are, which one is used, and tokens that end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from core.config import Settings
from core.errors import AssistantError, InvalidInput, Misconfigured, NotionFailed, RateLimited
from core.messages import Channel, Sender, Workspace
from core.notion.client import NotionPages
from core.notion.connected import Connected
from core.notion.connections import Connections
from core.notion.oauth import Granted
from core.notion.places import Places
from core.notion.saving import Patience, Saving
from core.notion.tokens import Lost
from core.notion.whose import Whose, asking_by, asking_for
from core.overview import Overviews
from core.ports import Linked
from core.storage.connection_tables import notion_connections
from core.storage.connections import Holder
from core.storage.database import Database
from sandbox.notion import users
from sandbox.notion.errors import RefusedError
from sandbox.notion.hooks import Faults
from sandbox.notion.ids import PERSON_USER_ID, ROOT_PAGE_ID
from sandbox.notion.records import Parent
from sandbox.notion.server import NotionServer
from tests.core.notion.consent import agree
from tests.core.notion.saved import PUBLIC_URL, Add, Steps


class Person:
    """Somebody known from chat."""

    def __init__(self, id_: UUID) -> None:
        self.id = id_


@pytest.fixture
def settings(notion: NotionServer) -> Settings:
    return Settings(
        _env_file=None,
        database_url="postgresql://elsewhere/x",
        public_url="https://notes.example",
        secret_key="k" * 40,
        notion_client_id=notion.grants.client_id,
        notion_client_secret=notion.grants.client_secret,
        notion_base_url=notion.base_url,
    )


@pytest.fixture
async def connections(
    settings: Settings, database: Database, pages: NotionPages
) -> AsyncIterator[Connections]:
    made = Connections(settings, database, pages)
    yield made
    await made.close()


@pytest.fixture
async def ada(database: Database) -> Person:
    async with database.begin() as unit:
        return Person((await unit.users.of(Sender("slack", "ada", "Ada", "T1"))).id)


def page(notion: NotionServer, title: str, under: str = ROOT_PAGE_ID) -> str:
    """A page that is there."""
    text = [{"type": "text", "text": {"content": title}, "plain_text": title}]
    body = {"properties": {"title": {"id": "title", "type": "title", "title": text}}}
    return notion.store.add_page(Parent("page_id", under), body, []).id


async def consent(connections: Connections, *pages: str) -> Granted:
    """What Notion gives for a consent."""
    grants = connections.grants
    back, query = await agree(grants.authorize_url("s1"), *pages)
    assert (back, query["state"]) == ("https://notes.example/auth/notion/callback", "s1")
    return await grants.exchange(query["code"])


async def test_a_code_is_traded_once_and_tells_whose_notion_it_is(connections: Connections) -> None:
    _, query = await agree(connections.grants.authorize_url("s1"))
    granted = await connections.grants.exchange(query["code"])
    assert (granted.workspace_name, granted.owner) == ("Sandbox", "Robin Example")
    assert granted.owner_id == PERSON_USER_ID
    assert granted.refresh_token is not None
    with pytest.raises(NotionFailed, match="Connect Notion again"):
        await connections.grants.exchange(query["code"])


async def test_a_wrong_client_secret_is_named(settings: Settings, database: Database) -> None:
    wrong = settings.model_copy(
        update={"notion_client_secret": type(settings.secret_key)("another")}  # type: ignore[misc]
    )
    with pytest.raises(Misconfigured, match="NOTION_CLIENT_SECRET"):
        await Connections(wrong, database, None).grants.exchange("code")


async def test_a_persons_own_goes_first_then_the_workspaces_then_the_servers(
    connections: Connections, ada: Person
) -> None:
    whose = Whose(ada, "slack", "T1")
    with asking_for(whose):
        assert await connections.chain() == [""]
    own = await connections.connect(Holder(ada.id), await consent(connections), "Ada")
    shared = await connections.connect(
        Holder(None, "slack", "T1"), await consent(connections), "Admin"
    )
    with asking_for(whose):
        assert await connections.chain() == [str(own.id), str(shared.id), ""]
    with asking_for(Whose(None, "slack", "T1")):
        assert await connections.chain() == [str(shared.id), ""]
    with asking_for(Whose(Person(uuid4()), "slack", "T2")):
        assert await connections.chain() == [""]


async def test_tokens_are_encrypted_in_the_database(
    connections: Connections, database: Database, ada: Person
) -> None:
    granted = await consent(connections)
    await connections.connect(Holder(ada.id), granted, "Ada")
    async with database.engine.connect() as raw:
        kept = str((await raw.execute(notion_connections.select())).all())
    assert "Sandbox" in kept
    for secret in (granted.access_token, granted.refresh_token or ""):
        assert secret not in kept


async def test_a_place_is_saved_to_by_the_connection_that_sees_it(
    connections: Connections,
    database: Database,
    notion: NotionServer,
    ada: Person,
    add_item: Add,
    add_request: Add,
) -> None:
    mine, other = page(notion, "Mine"), page(notion, "Other")
    own = await connections.connect(Holder(ada.id), await consent(connections, mine), "Ada")
    pages = Connected(connections)
    saving = Saving(database, pages, PUBLIC_URL, Patience(looks=(0.0,), other=2, poll=0.02))
    with asking_for(Whose(ada, "slack", "T1")):
        # Ada picked one page; what she did not pick is reached by the server's token.
        assert (await pages.destination("Mine")).connection == str(own.id)
        assert (await pages.destination("Other")).connection == ""
        assert (await pages.destination(None)).id == mine
        found = await pages.destinations("")
        assert [one.connection for one in found if one.id == mine] == [str(own.id)]
        assert {other, mine} <= {one.id for one in found}
        for place in (mine, other):
            item = await add_item("# T\n\n" + "x\n\n" * 200)
            await saving.save(Steps(), await add_request(), item, place)
    tokens = {notion.grants.all[0].access: 0, notion.token: 0}
    assert len(notion.store.pages_under(mine)) == len(notion.store.pages_under(other)) == 1
    assert len(tokens) == 2


async def test_what_only_ones_own_connection_sees_is_not_chosen_for_a_channel(
    connections: Connections, database: Database, notion: NotionServer, ada: Person
) -> None:
    mine = page(notion, "Mine")
    await connections.connect(Holder(ada.id), await consent(connections, mine), "Ada")
    own_only = Connections(connections._settings, database, None)
    places = Places(database, Connected(own_only))
    with asking_for(Whose(ada, "slack", "T1")):
        assert (await places.choose(ada.id, "Mine")).id == mine
        with pytest.raises(InvalidInput, match="Only your own connection"):
            await places.choose(Channel("slack", "T1:C1"), "Mine")
    await own_only.close()
    shared = Places(database, Connected(connections))
    with asking_for(Whose(ada, "slack", "T1")):
        assert (await shared.choose(Channel("slack", "T1:C1"), "Mine")).connection == ""


async def test_a_token_that_has_ended_is_renewed_once_for_many_in_two_processes(
    settings: Settings, database: Database, notion: NotionServer, ada: Person
) -> None:
    here, there = Connections(settings, database, None), Connections(settings, database, None)
    await here.connect(Holder(ada.id), await consent(here), "Ada")
    with asking_for(Whose(ada)):
        for process in (here, there):
            assert await Connected(process).destinations("")
        notion.grants.expire()
        asked = [Connected(process).destinations("") for process in (here, there) * 5]
        assert all(await asyncio.gather(*asked))
    assert notion.grants.refreshed == 1
    await here.close()
    await there.close()


async def test_who_agreed_before_that_was_kept_is_known_after_a_refresh(
    connections: Connections, database: Database, notion: NotionServer, ada: Person
) -> None:
    granted = replace(await consent(connections), owner_id="")
    row = await connections.connect(Holder(ada.id), granted, "Ada")
    assert row.owner_id == ""
    notion.grants.expire()
    with asking_for(Whose(ada)):
        assert await Connected(connections).destinations("")
    async with database.read() as unit:
        known = await unit.connections.get(row.id)
    assert known is not None
    assert known.owner_id == PERSON_USER_ID


async def test_a_refresh_whose_answer_was_lost_before_it_was_done_is_done_again(
    connections: Connections, notion: NotionServer, faults: Faults, ada: Person
) -> None:
    await connections.connect(Holder(ada.id), await consent(connections), "Ada")
    pages = Connected(connections)
    notion.grants.expire()
    faults.drop("POST", "/v1/oauth/token")
    with asking_for(Whose(ada)), asking_by((await connections.chain())[0]):
        with pytest.raises(NotionFailed, match="did not answer"):
            await pages.destinations("")
        assert await pages.destinations("")
    assert notion.grants.refreshed == 1


async def test_a_refresh_whose_answer_was_lost_after_it_was_done_wants_a_new_connection(
    connections: Connections, notion: NotionServer, faults: Faults, ada: Person
) -> None:
    await connections.connect(Holder(ada.id), await consent(connections), "Ada")
    pages = Connected(connections)
    notion.grants.expire()
    faults.drop("POST", "/v1/oauth/token", after_effect=True)
    with asking_for(Whose(ada)):
        with pytest.raises(NotionFailed, match="did not answer"):
            await pages.destination("Sandbox")
        with pytest.raises(Lost, match="Connect Notion again"):
            await pages.destination("Sandbox")
        # And nobody tries the used token on Notion.
        assert notion.grants.refreshed == 1
        assert [c.path for c in notion.requests].count("/v1/oauth/introspect") == 1
        with pytest.raises(Lost):
            await pages.destination("Sandbox")
        assert await connections.missing()


async def test_a_process_that_died_over_a_refresh_is_followed_by_another(
    settings: Settings, database: Database, notion: NotionServer, ada: Person
) -> None:
    connections = Connections(settings, database, None)
    row = await connections.connect(Holder(ada.id), await consent(connections), "Ada")
    now = datetime.now(UTC)
    async with database.begin() as unit:
        long_ago = now - timedelta(minutes=2)
        assert await unit.connections.claim(row.id, row.version, long_ago, long_ago)
    async with database.begin() as unit:
        assert not await unit.connections.claim(row.id, row.version + 1, now, now)
    notion.grants.expire()
    with asking_for(Whose(ada)):
        assert await Connected(connections).destinations("")
    assert notion.grants.refreshed == 1
    await connections.close()


async def test_nothing_goes_elsewhere_once_notion_took_a_connection_back(
    connections: Connections, notion: NotionServer, ada: Person
) -> None:
    await connections.connect(Holder(ada.id), await consent(connections), "Ada")
    pages = Connected(connections)
    notion.grants.remove()
    with asking_for(Whose(ada)):
        for _ in range(2):
            with pytest.raises(Lost, match="Your connection to “Sandbox”"):
                await pages.destination(None)
        # Connected again, the same holder's connection has the same id.
        before = await connections.of(Holder(ada.id))
        again = await connections.connect(Holder(ada.id), await consent(connections), "Ada")
        assert await pages.destinations("")
    now = await connections.of(Holder(ada.id))
    assert before is not None
    assert now is not None
    assert (now.id, now.lost_at) == (before.id, None)
    assert again.name == "Sandbox"


async def test_disconnecting_takes_the_token_back_at_notion(
    connections: Connections, notion: NotionServer, ada: Person
) -> None:
    await connections.connect(Holder(ada.id), await consent(connections), "Ada")
    row, revoked = await connections.disconnect(Holder(ada.id))
    assert row is not None
    assert revoked
    assert all(grant.ended for grant in notion.grants.all)
    assert await connections.disconnect(Holder(ada.id)) == (None, True)
    with asking_for(Whose(ada)):
        assert await connections.chain() == [""]


async def test_disconnecting_says_so_where_notion_does_not_answer(
    connections: Connections, faults: Faults, ada: Person
) -> None:
    await connections.connect(Holder(ada.id), await consent(connections), "Ada")
    faults.fail("POST", "/v1/oauth/revoke", "service_unavailable")
    _, revoked = await connections.disconnect(Holder(ada.id))
    assert not revoked


async def test_a_key_that_is_gone_is_named(
    settings: Settings, database: Database, connections: Connections, ada: Person
) -> None:
    await connections.connect(Holder(ada.id), await consent(connections), "Ada")
    other = settings.model_copy(update={"secret_key": type(settings.secret_key)("j" * 40)})  # type: ignore[misc]
    with asking_for(Whose(ada)), pytest.raises(AssistantError, match="SECRET_KEY"):
        await Connected(Connections(other, database, None)).destinations("")


async def test_places_to_choose_are_those_that_whoever_types_may_see(
    connections: Connections,
    settings: Settings,
    database: Database,
    notion: NotionServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sender, bob = Sender("slack", "ada", "Ada", "T1"), Sender("slack", "bob", "Bob", "T1")
    async with database.begin() as unit:
        ada = await unit.users.of(sender)
    mine = page(notion, "Plans of Ada")
    await connections.connect(Holder(ada.id), await consent(connections, mine), "Ada")
    # Nobody else has a token here.
    alone = Connections(settings, database, None)
    overviews = Overviews(database, {}, Connected(alone))

    async def offered(who: Sender | None, words: str = "plans") -> list[str]:
        return [one.value for one in await overviews.suggest("destination", words, sender=who)]

    providers: Any = {"p": SimpleNamespace(model="m")}
    standing = Overviews(database, providers, Connected(alone), connects=True)
    shown = await standing.overview(sender, None)
    assert shown.notion == (Linked(False, "Sandbox", "Robin Example"),)
    # Where pages go is what the connection of whoever asks says.
    assert shown.default is not None
    assert shown.default.id == mine
    shown = await standing.overview(bob, None)
    assert (shown.notion, shown.connects, shown.default) == ((), True, None)
    assert await offered(sender) == [mine]
    assert await offered(bob) == await offered(None) == []
    # What was found lately is not asked for again, and another's list is nobody's.
    before = len(notion.requests)
    assert await offered(sender, " PLANS ") == [mine]
    assert len(notion.requests) == before
    assert await offered(bob) == []
    faults = Faults()
    faults.delay("POST", "/v1/search", 9, times=9)
    notion.hooks = faults
    monkeypatch.setattr("core.overview.PATIENCE", 0.05)
    assert await offered(sender, "else") == []
    # Older than fresh, what was found before counts where Notion takes too long.
    monkeypatch.setattr("core.overview.FRESH", 0)
    assert await offered(sender) == [mine]
    monkeypatch.setattr("core.overview.REMEMBERED", 0)
    assert await offered(sender) == []
    await alone.close()


async def test_places_of_a_servers_connection_are_offered_to_all_in_it(
    connections: Connections, settings: Settings, database: Database, notion: NotionServer
) -> None:
    shared = page(notion, "Plans for all")
    holder = Holder(None, "discord", "77")
    await connections.connect(holder, await consent(connections, shared), "Admin")
    alone = Connections(settings, database, None)
    overviews = Overviews(database, {}, Connected(alone))
    sender = Sender("discord", "ada", "Ada")
    for server, found in (("77", [shared]), ("78", [])):
        choices = await overviews.suggest(
            "destination", "plans", sender=sender, workspace=Workspace("discord", server)
        )
        assert [one.value for one in choices] == found
    await alone.close()


async def test_what_one_connection_hears_of_a_workspaces_limit_holds_for_all_that_see_it(
    settings: Settings,
    notion: NotionServer,
    faults: Faults,
    ada: Person,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workspace = str(uuid4())
    monkeypatch.setitem(users.BOT_USER["bot"], "workspace_id", workspace)
    connections = Connections(settings, database, None)
    async with database.begin() as unit:
        bob = Person((await unit.users.of(Sender("slack", "bob", "Bob", "T1"))).id)
    for person in (ada, bob):
        granted = await consent(connections)
        granted = replace(granted, bot_id=str(person.id), workspace_id=workspace)
        await connections.connect(Holder(person.id), granted, "Somebody")
    # The server's own token asks which workspace it sees.
    own = NotionPages(notion.token, None, notion.base_url, 180, budget=str(uuid4()), learns=True)
    await own.destinations("")
    reason = {"rate_limit_reason": "public_api_space_request_rate_limit"}
    headers = {"Retry-After": "900"}
    slow = RefusedError("rate_limited", "No.", headers=headers, additional_data=reason)
    faults.fail("POST", "/v1/search", slow, times=9)
    notion.requests.clear()
    for person in (ada, bob):
        with asking_for(Whose(person)), pytest.raises(RateLimited, match="about 15 minutes"):
            await Connected(connections).destinations("")
    with pytest.raises(RateLimited, match="about 15 minutes"):
        await own.destinations("")
    assert [call.path for call in notion.requests] == ["/v1/search"]
    await own.close()
    await connections.close()
