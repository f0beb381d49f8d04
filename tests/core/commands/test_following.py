"""What becomes of a saved message is brought to its page, once and whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import time_machine

from core.captures import Captures
from core.errors import Misconfigured, NotionFailed
from core.follow.changes import FINAL_TRIES, Changes
from core.follow.news import DELAY, News
from core.messages import Answer, Call, Channel, File, Message, Request, Sender, stable_id
from core.notion.client import NotionPages
from core.ports import Address, Reply, Watched
from core.storage.content import Content
from core.storage.database import Database
from sandbox.notion.schema import make_property
from sandbox.notion.server import NotionServer
from tests.core.commands.room import Room, message
from tests.core.notion.saved import Killed, Steps, made, written

Say = Callable[..., Awaitable[Answer]]

MARKED = Call("save-marked")
ABOUT = {"message": "m1", "marked": "yes"}
PLACE = Channel("slack", "T1:C1")
PNG = b"\x89PNG\r\n\x1a\n"
LATER = datetime.now(UTC).timestamp() + 3600


@pytest.fixture
def room() -> Room:
    said = [
        message(1, "We ship on **Thursday**.", link="https://chat.example/m1", thread="m1"),
        message(2, "Who tells *support*?", "Grace", thread="m1"),
    ]
    return Room({"m1": said, "m2": [replace(said[1], thread="")]})


@pytest.fixture
def news(database: Database) -> News:
    return News(database, 30)


@pytest.fixture
def changes(database: Database, pages: NotionPages, room: Room) -> Changes:
    return Changes(database, pages, {"slack": room})


def item(about: str = "m1", place: str = "T1:C1") -> UUID:
    return stable_id("message", "slack", place, about, "")


def texts(notion: NotionServer) -> list[str]:
    (page,) = made(notion)
    return [text for _, text, _ in written(notion, page.id)][:-1]


async def kept(database: Database) -> Content:
    async with database.read() as unit:
        found = await unit.content.get(item())
    assert found is not None
    return found


async def test_an_edit_changes_the_message_on_its_page_and_nothing_else(
    say: Say, room: Room, news: News, changes: Changes, notion: NotionServer, database: Database
) -> None:
    await say(MARKED, platform=room, address=ABOUT)
    before = len(notion.requests)
    assert await news.told(PLACE, message(2, "Who tells *sales*?", "Grace"), LATER)
    await changes.bring(Steps(), item())
    assert texts(notion)[3:] == ["Grace — 2026-11-24 12:02 UTC", "Who tells sales?"]
    # One look, one block.
    assert [call.method for call in list(notion.requests)[before:]] == ["GET", "PATCH"]
    assert "sales" in ((await kept(database)).text or "")
    # The same news again is no news.
    assert not await news.told(PLACE, message(2, "Who tells *sales*?", "Grace"), LATER + 1)
    # Nor is what was true before it.
    assert not await news.told(PLACE, message(2, "Who tells *support*?", "Grace"), LATER - 9)


async def test_an_edit_of_the_first_line_renames_the_page_unless_somebody_did(
    say: Say,
    room: Room,
    news: News,
    changes: Changes,
    notion: NotionServer,
    pages: NotionPages,
    database: Database,
) -> None:
    await say(MARKED, platform=room, address=ABOUT)
    (page,) = made(notion)
    assert await pages.title(page.id) == "We ship on Thursday"
    await news.told(PLACE, message(1, "We ship on **Friday**."), LATER)
    await changes.bring(Steps(), item())
    assert await pages.title(page.id) == "We ship on Friday"
    assert (await kept(database)).prompt == "We ship on Friday."
    await pages.rename(page.id, "Shipping")
    await news.told(PLACE, message(1, "We ship on **Monday**."), LATER + 1)
    await changes.bring(Steps(), item())
    assert await pages.title(page.id) == "Shipping"
    assert texts(notion)[0] == "We ship on Monday."
    assert "chat.example/m1" in str([each.body for each in notion.store.children(page.id)])


async def test_replies_are_appended_in_order_with_their_files_once(
    say: Say, room: Room, news: News, changes: Changes, notion: NotionServer
) -> None:
    await say(MARKED, platform=room, address=ABOUT)
    file = File("a.png", "https://chat.example/a.png", "image/png", 8, "https://private/a.png")
    room.contents["https://private/a.png"] = PNG
    later, sooner = message(5, "I do.", files=(file,)), message(4, "Not me.", "Bob")
    for each in (later, sooner, later):
        await news.told(PLACE, each, LATER, thread="m1")
    await changes.bring(Steps(), item())
    await changes.bring(Steps(), item())
    assert texts(notion)[2:] == [
        "3 replies",
        "Grace — 2026-11-24 12:02 UTC",
        "Who tells support?",
        "Bob — 2026-11-24 12:04 UTC",
        "Not me.",
        "Ada — 2026-11-24 12:05 UTC",
        "I do.",
        "",
    ]
    (page,) = made(notion)
    assert [child.type for child in notion.store.children(page.id)][-2] == "image"
    # An edit of it leaves the file alone, under whatever address it is told of.
    moved = file._replace(link=f"{file.link}?ex=2", source="https://private/gone.png")
    await news.told(PLACE, replace(later, text="We do.", files=(moved,)), LATER + 5)
    await changes.bring(Steps(), item())
    assert texts(notion)[-2:] == ["We do.", ""]
    assert sum(call.path.endswith("/send") for call in notion.requests) == 1


async def test_what_is_changed_while_its_files_go_up_comes_to_the_page_too(
    say: Say, room: Room, news: News, changes: Changes, notion: NotionServer
) -> None:
    file = File("a.png", "https://chat.example/a.png", "image/png", 8, "https://private/a.png")
    room.contents["https://private/a.png"] = PNG
    first = replace(room.threads["m1"][0], files=(file,))
    room.threads["m1"] = [first]
    fetch, heard = room.fetch, list[bool]()

    async def meanwhile(address: Address, file: File) -> AsyncIterator[bytes]:
        edited = replace(first, text="We ship on **Friday**.")
        heard.append(await news.told(PLACE, edited, LATER))
        heard.append(await news.told(PLACE, message(4, "Why?", "Bob"), LATER, thread="m1"))
        await changes.bring(Steps(), item())
        async for piece in fetch(address, file):
            yield piece

    room.fetch = meanwhile  # type: ignore[method-assign] # what people do at that moment
    await say(MARKED, platform=room, address=ABOUT)
    await changes.bring(Steps(), item())
    assert heard == [True, True]
    found = texts(notion)
    assert found[0] == "We ship on Friday."
    assert found[-2:] == ["Bob — 2026-11-24 12:04 UTC", "Why?"]
    (page,) = made(notion)
    assert [child.type for child in notion.store.children(page.id)].count("image") == 1
    assert sum(call.path.endswith("/send") for call in notion.requests) == 1


async def test_of_one_message_alone_no_replies_are_appended(
    say: Say, room: Room, news: News
) -> None:
    await say("/notion save room:m2", platform=room)
    assert not await news.follows(PLACE, "m9", "m2")
    assert await news.follows(PLACE, "m2")
    assert not await news.told(PLACE, message(9, "Me."), LATER, thread="m2")


async def test_the_first_reply_to_a_message_without_a_thread_begins_its_section(
    say: Say, room: Room, news: News, changes: Changes, notion: NotionServer
) -> None:
    room.threads["m5"] = [message(5, "Lunch at noon.", thread="m5")]
    await say(MARKED, platform=room, address={"message": "m5", "marked": "yes"})
    before = texts(notion)
    assert await news.told(PLACE, message(7, "I come.", "Bob"), LATER, thread="m5")
    await changes.bring(Steps(), item("m5"))
    assert texts(notion) == [*before, "1 reply", "Bob — 2026-11-24 12:07 UTC", "I come."]


async def test_the_apps_own_answer_is_added_when_it_is_whole_as_the_platform_tells_it(
    say: Say,
    room: Room,
    changes: Changes,
    notion: NotionServer,
    pages: NotionPages,
    database: Database,
) -> None:
    class Recalled(Room):
        def recall(self, address: Address, reply: Reply) -> Address | None:
            return {**address, "message": reply["id"]} if reply.get("id") else None

    platform = Recalled({**room.threads, "m8": [message(8, "On Friday.", "App", ours=True)]})
    await say(MARKED, platform=platform, address=ABOUT)
    keeper = Captures(database, pages, platforms={"slack": platform})
    asked = Request(uuid4(), Sender("slack", "ada"), Call("talk"), {"thread": "m1"}, "T1:C1")
    reads = platform.reads
    for elsewhere in (replace(asked, address={"thread": "m0"}), replace(asked, place="T1:C2")):
        await keeper.answered(elsewhere, [{"id": "m8"}])
    assert platform.reads == reads
    for _ in range(2):
        await keeper.answered(asked, [{}, {"id": "m8"}])
    await changes.bring(Steps(), item())
    found = texts(notion)
    assert found[2] == "2 replies"
    assert found[-2:] == ["App — 2026-11-24 12:08 UTC", "On Friday."]


async def test_a_deleted_message_is_marked_and_kept(
    say: Say, room: Room, news: News, changes: Changes, notion: NotionServer
) -> None:
    await say(MARKED, platform=room, address=ABOUT)
    at = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
    assert await news.gone(PLACE, ["m1", "m2", "other"], at)
    assert not await news.gone(PLACE, ["m2"], at)
    await changes.bring(Steps(), item())
    mark = "Deleted in the chat on 2026-11-25 09:30 UTC. What was said is kept here."
    found = texts(notion)
    assert found[0] == "We ship on Thursday."
    assert [n for n, text in enumerate(found) if mark in text] == [2, 5]
    assert found[6] == "Who tells support?"


async def test_messages_to_look_for_are_the_young_ones_that_are_not_known_to_be_gone(
    say: Say, room: Room, news: News, database: Database
) -> None:
    await say(MARKED, platform=room, address=ABOUT)
    first, reply = room.threads["m1"]
    assert await news.watched("slack", first.at, 9) == [Watched("T1:C1", "m1", "m2")]
    both = await news.watched("slack", first.at - DELAY, 9)
    assert [(one.message, one.link) for one in both] == [("m2", ""), ("m1", first.link)]
    await news.gone(PLACE, ["m2"], reply.at)
    assert [one.message for one in await news.watched("slack", first.at - DELAY, 9)] == ["m1"]
    assert await news.watched("discord", first.at - DELAY, 9) == []
    assert await News(database, 0).watched("slack", first.at - DELAY, 9) == []


async def test_saving_again_brings_the_page_up_to_what_is_said_by_now(
    say: Say, room: Room, changes: Changes, notion: NotionServer
) -> None:
    await say(MARKED, platform=room, address=ABOUT)
    room.threads["m1"] += [message(3, "Me.", "Bob", thread="m1")]
    await say(MARKED, name="grace", platform=room, address=ABOUT)
    await changes.bring(Steps(), item())
    assert texts(notion)[-2:] == ["Bob — 2026-11-24 12:03 UTC", "Me."]


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("step", ["take", "file 0", "look", "change", "title", "note"])
async def test_a_process_that_dies_after_any_step_leaves_the_page_whole(
    say: Say,
    room: Room,
    news: News,
    changes: Changes,
    notion: NotionServer,
    step: str,
    *,
    kept: bool,
) -> None:
    await say(MARKED, platform=room, address=ABOUT)
    file = File("a.png", "https://chat.example/a.png", "image/png", 8, "https://private/a.png")
    room.contents["https://private/a.png"] = PNG
    edited = message(1, "We ship on **Friday**.\n\nAll of us.", files=(file,))
    await news.told(PLACE, edited, LATER)
    steps = Steps(die_after=step, kept=kept)
    with pytest.raises(Killed):
        await changes.bring(steps, item())
    # What is heard meanwhile is for the next time.
    await news.told(PLACE, message(2, "Who tells *sales*?", "Grace"), LATER + 1)
    await changes.bring(steps, item())
    await changes.bring(Steps(), item())
    assert texts(notion) == [
        "We ship on Friday.",
        "All of us.",
        "",
        "Ada — 2026-11-24 12:01 UTC · Original message",
        "1 reply",
        "Grace — 2026-11-24 12:02 UTC",
        "Who tells sales?",
    ]


async def test_what_notion_did_not_take_is_tried_again_by_a_later_request(
    say: Say,
    room: Room,
    news: News,
    changes: Changes,
    database: Database,
    notion: NotionServer,
) -> None:
    await say(MARKED, platform=room, address=ABOUT)
    await news.told(PLACE, message(2, "Who tells *sales*?", "Grace"), LATER)
    away = NotionPages("ntn_x", None, "http://127.0.0.1:9", requests_per_minute=500, patience=1)
    now = datetime.now(UTC)
    with time_machine.travel(now + DELAY + timedelta(seconds=1), tick=False):
        [request] = await news.begun()
        # Whoever else looks finds that somebody is at it.
        assert await News(database, 30).begun() == []
    with pytest.raises(NotionFailed):
        await Changes(database, away).bring(Steps(), item())
    await away.close()
    async with database.begin() as unit:
        await unit.inbox.answered(request, Answer(""))
        await unit.inbox.finish(request)
    with time_machine.travel(now + timedelta(seconds=5), tick=False):
        assert await news.begun() == []
    with time_machine.travel(now + timedelta(minutes=2), tick=False):
        [again] = await news.begun()
    assert again != request
    await changes.bring(Steps(), item())
    assert "Who tells sales?" in texts(notion)


async def test_a_page_that_is_gone_is_followed_no_more_after_some_tries(
    say: Say, room: Room, news: News, changes: Changes, pages: NotionPages, notion: NotionServer
) -> None:
    await say(MARKED, platform=room, address=ABOUT)
    (page,) = made(notion)
    await pages.trash(page.id)
    await news.told(PLACE, message(2, "Who tells *sales*?", "Grace"), LATER)
    await news.told(PLACE, message(7, "Me.", "Bob"), LATER, thread="m1")
    for _ in range(FINAL_TRIES):
        assert await news.follows(PLACE, "m2")
        with pytest.raises(NotionFailed):
            await changes.bring(Steps(), item())
    assert not await news.follows(PLACE, "m2")


async def test_after_the_days_nothing_is_followed_and_none_at_all_where_there_are_no_days(
    say: Say, room: Room, news: News, database: Database
) -> None:
    await say(MARKED, platform=room, address=ABOUT)
    assert await news.follows(PLACE, "m2")
    assert not await News(database, 0).follows(PLACE, "m2")
    assert not await news.follows(Channel("slack", "T1:C2"), "m2")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=31)):
        assert not await news.follows(PLACE, "m2", "m1")
        assert not await news.told(PLACE, message(2, "else", "Grace"), LATER)
        async with database.begin() as unit:
            await unit.followed.forget(datetime.now(UTC))
            assert await unit.followed.get(item()) is None


async def test_a_page_that_was_taken_back_is_followed_no_more(
    say: Say, room: Room, news: News
) -> None:
    await say(MARKED, platform=room, address=ABOUT)
    await say(Call("undo-save"), platform=room, address=ABOUT)
    assert not await news.follows(PLACE, "m1", "m1")


async def test_an_item_saved_later_fills_the_properties_as_when_saved_at_once(
    say: Say, room: Room, notion: NotionServer
) -> None:
    kinds = {"Author": "rich_text", "Participants": "multi_select", "Channel": "select"}
    properties = {name: make_property(name, kind) for name, kind in kinds.items()}
    properties |= {"Name": make_property("Name", "title", property_id="title")}
    source = notion.store.add_data_source("Decisions", properties)
    first, reply = room.threads["m1"]
    room.threads["m1"] = [replace(first, channel="launch", tags=("q4",)), reply]
    with pytest.raises(Misconfigured):
        await say(MARKED, platform=room, address=ABOUT, connected=False)
    answer = await say(Call("save-item", str(item()), {"to": source.id}))
    assert answer.ok
    (page,) = made(notion, source.id)
    found = {name: value[value["type"]] for name, value in page.body["properties"].items()}
    assert found["Author"][0]["plain_text"] == "Ada"
    assert [each["name"] for each in found["Participants"]] == ["Ada", "Grace"]
    assert found["Channel"]["name"] == "launch"


def test_what_messages_were_kept_before_threads_were_told_of_is_read_all_the_same() -> None:
    old = message(1, "x").to_json()
    del old["thread"]
    assert Message.from_json(old).thread == ""
