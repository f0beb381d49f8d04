"""Accounts on both databases, with the cheapest bcrypt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import bcrypt
import jwt
import pytest
import time_machine
from sqlalchemy import select

from core.accounts.accounts import Accounts
from core.accounts.tokens import AUDIENCE, AccessTokens
from core.config import Settings
from core.errors import Conflict, InvalidInput, Unauthorized
from core.messages import Call, Request, Sender
from core.storage.connections import Holder, Row
from core.storage.database import Database
from core.storage.tables import refresh_tokens, users

GOOD = "a-wombat-reads-maps"
OLD, NEW = "o" * 40, "n" * 40


def _settings(tmp_path: Path, keys: str = OLD) -> Settings:
    url = f"sqlite:///{tmp_path}/accounts.db"
    return Settings(_env_file=None, database_url=url, secret_key=keys)


Make = Callable[..., Accounts]


@pytest.fixture
async def make(tmp_path: Path, database: Database) -> AsyncIterator[Make]:
    """Makes accounts, whose letters are out of the way before the database goes."""
    made: list[Accounts] = []

    def one(keys: str = OLD, **options: Any) -> Accounts:
        made.append(Accounts(_settings(tmp_path, keys), database, **({"cost": 4} | options)))
        return made[-1]

    yield one
    for each in made:
        await each.post.close()


@pytest.fixture
def accounts(make: Make) -> Accounts:
    return make()


async def test_somebody_who_registers_is_logged_in(accounts: Accounts):
    session = await accounts.register("ada@example.com", "ada", GOOD)
    assert session.expires_in == 900
    assert accounts.verify(session.access_token) == session.user.id
    me = await accounts.me(session.user.id)
    assert (me.user.email, me.user.username, me.identities) == ("ada@example.com", "ada", [])


async def test_login_takes_the_email_address_or_the_username_in_any_case(accounts: Accounts):
    user = (await accounts.register("Ada@Example.com", "Ada", GOOD)).user
    for login in ("ada@example.com", "ADA@EXAMPLE.COM", "ada", " ADA "):
        assert (await accounts.login(login, GOOD)).user.id == user.id


async def test_login_takes_an_email_address_in_other_letters(accounts: Accounts):
    user = (await accounts.register("ÄDA@Müller.de", "ada", GOOD)).user
    assert (await accounts.login("äda@müller.DE", GOOD)).user.id == user.id


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("ada", "wrong-password"),
        ("nobody", GOOD),
        ("ada", "x" * 73),
        ("ada", ""),
        ("ada", GOOD + "\0"),
        ("ada", "\ud800"),
        ("\0", GOOD),
        ("\ud800", GOOD),
        ("a" * 100_000, GOOD),
    ],
)
async def test_every_failed_login_says_the_same(accounts: Accounts, login: str, password: str):
    await accounts.register("ada@example.com", "ada", GOOD)
    with pytest.raises(Unauthorized) as failed:
        await accounts.login(login, password)
    assert failed.value.message == "The email address, username or password is wrong."


async def test_a_failed_login_hashes_as_much_where_there_is_no_such_account(
    make: Make, monkeypatch: pytest.MonkeyPatch
):
    accounts = make()
    await accounts.register("ada@example.com", "ada", GOOD)
    costs: list[bytes] = []
    real = bcrypt.checkpw

    def counted(password: bytes, hashed: bytes) -> bool:
        costs.append(hashed.split(b"$")[2])
        return real(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    for login, password in (("ada", "wrong-password"), ("nobody", "wrong"), ("ada", "x" * 100)):
        costs.clear()
        with pytest.raises(Unauthorized):
            await accounts.login(login, password)
        assert costs == [b"04"], login


async def test_a_hash_at_another_cost_is_made_anew_and_takes_no_less_time(
    make: Make, database: Database, monkeypatch: pytest.MonkeyPatch
):
    user = (await make(cost=4).register("ada@example.com", "ada", GOOD)).user
    costs: list[bytes] = []
    real = bcrypt.checkpw

    def counted(password: bytes, hashed: bytes) -> bool:
        costs.append(hashed.split(b"$")[2])
        return real(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    later = make(cost=6)
    with pytest.raises(Unauthorized):
        await later.login("ada", "wrong-password")
    assert costs == [b"04", b"04", b"05"], "2**4 + 2**4 + 2**5 is 2**6"
    await later.login("ada", GOOD)
    async with database.read() as uow:
        kept = await uow.users.get(user.id)
    assert kept is not None
    assert (kept.password_hash or "").startswith("$2b$06$")
    await later.login("ada", GOOD)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "a da@example.com",
        "ada@-example.com",
        "ada@example..com",
        "ada@exa\0mple.com",
        "ada@\ud800.com",
        "a" * 65 + "@example.com",
        "ada@" + "a.".join(["a" * 60] * 6) + ".com",
        "Ada <ada@example.com>",
        "a@b@example.com",
    ],
)
async def test_what_is_no_email_address_is_refused(accounts: Accounts, email: str):
    with pytest.raises(InvalidInput, match=r"^email: "):
        await accounts.register(email, "ada", GOOD)


@pytest.mark.parametrize("name", ["", "ab", "a" * 65, "a b c", "ada\0", "ada@home", "ädä", "ada\n"])
async def test_what_is_no_username_is_refused(accounts: Accounts, name: str):
    with pytest.raises(InvalidInput, match=r"^username: "):
        await accounts.register("ada@example.com", name, GOOD)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "at least 8 characters"),
        ("x" * 73, "at most 72 bytes"),
        ("é" * 37, "at most 72 bytes"),
        ("password1", "easy to guess"),
        ("ada-example", "easy to guess"),
        (GOOD + "\0", "cannot be typed"),
        (GOOD + "\ud800", "cannot be typed"),
    ],
)
async def test_a_poor_password_is_refused_and_not_repeated(
    accounts: Accounts, password: str, why: str
):
    with pytest.raises(InvalidInput, match=why) as refused:
        await accounts.register("ada-example@example.com", "ada-example", password)
    assert refused.value.message.startswith("password: ")
    assert password not in refused.value.message


async def test_a_password_of_exactly_72_bytes_is_taken(accounts: Accounts):
    password = ("wombats read maps, " * 4)[:72]
    await accounts.register("ada@example.com", "ada", password)
    assert await accounts.login("ada", password)
    with pytest.raises(Unauthorized):
        await accounts.login("ada", password[:-1])


async def test_many_passwords_at_once_are_judged_apart(accounts: Accounts):
    people = [f"wombat-number-{i}" for i in range(8)]
    sessions = await asyncio.gather(
        *(accounts.register(f"{name}@example.com", name, GOOD + name) for name in people),
        return_exceptions=True,
    )
    assert [s for s in sessions if isinstance(s, BaseException)] == []


@pytest.mark.parametrize(
    ("email", "name"), [("ADA@example.com", "other"), ("other@example.com", "ADA")]
)
async def test_a_taken_address_or_name_is_a_conflict(accounts: Accounts, email: str, name: str):
    await accounts.register("ada@example.com", "ada", GOOD)
    with pytest.raises(Conflict):
        await accounts.register(email, name, GOOD)


async def test_neither_password_nor_token_is_kept_in_clear(accounts: Accounts, database: Database):
    session = await accounts.register("ada@example.com", "ada", GOOD)
    async with database.engine.connect() as connection:
        kept = [
            str((await connection.execute(select(table))).all())
            for table in (users, refresh_tokens)
        ]
    assert "ada@example.com" in kept[0]
    for secret in (GOOD, session.access_token, session.refresh_token):
        assert secret not in str(kept)
    assert session.refresh_token not in repr(session)
    assert session.access_token not in repr(session)


async def test_a_refresh_token_gives_the_next_session(accounts: Accounts):
    first = await accounts.register("ada@example.com", "ada", GOOD)
    second = await accounts.refresh(first.refresh_token)
    assert second.user.id == first.user.id
    assert second.refresh_token != first.refresh_token
    assert await accounts.refresh(second.refresh_token)


async def test_a_refresh_token_used_again_ends_the_whole_family(accounts: Accounts):
    first = await accounts.register("ada@example.com", "ada", GOOD)
    elsewhere = await accounts.login("ada", GOOD)
    second = await accounts.refresh(first.refresh_token)
    for token in (first.refresh_token, second.refresh_token):
        with pytest.raises(Unauthorized):
            await accounts.refresh(token)
    assert await accounts.refresh(elsewhere.refresh_token)


async def test_of_two_refreshes_at_once_only_one_may_win(accounts: Accounts):
    first = await accounts.register("ada@example.com", "ada", GOOD)
    tries = await asyncio.gather(
        *(accounts.refresh(first.refresh_token) for _ in range(5)), return_exceptions=True
    )
    won = [s for s in tries if not isinstance(s, BaseException)]
    assert len(won) == 1
    with pytest.raises(Unauthorized):
        await accounts.refresh(won[0].refresh_token)


async def test_a_refresh_token_ends_after_thirty_days(accounts: Accounts):
    with time_machine.travel("2026-11-01T12:00:00Z", tick=False) as now:
        session = await accounts.register("ada@example.com", "ada", GOOD)
        now.shift(timedelta(days=30))
        with pytest.raises(Unauthorized):
            await accounts.refresh(session.refresh_token)


async def test_an_unknown_refresh_token_is_refused(accounts: Accounts):
    for token in ("", "nothing", "\0", "\ud800"):
        with pytest.raises(Unauthorized):
            await accounts.refresh(token)


async def test_logging_out_ends_the_session_and_may_be_repeated(accounts: Accounts):
    session = await accounts.register("ada@example.com", "ada", GOOD)
    await accounts.logout(session.refresh_token)
    await accounts.logout(session.refresh_token)
    with pytest.raises(Unauthorized):
        await accounts.refresh(session.refresh_token)


async def test_an_access_token_ends_after_fifteen_minutes(accounts: Accounts):
    with time_machine.travel("2026-11-01T12:00:00Z", tick=False) as now:
        token = (await accounts.register("ada@example.com", "ada", GOOD)).access_token
        now.shift(timedelta(minutes=14))
        accounts.verify(token)
        now.shift(timedelta(minutes=2))
        with pytest.raises(Unauthorized, match="has ended"):
            accounts.verify(token)


async def test_who_is_erased_is_known_no_more(accounts: Accounts, database: Database):
    session = await accounts.register("ada@example.com", "ada", GOOD)
    await accounts.erase(session.user.id)
    with pytest.raises(Unauthorized):
        await accounts.person(session.access_token)
    with pytest.raises(Unauthorized):
        await accounts.me(session.user.id)
    with pytest.raises(Unauthorized):
        await accounts.refresh(session.refresh_token)
    assert await accounts.register("ada@example.com", "ada", GOOD)


async def test_who_is_erased_is_no_more_known_as_who_connected_a_workspace(
    accounts: Accounts, database: Database
):
    now = datetime.now(UTC)
    row = Row(
        uuid4(), Holder(None, "slack", "T1"), "b1", "w1", "Team", "Ada Lovelace", "Ada", "sealed",
        None, 1, None, None, now, now, owner_id="n1", agreed_as="U1",
    )  # fmt: skip
    async with database.begin() as uow:
        eve = await uow.users.of(Sender("slack", "U1", "Eve", "T2"))
        ada = await uow.users.of(Sender("slack", "U1", "Ada", "T1"))
        await uow.connections.keep(row)
    for erased, agreed_as in ((eve, "U1"), (ada, "")):
        await accounts.erase(erased.id)
        async with database.read() as uow:
            kept = await uow.connections.of(row.holder)
        assert kept is not None
        assert kept.agreed_as == agreed_as
    assert "Ada" not in str(kept)
    assert kept.owner_id == ""


async def test_who_is_erased_leaves_no_request_and_the_engine_is_told(
    make: Make, database: Database
):
    forgotten: list[UUID] = []

    async def forget(requests: Sequence[UUID]) -> None:
        forgotten.extend(requests)

    accounts = make(forget=forget)
    ada = (await accounts.register("ada@example.com", "ada", GOOD)).user
    async with database.begin() as uow:
        chatter = (await uow.users.of(Sender("slack", "U1", "Ada", "T1"))).id
        senders = (
            Sender("web", str(ada.id)),
            Sender("slack", "U1", "Ada", "T1"),
            Sender("web", str(uuid4())),
        )
        asked = [Request(uuid4(), sender, Call("generate", "a plan")) for sender in senders]
        await uow.inbox.add(asked)
    await accounts.erase(ada.id)
    await accounts.erase(chatter)
    assert forgotten == [asked[0].id, asked[1].id]
    async with database.read() as uow:
        left = [await uow.inbox.get(request.id) is not None for request in asked]
    assert left == [False, False, True]


async def test_a_new_key_signs_and_the_old_one_still_verifies(make: Make):
    before, during, after = make(OLD), make(f"{NEW},{OLD}"), make(NEW)
    old = (await before.register("ada@example.com", "ada", GOOD)).access_token
    assert during.verify(old)
    new = (await during.login("ada", GOOD)).access_token
    assert after.verify(new)
    with pytest.raises(Unauthorized):
        after.verify(old)


def test_a_token_that_was_seen_before_ends_all_the_same():
    with time_machine.travel("2026-11-01T12:00:00Z", tick=False) as now:
        tokens, whose = AccessTokens([OLD], "http://here"), (uuid4(), uuid4())
        token = tokens.issue(*whose)
        assert tokens.verify(token) == tokens.verify(token) == whose
        now.shift(timedelta(minutes=15, seconds=9))
        assert tokens.verify(token) == whose, "other servers' clocks may be behind"
        now.shift(timedelta(seconds=1))
        for _ in range(2):
            with pytest.raises(Unauthorized, match="has ended"):
                tokens.verify(token)
        with pytest.raises(Unauthorized):
            tokens.verify(token[:-2] + "AA")
    with pytest.raises(Unauthorized, match="not known here"):
        AccessTokens([NEW], "http://here").verify(token)


def test_a_forged_access_token_is_refused():
    tokens = AccessTokens([OLD], "http://here")
    good = tokens.issue(uuid4())
    header, claims = (
        jwt.get_unverified_header(good),
        jwt.decode(good, options={"verify_signature": False}),
    )
    assert UUID(claims["sub"])
    assert claims["aud"] == AUDIENCE
    key = "f" * 40
    forged = [
        "",
        "x",
        "a.b.c",
        "\ud800",
        good[:-4] + "AAAA",
        good.rpartition(".")[0] + ".",
        jwt.encode(claims, key, "HS256", headers={"kid": header["kid"]}),
        jwt.encode(claims, key, "HS256", headers={"kid": "other"}),
        jwt.encode(claims, None, "none", headers={"kid": header["kid"]}),
        AccessTokens([OLD], "http://elsewhere").issue(uuid4()),
    ]
    tokens.verify(good)  # what is known of this one says nothing of others
    for token in forged * 2:
        with pytest.raises(Unauthorized):
            tokens.verify(token)
