from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from core.errors import Conflict
from core.messages import Answer, Call, Channel, Request, Sender
from core.storage.content import Written
from core.storage.database import Database

ADA = Sender("slack", "U1", "Ada", "T1")


def written(text: str) -> Written:
    return Written(text, "openai", "gpt", None, 3, 5)


async def test_the_same_chat_identity_is_the_same_person(database: Database) -> None:
    async with database.begin() as unit:
        first = await unit.users.of(ADA)
        again = await unit.users.of(ADA)
        elsewhere = await unit.users.of(Sender("slack", "U1", "Ada", "T2"))
    assert first == again
    assert elsewhere.id != first.id
    assert first.email is None


async def test_an_email_is_one_person_whatever_its_case(database: Database) -> None:
    async with database.begin() as unit:
        ada = await unit.users.add("Ada@example.org", "ada", "hash")
        assert await unit.users.by_login(" ada@EXAMPLE.org ") == ada
        assert await unit.users.by_login("ADA") == ada
        with pytest.raises(Conflict, match="taken"):
            await unit.users.add("ada@example.org", "other", "hash")
        # A refused name leaves the rest of the transaction alone.
        assert await unit.users.by_login("ada") == ada


async def test_an_error_takes_the_whole_unit_of_work_back(database: Database) -> None:
    async def fail() -> None:
        async with database.begin() as unit:
            await unit.users.of(ADA)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.begin() as unit:
        assert await unit.users.by_login("ada") is None
        assert await unit.inbox.unstarted(datetime.now(UTC)) == []


async def test_a_request_is_kept_once_and_comes_back_whole(database: Database) -> None:
    call = Call("generate", "a 🚀 plan", {"save": True, "to": "Team"})
    request = Request(uuid4(), ADA, call, {"channel": "C1"})
    other = Request(uuid4(), ADA, Call("help"))
    async with database.begin() as unit:
        assert await unit.inbox.add([request, other]) == {request.id, other.id}
        assert await unit.inbox.add([request]) == set()
        kept = await unit.inbox.get(request.id)
    assert kept is not None
    assert kept.request == request
    assert kept.answer is None


async def test_an_answer_and_its_delivery_are_remembered(database: Database) -> None:
    request = Request(uuid4(), ADA, Call("help"))
    answer = Answer("text", notes=("a", "b"), page="https://x", ok=False, error={"code": "X"})
    async with database.begin() as unit:
        await unit.inbox.add([request])
        await unit.inbox.answered(request.id, answer)
        await unit.inbox.replied(request.id, {"0": {}})
        kept = await unit.inbox.get(request.id)
        await unit.inbox.finish(request.id)
    assert kept is not None
    assert kept.answer == answer
    async with database.begin() as unit:
        kept = await unit.inbox.get(request.id)
    assert kept is not None
    # Whoever asks again gets the same page and the same error; the text has been delivered.
    assert kept.answer == replace(answer, text="", notes=())
    assert kept.replies == {"0": {}}
    assert kept.finished_at is not None
    assert kept.finished_at.tzinfo is UTC


async def test_what_goes_on_in_a_thread_has_not_reached_anybody_yet(database: Database) -> None:
    there = {"thread": "1.0"}
    asked = [
        Request(uuid4(), ADA, Call("talk", "a"), there, "T1:C1"),
        Request(uuid4(), ADA, Call("rewrite", "b"), there, "T1:C1"),
        Request(uuid4(), ADA, Call("talk", "c"), {"thread": "2.0"}, "T1:C1"),
        Request(uuid4(), ADA, Call("talk", "d"), there, "T1:C2"),
        Request(uuid4(), ADA, Call("talk", "e"), there, "T1:C1"),
    ]
    async with database.begin() as unit:
        await unit.inbox.add(asked)
        await unit.inbox.answered(asked[4].id, Answer("done"))
        await unit.inbox.finish(asked[4].id)
        found = await unit.inbox.going_on(Channel("slack", "T1:C1"), "1.0")
    assert [each.request for each in found] == asked[:2]


