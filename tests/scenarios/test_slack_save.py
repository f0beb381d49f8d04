"""📝, the menu of a message, and links: what was said in Slack becomes a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # no types, and one file to read
from aiohttp import ClientSession
from product import Product, World, eventually

from sandbox.notion.errors import RefusedError
from sandbox.notion.hooks import Faults, Hooks
from sandbox.notion.ids import NOTES_DATA_SOURCE_ID, PERSON_USER_ID
from sandbox.notion.schema import make_property
from sandbox.slack.chat import permalink
from sandbox.slack.files import Shared
from sandbox.slack.workspace import Message

MANIFEST = Path(__file__).parents[2] / "docs/slack-manifest.yaml"

Launch = Callable[..., Awaitable[Product]]


@pytest.fixture(autouse=True)
def as_installed(world: World) -> None:
    """The token may do what the manifest asks for, and no more."""
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    world.slack.scopes = frozenset(manifest["oauth_config"]["scopes"]["bot"])


def marks(world: World, message: Message) -> list[str]:
    """The app's reactions."""
    bot = world.slack.space.bot_user
    return [name for name, users in message.reactions.items() if bot in users]


async def marked(world: World, message: Message, *expected: str) -> None:
    async def there() -> bool:
        return marks(world, message) == list(expected)

    await eventually(there, f"never {expected}: {marks(world, message)}")


async def told(world: World, words: str) -> Message:
    """What the asker alone was told, once it holds these words."""

    async def there() -> Message | None:
        said = world.slack.space.ephemeral
        return next((message for message in said if words in str(message.blocks)), None)

    found = await eventually(there, f"nobody was told “{words}”: {world.slack.space.ephemeral}")
    assert found is not None
    return found


def calls(world: World) -> list[str]:
    """The reactions the app put, in order."""
    return [call.body["name"] for call in world.slack.traffic.calls("reactions.add")]


async def text_of(world: World, page: dict[str, Any]) -> str:
    return str(await world.children(page["id"]))


async def test_a_memo_makes_a_page_of_the_message(world: World, launch: Launch) -> None:
    product = await launch("slack")
    message = world.slack.write(
        "We ship on *Friday*.", files=[Shared("plan.pdf", "application/pdf", b"%PDF")]
    )
    delivery = await world.slack.react(message, "memo")
    assert delivery.status == 200
    await marked(world, message, "white_check_mark")
    assert calls(world) == ["eyes", "white_check_mark"]
    [page] = await world.pages()
    [reply] = world.slack.answers()
    assert reply.thread_ts == message.ts
    assert page["id"].replace("-", "") in str(reply.blocks)
    text = await text_of(world, page)
    for words in ("Friday", "ada", permalink(world.slack.space, message)):
        assert words in text
    [pdf] = [block["pdf"] for block in await world.children(page["id"]) if block["type"] == "pdf"]
    async with ClientSession() as http, http.get(pdf["file"]["url"]) as answer:
        assert await answer.read() == b"%PDF"
    assert await product.stop() == 0


async def test_a_memo_in_a_channel_with_a_data_source_fills_its_properties(
    world: World, launch: Launch
) -> None:
    kinds = {"Author": "select", "Channel": "select", "Date": "date", "URL": "url"}
    properties = {name: make_property(name, kind) for name, kind in kinds.items()}
    properties |= {
        "Name": make_property("Name", "title", property_id="title"),
        "Tags": make_property("Tags", "multi_select"),
        "Source": make_property("Source", "status", (("Meeting", "gray"),)),
        "Reckoned": make_property("Reckoned", "formula"),
        "Attendees": make_property("Attendees", "people"),
    }
    source = world.notion.store.add_data_source("Decisions", properties)
    product = await launch("slack")
    await world.slack.slash_command(text="to Decisions --channel")
    await told(world, "Decisions")
    robin = world.slack.space.add_user("robin", email="robin@example.com")
    message = world.slack.write(f"We ship. #launch <#{world.slack.general.id}> <@{robin.id}>")
    world.slack.write("Yes!", user=robin, thread_ts=message.ts)
    await world.slack.react(message, "memo")
    await marked(world, message, "white_check_mark")
    [page] = world.notion.store.pages_under(source.id)
    found = {name: value[value["type"]] for name, value in page.body["properties"].items()}
    assert (found["Author"]["name"], found["Channel"]["name"]) == ("ada", "general")
    assert [tag["name"] for tag in found["Tags"]] == ["launch"]
    assert found["URL"] == permalink(world.slack.space, message)
    written = datetime.fromisoformat(found["Date"]["start"]).timestamp()
    assert written == int(float(message.ts))
    [reply] = world.slack.answers()
    assert "“Source” was left out" in str(reply.blocks)
    # Robin has the address of somebody in Notion, and is that person there.
    assert [one["id"] for one in found["Attendees"]] == [PERSON_USER_ID]
    blocks = await world.children(page.id)
    runs = [run for block in blocks for run in block[block["type"]]["rich_text"]]
    assert [run["plain_text"] for run in runs if run["type"] == "mention"] == ["@Robin Example"] * 2
    assert await product.stop() == 0


