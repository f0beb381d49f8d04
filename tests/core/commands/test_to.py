from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from bot.console.adapter import ConsolePlatform
from core.commands.save import marked_call
from core.errors import Conflict, Forbidden, InvalidInput, Misconfigured
from core.messages import Answer, Channel
from core.notion.places import MOST_ROUTES
from core.ports import Address
from core.storage.database import Database
from sandbox.notion.blocks import Draft
from sandbox.notion.records import Parent
from sandbox.notion.schema import make_property, title_value
from sandbox.notion.server import NotionServer
from sandbox.notion.users import USERS
from tests.core.commands.room import Room
from tests.core.notion.test_destinations import add_page

Say = Callable[..., Awaitable[Answer]]


def start(answer: Answer) -> str:
    """The text without addresses."""
    assert answer.private
    assert answer.ok
    return "".join(part.partition(")")[2] if n else part for n, part in enumerate(_cut(answer)))


def _cut(answer: Answer) -> list[str]:
    return answer.text.replace("[", "").split("](")


async def test_what_nobody_chose_is_the_servers_default(say: Say, notion: NotionServer) -> None:
    answer = await say("to")
    assert start(answer) == "Your pages go to Notion Assistant (page): this server's default."
    assert notion.viewer_url in answer.text
    assert "`--channel`" in answer.notes[0]


async def test_a_person_chooses_for_themselves_alone(say: Say) -> None:
    assert start(await say("to Notes")) == "From now on your pages go to Notes (data source)."
    shown = "Your pages go to Notes (data source): your own choice."
    assert start(await say("to")) == shown
    assert start(await say("to", place="T1:C2")) == shown
    assert "server's default" in (await say("to", "bob")).text


async def test_a_channel_is_chosen_for_by_anybody_and_for_everybody_in_it(
    say: Say, notion: NotionServer
) -> None:
    add_page(notion, "Team notes")
    said = await say("to --channel Team notes")
    assert start(said) == "From now on pages from this channel go to Team notes (page)."
    shown = "Your pages from here go to Team notes (page): this channel's choice."
    assert start(await say("to", "bob")) == shown
    assert "server's default" in (await say("to", "bob", place="T1:C2")).text


async def test_a_persons_own_choice_goes_before_the_channels_and_both_are_told(
    say: Say, notion: NotionServer
) -> None:
    add_page(notion, "Team")
    await say("to Notes")
    assert start(await say("to Team --channel")) == (
        "From now on pages from this channel go to Team (page). "
        "Yours still go to Notes (data source), your own choice."
    )
    assert start(await say("to")) == (
        "Your pages go to Notes (data source): your own choice. "
        "Those of people here who chose nothing go to Team (page): this channel's choice."
    )


async def test_a_choice_taken_back_leaves_the_next_one_in_force(
    say: Say, notion: NotionServer
) -> None:
    add_page(notion, "Team")
    await say("to Notes")
    await say("to Team --channel")
    assert start(await say("to --clear")) == (
        "Notes (data source) is no longer chosen for you. "
        "Your pages from here go to Team (page): this channel's choice."
    )
    assert start(await say("to --clear --channel")) == (
        "Team (page) is no longer chosen for this channel. "
        "Your pages go to Notion Assistant (page): this server's default."
    )
    again = await say("to --clear")
    assert start(again).startswith("Nothing was chosen for you. Your pages go to Notion")


@pytest.mark.parametrize("typed", ['"Team notes"', "“Team notes”", "'Team notes'", "team NOTES"])
async def test_quotes_and_case_do_not_matter(say: Say, notion: NotionServer, typed: str) -> None:
    add_page(notion, "Team notes")
    assert "Team notes (page)" in start(await say(f"to {typed}"))


async def test_an_address_is_as_good_as_a_title(say: Say, notion: NotionServer) -> None:
    page = add_page(notion, "Team [draft]\nnotes")
    address = f"https://www.notion.so/Team-{page.replace('-', '')}"
    assert "[Team (draft) notes](" in (await say(f"to {address}")).text


