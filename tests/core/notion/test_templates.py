"""Pages that begin with one of Notion's templates."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web

from core.facts import Facts
from core.notion.client import NotionPages
from core.notion.making import Patience
from core.notion.saving import Saving
from core.storage.database import Database
from sandbox.notion.blocks import Draft
from sandbox.notion.hooks import Faults, Hooks, api_path
from sandbox.notion.records import Parent
from sandbox.notion.rich_text import text_item
from sandbox.notion.schema import make_property, title_value
from sandbox.notion.server import NotionServer
from tests.core.notion.saved import LONG, PUBLIC_URL, Killed, Steps, made, written

Add = Callable[..., Awaitable[UUID]]
PAUSES = (0.02,) * 100


def paragraph(text: str) -> Draft:
    return Draft("paragraph", {"rich_text": [text_item(text)], "color": "default"})


@pytest.fixture
def bugs(notion: NotionServer) -> str:
    """A data source with a template, “Bug”, which is not its default."""
    properties = {
        "Name": make_property("Name", "title", property_id="title"),
        "Team": make_property("Team", "select", (("Core", "gray"), ("Other", "red"))),
        "Kind": make_property("Kind", "rich_text"),
    }
    source = notion.store.add_data_source("Bugs", properties)
    team = {"id": "t", "type": "select", "select": {"id": "o", "name": "Other", "color": "red"}}
    kind = {"id": "k", "type": "rich_text", "rich_text": [text_item("from the template")]}
    values = {"Name": title_value("Bug"), "Team": team, "Kind": kind}
    notion.store.add_template(source.id, values, [paragraph("Steps:"), paragraph("Expected:")])
    notion.store.template_delay = 0.05
    return source.id


@pytest.fixture
def saving(database: Database, pages: NotionPages) -> Saving:
    patience = Patience(looks=(0.0, 0.01), other=2, poll=0.02, template=PAUSES)
    return Saving(database, pages, PUBLIC_URL, patience)


def texts(notion: NotionServer, page: Any) -> list[str]:
    return [text for _, text, _ in written(notion, page.id)]


BUG = Facts(given=(("team", "Core"),), template="bug")


async def test_a_page_has_its_template_first_then_what_was_written(
    notion: NotionServer, saving: Saving, add_item: Add, add_request: Add, bugs: str
) -> None:
    item = await add_item(f"{LONG}\n\nThe end.", "It crashes")
    saved = await saving.save(Steps(), await add_request(), item, bugs, facts=BUG)
    assert saved.notes == ()
    (page,) = made(notion, bugs)
    found = texts(notion, page)
    assert found[:3] == ["Steps:", "Expected:", "Paragraph 0"]
    assert found[-2] == "The end."
    assert found[-1].startswith("Written with Notion Assistant")
    assert len(found) == 2 + 251 + 1
    values = page.body["properties"]
    # What was named goes before what the template brings.
    assert values["Team"]["select"]["name"] == "Core"
    assert values["Kind"]["rich_text"][0]["plain_text"] == "from the template"


@pytest.mark.parametrize(
    "step", ["save: place", "save: page", "save: template", "save: blocks 0", "save: blocks 1"]
)
async def test_a_crash_anywhere_leaves_one_page_with_everything_once(
    notion: NotionServer, saving: Saving, add_item: Add, add_request: Add, bugs: str, step: str
) -> None:
    item, request, steps = await add_item(LONG, "It crashes"), await add_request(), Steps(step)
    try:
        await saving.save(steps, request, item, bugs, facts=BUG)
    except Killed:
        await saving.save(steps, request, item, bugs, facts=BUG)
    (page,) = made(notion, bugs)
    found = texts(notion, page)
    assert found[:2] == ["Steps:", "Expected:"]
    assert found[2:-1] == [f"Paragraph {number}" for number in range(250)]


async def test_a_page_made_though_notion_did_not_say_so_is_found(
    notion: NotionServer,
    faults: Faults,
    saving: Saving,
    add_item: Add,
    add_request: Add,
    bugs: str,
) -> None:
    faults.drop("POST", "/v1/pages", after_effect=True)
    item = await add_item("Hello.", "It crashes")
    await saving.save(Steps(), await add_request(), item, bugs, facts=BUG)
    (page,) = made(notion, bugs)
    assert texts(notion, page)[:3] == ["Steps:", "Expected:", "Hello."]


async def test_a_template_that_is_not_there_loses_no_page(
    notion: NotionServer, saving: Saving, add_item: Add, add_request: Add, bugs: str
) -> None:
    item = await add_item("Hello.", "It crashes")
    facts = Facts(template="Epic")
    saved = await saving.save(Steps(), await add_request(), item, bugs, facts=facts)
    assert "no template “Epic” in Notion. It has: “Bug”." in saved.notes[0]
    (page,) = made(notion, bugs)
    assert texts(notion, page)[0] == "Hello."


async def test_a_server_without_templates_gets_the_page_without(
    notion: NotionServer,
    faults: Faults,
    saving: Saving,
    add_item: Add,
    add_request: Add,
    bugs: str,
) -> None:
    faults.fail("GET", "/v1/data_sources/*/templates", "invalid_request_url", times=9)
    item = await add_item("Hello.", "It crashes")
    saved = await saving.save(Steps(), await add_request(), item, bugs, facts=BUG)
    assert "made without one" in saved.notes[0]
    assert texts(notion, made(notion, bugs)[0])[0] == "Hello."


class InPieces(Hooks):
    """A template of two blocks, of which the second comes some looks after the first."""

    def __init__(self, notion: NotionServer) -> None:
        self.notion, self.looks, self.page = notion, 0, ""

    async def after(
        self,
        request: web.Request,
        response: web.StreamResponse,  # noqa: ARG002 (the hook's form)
    ) -> web.StreamResponse | None:
        page = api_path(request).split("/")[3] if request.path.endswith("/children") else ""
        store = self.notion.store
        known = store.get(page) if page else None
        if request.method != "GET" or known is None or known.title != "It crashes":
            return None
        self.looks += 1
        words = {1: "Steps:", 4: "Expected:"}.get(self.looks)
        if words:
            store.append(Parent("page_id", page), [paragraph(words)])
        return None


async def test_a_template_that_comes_in_pieces_stays_together(
    notion: NotionServer, saving: Saving, add_item: Add, add_request: Add, bugs: str
) -> None:
    notion.store.template_delay = 1e9
    notion.hooks = InPieces(notion)
    item = await add_item("Hello.", "It crashes")
    await saving.save(Steps(), await add_request(), item, bugs, facts=BUG)
    (page,) = made(notion, bugs)
    assert texts(notion, page)[:3] == ["Steps:", "Expected:", "Hello."]


async def test_a_page_that_is_not_to_be_seen_yet_is_waited_for(
    notion: NotionServer,
    faults: Faults,
    saving: Saving,
    add_item: Add,
    add_request: Add,
    bugs: str,
) -> None:
    # The first look is at the template.
    faults.fail("GET", "/v1/blocks/*/children", "object_not_found", skip=1, times=2)
    item = await add_item("Hello.", "It crashes")
    await saving.save(Steps(), await add_request(), item, bugs, facts=BUG)
    (page,) = made(notion, bugs)
    assert texts(notion, page)[:3] == ["Steps:", "Expected:", "Hello."]
