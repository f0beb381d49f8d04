"""Pages in a data source: their properties, and what is done where Notion does not take them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update

from core.errors import NotionFailed
from core.facts import Facts
from core.messages import Sender
from core.notion.saving import Saving
from core.storage.database import Database
from core.storage.tables import users
from sandbox.notion.errors import RefusedError, invalid
from sandbox.notion.hooks import Faults
from sandbox.notion.records import Record
from sandbox.notion.schema import make_property
from sandbox.notion.server import NotionServer
from tests.core.notion.saved import Add, Killed, Steps, made

ROBIN = Sender("slack", "U1", "Robin", "T1")
FACTS = Facts(
    author=ROBIN,
    channel="general",
    source="Slack",
    at=datetime(2026, 11, 24, 12, 1, tzinfo=UTC),
    link="https://chat.example/m1",
    tags=("launch",),
)
GENERAL = {"Channel": "select", "Tags": "multi_select", "URL": "url", "Date": "date"}


def schema(**kinds: str) -> dict[str, Any]:
    title = {"Name": make_property("Name", "title", property_id="title")}
    return title | {
        name: make_property(name, kind, (("Web", "gray"),) if kind == "status" else ())
        for name, kind in kinds.items()
    }


@pytest.fixture
def source(notion: NotionServer) -> Record:
    return notion.store.add_data_source("Log", schema(**GENERAL))


def change(notion: NotionServer, source: Record, properties: dict[str, Any]) -> None:
    notion.store.change(source.id, body=source.body | {"properties": properties})


def values(notion: NotionServer, source: Record) -> dict[str, Any]:
    """What the one page's properties hold, empty ones left out."""
    (page,) = made(notion, source.id)
    found = {name: value[value["type"]] for name, value in page.body["properties"].items()}
    return {name: value for name, value in found.items() if value and name != "Name"}


async def linked(database: Database, email: str | None, *, proven: bool = True) -> None:
    """Makes Robin known, with this address; `proven`: they have shown that it is theirs."""
    async with database.begin() as unit:
        user = await unit.users.of(ROBIN)
    async with database.engine.begin() as connection:
        when = user.created_at if proven else None
        await connection.execute(
            update(users).where(users.c.id == user.id).values(email=email, email_verified_at=when)
        )


def creates(notion: NotionServer) -> int:
    return sum(call[:2] == ("POST", "/v1/pages") for call in notion.requests)


async def test_a_page_has_the_properties_that_fit_and_new_options_are_made(
    saving: Saving, notion: NotionServer, source: Record, add_item: Add, add_request: Add
) -> None:
    saved = await saving.save(
        Steps(), await add_request(), await add_item("Text"), source.id, facts=FACTS
    )
    assert saved.notes == ()
    found = values(notion, source)
    assert found["Channel"]["name"] == "general"
    assert [tag["name"] for tag in found["Tags"]] == ["launch"]
    assert found["URL"] == "https://chat.example/m1"
    assert found["Date"]["start"] == "2026-11-24T12:01:00+00:00"


async def test_what_a_model_wrote_says_which_and_when(
    saving: Saving, notion: NotionServer, add_item: Add, add_request: Add
) -> None:
    kinds = {"Provider": "select", "Model": "rich_text", "Created": "date", "Made": "created_time"}
    source = notion.store.add_data_source("Log", schema(**kinds))
    await saving.save(Steps(), await add_request(), await add_item("Text"), source.id)
    found = values(notion, source)
    assert found["Provider"]["name"] == "offline"
    assert found["Model"][0]["plain_text"] == "smollm2"
    assert found["Created"]["start"].startswith("20")


@pytest.mark.parametrize(
    ("email", "proven", "known"),
    [
        ("Robin@Example.com", True, True),
        ("Robin@Example.com", False, False),  # anybody could have typed it
        ("somebody@example.com", True, False),
        (None, False, False),
    ],
)
async def test_an_author_is_a_person_in_notion_by_the_linked_accounts_address(
    saving: Saving,
    notion: NotionServer,
    database: Database,
    add_item: Add,
    add_request: Add,
    email: str | None,
    proven: bool,
    known: bool,
) -> None:
    kinds = {"Author": "people", "Sender": "rich_text"}
    source = notion.store.add_data_source("Log", schema(**kinds))
    await linked(database, email, proven=proven)
    await saving.save(Steps(), await add_request(), await add_item("Text"), source.id, facts=FACTS)
    assert list(values(notion, source)) == ["Author" if known else "Sender"]


async def test_where_people_may_not_be_read_the_author_is_a_name(
    saving: Saving,
    notion: NotionServer,
    faults: Faults,
    database: Database,
    add_item: Add,
    add_request: Add,
) -> None:
    faults.fail("GET", "/v1/users", "restricted_resource", times=9)
    kinds = {"Author": "people", "Sender": "rich_text"}
    source = notion.store.add_data_source("Log", schema(**kinds))
    await linked(database, "robin@example.com")
    await saving.save(Steps(), await add_request(), await add_item("Text"), source.id, facts=FACTS)
    assert list(values(notion, source)) == ["Sender"]