async def test_what_cannot_be_chosen_is_refused_and_changes_nothing(
    say: Say, notion: NotionServer
) -> None:
    for _ in range(2):
        add_page(notion, "Twice")
    await say("to Notes")
    for line, told in (
        ("to Nowhere", "Connections"),
        ("to Twice", "More than one"),
        ("to Notes --clear", "takes no destination"),
    ):
        with pytest.raises(InvalidInput, match=told):
            await say(line)
    assert "Notes (data source)" in start(await say("to"))


async def test_where_there_is_no_channel_there_is_none_to_choose_for(say: Say) -> None:
    for line in ("to Notes --channel", "to --clear --channel"):
        with pytest.raises(InvalidInput, match="no channel here"):
            await say(line, place="")
    assert start(await say("to Notes", place="")).startswith("From now on your pages")


async def test_without_notion_nothing_is_chosen_but_a_choice_is_shown_and_taken_back(
    say: Say,
) -> None:
    with pytest.raises(Misconfigured, match="NOTION_TOKEN"):
        await say("to", connected=False)
    await say("to Notes")
    assert "your own choice" in start(await say("to", connected=False))
    cleared = await say("to --clear", connected=False)
    assert start(cleared).startswith("Notes (data source) is no longer chosen for you. Now nothing")
    assert "NOTION_TOKEN" in cleared.text


@pytest.mark.parametrize("parent", [None])
async def test_without_a_default_it_says_how_to_choose(say: Say, notion: NotionServer) -> None:
    for title in ("Ada's", "Bob's"):
        add_page(notion, title, Parent("workspace"))
    with pytest.raises(InvalidInput, match="`/notion to`"):
        await say("to")


# ── The workspace ────────────────────────────────────────────────────────────────────────────────


@dataclass
class Office(Room):
    """A platform where Ada runs the workspace."""

    async def manages(self, address: Address) -> bool:
        return address.get("who") == "ada"


async def test_an_admin_chooses_for_the_workspace_what_holds_where_nobody_else_chose(
    say: Say, notion: NotionServer
) -> None:
    add_page(notion, "Team")
    add_page(notion, "Channel")
    office = Office()
    with pytest.raises(Forbidden, match="Only an admin"):
        await say("to --workspace Team", "bob", platform=office, address={"who": "bob"})
    said = await say("to --workspace Team", platform=office, address={"who": "ada"})
    assert start(said) == "From now on pages from this workspace go to Team (page)."
    shown = "Your pages go to Team (page): this workspace's choice."
    assert start(await say("to", "bob", place="T1:C9")) == shown
    await say("to --channel Channel", "bob")
    assert "this channel's choice" in start(await say("to", "bob"))
    await say("to --me Notes", "bob")
    assert "your own choice" in start(await say("to", "bob"))
    await say("to default", "bob")
    assert "this channel's choice" in start(await say("to", "bob"))
    cleared = await say("to --workspace --clear", platform=office, address={"who": "ada"})
    assert "Team (page) is no longer chosen for this workspace." in start(cleared)


async def test_where_the_platform_does_not_say_who_runs_it_nobody_does(say: Say) -> None:
    with pytest.raises(Forbidden, match="--channel"):
        await say("to --workspace Notes", platform=Room())
    with pytest.raises(InvalidInput, match="one of them"):
        await say("to --workspace --channel Notes")


# ── Emoji ────────────────────────────────────────────────────────────────────────────────────────


