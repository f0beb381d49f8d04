from collections.abc import Awaitable, Callable

import pytest

from core.errors import InvalidInput, Misconfigured
from core.messages import Answer
from sandbox.notion.records import Parent
from sandbox.notion.server import NotionServer
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
