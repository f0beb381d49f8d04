"""People of a chat who are people in Notion: on the page of what they said, and in properties."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from core.follow.changes import Changes
from core.follow.news import News
from core.messages import Answer, Channel, Mention, Sender, stable_id
from core.notion.client import NotionPages
from core.notion.people import Directory
from core.ports import Address
from core.storage.connections import Holder, Row
from core.storage.database import Database
from core.storage.tables import users
from sandbox.notion.ids import PERSON_USER_ID, WORKSPACE_ID
from sandbox.notion.schema import make_property
from sandbox.notion.server import NotionServer
from tests.core.commands.room import Room, message
from tests.core.notion.saved import Steps, made

Say = Callable[..., Awaitable[Answer]]

ADA, GRACE = Sender("slack", "U1", "Ada", "T1"), Sender("slack", "U2", "Grace", "T1")
NOBODY = "b0000000-0000-4000-8000-00000000000d"
PLACE = Channel("slack", "T1:C1")
LATER = datetime.now(UTC).timestamp() + 3600


@dataclass
class Introducing(Room):
    """A room that tells the addresses of people."""

    addresses: dict[str, str] = field(default_factory=dict)

    async def emails(self, address: Address, people: Sequence[str]) -> dict[str, str]:  # noqa: ARG002 - the port's signature
        return {each: self.addresses[each] for each in people if each in self.addresses}


@pytest.fixture
def room() -> Introducing:
    said = [
        message(1, "Ask @Grace", author_id="U1", mentions=(Mention("U2", "Grace"),), thread="m1"),
        message(2, "No, @Ada!", "Grace", author_id="U2", mentions=(Mention("U1", "Ada"),)),
    ]
    return Introducing({"m1": said})


def shown(notion: NotionServer, under: str | None = None) -> list[str]:
    """The texts of the one page, but its footer, with <> around whom they mention."""
    (page,) = made(notion, under)
    texts = [child.body["rich_text"] for child in notion.store.children(page.id)][:-1]
    return ["".join(map(_told, runs)) for runs in texts]


def _told(run: dict[str, Any]) -> str:
    text = str(run["plain_text"])
    return f"<{text}>" if run["type"] == "mention" else text


def row(holder: Holder, owner: str = PERSON_USER_ID, workspace: str = "", as_: str = "") -> Row:
    """A connection that somebody agreed to."""
    now = datetime.now(UTC)
    known = ("bot", workspace, "Wiki", "Robin", "ada", "token", None, 1, None, None)
    return Row(uuid4(), holder, *known, now, now, owner, as_)


async def connect(database: Database, made: Row, sender: Sender | None = None) -> Row:
    """Keeps a connection, a person's own where one is named."""
    async with database.begin() as unit:
        if sender is not None:
            made = replace(made, holder=Holder((await unit.users.of(sender)).id))
        await unit.connections.keep(made)
    return made


async def test_whoever_connected_notion_is_mentioned_where_they_are_named(
    say: Say, room: Introducing, notion: NotionServer, database: Database
) -> None:
    await connect(database, row(Holder()), ADA)
    answer = await say("/notion save room:m1", platform=room)
    assert answer.ok
    assert shown(notion) == [
        "Ask @Grace",
        "<@Robin Example> — 2026-11-24 12:01 UTC",
        "1 reply",
        "Grace — 2026-11-24 12:02 UTC",
        "No, <@Robin Example>!",
    ]


async def test_an_app_that_is_called_like_somebody_is_not_them(
    say: Say, room: Introducing, notion: NotionServer, database: Database
) -> None:
    await connect(database, row(Holder()), ADA)
    room.threads["m1"].append(message(3, "Deployed.", "Ada"))
    assert (await say("/notion save room:m1", platform=room)).ok
    assert "No, @Ada!" in shown(notion)
    assert not any("<" in text for text in shown(notion))


async def test_people_properties_hold_whom_the_chat_tells_the_address_of(
    say: Say, room: Introducing, notion: NotionServer
) -> None:
    kinds = {"Author": "people", "Participants": "people"}
    properties = {name: make_property(name, kind) for name, kind in kinds.items()}
    properties |= {"Name": make_property("Name", "title", property_id="title")}
    source = notion.store.add_data_source("Decisions", properties)
    room.addresses = {"U1": "Robin@example.com", "U2": "grace@elsewhere.test"}
    assert (await say("/notion save room:m1 --to Decisions", platform=room)).ok
    (page,) = made(notion, source.id)
    values = page.body["properties"]
    for name in kinds:
        assert [each["id"] for each in values[name]["people"]] == [PERSON_USER_ID]
    assert shown(notion, source.id)[-1] == "No, <@Robin Example>!"