async def test_an_emoji_saves_to_a_place_of_its_own_with_values_and_a_template(
    say: Say, notion: NotionServer, database: Database
) -> None:
    properties = {
        "Name": make_property("Name", "title", property_id="title"),
        "Status": make_property("Status", "status", (("To do", "gray"),)),
        "Team": make_property("Team", "select"),
    }
    source = notion.store.add_data_source("Bugs", properties)
    body = Draft("paragraph", {"rich_text": [], "color": "default"})
    notion.store.add_template(source.id, {"Name": title_value("Bug")}, [body])
    said = await say('to :bug: Bugs --template bug --set status="To do" --set Team=Core')
    assert start(said) == (
        "From now on 🐛 on a message here saves it to Bugs (data source), with the template “bug”, "
        "with status = To do, Team = Core."
    )
    shown = start(await say("to"))
    assert "- 🐛 saves to Bugs (data source), with the template “bug”" in shown
    assert "🐛" not in start(await say("to", place="T1:C2"))
    async with database.read() as unit:
        route = await unit.routes.get(Channel("slack", "T1:C1"), "🐛")
    assert marked_call(added=True, route=route).flags == {
        "emoji": "🐛",
        "to": source.id,
        "set": "status=To do\nTeam=Core",
        "template": "bug",
    }
    odd = await say("to 🐛 Bugs --set Colour=red")
    assert "“Colour” was left out" in odd.text
    assert start(await say("to 🐛 --clear")) == "🐛 saves nothing here any more."
    assert "saved nothing" in start(await say("to :bug: default"))
    assert "has it save" in start(await say("to 🐛"))


async def test_pages_and_people_that_values_name_are_looked_up_before_anything_is_said(
    say: Say, notion: NotionServer
) -> None:
    title = {"Name": make_property("Name", "title", property_id="title")}
    teams = notion.store.add_data_source("Teams", title)
    parent = Parent("data_source_id", teams.id)
    notion.store.add_page(parent, {"properties": {"Name": title_value("Core")}}, [])
    team = make_property("Team", "relation", related=teams.id)
    owner = make_property("Owner", "people")
    notion.store.add_data_source("Bugs", {**title, "Team": team, "Owner": owner})
    email = next(user["person"]["email"] for user in USERS if user["type"] == "person")
    said = start(await say(f"to :bug: Bugs --set Team=Core --set Owner={email}"))
    assert said.endswith(f"with Team = Core, Owner = {email}.")
    said = start(await say("to :bug: Bugs --set Team=Nobody --set Owner=nobody@example.com"))
    assert "“Team” was left out" in said
    assert "“Owner” was left out" in said


async def test_what_an_emoji_cannot_do_is_refused(say: Say, notion: NotionServer) -> None:
    add_page(notion, "Team")
    for line, told in (
        ("to 📝 Notes", "saves everywhere"),
        ("to ✅ Notes", "how far a save has come"),
        ("to 🐛 Team --set A=b", "neither properties nor templates"),
        ("to 🐛 Notes --template Epic", "It has none"),
        ("to 🐛 Notes --workspace", "for a channel"),
        ("to Notes --set A=b", "go with an emoji"),
    ):
        with pytest.raises(InvalidInput, match=told):
            await say(line)
    with pytest.raises(InvalidInput, match="no channel here"):
        await say("to 🐛 Notes", place="")


async def test_where_messages_take_no_emoji_none_is_chosen(say: Say, database: Database) -> None:
    terminal = ConsolePlatform()
    with pytest.raises(InvalidInput, match="Nobody can put 🐛 on a message here"):
        await say("to :bug: Notes", platform=terminal)
    async with database.read() as unit:
        assert await unit.routes.of(Channel("slack", "T1:C1")) == []
    assert ":bug:" not in str((await say("to", platform=terminal)).notes)
    assert ":bug:" in str((await say("to", platform=Room())).notes)


async def test_where_nothing_can_be_told_later_nobody_turns_it_on(say: Say) -> None:
    with pytest.raises(InvalidInput, match="Nothing can be told here later"):
        await say("settings announce on", platform=ConsolePlatform())
    assert "are told in the thread" in (await say("settings announce on")).text


async def test_a_channel_has_so_many_emoji_and_no_more(say: Say) -> None:
    for number in range(MOST_ROUTES):
        await say(f"to :own{number}: Notes")
    with pytest.raises(Conflict, match=str(MOST_ROUTES)):
        await say("to 🐛 Notes")
    # In place of an earlier one there is room.
    await say("to :own3: Notes --set Status=Draft")