async def test_what_nobody_began_is_found_and_what_is_done_is_forgotten(
    database: Database,
) -> None:
    left, begun = (Request(uuid4(), ADA, Call("help")) for _ in range(2))
    later = datetime.now(UTC) + timedelta(minutes=1)
    async with database.begin() as unit:
        await unit.inbox.add([left, begun])
        ada = await unit.users.of(ADA)
        await unit.inbox.belongs_to(begun.id, ada.id, started=True)
        assert await unit.inbox.unstarted(later) == [left.id]
        await unit.inbox.finish(begun.id)
        assert await unit.inbox.forget(later) == 1
        assert await unit.inbox.get(begun.id) is None


async def test_requests_of_one_queue_stand_in_the_order_they_came(database: Database) -> None:
    def about(command: str, **address: str) -> Request:
        return Request(uuid4(), ADA, Call(command), address, "C1")

    put = [about("save-marked", message="1", marked="yes") for _ in range(3)]
    taken = about("undo-save", message="1", marked="yes")
    other = about("save-marked", message="2", marked="yes")
    talk = [about("talk", thread="1") for _ in range(2)]
    async with database.begin() as unit:
        await unit.inbox.add([*put, taken, other, *talk])
        assert [await unit.inbox.ahead(one) for one in (*put, taken)] == [0, 1, 2, 3]
        assert await unit.inbox.ahead(other) == 0
        assert await unit.inbox.ahead(talk[1]) == 1
        await unit.inbox.answered(talk[0].id, Answer("Hello."))
        await unit.inbox.answered(put[0].id, Answer("Saved."))
        assert await unit.inbox.ahead(talk[1]) == 0
        assert await unit.inbox.ahead(taken) == 3
        await unit.inbox.finish(put[0].id)
        assert await unit.inbox.ahead(taken) == 2


async def test_a_wish_to_stop_is_seen_and_what_came_is_marked(database: Database) -> None:
    request = Request(uuid4(), ADA, Call("generate", "a plan"))
    async with database.begin() as unit:
        person = (await unit.users.of(ADA)).id
        await unit.inbox.add([request])
        await unit.content.begin(request.id, person, "a plan", None)
        assert not await unit.inbox.stopping(request.id)
        await unit.inbox.stop(request.id)
    async with database.read() as unit:
        assert await unit.inbox.stopping(request.id)
        item = await unit.content.get(request.id)
    assert item is not None
    assert not item.stopped
    async with database.begin() as unit:
        await unit.content.stopped_empty(request.id)
        item = await unit.content.get(request.id)
    assert item is not None
    assert (item.stopped, item.text) == (True, None)


async def test_history_is_newest_first_and_pages_without_gaps(database: Database) -> None:
    async with database.begin() as unit:
        ada = await unit.users.of(ADA)
        ids = [uuid4() for _ in range(5)]
        for item in ids:
            await unit.content.begin(item, ada.id, "prompt", None)
            await unit.content.finish(item, written(f"text {item}"))
        await unit.content.begin(uuid4(), ada.id, "unfinished", None)
        seen = []
        before = None
        while items := await unit.content.page(ada.id, before=before, limit=2):
            seen += [item.id for item in items]
            before = (items[-1].created_at, items[-1].id)
    assert seen == ids[::-1]


async def test_history_finds_words_wherever_they_stand_and_takes_percent_for_itself(
    database: Database,
) -> None:
    async with database.begin() as unit:
        ada = await unit.users.of(ADA)
        for prompt, text in (("Launch plan", "100% ready"), ("Retro", "launch went well")):
            item = uuid4()
            await unit.content.begin(item, ada.id, prompt, None)
            await unit.content.finish(item, written(text))
        both = await unit.content.page(ada.id, words="LAUNCH")
        one = await unit.content.page(ada.id, words="launch well")
        percent = await unit.content.page(ada.id, words="0%")
        nobody = await unit.content.page(uuid4(), words="launch")
    assert [item.prompt for item in both] == ["Retro", "Launch plan"]
    assert [item.prompt for item in one] == ["Retro"]
    assert [item.prompt for item in percent] == ["Launch plan"]
    assert nobody == []


async def test_a_prompt_kept_twice_is_one_item(database: Database) -> None:
    item = uuid4()
    async with database.begin() as unit:
        ada = await unit.users.of(ADA)
        await unit.content.begin(item, ada.id, "prompt", None)
        await unit.content.finish(item, written("whole"))
        await unit.content.begin(item, ada.id, "prompt", None)
        kept = await unit.content.get(item)
    assert kept is not None
    assert kept.text == "whole"