async def test_the_same_message_twice_is_the_same_page(world: World, launch: Launch) -> None:
    product = await launch("slack")
    bob = world.slack.space.add_user("bob")
    message = world.slack.write("Keep this.")
    delivery = await world.slack.react(message, "memo")
    await marked(world, message, "white_check_mark")
    await world.slack.again(delivery)
    await world.slack.react(message, "memo", bob)

    async def twice() -> bool:
        return len(world.slack.answers()) == 2

    await eventually(twice, "the second person was not told")
    await marked(world, message, "white_check_mark")
    assert await product.stop() == 0
    [page] = await world.pages()
    assert all(page["id"].replace("-", "") in str(one.blocks) for one in world.slack.answers())


async def test_a_memo_on_a_threads_first_message_saves_the_thread(
    world: World, launch: Launch
) -> None:
    product = await launch("slack")
    bob = world.slack.space.add_user("bob")
    first = world.slack.write("When do we ship?")
    world.slack.write(
        "On *Friday*, says <@" + world.slack.user.id + ">", user=bob, thread_ts=first.ts
    )
    world.slack.write("```ship --now```", thread_ts=first.ts)
    await world.slack.react(first, "memo")
    await marked(world, first, "white_check_mark")
    [page] = await world.pages()
    text = await text_of(world, page)
    for words in ("When do we ship?", "bob", "Friday", "@ada", "ship --now", "2 replies"):
        assert words in text
    assert "'type': 'code'" in text
    [reply] = world.slack.answers()
    assert "3 messages" in str(reply.blocks)
    assert await product.stop() == 0


async def test_a_memo_on_a_reply_saves_it_alone_and_says_so_in_the_thread(
    world: World, launch: Launch
) -> None:
    product = await launch("slack")
    first = world.slack.write("When do we ship?")
    reply = world.slack.write("On Friday.", thread_ts=first.ts)
    await world.slack.react(reply, "memo")
    await marked(world, reply, "white_check_mark")
    [page] = await world.pages()
    assert "When do we ship?" not in await text_of(world, page)
    [answer] = world.slack.answers()
    assert answer.thread_ts == first.ts
    assert await product.stop() == 0


async def test_taking_the_memo_away_undoes_it_and_putting_it_back_saves_again(
    world: World, launch: Launch
) -> None:
    product = await launch("slack")
    message = world.slack.write("Keep this.")
    await world.slack.react(message, "memo")
    await marked(world, message, "white_check_mark")
    [page] = await world.pages()
    await world.slack.react(message, "memo", added=False)

    async def gone() -> bool:
        # No link is left that leads to the trash.
        told = [one for one in world.slack.answers() if not one.deleted]
        return await world.pages() == [] and marks(world, message) == [] and told == []

    await eventually(gone, "the page is still there")
    await world.slack.react(message, "memo")
    await marked(world, message, "white_check_mark")
    [again] = await world.pages()
    assert again["id"] != page["id"]
    # What the app itself said about the first save is no reply to the message.
    assert "reply" not in await text_of(world, again)
    assert await product.stop() == 0


