"""Arriving with an identity that a platform has proven, on both databases."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from core.accounts.proven import Proven, arrive
from core.errors import Conflict, Unauthorized
from core.messages import Sender
from core.storage.database import Database
from core.storage.users import User

ADA = Sender("discord", "42", "Ada Löwe")


async def user(database: Database, user_id: UUID) -> User:
    async with database.read() as unit:
        found = await unit.users.get(user_id)
    assert found is not None
    return found


async def test_arriving_many_times_at_once_makes_one_account(database: Database):
    proven = Proven(ADA, "Discord", "ada@example.com")
    arrived = await asyncio.gather(*(arrive(database, proven, None) for _ in range(5)))
    assert len(set(arrived)) == 1
    ada = await user(database, arrived[0])
    assert (ada.email, ada.username, ada.password_hash) == ("ada@example.com", "Ada-L-we", None)


async def test_joining_at_once_with_two_accounts_joins_one(database: Database):
    async with database.begin() as unit:
        accounts = [(await unit.users.add(f"{n}@example.com", f"nr{n}", "hash")).id for n in "12"]
    proven = Proven(ADA, "Discord")
    ended = await asyncio.gather(
        *(arrive(database, proven, each) for each in accounts), return_exceptions=True
    )
    assert sorted(type(each) for each in ended if isinstance(each, Exception)) == [Conflict]
    async with database.read() as unit:
        found = await unit.users.find(ADA)
    assert found is not None
    assert found.id in ended


async def test_an_account_that_is_gone_is_joined_by_nobody(database: Database):
    with pytest.raises(Unauthorized):
        await arrive(database, Proven(ADA, "Discord"), uuid4())
    async with database.read() as unit:
        assert await unit.users.find(ADA) is None, "and nobody was made known"


@pytest.mark.parametrize(
    ("name", "username"),
    [("ada", "ada-2"), ("李", "person"), ("x", "x-person"), ("..", "person"), ("ADA", "ADA-2")],
)
async def test_a_username_is_free_and_looks_like_the_name(
    database: Database, name: str, username: str
):
    async with database.begin() as unit:
        await unit.users.add("grace@example.com", "ada", "hash")
    arrived = await arrive(database, Proven(Sender("discord", "7", name), "Discord"), None)
    assert (await user(database, arrived)).username == username


async def test_an_address_that_can_be_none_is_none(database: Database):
    arrived = await arrive(database, Proven(ADA, "Discord", "not an address"), None)
    assert (await user(database, arrived)).email is None