async def test_only_one_of_two_may_claim_the_making_of_a_page(database: Database) -> None:
    item, first, second = uuid4(), uuid4(), uuid4()
    async with database.begin() as unit:
        ada = await unit.users.of(ADA)
        await unit.content.begin(item, ada.id, "prompt", None)
        assert await unit.content.begin_saving(item, first, {"id": "p"}, None)
        assert not await unit.content.begin_saving(item, second, {"id": "p"}, None)
        since = (await unit.content.get(item)).saving_since  # type: ignore[union-attr]
        assert await unit.content.begin_saving(item, second, {"id": "p"}, first)
        kept = await unit.content.get(item)
    assert kept is not None
    assert kept.saving_by == second
    assert kept.saving_since == since


async def test_erasing_a_person_takes_the_requests_that_nobody_has_looked_at_yet(
    database: Database,
) -> None:
    async with database.begin() as unit:
        ada = await unit.users.of(ADA)
        web, grace = Sender("web", str(ada.id)), Sender("slack", "U1", "Grace", "T2")
        sent = [Request(uuid4(), sender, Call("help")) for sender in (ADA, ADA, web, grace)]
        await unit.inbox.add(sent)
        await unit.inbox.belongs_to(sent[0].id, ada.id)
        assert not await unit.inbox.stopping(sent[0].id)
        erased = await unit.inbox.erase(ada.id, [ADA, web])
        assert set(erased) == {each.id for each in sent[:3]}
        # Its writing is for nobody any more.
        assert await unit.inbox.stopping(sent[0].id)
        assert await unit.inbox.unstarted(later()) == [sent[3].id]


async def test_of_somebody_who_was_erased_nothing_is_begun(database: Database) -> None:
    item, ghost = uuid4(), uuid4()
    async with database.begin() as unit:
        assert not await unit.users.hold(ghost)
        await unit.content.begin(item, ghost, "prompt", None)
        assert await unit.content.get(item) is None
        # The transaction goes on.
        ada = await unit.users.of(ADA)
        assert await unit.users.hold(ada.id)


async def test_what_is_deleted_before_it_is_written_stays_deleted(database: Database) -> None:
    request = Request(uuid4(), ADA, Call("generate", "a secret plan", {"to": "secret place"}))
    gone = Answer("It was deleted.", ok=False)
    async with database.begin() as unit:
        ada = await unit.users.of(ADA)
        await unit.inbox.add([request])
        await unit.content.begin(request.id, ada.id, "a secret plan", None)
        assert await unit.content.delete(request.id, ada.id) is not None
        await unit.inbox.redact(request.id, gone)
    async with database.begin() as unit:
        await unit.content.begin(request.id, ada.id, "a secret plan", None)
        await unit.content.finish(request.id, written("a secret text"))
        await unit.inbox.answered(request.id, Answer("a secret text"))
        assert await unit.content.get(request.id) is None
        assert await unit.inbox.stopping(request.id)
        kept = await unit.inbox.get(request.id)
        await unit.inbox.redact(uuid4(), gone)
    assert kept is not None
    assert "secret" not in str(kept)
    assert kept.answer == gone


def later() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


async def test_deleting_a_person_deletes_everything_of_theirs(database: Database) -> None:
    item = uuid4()
    async with database.begin() as unit:
        ada = await unit.users.of(ADA)
        await unit.content.begin(item, ada.id, "prompt", None)
        await unit.users.delete(ada.id)
        assert await unit.content.get(item) is None
        assert (await unit.users.of(ADA)).id != ada.id


async def test_reading_waits_for_no_writer_and_sees_what_was_committed(
    database: Database,
) -> None:
    item = uuid4()
    async with database.begin() as unit:
        ada = await unit.users.of(ADA)
        async with database.read() as reader:
            assert await reader.content.get(item) is None
            assert await reader.users.get(ada.id) is None
    async with database.read() as reader:
        assert await reader.users.get(ada.id) == ada


async def test_an_address_may_say_how_the_connection_is_encrypted(postgres_url: str) -> None:
    url = postgres_url.replace("postgresql://", "postgresql+asyncpg://") + "&sslmode=disable"
    database = Database(url)
    await database.ping()
    await database.close()
