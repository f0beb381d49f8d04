"""How a browser stays logged in: on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from core.accounts.accounts import Accounts, Session
from core.config import Settings
from core.errors import Unauthorized
from core.storage.database import Database

DAY = timedelta(hours=25)


@pytest.fixture
async def accounts(tmp_path: Path, database: Database) -> AsyncIterator[Accounts]:
    url = f"sqlite:///{tmp_path}/accounts.db"
    settings = Settings(_env_file=None, database_url=url, secret_key="k" * 40)
    accounts = Accounts(settings, database, cost=4)
    yield accounts
    await accounts.post.close()


@pytest.fixture
async def ada(accounts: Accounts) -> Session:
    return await accounts.register("ada@example.com", "ada", "a-wombat-reads-maps")


@pytest.fixture
def clock(ada: Session) -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(datetime.now(UTC), tick=True) as traveller:
        yield traveller


async def test_within_a_day_the_same_token_goes_on(accounts: Accounts, ada: Session):
    for _ in range(3):
        resumed = await accounts.resume(ada.refresh_token)
        assert resumed.refresh_token is None
        assert (await accounts.person(resumed.access_token)).id == ada.user.id


async def test_of_tabs_at_once_one_gets_the_next_token_and_none_is_turned_away(
    accounts: Accounts, ada: Session, clock: time_machine.Coordinates
):
    clock.shift(DAY)
    found = await asyncio.gather(*(accounts.resume(ada.refresh_token) for _ in range(6)))
    (next_token,) = [each.refresh_token for each in found if each.refresh_token is not None]
    clock.shift(timedelta(seconds=50))
    assert (await accounts.resume(ada.refresh_token)).refresh_token is None
    assert (await accounts.resume(next_token)).user.id == ada.user.id


async def test_a_token_shown_too_late_ends_every_session_that_came_of_it(
    accounts: Accounts, ada: Session, clock: time_machine.Coordinates
):
    clock.shift(DAY)
    following = (await accounts.resume(ada.refresh_token)).refresh_token
    assert following is not None
    clock.shift(timedelta(seconds=70))
    for token in (ada.refresh_token, following):
        with pytest.raises(Unauthorized):
            await accounts.resume(token)


async def test_who_logged_out_or_stayed_away_is_not_resumed(
    accounts: Accounts, ada: Session, clock: time_machine.Coordinates
):
    other = await accounts.login("ada", "a-wombat-reads-maps")
    await accounts.logout(other.refresh_token)
    with pytest.raises(Unauthorized):
        await accounts.resume(other.refresh_token)
    clock.shift(timedelta(days=31))
    with pytest.raises(Unauthorized):
        await accounts.resume(ada.refresh_token)
    with pytest.raises(Unauthorized):
        await accounts.resume("nonsense")
