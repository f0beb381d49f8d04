import asyncio
import gc
from uuid import uuid4

from core.live import Feed, Feeds
from core.messages import Answer


async def test_a_reader_sees_the_newest_text_and_is_let_go_when_all_is_done() -> None:
    feed = Feed()
    seen: list[str] = []

    async def read() -> None:
        seen.extend([feed.text async for _ in feed.changes()])

    reader = asyncio.create_task(read())
    await asyncio.sleep(0)
    feed.add("one ")
    feed.add("two")
    await asyncio.sleep(0)
    feed.finish(Answer("one two"))
    await asyncio.wait_for(reader, 30)
    assert seen == ["", "one two", "one two"]


async def test_a_late_reader_sees_all_at_once() -> None:
    feed = Feed()
    feed.add("text")
    feed.saved("https://page")
    feed.finish(Answer("text"))
    rounds = [None async for _ in feed.changes()]
    assert rounds == [None]
    assert (feed.text, feed.page) == ("text", "https://page")


async def test_beginning_anew_forgets_what_came() -> None:
    feed = Feed()
    feed.add("half an ans")
    feed.restart()
    feed.add("another")
    assert feed.text == "another"


def test_a_request_has_one_feed_while_somebody_keeps_it() -> None:
    feeds, request = Feeds(), uuid4()
    feed = feeds.of(request)
    feed.add("text")
    assert feeds.of(request) is feed
    del feed
    gc.collect()
    assert feeds.of(request).text == ""
