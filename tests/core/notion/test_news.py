"""What became of pages, read from Notion and told in chat."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine

from core.announcing import Announcing, sentence, webhook_tokens
from core.config import Settings
from core.errors import InvalidInput, Unauthorized
from core.messages import Answer, Call, Channel, Request, Sender
from core.notion import news
from core.notion.client import NotionPages
from core.notion.connections import Connections
from core.notion.news import Comment, PageNews
from core.ports import Address, Part, Reply
from core.storage.connection_tables import notion_webhooks
from core.storage.content import Written
from core.storage.database import Database
from sandbox.notion.blocks import Draft
from sandbox.notion.hooks import Faults
from sandbox.notion.ids import BOT_USER_ID, PERSON_USER_ID, ROOT_PAGE_ID
from sandbox.notion.records import Parent
from sandbox.notion.server import NotionServer
from sandbox.notion.webhooks import Subscription

SETTINGS = Settings(_env_file=None, secret_key="k" * 40)
HERE = Channel("slack", "T1:C1")
ROBIN = "Robin Example"


class Chat:
    """A platform where something can be said later."""

    name = "slack"

    def render(self, answer: Answer) -> list[Part]:
        return [{"text": answer.text}]

    async def post(self, address: Address, part: Part, marker: str, *, again: bool) -> Reply:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError

    def aside(self, address: Address, reply: Reply | None) -> Address | None:
        return {"thread": address["message"]} if reply is None else {"thread": reply["ts"]}


class Stage:
    """Announcing on a stand-in, and a page that Ada saved from a message."""

    def __init__(
        self, database: Database, announcing: Announcing, notion: NotionServer, begun: list[UUID]
    ) -> None:
        self.database, self.announcing, self.notion = database, announcing, notion
        self.begun = begun
        self.hook = Subscription("http://nowhere.example")
        self.item = uuid4()
        self.page = ""

    async def save(self, *, private: bool = False, reply: str | None = None) -> None:
        text = [{"type": "text", "text": {"content": "Plan"}, "plain_text": "Plan"}]
        body = {"properties": {"title": {"id": "title", "type": "title", "title": text}}}
        self.page = self.notion.store.add_page(Parent("page_id", ROOT_PAGE_ID), body, []).id
        url = f"https://notion.so/{self.page}"
        address = {"message": "m1"} | ({"private": "yes"} if private else {})
        id_ = self.item if private or reply else uuid4()
        request = Request(id_, Sender("slack", "ada", "Ada", "T1"), Call("save"), address, "T1:C1")
        async with self.database.begin() as unit:
            user = await unit.users.of(request.sender)
            await unit.inbox.add([request])
            await unit.inbox.belongs_to(request.id, user.id)
            await unit.content.begin(self.item, user.id, "Plan", None)
            await unit.content.finish(self.item, Written("Plan", "slack", None, None, 0, 0))
            await unit.content.saved(self.item, self.page, url)
            if reply:
                await unit.inbox.replied(request.id, {"0": {"ts": reply}})
        await self.announcing.watch(request, url)

    async def hear(self, *events: dict[str, Any], token: str | None = None) -> None:
        for event in events:
            body = json.dumps(event).encode()
            key = (token or self.hook.token).encode()
            await self.announcing.hear(
                body, "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
            )

    async def handshake(self) -> None:
        await self.announcing.hear(json.dumps({"verification_token": self.hook.token}).encode(), "")

    async def due(self, seconds: float = 31) -> list[Request]:
        """What is asked to be told after so long."""
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds), tick=False):
            await self.announcing.tell()
        async with self.database.read() as unit:
            found = [await unit.inbox.get(one) for one in self.begun]
        self.begun.clear()
        return [one.request for one in found if one is not None]

    def comment(self, text: str, by: str = PERSON_USER_ID, *, parent: Parent | None = None) -> str:
        words = [{"type": "text", "text": {"content": text}, "plain_text": text}]
        body = {"discussion_id": str(uuid4()), "rich_text": words, "by": by}
        return self.notion.store.add_comment(parent or Parent("page_id", self.page), body).id


@pytest.fixture
async def stage(database: Database, pages: NotionPages, notion: NotionServer) -> Stage:
    connections = Connections(SETTINGS, database, pages)
    begun: list[UUID] = []
    announcing = Announcing(SETTINGS, database, connections, {"slack": Chat()}, begun.append)
    return Stage(database, announcing, notion, begun)


async def test_edits_and_comments_become_one_message_in_the_thread_it_came_from(
    stage: Stage,
) -> None:
    await stage.save()
    await stage.announcing.turn(HERE, on=True)
    await stage.handshake()
    edited = stage.hook.event("page.content_updated", stage.page)
    said = stage.hook.event("comment.created", stage.page)
    stage.comment("Ship it on *Thursday*?")
    await stage.hear(edited, edited, said)
    # Not yet: more may come.
    assert await stage.due(10) == []
    (request,) = await stage.due()
    assert request.call == Call("announce", str(stage.item))
    assert (request.address["thread"], request.place) == ("m1", "T1:C1")
    found = await stage.announcing.news(stage.item)
    assert found is not None
    text, seen, comments = found
    first, second = text.splitlines()
    assert first.startswith(f"✏️ {ROBIN} edited [Plan](")
    assert second.startswith(f"💬 {ROBIN} commented on [Plan](")
    assert second.endswith("“Ship it on \\*Thursday\\*?”")
    await stage.announcing.told(stage.item, seen, comments)
    assert await stage.announcing.news(stage.item) is None
    # The same event late, and one of before, say nothing new.
    await stage.hear(edited, said)
    assert await stage.due() == []


async def test_a_comment_beside_a_paragraph_is_told_too_but_none_of_another_page(
    stage: Stage,
) -> None:
    await stage.save()
    await stage.announcing.turn(HERE, on=True)
    await stage.handshake()
    store, texts = stage.notion.store, {"rich_text": [], "color": "default"}
    other = store.add_page(Parent("page_id", ROOT_PAGE_ID), {"properties": {}}, []).id
    for page, words in ((stage.page, "Which one?"), (other, "Not for them.")):
        (outer,) = store.append(Parent("page_id", page), [Draft("paragraph", texts)])
        (inner,) = store.append(Parent("block_id", outer.id), [Draft("paragraph", texts)])
        said = stage.comment(words, parent=Parent("block_id", inner.id))
        await stage.hear(stage.hook.event("comment.created", stage.page, comment_id=said))
    gone = stage.hook.event("comment.created", stage.page)
    await stage.hear(gone)
    assert len(await stage.due()) == 1
    found = await stage.announcing.news(stage.item)
    assert found is not None
    text, seen, comments = found
    assert text.splitlines()[-1].endswith("“Which one?”")
    assert "Not for them" not in text
    await stage.announcing.told(stage.item, seen, comments)
    assert await stage.announcing.news(stage.item) is None


async def test_an_old_event_sent_again_tells_nothing(stage: Stage) -> None:
    await stage.save()
    await stage.announcing.turn(HERE, on=True)
    await stage.handshake()
    event = stage.hook.event("page.content_updated", stage.page)
    await stage.hear(event)
    assert len(await stage.due()) == 1
    # Its id is known for a day; later its time tells.
    old = datetime.now(UTC) - timedelta(days=2)
    await stage.hear(event | {"id": str(uuid4()), "timestamp": old.isoformat()})
    assert await stage.due() == []
    # And a page that nobody edited since is not said to be.
    found = await stage.announcing.news(stage.item)
    assert found is not None
    await stage.announcing.told(stage.item, found[1] + timedelta(minutes=5), found[2])
    await stage.hear(event | {"id": str(uuid4())})
    assert await stage.announcing.news(stage.item) is None


async def test_what_this_app_did_itself_is_no_news(stage: Stage) -> None:
    await stage.save()
    await stage.announcing.turn(HERE, on=True)
    await stage.handshake()
    stage.comment("Saved.", by=BOT_USER_ID)
    await stage.hear(stage.hook.event("page.content_updated", stage.page, BOT_USER_ID))
    assert len(await stage.due()) == 1
    assert await stage.announcing.news(stage.item) is None


async def test_nothing_is_told_where_nobody_asked_for_it(stage: Stage) -> None:
    await stage.save()
    await stage.handshake()
    await stage.hear(stage.hook.event("page.content_updated", stage.page))
    assert await stage.due() == []
    assert await stage.announcing.turn(HERE, on=True)
    assert not await stage.announcing.turn(HERE, on=True)
    await stage.hear(stage.hook.event("page.content_updated", stage.page))
    assert len(await stage.due()) == 1
    assert await stage.announcing.turn(HERE, on=False)
    # What was on its way is not told either.
    assert await stage.announcing.news(stage.item) is None


async def test_a_private_answers_page_is_never_told(stage: Stage) -> None:
    await stage.save(private=True)
    await stage.announcing.turn(HERE, on=True)
    await stage.handshake()
    await stage.hear(stage.hook.event("page.content_updated", stage.page))
    assert await stage.due() == []


async def test_a_written_page_is_told_under_its_answer(stage: Stage) -> None:
    await stage.save(reply="171.2")
    await stage.announcing.turn(HERE, on=True)
    await stage.handshake()
    await stage.hear(stage.hook.event("page.content_updated", stage.page))
    (request,) = await stage.due()
    assert request.address["thread"] == "171.2"


async def test_only_what_notion_signed_is_heard(stage: Stage) -> None:
    await stage.save()
    await stage.announcing.turn(HERE, on=True)
    event = stage.hook.event("page.content_updated", stage.page)
    with pytest.raises(Unauthorized):
        await stage.hear(event)
    await stage.handshake()
    with pytest.raises(Unauthorized):
        await stage.hear(event, token="another")
    with pytest.raises(Unauthorized):
        await stage.announcing.hear(json.dumps(event).encode(), "sha256=“”")
    with pytest.raises(InvalidInput):
        await stage.announcing.hear(b"{", "")
    await stage.hear(event)
    # Somebody else's handshakes do not put out the token that is in use.
    for number in range(5):
        await stage.announcing.hear(json.dumps({"verification_token": f"t{number}"}).encode(), "")
    tokens = await webhook_tokens(SETTINGS, stage.database)
    assert [used for token, used in tokens if token == stage.hook.token] == [True]
    assert len(tokens) == 4
    async with stage.database.engine.connect() as raw:
        assert stage.hook.token not in str((await raw.execute(notion_webhooks.select())).all())


async def test_many_changes_are_told_after_five_minutes_at_the_latest(stage: Stage) -> None:
    await stage.save()
    await stage.announcing.turn(HERE, on=True)
    await stage.handshake()
    start = datetime.now(UTC)
    for minute in range(0, 290, 20):
        with time_machine.travel(start + timedelta(seconds=minute), tick=False):
            await stage.hear(stage.hook.event("page.content_updated", stage.page))
            await stage.announcing.tell()
    assert stage.begun == []
    assert len(await stage.due(301)) == 1


async def test_without_a_webhook_pages_are_looked_at_now_and_then(
    stage: Stage, notion: NotionServer
) -> None:
    await stage.save()
    await stage.announcing.look()
    before = len(notion.requests)
    assert before == 0
    await stage.announcing.turn(HERE, on=True)
    stage.comment("Well?")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2), tick=False):
        await stage.announcing.look()
    assert len(await stage.due(180)) == 1
    # It is not looked at again before its time.
    asked = len(notion.requests)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=6), tick=False):
        await stage.announcing.look()
    assert len(notion.requests) == asked


async def test_without_a_webhook_a_comment_beside_a_paragraph_is_found_and_told_once(
    stage: Stage, notion: NotionServer
) -> None:
    await stage.save()
    store, texts = notion.store, {"rich_text": [], "color": "default"}
    (block,) = store.append(Parent("page_id", stage.page), [Draft("paragraph", texts)])
    beside = Parent("block_id", block.id)
    with time_machine.travel(datetime.now(UTC) - timedelta(hours=1), tick=False):
        stage.comment("Before they wanted to hear.", parent=beside)
    await stage.announcing.turn(HERE, on=True)
    stage.comment("Which one?", parent=beside)
    stage.comment("What the app said.", BOT_USER_ID, parent=beside)
    # What was edited after it was told before the comment was found.
    later = datetime.now(UTC) + timedelta(minutes=3)
    await stage.announcing.told(stage.item, later, [])
    with time_machine.travel(later, tick=False):
        await stage.announcing.look()
    (_,) = await stage.due(200)
    found = await stage.announcing.news(stage.item)
    assert found is not None
    text, seen, comments = found
    assert text.count("commented on") == 1
    assert text.endswith("“Which one?”")
    await stage.announcing.told(stage.item, seen, comments)
    with time_machine.travel(later + timedelta(minutes=11), tick=False):
        await stage.announcing.look()
    assert await stage.due(20 * 60) == []


async def test_comments_that_cannot_be_listed_keep_no_edit_from_being_told(
    stage: Stage, notion: NotionServer, faults: Faults
) -> None:
    await stage.save()
    await stage.announcing.turn(HERE, on=True)
    texts = {"rich_text": [], "color": "default"}
    (block,) = notion.store.append(Parent("page_id", stage.page), [Draft("paragraph", texts)])
    notion.edited_by(block.id, PERSON_USER_ID)
    faults.fail("GET", "/v1/comments", "restricted_resource", skip=1, times=99)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2), tick=False):
        await stage.announcing.look()
    assert len(await stage.due(180)) == 1


async def test_an_edit_by_hand_is_told_though_the_app_edited_the_page_after_it(
    stage: Stage,
) -> None:
    await stage.save()
    await stage.announcing.turn(HERE, on=True)
    store, texts = stage.notion.store, {"rich_text": [], "color": "default"}
    (block,) = store.append(Parent("page_id", stage.page), [Draft("paragraph", texts)])
    assert await stage.announcing.news(stage.item) is None
    stage.notion.edited_by(block.id, PERSON_USER_ID)
    found = await stage.announcing.news(stage.item)
    assert found is not None
    assert found[0].startswith(f"✏️ {ROBIN} edited [Plan](")


async def test_of_a_long_page_only_the_beginning_is_looked_through(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.save()
    await stage.announcing.turn(HERE, on=True)
    store, texts = stage.notion.store, {"rich_text": [], "color": "default"}
    drafts = [Draft("paragraph", texts)] * 3
    *_, last = store.append(Parent("page_id", stage.page), drafts)
    stage.notion.edited_by(last.id, PERSON_USER_ID)
    monkeypatch.setattr(news, "MOST_BLOCKS", 2)
    assert await stage.announcing.news(stage.item) is None


async def test_with_a_webhook_nobody_looks(stage: Stage, notion: NotionServer) -> None:
    await stage.save()
    await stage.announcing.turn(HERE, on=True)
    await stage.handshake()
    await stage.hear(stage.hook.event("page.created", stage.page))
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2), tick=False):
        await stage.announcing.look()
    assert len(notion.requests) == 0


async def test_two_processes_tell_it_once(stage: Stage) -> None:
    await stage.save()
    await stage.announcing.turn(HERE, on=True)
    await stage.handshake()
    await stage.hear(stage.hook.event("page.content_updated", stage.page))
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=31), tick=False):
        async with stage.database.read() as unit:
            (one,) = await unit.announced.due(datetime.now(UTC), 5)
        async with stage.database.begin() as unit:
            assert await unit.announced.take(one)
            assert not await unit.announced.take(one)
        await stage.announcing.tell()
    assert stage.begun == []


async def test_without_the_right_to_read_comments_or_people_edits_are_told_all_the_same(
    stage: Stage, faults: Faults
) -> None:
    await stage.save()
    await stage.announcing.turn(HERE, on=True)
    await stage.handshake()
    faults.fail("GET", "/v1/comments", "restricted_resource")
    faults.fail("GET", "/v1/users/*", "restricted_resource", skip=1)
    await stage.hear(stage.hook.event("page.content_updated", stage.page))
    found = await stage.announcing.news(stage.item)
    assert found is not None
    assert found[0].startswith("✏️ Somebody edited [Plan](")


def test_what_is_told_calls_nobody_and_breaks_no_formatting() -> None:
    said = Comment("1", "<!channel>", "`x` " * 200)
    people = ("@everyone", "Bob")
    news = PageNews("A [b](c)", "https://notion.so/x", people, (said,), datetime.now(UTC))
    text = sentence(news)
    assert "edited [A \\[b\\](c)](https://notion.so/x)" in text
    assert "\\<!channel\\>" in text
    assert len(text) < 900


async def test_erasing_the_item_ends_the_watch(stage: Stage) -> None:
    await stage.save()
    await stage.announcing.turn(HERE, on=True)
    async with stage.database.begin() as unit:
        user = await unit.users.find(Sender("slack", "ada", "Ada", "T1"))
        assert user is not None
        await unit.content.delete(stage.item, user.id)
    async with stage.database.read() as unit:
        assert await unit.announced.of_page(stage.page) == []
