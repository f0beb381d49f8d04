"""`/notion settings notion`: connecting a Notion of one's own from chat."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from core.actions import call_of
from core.connecting import Connecting
from core.errors import Forbidden, InvalidInput, Misconfigured, Unavailable
from core.messages import Call, Request, Sender
from core.notion.oauth import Granted
from core.notion.tokens import Lost
from core.notion.whose import Whose, asking_for
from core.storage.connection_tables import connect_codes
from core.storage.connections import Holder
from core.storage.database import Database
from sandbox.notion.server import NotionServer
from tests.core.commands.conftest import Say
from tests.core.notion.consent import agree

GRANTED = Granted("access", "refresh", "bot", "space", "Ada's Notion", "Ada Lovelace")
ADMIN = {"manager": "yes"}


async def person(database: Database, name: str = "ada") -> Holder:
    async with database.begin() as unit:
        return Holder((await unit.users.of(Sender("slack", name, name, "T1"))).id)


async def test_a_link_is_shown_to_the_asker_alone_and_its_code_kept_as_a_hash(
    say: Say, database: Database
) -> None:
    answer = await say("settings notion")
    found = re.search(r"https://notes.example/connect#code=([A-Z2-7]{26})", answer.text)
    assert found is not None
    assert answer.private
    async with database.engine.connect() as connection:
        kept = (await connection.execute(connect_codes.select())).one()
    assert found[1] not in str(kept)
    assert kept.shared is False


async def test_only_who_manages_the_workspace_connects_it(say: Say) -> None:
    with pytest.raises(Forbidden, match="manages this workspace"):
        await say("settings notion workspace")
    answer = await say("settings notion workspace", address=ADMIN)
    assert "#code=" in answer.text
    with pytest.raises(Forbidden):
        await say("settings notion workspace disconnect")


async def test_what_is_connected_is_told_and_can_be_taken_away(
    say: Say, database: Database, connecting: Connecting
) -> None:
    await connecting.connections.connect(await person(database), GRANTED, "ada")
    await connecting.connections.connect(Holder(None, "slack", "T1"), GRANTED, "admin")
    told = (await say("settings notion")).text
    assert "Your own connection: Notion “Ada's Notion”, agreed to by Ada Lovelace" in told
    assert "This workspace's connection" in told
    assert "Your own connection" in (await say("settings")).text
    assert "Your own connection" not in (await say("settings notion", name="eve")).text
    # The token was made up, and that Notion does not know it is as good as taken back.
    assert (await say("settings notion disconnect")).text.startswith("Disconnected")
    assert "no connection" in (await say("settings notion disconnect")).text
    gone = await say("settings notion workspace disconnect", address=ADMIN)
    assert gone.text.startswith("Disconnected")


async def test_a_lost_connection_is_named_and_a_link_offered_where_the_person_is(
    say: Say, database: Database, connecting: Connecting
) -> None:
    row = await connecting.connections.connect(await person(database), GRANTED, "ada")
    async with database.begin() as unit:
        await unit.connections.lose(row.id, row.version, row.created_at)
    assert "not accepted by Notion any more" in (await say("settings notion")).text


async def test_a_workspaces_lost_connection_is_mended_by_whoever_manages_it(
    say: Say, database: Database, connecting: Connecting
) -> None:
    await say("settings notion")
    holder = Holder(None, "slack", "T1")
    row = await connecting.connections.connect(holder, GRANTED, "ada")
    async with database.begin() as unit:
        await unit.connections.lose(row.id, row.version, row.created_at)
    sender = Sender("slack", "ada", "ada", "T1")
    with asking_for(Whose(None, "slack", "T1")):
        with pytest.raises(Lost, match="/notion settings notion workspace"):
            await connecting.connections.chain()
        admin = Request(uuid4(), sender, Call("save"), ADMIN)
        hint = await connecting.hint(admin)
        assert (hint or "").startswith("Connect Notion again for everybody in this workspace: ")
        anybody = Request(uuid4(), sender, Call("save"))
        assert "a Notion of your own" in (await connecting.hint(anybody) or "")
        codes = [
            (await connecting.hint(each) or "").rpartition("code=")[2] for each in (admin, anybody)
        ]
    assert [(await connecting.preview(code, "b")).shared for code in codes] == [True, False]


async def test_a_wrong_word_says_what_there_is(say: Say) -> None:
    with pytest.raises(InvalidInput, match="notion check"):
        await say("settings notion explode")


async def test_without_an_integration_there_is_no_link(
    say: Say, connecting: Connecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting.connections.grants, "_id", "")
    assert "#code=" not in (await say("settings notion")).text
    with pytest.raises(Unavailable, match="NOTION_CLIENT_ID"):
        await say("settings notion workspace", address=ADMIN)


async def test_the_chat_is_told_which_notion_it_is_and_how_to_undo_it(say: Say) -> None:
    answer = await say(Call("notion-connected", "", {"name": "Eve's", "owner": "Eve"}))
    assert "Eve's” is connected for you, agreed to by Eve" in answer.text
    assert "/notion settings notion disconnect" in answer.notes[0]
    assert answer.private


async def test_where_there_is_no_workspace_nobody_connects_one(connecting: Connecting) -> None:
    asked = Request(uuid4(), Sender("console", "ada"), Call("settings"))
    with pytest.raises(InvalidInput, match="no workspace"):
        await connecting.permit(asked)


async def test_the_doctor_says_what_is_to_be_done(
    say: Say, database: Database, connecting: Connecting, notion: NotionServer
) -> None:
    with pytest.raises(Misconfigured, match="/notion settings notion"):
        await say("settings notion check")
    _, query = await agree(connecting.connections.grants.authorize_url("s"))
    granted = await connecting.connections.grants.exchange(query["code"])
    await connecting.connections.connect(await person(database), granted, "ada")
    async with database.read() as unit:
        user = await unit.users.find(Sender("slack", "ada", "ada", "T1"))
    assert user is not None
    with asking_for(Whose(user, "slack", "T1")):
        answer = await say("settings notion check")
    assert answer.text.startswith("**Notion works.**")
    assert "✅ **insert**" in answer.text
    buttons = (await say("settings notion")).actions
    assert [each.name for each in buttons] == ["check-notion", "disconnect-notion"]
    assert call_of("check-notion", buttons[0].item) == Call(
        "notion", buttons[0].item, {"how": "check"}
    )