async def test_the_page_of_somebody_else_stays_and_so_does_its_mark(
    world: World, launch: Launch
) -> None:
    product = await launch("slack")
    bob = world.slack.space.add_user("bob")
    world.slack.general.members.append(bob.id)
    message = world.slack.write("Keep this.")
    await world.slack.react(message, "memo")
    await marked(world, message, "white_check_mark")
    await world.slack.react(message, "memo", bob, added=False)

    assert (await told(world, "Somebody else saved")).only_for == bob.id
    await marked(world, message, "white_check_mark")
    assert len(await world.pages()) == 1
    assert await product.stop() == 0


async def test_a_page_that_two_asked_for_goes_when_neither_does(
    world: World, launch: Launch
) -> None:
    product = await launch("slack")
    bob = world.slack.space.add_user("bob")
    world.slack.general.members.append(bob.id)
    message = world.slack.write("Keep this.")
    await world.slack.react(message, "memo")
    await marked(world, message, "white_check_mark")
    await world.slack.react(message, "memo", bob)

    async def twice() -> bool:
        return len(world.slack.answers()) == 2

    await eventually(twice, "the second save did not end")
    await world.slack.react(message, "memo", added=False)
    assert (await told(world, "Somebody else asked")).only_for == world.slack.user.id
    assert len(await world.pages()) == 1
    await world.slack.react(message, "memo", bob, added=False)

    async def gone() -> bool:
        return await world.pages() == [] and marks(world, message) == []

    await eventually(gone, "the page is still there")
    assert await product.stop() == 0


async def test_a_memo_that_fails_says_why_in_the_thread(world: World, launch: Launch) -> None:
    product = await launch("slack", NOTION_TOKEN="ntn_not_the_one")
    message = world.slack.write("Keep this.")
    await world.slack.react(message, "memo")
    await marked(world, message, "warning")
    [reply] = world.slack.answers()
    assert reply.thread_ts == message.ts
    assert "NOTION_TOKEN" in str(reply.blocks)
    assert await product.stop() == 0


async def test_a_memo_that_failed_is_tried_again_with_a_button(
    world: World, launch: Launch
) -> None:
    faults = Faults()
    busy = RefusedError("rate_limited", "Slow down", headers={"Retry-After": "600"})
    faults.fail("POST", "/v1/pages", busy, times=99)
    world.notion.hooks = faults
    product = await launch("slack")
    message = world.slack.write("Keep this.")
    await world.slack.react(message, "memo")
    await marked(world, message, "warning")
    [reply] = world.slack.answers()
    assert "slow down" in str(reply.blocks)
    world.notion.hooks = Hooks()
    bob = world.slack.space.add_user("bob")
    await world.slack.click(reply, "again", bob)
    assert (await told(world, "Only the person who asked")).only_for == bob.id
    await world.slack.click(reply, "again")
    await marked(world, message, "white_check_mark")
    [page] = await world.pages()
    assert "Keep this." in await text_of(world, page)
    assert world.slack.answers()[-1].thread_ts == message.ts
    assert await product.stop() == 0


async def test_an_app_that_may_not_react_saves_all_the_same(world: World, launch: Launch) -> None:
    world.slack.scopes = frozenset(
        {"chat:write", "users:read", "channels:history", "reactions:read"}
    )
    product = await launch("slack")
    message = world.slack.write("Keep this.")
    await world.slack.react(message, "memo")

    async def said() -> bool:
        return any("Open in Notion" in str(one.blocks) for one in world.slack.answers())

    await eventually(said, "it was not saved")
    assert await product.stop() == 0
    assert list(message.reactions) == ["memo"]


async def test_the_menu_of_a_message_saves_it_for_the_asker_alone(
    world: World, launch: Launch
) -> None:
    product = await launch("slack")
    message = world.slack.write("Keep this.")
    delivery = await world.slack.message_shortcut(message, "save_to_notion")
    assert (delivery.status, delivery.body) == (200, "")
    answer = await told(world, "Open in Notion")
    assert answer.only_for == world.slack.user.id
    [page] = await world.pages()
    assert page["id"].replace("-", "") in str(answer.blocks)
    assert world.slack.answers() == []
    assert marks(world, message) == []
    assert await product.stop() == 0


async def test_the_menu_says_how_to_invite_the_app(world: World, launch: Launch) -> None:
    await launch("slack")
    elsewhere = world.slack.space.add_channel("elsewhere", private=True, bot=False)
    message = world.slack.write("hidden", elsewhere)
    await world.slack.message_shortcut(message, "save_to_notion")
    answer = await told(world, "/invite @Notion Assistant")
    assert answer.channel == elsewhere.id
    assert await world.pages() == []


