"""Where pages go in Slack: emoji of a channel, which of several is meant, adding to a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import yaml  # type: ignore[import-untyped] # no types, and one file to read
from product import Product, World, eventually
from test_slack_save import MANIFEST, marked, told

from sandbox.notion.blocks import Draft
from sandbox.notion.records import Parent
from sandbox.notion.rich_text import text_item
from sandbox.notion.schema import make_property, title_value
from sandbox.slack.workspace import Message

Launch = Callable[..., Awaitable[Product]]


@pytest.fixture(autouse=True)
def as_installed(world: World) -> None:
    """The token may do what the manifest asks for, and no more."""
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    world.slack.scopes = frozenset(manifest["oauth_config"]["scopes"]["bot"])


def page_of(world: World, title: str) -> str:
    body = {"properties": {"title": title_value(title)}, "icon": None, "cover": None}
    under = Parent("page_id", world.notion.root_page_id)
    return world.notion.store.add_page(under, body, []).id


def texts(world: World, page: str) -> list[str]:
    found = []
    for block in world.notion.store.children(page):
        runs = block.body.get("rich_text", [])
        found.append("".join(run.get("plain_text", "") for run in runs))
    return found


async def test_an_emoji_of_the_channel_saves_with_its_template_and_properties(
    world: World, launch: Launch
) -> None:
    properties = {
        "Name": make_property("Name", "title", property_id="title"),
        "Status": make_property("Status", "status", (("To do", "gray"),)),
        "Team": make_property("Team", "select"),
    }
    store = world.notion.store
    source = store.add_data_source("Bugs", properties).id
    steps = Draft("paragraph", {"rich_text": [text_item("Steps:")], "color": "default"})
    store.add_template(source, {"Name": title_value("Bug")}, [steps])
    product = await launch("slack")
    line = 'to :bug: Bugs --template bug --set Status="To do" --set Team=Core'
    await world.slack.slash_command(text=line)
    await told(world, "saves it to")
    message = world.slack.write("It crashes at the start.")
    await world.slack.react(message, "tada")
    await world.slack.react(message, "bug::skin-tone-2")
    await marked(world, message, "white_check_mark")
    [page] = store.pages_under(source)
    values = page.body["properties"]
    assert values["Status"]["status"]["name"] == "To do"
    assert values["Team"]["select"]["name"] == "Core"
    assert texts(world, page.id)[:2] == ["Steps:", "It crashes at the start."]
    await world.slack.react(message, "bug::skin-tone-2", added=False)
    await marked(world, message)
    assert [one.in_trash for one in store.pages_under(source)] == [True]
    assert world.slack.answers() == []
    assert await product.stop() == 0


async def test_a_name_that_fits_two_is_asked_about_and_what_was_found_is_added_to(
    world: World, launch: Launch
) -> None:
    first, second = page_of(world, "Minutes"), page_of(world, "Minutes")
    product = await launch("slack")
    await world.slack.slash_command(text="generate a plan --to Minutes")

    async def asked() -> Message | None:
        said = world.slack.answers()
        return next((one for one in said if "More than one page" in str(one.blocks)), None)

    unclear = await eventually(asked, "nobody asked which one is meant")
    assert unclear is not None
    await world.slack.click(unclear, "pick-1")

    async def saved() -> bool:
        return sum(len(world.notion.store.pages_under(one)) for one in (first, second)) == 1

    await eventually(saved, "the one that was meant got no page")
    await world.slack.slash_command(text="search minutes")
    found = await told(world, "In Notion")
    await world.slack.click(found, "append-2")
    [view] = world.slack.space.views
    words = {"words": {"words": {"type": "plain_text_input", "value": "We ship *tomorrow*."}}}
    await world.slack.submit_view(view, words)
    await told(world, "Added your words")
    both = [*texts(world, first), *texts(world, second)]
    assert "We ship tomorrow." in both
    assert any(text.startswith("Added by ada") for text in both)
    assert await product.stop() == 0