async def test_whom_notion_does_not_take_is_a_name_and_the_page_is_made(
    say: Say, room: Introducing, notion: NotionServer, database: Database
) -> None:
    await connect(database, row(Holder(), NOBODY), GRACE)
    await connect(database, row(Holder()), ADA)
    assert (await say("/notion save room:m1", platform=room)).ok
    assert shown(notion)[0] == "Ask @Grace"
    assert shown(notion)[1].startswith("<@Robin Example>")
    writes = [call for call in notion.requests if call.method == "POST" and "pages" in call.path]
    assert len(writes) == 2


async def test_a_page_that_mentions_people_follows_what_is_said(
    say: Say,
    room: Introducing,
    notion: NotionServer,
    database: Database,
    pages: NotionPages,
) -> None:
    await connect(database, row(Holder()), ADA)
    await say("/notion save room:m1", platform=room)
    # By now nobody would find out who that is.
    async with database.begin() as unit:
        await unit.connections.remove(Holder((await unit.users.of(ADA)).id))
    news, changes = News(database, 30), Changes(database, pages, {"slack": room})
    item = stable_id("message", "slack", PLACE.place, "m1", "")
    edit = replace(room.threads["m1"][1], text="No, @Ada, not me!")
    await news.told(PLACE, edit, LATER)
    reply = message(3, "So @Ada?", "Bob", author_id="U3", mentions=(Mention("U1", "Ada"),))
    await news.told(PLACE, reply, LATER, thread="m1")
    notion.requests.clear()
    await changes.bring(Steps(), item)
    assert shown(notion) == [
        "Ask @Grace",
        "<@Robin Example> — 2026-11-24 12:01 UTC",
        "2 replies",
        "Grace — 2026-11-24 12:02 UTC",
        "No, <@Robin Example>, not me!",
        "Bob — 2026-11-24 12:03 UTC",
        "So <@Robin Example>?",
    ]
    # One look; the heading, the block that was edited, and what was added.
    assert [call.method for call in notion.requests] == ["GET", "PATCH", "PATCH", "PATCH"]


async def test_who_connects_later_is_mentioned_in_what_is_new(
    say: Say,
    room: Introducing,
    notion: NotionServer,
    database: Database,
    pages: NotionPages,
) -> None:
    await say("/notion save room:m1", platform=room)
    room.addresses = {"U1": "robin@example.com"}
    news, changes = News(database, 30), Changes(database, pages, {"slack": room})
    reply = message(3, "So @Ada?", "Bob", author_id="U3", mentions=(Mention("U1", "Ada"),))
    await news.told(PLACE, reply, LATER, thread="m1")
    await changes.bring(Steps(), stable_id("message", "slack", PLACE.place, "m1", ""))
    assert shown(notion)[1:2] == ["Ada — 2026-11-24 12:01 UTC"]
    assert shown(notion)[4:] == [
        "No, @Ada!",
        "Bob — 2026-11-24 12:03 UTC",
        "So <@Robin Example>?",
    ]


async def test_what_is_added_to_a_page_mentions_people_too(
    say: Say, room: Introducing, notion: NotionServer, database: Database
) -> None:
    await connect(database, row(Holder()), ADA)
    root = notion.root_page_id
    assert (await say(f"/notion save room:m1 --append {root}", platform=room)).ok
    added = [child.body.get("rich_text", []) for child in notion.store.children(root)]
    assert "No, <@Robin Example>!" in ["".join(map(_told, runs)) for runs in added]


async def directory(database: Database, pages: NotionPages, there: str = "") -> dict[Sender, str]:
    return await Directory(database, pages).of(there, [ADA, GRACE, ADA], {})


async def test_somebody_is_who_they_are_in_the_workspace_that_is_written_to(
    database: Database, pages: NotionPages
) -> None:
    here = await connect(database, row(Holder(None, "slack", "T1"), NOBODY, WORKSPACE_ID, "U2"))
    await connect(database, row(Holder(), PERSON_USER_ID, "another workspace"), ADA)
    # By the server's own token nobody knows which workspace that is.
    assert await directory(database, pages) == {ADA: PERSON_USER_ID, GRACE: NOBODY}
    assert await directory(database, pages, str(here.id)) == {GRACE: NOBODY}


async def test_who_connected_one_workspace_is_nobody_in_another(
    database: Database, pages: NotionPages
) -> None:
    await connect(database, row(Holder(None, "slack", "T2"), NOBODY, as_="U2"))
    await connect(database, row(Holder(None, "discord", "T1"), NOBODY, as_="U1"))
    assert await directory(database, pages) == {}


@pytest.mark.parametrize("proven", [True, False])
async def test_a_linked_accounts_address_counts_where_it_is_proven(
    database: Database, pages: NotionPages, proven: bool
) -> None:
    async with database.begin() as unit:
        user = await unit.users.of(ADA)
    async with database.engine.begin() as connection:
        when = user.created_at if proven else None
        values = {"email": "robin@example.com", "email_verified_at": when}
        await connection.execute(update(users).where(users.c.id == user.id).values(**values))
    assert await directory(database, pages) == ({ADA: PERSON_USER_ID} if proven else {})
