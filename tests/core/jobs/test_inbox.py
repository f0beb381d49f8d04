import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from core.errors import Unauthorized, Unavailable
from core.jobs.inbox import WAITING_AT_MOST, Inbox
from core.messages import Call, Request, Sender
from core.storage.database import Database
from core.storage.inbox import InboxTable

ADA = Sender("slack", "U1")


class Begun:
    """Notes what was begun; fails where it is told to."""

    def __init__(self) -> None:
        self.ids: list[UUID] = []
        self.fail = False

    async def __call__(self, request_id: UUID) -> None:
        if self.fail:
            raise RuntimeError
        self.ids.append(request_id)


async def test_a_request_is_on_disk_when_it_is_accepted_and_is_begun_once(
    database: Database,
) -> None:
    begun = Begun()
    inbox = Inbox(database, begun)
    inbox.start()
    request = Request(uuid4(), ADA, Call("help"))
    assert await inbox.accept(request) is True
    async with database.begin() as unit:
        assert await unit.inbox.get(request.id) is not None
    assert await inbox.accept(request) is False
    await inbox.stop()
    assert begun.ids == [request.id]


async def test_many_at_once_are_all_kept_and_a_double_among_them_is_seen(
    database: Database,
) -> None:
    begun = Begun()
    inbox = Inbox(database, begun)
    inbox.start()
    requests = [Request(uuid4(), ADA, Call("help")) for _ in range(300)]
    fresh = await asyncio.gather(*(inbox.accept(r) for r in [*requests, requests[0]]))
    await inbox.stop()
    assert sum(fresh) == 300
    assert len(begun.ids) == 300


async def test_those_who_come_one_turn_after_another_are_kept_together(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[int] = []
    add = InboxTable.add

    async def counted(self: InboxTable, requests: Sequence[Request]) -> set[UUID]:
        commits.append(len(requests))
        return await add(self, requests)

    monkeypatch.setattr(InboxTable, "add", counted)
    inbox = Inbox(database, Begun())
    inbox.start()
    await asyncio.sleep(0)
    coming = []
    for _ in range(30):
        coming.append(asyncio.create_task(inbox.accept(Request(uuid4(), ADA, Call("help")))))
        await asyncio.sleep(0)
    assert all(await asyncio.gather(*coming))
    await inbox.stop()
    assert commits == [30]


async def test_what_comes_over_http_has_its_item_once_it_is_accepted(database: Database) -> None:
    begun = Begun()
    inbox = Inbox(database, begun)
    inbox.start()
    async with database.begin() as unit:
        ada = await unit.users.add("ada@example.org", "ada", None)
    sender = Sender("web", str(ada.id))
    wish = Request(uuid4(), sender, Call("generate", "a plan", {"template": "brief"}))
    other = Request(uuid4(), sender, Call("save-item", str(uuid4())))
    assert await asyncio.gather(inbox.accept(wish), inbox.accept(other)) == [True, True]
    async with database.read() as unit:
        item = await unit.content.get(wish.id, ada.id)
        kept = await unit.inbox.get(wish.id)
        assert await unit.content.get(other.id) is None
    assert item is not None
    assert (item.prompt, item.template, item.text) == ("a plan", "brief", None)
    assert kept is not None
    assert kept.user_id == ada.id
    await inbox.stop()


async def test_nothing_is_accepted_of_somebody_who_was_erased(database: Database) -> None:
    begun = Begun()
    inbox = Inbox(database, begun)
    inbox.start()
    ghost = Request(uuid4(), Sender("web", str(uuid4())), Call("generate", "a plan"))
    other = Request(uuid4(), ADA, Call("help"))
    refused, taken = await asyncio.gather(
        inbox.accept(ghost), inbox.accept(other), return_exceptions=True
    )
    assert isinstance(refused, Unauthorized)
    assert taken is True
    async with database.read() as unit:
        assert await unit.inbox.get(ghost.id) is None
    await inbox.stop()
    assert begun.ids == [other.id]


async def test_a_closed_door_says_to_come_back(database: Database) -> None:
    inbox = Inbox(database, Begun())
    inbox.start()
    await inbox.stop()
    with pytest.raises(Unavailable, match="stopping") as raised:
        await inbox.accept(Request(uuid4(), ADA, Call("help")))
    assert raised.value.retry_after


async def test_too_many_waiting_are_sent_away_instead_of_piling_up(database: Database) -> None:
    inbox = Inbox(database, Begun())
    inbox.start()
    waiting = [
        asyncio.create_task(inbox.accept(Request(uuid4(), ADA, Call("help"))))
        for _ in range(WAITING_AT_MOST + 1)
    ]
    done = await asyncio.gather(*waiting, return_exceptions=True)
    await inbox.stop()
    refused = [each for each in done if isinstance(each, Unavailable)]
    assert len(refused) == 1
    assert "Too much" in refused[0].message


async def test_a_database_that_is_gone_is_told_to_everyone_who_waits(
    postgres_url: str,
) -> None:
    database = Database("postgresql+asyncpg://postgres@/nowhere?" + postgres_url.split("?")[1])
    inbox = Inbox(database, Begun())
    inbox.start()
    with pytest.raises(Unavailable):
        await inbox.accept(Request(uuid4(), ADA, Call("help")))
    await inbox.stop()
    await database.close()


async def test_what_could_not_be_begun_stays_on_disk_for_the_janitor(database: Database) -> None:
    begun = Begun()
    begun.fail = True
    inbox = Inbox(database, begun)
    inbox.start()
    request = Request(uuid4(), ADA, Call("help"))
    assert await inbox.accept(request)
    await inbox.stop()
    async with database.begin() as unit:
        kept = await unit.inbox.get(request.id)
    assert kept is not None
    assert kept.finished_at is None