async def test_people_that_may_not_be_named_cost_no_page(
    saving: Saving,
    notion: NotionServer,
    faults: Faults,
    database: Database,
    add_item: Add,
    add_request: Add,
) -> None:
    faults.fail("POST", "/v1/pages", "restricted_resource")
    source = notion.store.add_data_source("Log", schema(Author="people", URL="url"))
    await linked(database, "robin@example.com")
    saved = await saving.save(
        Steps(), await add_request(), await add_item("Text"), source.id, facts=FACTS
    )
    assert list(values(notion, source)) == ["URL"]
    assert saved.notes == (
        "Notion did not take every property. The page was made without “Author”.",
    )


async def test_a_schema_that_changed_is_read_anew_and_told(
    saving: Saving, notion: NotionServer, source: Record, add_item: Add, add_request: Add
) -> None:
    await saving.save(Steps(), await add_request(), await add_item("One"), source.id, facts=FACTS)
    (first,) = made(notion, source.id)
    notion.store.change(first.id, in_trash=True)
    changed = schema(Tags="multi_select", Channel="rich_text", Date="number")
    changed["Titel"] = changed.pop("Name") | {"name": "Titel"}
    change(notion, source, changed)
    item = await add_item("# Two")
    steps, request = Steps(), await add_request()
    saved = await saving.save(steps, request, item, source.id, facts=FACTS)
    assert saved.notes == (
        "The properties of its data source have changed in Notion. The page was made without "
        "“Date”, “URL”.",
    )
    newest = made(notion, source.id)[0]
    assert newest.title == "Two"
    assert newest.body["properties"]["Channel"]["rich_text"][0]["plain_text"] == "general"
    assert len(made(notion, source.id)) == 2
    assert await saving.save(steps, request, item, source.id, facts=FACTS) == saved


async def test_a_status_without_the_option_is_left_out_and_told(
    saving: Saving, notion: NotionServer, add_item: Add, add_request: Add
) -> None:
    source = notion.store.add_data_source("Log", schema(Source="status", Status="status"))
    saved = await saving.save(
        Steps(), await add_request(), await add_item("Text"), source.id, facts=FACTS
    )
    assert values(notion, source) == {}
    (note,) = saved.notes
    assert "no option “Slack”" in note


async def test_a_property_notion_does_not_take_costs_itself_alone(
    saving: Saving,
    notion: NotionServer,
    faults: Faults,
    source: Record,
    add_item: Add,
    add_request: Add,
) -> None:
    faults.fail("POST", "/v1/pages", invalid("Tags is not what it should be."))
    faults.fail("POST", "/v1/pages", invalid("body.properties.URL.url should be nicer"))
    saved = await saving.save(
        Steps(), await add_request(), await add_item("Text"), source.id, facts=FACTS
    )
    assert sorted(values(notion, source)) == ["Channel", "Date"]
    assert saved.notes == (
        "Notion did not take every property. The page was made without “Tags”.",
        "Notion did not take every property. The page was made without “URL”.",
    )


async def test_in_the_end_there_is_a_page_with_its_title(
    saving: Saving,
    notion: NotionServer,
    faults: Faults,
    source: Record,
    add_item: Add,
    add_request: Add,
) -> None:
    faults.fail("POST", "/v1/pages", invalid("Something is wrong with it."))
    saved = await saving.save(
        Steps(), await add_request(), await add_item("# Plan"), source.id, facts=FACTS
    )
    assert made(notion, source.id)[0].title == "Plan"
    assert values(notion, source) == {}
    assert saved.notes == (
        "Notion did not take every property. The page was made without “Channel”, “Date”, “URL”, "
        "“Tags”.",
    )


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (invalid("body failed validation: body.children[0].type should be x"), 1),
        (invalid("It is wrong, whatever it has."), 2),
        (RefusedError("restricted_resource", "No."), 1),
    ],
)
async def test_a_refusal_that_is_not_about_properties_is_told_soon(
    saving: Saving,
    notion: NotionServer,
    faults: Faults,
    source: Record,
    add_item: Add,
    add_request: Add,
    error: RefusedError,
    tries: int,
) -> None:
    faults.fail("POST", "/v1/pages", error, times=9)
    with pytest.raises(NotionFailed):
        await saving.save(
            Steps(), await add_request(), await add_item("Text"), source.id, facts=FACTS
        )
    assert creates(notion) == tries
    assert made(notion, source.id) == []


async def test_a_page_made_beside_a_changed_schema_is_found_and_not_made_twice(
    saving: Saving,
    notion: NotionServer,
    faults: Faults,
    source: Record,
    add_item: Add,
    add_request: Add,
) -> None:
    await saving.save(Steps(), await add_request(), await add_item("One"), source.id, facts=FACTS)
    (first,) = made(notion, source.id)
    change(notion, source, schema(Tags="multi_select"))
    # The first try is refused; the second is carried out, and its answer lost; then the process
    # dies before the page is kept.
    faults.drop("POST", "/v1/pages", skip=1, after_effect=True)
    item, request, steps = await add_item("Two"), await add_request(), Steps("save: page")
    with pytest.raises(Killed):
        await saving.save(steps, request, item, source.id, facts=FACTS)
    await saving.save(steps, request, item, source.id, facts=replace(FACTS, tags=()))
    second, before = made(notion, source.id)
    assert (second.title, before.id) == ("Write it", first.id)
    assert creates(notion) == 3
