"""What is asked for by a button: by whom, and about what."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from core.actions import LABELS, RATINGS, call_of
from core.errors import Forbidden, NotFound
from core.messages import Answer, Call, Request, Sender
from core.storage.content import Written
from core.storage.database import Database

Say = Callable[..., Awaitable[Answer]]

TEXT = Written("A text.", "openai", "openai-large", None, 1, 1)


async def item_of(database: Database, name: str, *, ended: bool = True) -> UUID:
    """An answer to something this person asked."""
    sender = Sender("slack", name, name, "T1")
    request = Request(uuid4(), sender, Call("generate", "a plan"))
    async with database.begin() as unit:
        person = (await unit.users.of(sender)).id
        await unit.inbox.add([request])
        await unit.inbox.belongs_to(request.id, person)
        await unit.content.begin(request.id, person, "a plan", None)
        if ended:
            await unit.content.finish(request.id, TEXT)
    return request.id


def press(name: str, item: object) -> Call:
    call = call_of(name, str(item))
    assert call is not None
    return call


# Buttons that are about no item of somebody's history, or do nothing to one.
NO_ITEM = ("check-notion", "disconnect-notion", "stay")
OWN = [name for name in LABELS if name not in (*RATINGS, *NO_ITEM)]


@pytest.mark.parametrize("name", OWN)
async def test_nobody_else_may_press(say: Say, database: Database, name: str) -> None:
    item = await item_of(database, "ada")
    with pytest.raises(Forbidden, match="Only the person who asked"):
        await say(press(name, item), "bob")


@pytest.mark.parametrize("name", [name for name in OWN if name != "stop"])
async def test_what_is_not_there_any_more_is_said_so(
    say: Say, database: Database, name: str
) -> None:
    item = await item_of(database, "ada")
    async with database.begin() as unit:
        person = (await unit.users.of(Sender("slack", "ada", "ada", "T1"))).id
        await unit.content.delete(item, person)
    with pytest.raises(NotFound, match="no such item in your history"):
        await say(press(name, item))


async def test_what_has_ended_or_was_never_there_cannot_be_stopped(
    say: Say, database: Database
) -> None:
    for item in (await item_of(database, "ada"), uuid4()):
        answer = await say(press("stop", item))
        assert (answer.text, answer.private) == ("That answer has ended already.", True)


async def test_what_is_being_written_is_told_to_stop(say: Say, database: Database) -> None:
    item = await item_of(database, "ada", ended=False)
    assert (await say(press("stop", item))).text == "Stopped. What came so far stays."
    async with database.read() as unit:
        assert await unit.inbox.stopping(item)


@pytest.mark.parametrize("command", ["save-item", "rewrite", "stop"])
async def test_an_id_that_is_none_is_no_item(say: Say, command: str) -> None:
    with pytest.raises(NotFound):
        await say(Call(command, "1"))
