"""What was said, as a page: by a link, a menu or a reaction, once, and taken back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from core.actions import call_of
from core.captures import document
from core.errors import Forbidden, InvalidInput
from core.messages import Answer, Call, File, Message, Sender
from core.storage.database import Database
from sandbox.notion.ids import NOTES_DATA_SOURCE_ID
from sandbox.notion.schema import make_property
from sandbox.notion.server import NotionServer
from tests.core.commands.room import Room, message
from tests.core.notion.saved import made, written

Say = Callable[..., Awaitable[Answer]]

SENDER = Sender("slack", "ada", "ada", "T1")
MARKED = Call("save-marked")
UNDO = Call("undo-save")
ABOUT = {"message": "m1", "marked": "yes"}


@pytest.fixture
def room() -> Room:
    said = [
        message(1, "# Launch\n\nWe ship on **Thursday**.", link="https://chat.example/m1"),
        message(2, "Who tells *support*?", "Grace"),
        message(3, "I do.", files=(File("plan.pdf", "https://chat.example/plan.pdf"),)),
    ]
    return Room({"m1": said, "m2": said[1:2]})


def texts(notion: NotionServer) -> list[str]:
    (page,) = made(notion)
    return [text for _, text, _ in written(notion, page.id)]


async def test_a_message_by_its_link_is_a_page(say: Say, room: Room, notion: NotionServer) -> None:
    answer = await say("/notion save room:m2", platform=room)
    assert answer.ok
    (page,) = made(notion)
    assert answer.page is not None
    assert page.id.replace("-", "") in answer.page
    assert texts(notion)[0] == "Who tells support?"
    assert "Grace — 2026-11-24 12:02 UTC" in texts(notion)[1]
    assert texts(notion)[-1].startswith("Saved with Notion Assistant · slack")


async def test_a_thread_is_saved_whole_with_who_said_what_and_when(
    say: Say, room: Room, notion: NotionServer
) -> None:
    answer = await say(MARKED, platform=room, address=ABOUT)
    assert answer.text == "Saved to Notion: 3 messages."
    found = texts(notion)
    wanted = [
        "We ship on Thursday.",
        "Ada — 2026-11-24 12:01 UTC · Original message",
        "2 replies",
        "Grace — 2026-11-24 12:02 UTC",
        "Who tells support?",
        "Ada — 2026-11-24 12:03 UTC",
        "I do.",
        "plan.pdf (not copied to Notion. Its content is not to be had there.)",
    ]
    assert found[:-1] == wanted


async def test_in_a_data_source_a_thread_fills_the_properties_made_for_it(
    say: Say, room: Room, notion: NotionServer
) -> None:
    kinds = {
        "Author": "rich_text",
        "Participants": "multi_select",
        "Channel": "select",
        "Source": "status",
        "When": "date",
        "Link": "url",
        "Tags": "multi_select",
        "Made": "created_time",
        "Number": "unique_id",
    }
    properties = {name: make_property(name, kind) for name, kind in kinds.items()}
    properties |= {"Name": make_property("Name", "title", property_id="title")}
    source = notion.store.add_data_source("Decisions", properties)
    first, *replies = room.threads["m1"]
    said = replace(first, author_id="U1", channel="launch", tags=("shipping",))
    room.threads["m1"] = [said, *replies]
    answer = await say('/notion save room:m1 --to Decisions --tags "q4, Launch"', platform=room)
    assert answer.ok
    assert "“Source” was left out: it has no option “Slack”" in answer.notes[-1]
    (page,) = made(notion, source.id)
    found = {name: value[value["type"]] for name, value in page.body["properties"].items()}
    assert found["Author"][0]["plain_text"] == "Ada"
    assert [each["name"] for each in found["Participants"]] == ["Ada", "Grace"]
    assert found["Channel"]["name"] == "launch"
    assert found["When"]["start"] == "2026-11-24T12:01:00+00:00"
    assert found["Link"] == "https://chat.example/m1"
    assert [each["name"] for each in found["Tags"]] == ["q4", "Launch", "shipping"]
    assert found["Source"] is None


async def test_two_people_who_save_the_same_message_get_the_same_page(
    say: Say, room: Room, notion: NotionServer
) -> None:
    first = await say(MARKED, platform=room, address=ABOUT)
    second = await say("/notion save room:m1", "grace", platform=room)
    assert first.page == second.page
    assert len(made(notion)) == 1


async def test_another_destination_is_another_page_and_the_same_one_is_the_same(
    say: Say, room: Room, notion: NotionServer
) -> None:
    first = await say(MARKED, platform=room, address=ABOUT)
    named = await say(f"/notion save room:m1 --to {notion.root_page_id}", platform=room)
    assert named.page == first.page
    other = await say("/notion save room:m1 --to Notes", platform=room)
    assert len(made(notion)) == len(made(notion, NOTES_DATA_SOURCE_ID)) == 1
    await say("/notion to Notes", "grace")
    assert (await say(MARKED, "grace", platform=room, address=ABOUT)).page == other.page
    assert len(made(notion, NOTES_DATA_SOURCE_ID)) == 1


async def test_each_persons_page_goes_where_theirs_go_and_is_theirs_to_take_back(
    say: Say, room: Room, notion: NotionServer
) -> None:
    await say("/notion to Notes", "grace")
    first = await say(MARKED, platform=room, address=ABOUT)
    theirs = await say(MARKED, "grace", platform=room, address=ABOUT)
    assert theirs.page != first.page
    # Whoever has no choice of their own gets the first one's, which is where theirs go.
    assert (await say(MARKED, "bob", platform=room, address=ABOUT)).page == first.page
    assert (await say(MARKED, "grace", platform=room, address=ABOUT)).page == theirs.page
    assert (await say(UNDO, "grace", platform=room, address=ABOUT)).quiet
    assert [page.in_trash for page in made(notion, NOTES_DATA_SOURCE_ID)] == [True]
    assert [page.in_trash for page in made(notion)] == [False]


async def test_what_is_in_the_trash_is_saved_anew_with_what_is_said_by_now(
    say: Say, room: Room, notion: NotionServer
) -> None:
    first = await say(MARKED, platform=room, address=ABOUT)
    (page,) = made(notion)
    notion.store.change(page.id, in_trash=True)
    room.threads["m1"] = [replace(room.threads["m1"][0], text="We ship on Friday.")]
    again = await say("/notion save room:m1", "grace", platform=room)
    assert again.page != first.page
    assert again.notes[0].startswith("The page of before is in Notion's trash")
    fresh, _ = made(notion)
    assert written(notion, fresh.id)[0][1] == "We ship on Friday."
    assert (await say("/notion save room:m1", platform=room)).page == again.page


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/notion save", "Which message"),
        ("/notion save https://example.com/nothing", "no address of a message"),
        ("/notion save room:gone", "not there any more"),
    ],
)
async def test_whoever_names_no_message_is_told_how_to(
    say: Say, room: Room, notion: NotionServer, line: str, told: str
) -> None:
    with pytest.raises(InvalidInput, match=told):
        await say(line, platform=room)
    assert made(notion) == []


async def test_where_there_are_no_messages_it_says_where_there_are(say: Say) -> None:
    with pytest.raises(InvalidInput, match="Slack or Discord"):
        await say("/notion save room:m1")


async def test_a_message_that_may_not_be_read_says_what_to_do(say: Say, room: Room) -> None:
    room.trouble = Forbidden("Invite the app.")
    with pytest.raises(Forbidden, match="Invite the app"):
        await say(MARKED, platform=room, address=ABOUT)


async def test_taking_the_reaction_away_within_ten_minutes_archives_the_page(
    say: Say, room: Room, notion: NotionServer
) -> None:
    await say(MARKED, platform=room, address=ABOUT)
    answer = await say(UNDO, platform=room, address=ABOUT)
    assert (answer.text, answer.quiet) == ("", True)
    (gone,) = made(notion)
    assert gone.in_trash
    await say(MARKED, platform=room, address=ABOUT)
    assert [page.in_trash for page in made(notion)] == [False, True]


async def test_after_ten_minutes_the_person_is_asked_what_is_to_become_of_the_page(
    say: Say, room: Room, notion: NotionServer
) -> None:
    await say(MARKED, platform=room, address=ABOUT)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
        answer = await say(UNDO, platform=room, address=ABOUT)
    assert not answer.quiet
    assert "more than ten minutes" in answer.text
    assert [page.in_trash for page in made(notion)] == [False]
    trash, stay = answer.actions
    assert (trash.label, stay.label) == ("Move to trash", "Keep the page")
    calls = {each.name: call_of(each.name, each.item) for each in answer.actions}
    assert (await say(calls["stay"], platform=room)).text == "The page stays."
    assert [page.in_trash for page in made(notion)] == [False]
    with pytest.raises(Forbidden):
        await say(calls["trash"], "grace", platform=room)
    room.marks.append("done")
    assert "trash" in (await say(calls["trash"], platform=room)).text
    assert [page.in_trash for page in made(notion)] == [True]
    assert room.marks[-1] == "none"
    assert "empty" in (await say("/notion history")).text


async def test_nobody_takes_back_what_somebody_else_saved(
    say: Say, room: Room, notion: NotionServer
) -> None:
    await say(MARKED, platform=room, address=ABOUT)
    answer = await say(UNDO, "grace", platform=room, address=ABOUT)
    assert "Somebody else saved" in answer.text
    assert [page.in_trash for page in made(notion)] == [False]


async def test_a_saved_message_is_in_the_history_and_costs_nothing(
    say: Say, room: Room, database: Database
) -> None:
    await say(MARKED, platform=room, address=ABOUT)
    assert "Launch" in (await say("/notion history")).text
    async with database.begin() as unit:
        rows = await unit.spending.spent((await unit.users.of(SENDER)).id, "2026-01-01", "")
    assert rows == []


@pytest.mark.parametrize(
    "links", ["room:m2 room:m4", "room:m4..room:m2", "room:m2 – room:m4", "<room:m2> to room:m4"]
)
async def test_two_links_save_all_that_was_said_between(
    say: Say, notion: NotionServer, links: str
) -> None:
    said = [message(n, f"Word {n}", "Ada" if n % 2 else "Grace") for n in range(1, 6)]
    room = Room({"all": said})
    links = links.replace("<", "").replace(">", "")
    answer = await say(f"/notion save {links}", platform=room)
    assert answer.text == "Saved to Notion: 3 messages."
    assert answer.notes == ()
    assert texts(notion)[:-1] == [
        "3 messages since 2026-11-24 12:02 UTC",
        "Grace — 2026-11-24 12:02 UTC",
        "Word 2",
        "Ada — 2026-11-24 12:03 UTC",
        "Word 3",
        "Grace — 2026-11-24 12:04 UTC",
        "Word 4",
    ]
    again = await say("/notion save room:m4 room:m2", "grace", platform=room)
    assert again.page == answer.page


async def test_too_long_a_range_is_cut_and_says_so(say: Say, notion: NotionServer) -> None:
    said = [replace(message(1, f"Word {n}"), id=f"m{n:03}") for n in range(300)]
    answer = await say("/notion save room:m000 room:m299", platform=Room({"all": said}))
    assert answer.text == "Saved to Notion: 200 messages."
    assert "Only the first 200 messages" in answer.notes[0]
    assert texts(notion)[-2] == "Word 199"


@pytest.mark.parametrize(
    ("links", "told"),
    [
        ("room:m1 room:m2 room:m3", "or two"),
        ("room:m1 https://example.com", "no address of a message"),
        ("room:x room:y", "Nothing was said"),
    ],
)
async def test_two_links_that_do_not_go_together_are_told_as_such(
    say: Say, room: Room, links: str, told: str
) -> None:
    with pytest.raises(InvalidInput, match=told):
        await say(f"/notion save {links}", platform=room)


def test_a_name_or_a_file_cannot_break_the_document() -> None:
    odd = Message(
        "m", "*[x](y)_`", "", message(1, "").at, files=(File("a]\n[b", "https://c.example"),)
    )
    text = document([odd])
    assert r"\*\[x\](y)\_\`" in text
    assert "[a   b](<https://c.example>)" in text
