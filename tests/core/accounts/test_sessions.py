"""Sessions, personal tokens, and how often one may guess: on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import time_machine

from core.accounts.accounts import Accounts, Session
from core.accounts.lockout import log_in
from core.config import Settings
from core.errors import Conflict, InvalidInput, NotFound, RateLimited, Unauthorized
from core.limits.limits import Limits, Rule, Rules
from core.origin import Origin, asked_from
from core.storage.account_tables import personal_tokens
from core.storage.database import Database

GOOD = "a-wombat-reads-maps"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
HOME, ELSEWHERE = Origin("203.0.113.77", FIREFOX), Origin("198.51.100.1", "curl/8.5.0")


@pytest.fixture
async def accounts(tmp_path: Path, database: Database) -> AsyncIterator[Accounts]:
    url = f"sqlite:///{tmp_path}/accounts.db"
    settings = Settings(_env_file=None, database_url=url, secret_key="k" * 40)
    accounts = Accounts(settings, database, cost=4)
    yield accounts
    await accounts.post.close()


@pytest.fixture
async def ada(accounts: Accounts) -> Session:
    with asked_from(HOME):
        return await accounts.register("ada@example.com", "ada", GOOD)


@pytest.mark.parametrize(
    ("origin", "address", "agent"),
    [
        (HOME, "203.0.113.0", "Firefox on Windows"),
        (ELSEWHERE, "198.51.100.0", "curl"),
        (Origin("2001:db8:1:2::5"), "2001:db8:1::", ""),
        (Origin("slack T1"), "slack T1", ""),
        (Origin("", "x" * 400 + "\n"), "", "x" * 128),
        (
            Origin("", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/605.1"),
            "",
            "Safari on iPhone",
        ),
    ],
)
def test_where_somebody_asks_from_is_told_in_short(
    origin: Origin, address: str, agent: str
) -> None:
    assert (origin.shortened, origin.summary) == (address, agent)


async def test_a_session_is_listed_with_what_its_owner_knows_it_by(
    accounts: Accounts, ada: Session
) -> None:
    with asked_from(ELSEWHERE):
        there = await accounts.login("ada", GOOD)
    found = await accounts.sessions.of(ada.user.id)
    assert [(each.agent, each.address) for each in found] == [
        ("curl", "198.51.100.0"),
        ("Firefox on Windows", "203.0.113.0"),
    ]
    with (
        asked_from(HOME),
        time_machine.travel(datetime.now(UTC) + timedelta(minutes=5), tick=False),
    ):
        await accounts.refresh(there.refresh_token)
        [first, _] = await accounts.sessions.of(ada.user.id)
        assert (first.id, first.address) == (found[0].id, "203.0.113.0"), "it has moved"
        assert first.last_used_at == datetime.now(UTC)


async def test_an_ended_sessions_tokens_end_with_it_and_others_go_on(
    accounts: Accounts, ada: Session
) -> None:
    there = await accounts.login("ada", GOOD)
    session = (await accounts.caller(there.access_token)).session
    assert session is not None
    with pytest.raises(NotFound):
        await accounts.sessions.end(uuid4(), session)
    await accounts.sessions.end(ada.user.id, session)
    with pytest.raises(Unauthorized, match="session has ended"):
        await accounts.caller(there.access_token)
    with pytest.raises(Unauthorized):
        await accounts.refresh(there.refresh_token)
    assert await accounts.caller(ada.access_token)


async def test_logging_out_ends_access_tokens_too(accounts: Accounts, ada: Session) -> None:
    await accounts.logout(ada.refresh_token)
    with pytest.raises(Unauthorized, match="session has ended"):
        await accounts.caller(ada.access_token)
    assert await accounts.sessions.of(ada.user.id) == []


async def test_all_other_sessions_end_at_once(accounts: Accounts, ada: Session) -> None:
    others = [await accounts.login("ada", GOOD) for _ in range(3)]
    here = (await accounts.caller(ada.access_token)).session
    assert await accounts.sessions.end_others(ada.user.id, here) == 3
    for other in others:
        with pytest.raises(Unauthorized):
            await accounts.caller(other.access_token)
    assert [each.id for each in await accounts.sessions.of(ada.user.id)] == [here]


async def test_a_token_of_an_earlier_release_names_no_session_and_is_good(
    accounts: Accounts, ada: Session
) -> None:
    old = accounts._tokens.issue(ada.user.id)
    caller = await accounts.caller(old)
    assert (caller.user.id, caller.session) == (ada.user.id, None)


async def test_a_personal_token_is_shown_once_and_kept_as_a_hash(
    accounts: Accounts, database: Database, ada: Session
) -> None:
    token, secret = await accounts.personal.add(ada.user.id, "export", ["content:read"], 90)
    assert secret.startswith("na_")
    assert secret.startswith(token.hint)
    async with database.engine.connect() as connection:
        rows = str((await connection.execute(personal_tokens.select())).all())
    assert secret not in rows
    caller = await accounts.caller(secret)
    assert (caller.user.id, caller.session, caller.scopes) == (
        ada.user.id,
        None,
        ("content:read",),
    )
    [listed] = await accounts.personal.of(ada.user.id)
    assert listed.last_used_at is not None
    with pytest.raises(NotFound):
        await accounts.personal.remove(uuid4(), token.id)
    await accounts.personal.remove(ada.user.id, token.id)
    with pytest.raises(Unauthorized):
        await accounts.caller(secret)


async def test_a_personal_token_ends_and_is_no_session(accounts: Accounts, ada: Session) -> None:
    _, secret = await accounts.personal.add(ada.user.id, "x", ["account"], 1)
    with pytest.raises(Unauthorized, match="session"):
        await accounts.person(secret)
    with (
        time_machine.travel(datetime.now(UTC) + timedelta(hours=25)),
        pytest.raises(Unauthorized, match="not valid"),
    ):
        await accounts.caller(secret)
    for forged in ("na_", "na_nonsense", secret[:-1]):
        with pytest.raises(Unauthorized):
            await accounts.caller(forged)


async def test_what_no_token_can_be_is_refused(accounts: Accounts, ada: Session) -> None:
    for scopes, days in ((["admin"], 1), ([], 1), (["account"], 0), (["account"], 366)):
        with pytest.raises(InvalidInput):
            await accounts.personal.add(ada.user.id, "x", scopes, days)
    for _ in range(50):
        await accounts.personal.add(ada.user.id, "x", ["account"], 1)
    with pytest.raises(Conflict, match="50"):
        await accounts.personal.add(ada.user.id, "x", ["account"], 1)


# ── Guessing ─────────────────────────────────────────────────────────────────────────────────────


async def guess(
    accounts: Accounts, limits: Limits, address: str, login: str = "ada", times: int = 1
) -> list[str]:
    """What comes of wrong passwords from an address."""
    ends = []
    for _ in range(times):
        with asked_from(Origin(address)):
            try:
                await log_in(accounts, limits, login, "wrong-password")
            except (Unauthorized, RateLimited) as error:
                ends.append(error.code)
    return ends


@pytest.fixture
def limits(tmp_path: Path) -> Limits:
    settings = Settings(_env_file=None, database_url=f"sqlite:///{tmp_path}/x.db")
    return Limits(settings, Rules(everywhere=Rule(8, 3600)))


async def test_somebody_who_guesses_locks_out_nobody_but_themselves(
    accounts: Accounts, limits: Limits, ada: Session
) -> None:
    told = await guess(accounts, limits, "192.0.2.1", times=7)
    assert told == ["UNAUTHORIZED"] * 5 + ["RATE_LIMITED"] * 2
    # With many addresses, the account is closed to addresses that are not known …
    for number in range(2, 8):
        await guess(accounts, limits, f"192.0.2.{number}")
    assert await guess(accounts, limits, "192.0.2.99") == ["RATE_LIMITED"]
    with asked_from(ELSEWHERE), pytest.raises(RateLimited):
        await log_in(accounts, limits, "ada", GOOD)
    # … and not to its owner, where they have been before, or by a browser that was logged in.
    with asked_from(HOME):
        assert await log_in(accounts, limits, "ada@example.com", GOOD)
    with asked_from(ELSEWHERE):
        assert await log_in(accounts, limits, "ada", GOOD, ada.refresh_token)


async def test_another_persons_session_is_no_key_to_a_closed_account(
    accounts: Accounts, limits: Limits, ada: Session
) -> None:
    eve = await accounts.register("eve@example.com", "eve", GOOD)
    for number in range(8):
        await guess(accounts, limits, f"192.0.2.{number}")
    with asked_from(ELSEWHERE), pytest.raises(RateLimited):
        await log_in(accounts, limits, ada.user.username or "", GOOD, eve.refresh_token)


async def test_counting_does_not_tell_whose_an_address_is(
    accounts: Accounts, limits: Limits, ada: Session
) -> None:
    told = {}
    for number, name in enumerate(("ada", "nobody")):
        where = f"192.0.2.{number}"
        by_name = await guess(accounts, limits, where, name, times=3)
        by_email = await guess(accounts, limits, where, f" {name}@EXAMPLE.com ", times=6)
        told[name] = by_name + by_email
    assert ada.user.email == "ada@example.com"
    assert told["ada"] == told["nobody"] == ["UNAUTHORIZED"] * 8 + ["RATE_LIMITED"]


async def test_one_address_tries_few_accounts_and_unknown_ones_count_alike(
    accounts: Accounts, ada: Session, tmp_path: Path
) -> None:
    settings = Settings(_env_file=None, database_url=f"sqlite:///{tmp_path}/x.db")
    limits = Limits(settings, Rules(guesses=Rule(6, 600)))
    told = []
    for number in range(8):
        login = "ada" if number % 2 else f"nobody{number}"
        told += await guess(accounts, limits, "192.0.2.1", login)
    assert told == ["UNAUTHORIZED"] * 6 + ["RATE_LIMITED"] * 2
    assert ada.user.username == "ada"
