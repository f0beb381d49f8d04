"""A typed flag, a button and HTTP save alike: to the same place, with the same properties, once."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import pytest

from api.content_models import Target
from api.json.content import carried
from core.config import load_settings
from core.messages import Answer, Call
from core.ports import Provider
from core.providers.registry import providers
from core.storage.database import Database
from sandbox.ai.server import AiServer
from sandbox.notion.schema import make_property
from sandbox.notion.server import NotionServer
from tests.core.commands.test_buttons import item_of, press
from tests.core.notion.saved import made

Say = Callable[..., Awaitable[Answer]]


@pytest.fixture
async def models() -> AsyncIterator[Mapping[str, Provider]]:
    async with AiServer() as server:
        server.answer = "A text."
        asked = providers(load_settings(**server.settings("openai")))
        yield asked
        for provider in asked.values():
            await provider.close()


@pytest.fixture
def bugs(notion: NotionServer) -> str:
    """A data source whose pages have a team and points."""
    properties = {
        "Name": make_property("Name", "title", property_id="title"),
        "Team": make_property("Team", "select"),
        "Points": make_property("Points", "number"),
    }
    return notion.store.add_data_source("Bugs", properties).id


async def test_flag_button_and_http_agree(
    say: Say,
    notion: NotionServer,
    database: Database,
    models: Mapping[str, Provider],
    bugs: str,
) -> None:
    await say("to --channel Bugs", "bob")
    typed = await say("generate one --save --set team=Core --set points=3", providers=models)
    assert typed.page is not None
    second, third = await item_of(database, "ada"), await item_of(database, "ada")
    pressed = await say(press("save", second), providers=models)
    given = Target(destination="Bugs", properties={"TEAM": "Core", "Points": "3"})
    flags = {name: value for name, value in carried(given).items() if value is not None}
    over_http = Call("save-item", str(third), {"to": "Bugs", **flags})
    asked = await say(over_http)
    # The same item again is the same page, whichever way it is asked for.
    assert (await say(over_http)).page == asked.page == (await say(press("save", third))).page
    assert (await say(press("save", typed.actions[0].item))).page == typed.page
    pages = made(notion, bugs)
    assert len(pages) == 3
    assert len({typed.page, pressed.page, asked.page}) == 3
    values = [
        (
            (page.body["properties"]["Team"]["select"] or {}).get("name"),
            page.body["properties"]["Points"]["number"],
        )
        for page in pages
    ]
    assert sorted(values, key=str) == [("Core", 3), ("Core", 3), (None, None)]


@pytest.mark.usefixtures("bugs")
async def test_flags_about_a_page_that_is_not_made_are_told_of(
    say: Say, models: Mapping[str, Provider]
) -> None:
    answer = await say("generate one --set team=Core --tags a,b", providers=models)
    assert answer.ok
    assert answer.notes[-1] == (
        "`--tags` and `--set` were not used, for no page was asked for: add `--save`, or `--to`."
    )
    alone = await say("generate one --notion-template Epic", providers=models)
    assert alone.notes[-1].startswith("`--notion-template` was not used")
    assert "not used" not in str((await say("generate one", providers=models)).notes)
    saved = await say("generate one --to Bugs --set team=Core", providers=models)
    assert "not used" not in str(saved.notes)


@pytest.mark.usefixtures("bugs")
async def test_tags_that_a_page_cannot_carry_are_told_of(
    say: Say, models: Mapping[str, Provider], notion: NotionServer
) -> None:
    plain = await say("generate one --save --tags a,b --set team=Core", providers=models)
    assert plain.page
    assert plain.notes[-1] == (
        "`--tags`, “team” left out: only pages of a data source have properties, and this one "
        "stands on a page."
    )
    without = await say("generate one --to Bugs --tags a", providers=models)
    assert without.notes[-1].startswith("`--tags` was left out: the data source has no property")
    properties = {
        "Name": make_property("Name", "title", property_id="title"),
        "Tags": make_property("Tags", "multi_select"),
    }
    notion.store.add_data_source("Tagged", properties)
    carried = await say("generate one --to Tagged --tags a", providers=models)
    assert "left out" not in str(carried.notes)