async def test_a_link_saves_what_it_leads_to(world: World, launch: Launch) -> None:
    product = await launch("slack")
    first = world.slack.write("When do we ship?")
    reply = world.slack.write("On Friday.", thread_ts=first.ts)
    link = permalink(world.slack.space, reply)
    assert "thread_ts" in link
    await world.slack.slash_command(text=f"save {link} --to Notes")
    await told(world, "Open in Notion")
    [page] = world.notion.store.pages_under(NOTES_DATA_SOURCE_ID)
    text = str(await world.children(page.id))
    assert "On Friday." in text
    assert "When do we ship?" not in text
    assert await product.stop() == 0


async def test_a_link_pasted_elsewhere_leads_to_the_same_page(world: World, launch: Launch) -> None:
    product = await launch("slack")
    random = world.slack.space.add_channel("random")
    message = world.slack.write("Keep this.")
    await world.slack.react(message, "memo")
    await marked(world, message, "white_check_mark")
    [page] = await world.pages()
    link = permalink(world.slack.space, message)
    await world.slack.slash_command(text=f"save {link}", channel=random)
    answer = await told(world, "Open in Notion")
    assert page["id"].replace("-", "") in str(answer.blocks)
    assert len(await world.pages()) == 1
    assert await product.stop() == 0


async def test_a_link_shows_nobody_what_they_may_not_see(world: World, launch: Launch) -> None:
    product = await launch("slack")
    bob = world.slack.space.add_user("bob")
    secret = world.slack.space.add_channel("secret", private=True, members=[bob])
    link = permalink(world.slack.space, world.slack.write("hidden", secret, bob))
    await world.slack.slash_command(text=f"save {link}")
    await told(world, "You are not in that channel")
    assert await world.pages() == []
    await world.slack.slash_command(text=f"save {link}", user=bob)
    await told(world, "Open in Notion")
    assert len(await world.pages()) == 1
    assert await product.stop() == 0


async def test_a_link_that_leads_nowhere_is_told_as_such(world: World, launch: Launch) -> None:
    await launch("slack")
    await world.slack.slash_command(text="save https://example.com/archives/C1/p1700000000000100")
    await told(world, "no address of a message")
    await world.slack.slash_command(text="save")
    await told(world, "Which message?")


async def test_the_link_that_connects_ones_notion_is_for_the_asker_alone(
    world: World, launch: Launch
) -> None:
    product = await launch(
        "slack",
        NOTION_TOKEN="",
        NOTION_PARENT="",
        NOTION_CLIENT_ID="a-client",
        NOTION_CLIENT_SECRET="a-secret",
    )
    message = world.slack.write("We ship on Friday.")
    await world.slack.react(message, "memo")
    await marked(world, message, "warning")
    link = await told(world, "/connect#code=")
    assert link.text.startswith("Connect Notion:")
    # Whoever opens it first would have the asker's pages in a Notion of their own.
    [aloud] = world.slack.answers()
    assert "not connected yet" in aloud.text
    assert "code=" not in f"{aloud.text} {aloud.blocks}"
    assert await product.stop() == 0


async def test_what_several_add_to_one_page_stands_in_the_order_it_was_asked_for(
    world: World, launch: Launch
) -> None:
    product = await launch("slack")
    message = world.slack.write("Minutes")
    await world.slack.react(message, "memo")
    await marked(world, message, "white_check_mark")
    [page] = await world.pages()
    # Of the first one it takes longest to find the page.
    world.notion.hooks = faults = Faults()
    faults.delay("POST", "/v1/search", 1.5)
    for number in range(4):
        await world.slack.slash_command(text=f'save --append "Minutes" line {number}')

    async def lines() -> list[str]:
        found = await world.children(page["id"])
        texts = [
            "".join(run["plain_text"] for run in one[one["type"]].get("rich_text", ()))
            for one in found
        ]
        kept = [text for text in texts if text.startswith("line")]
        return kept if len(kept) == 4 else []

    assert await eventually(lines, "not all was added") == [f"line {n}" for n in range(4)]
    assert await product.stop() == 0
