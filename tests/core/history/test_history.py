"""History on both databases."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
import time_machine

from core.errors import InvalidInput, NotFound
from core.history.history import DELETED, History
from core.messages import Answer, Call, Request, Sender
from core.storage.content import Written
from core.storage.database import Database


@pytest.fixture
def history(database: Database) -> History:
    return History(database)


@pytest.fixture
async def ada(database: Database) -> UUID:
    async with database.begin() as uow:
        return (await uow.users.add("ada@example.com", "ada", None)).id


async def _write(database: Database, user: UUID, prompt: str, provider: str = "offline") -> UUID:
    content_id = uuid4()
    async with database.begin() as uow:
        await uow.content.begin(content_id, user, prompt, None)
        written = Written(f"About {prompt}", provider, "model", None, 1, 2)
        await uow.content.finish(content_id, written)
    return content_id


async def test_the_newest_comes_first_page_by_page(database: Database, history: History, ada: UUID):
    written = [await _write(database, ada, f"wish {i}") for i in range(7)]
    seen: list[UUID] = []
    cursor = None
    for expected in (3, 3, 1):
        items, cursor = await history.page(ada, limit=3, cursor=cursor)
        assert len(items) == expected
        seen += [item.id for item in items]
    assert cursor is None
    assert seen == written[::-1]


async def test_pages_neither_repeat_nor_skip_what_was_made_in_the_same_moment(
    database: Database, history: History, ada: UUID
):
    with time_machine.travel("2026-11-01T12:00:00Z", tick=False):
        written = {await _write(database, ada, f"wish {i}") for i in range(5)}
    first, cursor = await history.page(ada, limit=2)
    second, _ = await history.page(ada, limit=10, cursor=cursor)
    assert len(first) + len(second) == 5
    assert {item.id for item in [*first, *second]} == written


async def test_a_last_page_that_is_just_full_has_no_next_one(
    database: Database, history: History, ada: UUID
):
    for i in range(4):
        await _write(database, ada, f"wish {i}")
    _, cursor = await history.page(ada, limit=4)
    assert cursor is None


async def test_words_and_provider_narrow_a_page(database: Database, history: History, ada: UUID):
    await _write(database, ada, "a launch checklist", "openai")
    wanted = await _write(database, ada, "a Launch plan for 100% of us", "anthropic")
    many = "launch " + "plan " * 2000
    for words, provider in (
        ("launch PLAN", None),
        ("launch", "anthropic"),
        ("100%", None),
        (many, None),
    ):
        items, _ = await history.page(ada, words, provider)
        assert [item.id for item in items] == [wanted]
    assert await history.page(ada, " ".join(map(str, range(2000)))) == ([], None)


@pytest.mark.parametrize(
    "cursor",
    ["x", "äöü", "====", "\0", "A" * 10_000]
    + [
        urlsafe_b64encode(data).decode()
        for data in (
            b"\xff",
            b"[]",
            b"{}",
            b"null",
            b'["2026-11-01T12:00:00",1]',
            b'["2026-11-01T12:00:00","00000000-0000-0000-0000-000000000000"]',
            b'["2026-11-01T12:00:00+00:00","x"]',
            b'["x","00000000-0000-0000-0000-000000000000"]',
            b"[" * 100_000,
        )
    ],
)
async def test_a_cursor_that_is_none_of_ours_is_refused(history: History, ada: UUID, cursor: str):
    with pytest.raises(InvalidInput, match=r"^cursor: "):
        await history.page(ada, cursor=cursor)


async def test_nobody_sees_or_deletes_what_is_somebody_elses(
    database: Database, history: History, ada: UUID
):
    item = await _write(database, ada, "a secret")
    async with database.begin() as uow:
        bob = (await uow.users.add("bob@example.com", "bob", None)).id
    assert (await history.get(ada, item)).prompt == "a secret"
    with pytest.raises(NotFound):
        await history.get(bob, item)
    with pytest.raises(NotFound):
        await history.delete(bob, item)
    assert await history.page(bob) == ([], None)
    assert [found async for found in history.export(bob)] == []


async def test_what_is_deleted_is_gone(database: Database, history: History, ada: UUID):
    item = await _write(database, ada, "a wish")
    await history.delete(ada, item)
    with pytest.raises(NotFound):
        await history.get(ada, item)
    with pytest.raises(NotFound):
        await history.delete(ada, item)


async def test_what_is_deleted_is_gone_from_its_request_and_from_the_engine(
    database: Database, ada: UUID
):
    forgotten: list[UUID] = []

    async def forget(requests: Sequence[UUID]) -> None:
        forgotten.extend(requests)

    item, saving = await _write(database, ada, "a wish"), uuid4()
    request = Request(item, Sender("web", str(ada)), Call("generate", "a wish"))
    async with database.begin() as uow:
        await uow.inbox.add([request])
        await uow.inbox.answered(item, Answer("About a wish"))
        await uow.content.begin_saving(item, saving, {"id": "p"}, None)
    await History(database, forget).delete(ada, item)
    assert forgotten == [item, saving]
    async with database.read() as uow:
        kept = await uow.inbox.get(item)
    assert kept is not None
    assert "wish" not in str(kept)
    assert kept.answer == DELETED


async def test_an_export_holds_everything_once(database: Database, history: History, ada: UUID):
    async with database.begin() as uow:
        for i in range(205):
            await uow.content.begin(UUID(int=i), ada, f"wish {i}", None)
            written = Written("text", "offline", "model", None, 1, 2)
            await uow.content.finish(UUID(int=i), written)
    exported = [item.id async for items in history.export(ada) for item in items]
    assert exported == [UUID(int=i) for i in reversed(range(205))]
