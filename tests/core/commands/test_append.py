"""Adding to pages that are there, asking one page, and saying which place was meant."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from core.actions import call_of, when_unclear
from core.added import Added
from core.commands.parse import parse
from core.commands.saving import with_place
from core.errors import Ambiguous, InvalidInput, error_from_json
from core.messages import Answer, Call, Channel, Message, Request, Sender
from core.notion.appending import AGAIN, Appending
from core.notion.client import NotionPages
from core.notion.making import Patience
from core.ports import Destination
from core.storage.database import Database
from sandbox.notion.blocks import Draft
from sandbox.notion.records import Parent
from sandbox.notion.rich_text import text_item
from sandbox.notion.server import NotionServer
from tests.core.commands.room import START, Room, message
from tests.core.notion.saved import LONG, Killed, Steps, written
from tests.core.notion.test_destinations import add_page

Say = Callable[..., Awaitable[Answer]]


def texts(notion: NotionServer, page: str) -> list[str]:
    return [text for _, text, _ in written(notion, page)]


def types(notion: NotionServer, page: str) -> list[str]:
    return [kind for kind, _, _ in written(notion, page)]


@pytest.fixture
def minutes(notion: NotionServer) -> str:
    """A page that people have written on."""
    page = add_page(notion, "Minutes")
    body = {"rich_text": [text_item("Written by hand.")], "color": "default"}
    notion.store.append(Parent("page_id", page), [Draft("paragraph", body)])
    return page


@pytest.fixture
def room() -> Room:
    said = [message(1, "We ship on **Thursday**."), message(2, "Fine.", "Grace")]
    return Room({"m1": said})


async def test_a_message_is_added_below_what_is_there_with_who_when_and_where(
    say: Say, notion: NotionServer, minutes: str, room: Room
) -> None:
    answer = await say("/notion save --append Minutes room:m1", platform=room)
    assert answer.text == "Added 2 messages to “Minutes”."
    assert answer.page is not None
    assert minutes.replace("-", "") in answer.page
    found = texts(notion, minutes)
    assert found[0] == "Written by hand."
    assert types(notion, minutes)[1] == "divider"
    assert found[2].startswith("Added by ada · 20")
    assert "Slack" in found[2]
    assert found[3] == "We ship on Thursday."
    assert "Ada — 2026-11-24 12:01 UTC" in found[4]
    assert found[-1] == "Fine."


async def test_the_same_message_is_added_once_to_a_page_whoever_asks(
    say: Say, notion: NotionServer, minutes: str, room: Room
) -> None:
    other = add_page(notion, "Other")
    await say("/notion save --append Minutes room:m1", platform=room)
    before = texts(notion, minutes)
    again = await say("/notion save --append Minutes room:m1", "grace", platform=room)
    assert again.text == f"{AGAIN} (“Minutes”)"
    assert texts(notion, minutes) == before
    await say("/notion save --append Other room:m1", platform=room)
    assert "We ship on Thursday." in texts(notion, other)


async def test_words_are_added_as_they_stand(say: Say, notion: NotionServer, minutes: str) -> None:
    answer = await say('/notion save --append "Minutes" - [ ] tell support')
    assert answer.text == "Added your words to “Minutes”."
    assert written(notion, minutes)[-1][:2] == ("to_do", "tell support")


async def test_in_a_thread_the_last_answer_is_added(
    say: Say, notion: NotionServer, minutes: str, database: Database
) -> None:
    channel = Channel("slack", "T1:C1")
    said = [
        Message(f"answer-{uuid4()}", "", text, START, ours=True) for text in ("First.", "Last.")
    ]
    async with database.begin() as unit:
        await unit.messages.keep(channel, "100.1", said[:1])
        await unit.messages.keep(channel, "100.1", said[1:])
    pressed = call_of("append-1", minutes)
    assert pressed == Call("save", flags={"append": minutes})
    answer = await say(pressed, address={"thread": "100.1"})
    assert answer.text == "Added the last answer here to “Minutes”."
    assert texts(notion, minutes)[-1] in ("First.", "Last.")


async def test_what_is_no_page_or_nothing_to_add_is_refused(say: Say, minutes: str) -> None:
    for line, told in (
        ("save --append Notes x", "is a data source"),
        ("save --append Minutes", "What is to be added"),
        ("save --append Minutes x --to Notes", "is for a new one"),
        ("save --append Nowhere x", "Nothing shared"),
    ):
        with pytest.raises(InvalidInput, match=told):
            await say(line)


@pytest.mark.parametrize("step", ["append: begin", "append: blocks 0", "append: blocks 1"])
async def test_a_crash_adds_nothing_twice_and_leaves_nothing_out(
    notion: NotionServer, pages: NotionPages, database: Database, minutes: str, step: str
) -> None:
    request = Request(uuid4(), Sender("slack", "ada", "ada", "T1"), Call("save"))
    async with database.begin() as unit:
        await unit.inbox.add([request])
    appending = Appending(database, pages, "https://notes.example", Patience(looks=(0.0,)))
    place, steps = Destination(minutes, "page", "Minutes", "https://notion.so/m"), Steps(step)
    what = Added("message:1", "Ada", "Slack", LONG)
    with pytest.raises(Killed):
        await appending.append(steps, request.id, place, what)
    # Meanwhile somebody goes on writing below.
    body = {"rich_text": [text_item("Below.")], "color": "default"}
    notion.store.append(Parent("page_id", minutes), [Draft("paragraph", body)])
    await appending.append(steps, request.id, place, what)
    found = texts(notion, minutes)
    assert [text for text in found if text.startswith("Paragraph")] == [
        f"Paragraph {number}" for number in range(250)
    ]
    assert found.count("Below.") == 1
    assert sum(text.startswith("Added by Ada") for text in found) == 1
    assert sum(text.startswith("End of what was added") for text in found) == 1


async def test_several_places_of_a_name_are_asked_about_with_buttons(
    say: Say, notion: NotionServer
) -> None:
    places = {add_page(notion, "Twice") for _ in range(2)}
    with pytest.raises(Ambiguous) as raised:
        await say("to Twice")
    # As a recorded step keeps it.
    error = error_from_json(raised.value.to_json())
    assert isinstance(error, Ambiguous)
    request = uuid4()
    actions = when_unclear(request, error.choices)
    assert {action.label for action in actions} == {"Twice — in Notion Assistant"}
    calls = [call_of(action.name, action.item) for action in actions]
    assert {call.flags["place"] for call in calls if call} == places
    assert {call.text for call in calls if call} == {str(request)}


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("to Twice", "to P"),
        ("to :bug: Twice --set A=b", "to :bug: P --set A=b"),
        ("generate x --to Twice", "generate x --to P"),
        ("save y --append Twice", "save y --append P"),
        ("ask z --page Twice", "ask z --page P"),
    ],
)
def test_what_was_meant_takes_the_place_of_the_name(line: str, meant: str) -> None:
    assert with_place(parse(line), "P") == parse(meant)
