"""Changing a password, a new one by mail, and proving an address: by a real mail server."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from core.accounts.accounts import Accounts, Session
from core.accounts.lockout import log_in
from core.config import Settings
from core.errors import Forbidden, InvalidInput, RateLimited, Unauthorized
from core.limits.limits import Limits, Rule, Rules
from core.origin import Origin, asked_from
from core.storage.account_tables import mailed_links
from core.storage.database import Database
from tests.mail_server import MailServer

GOOD, BETTER = "a-wombat-reads-maps", "two-otters-write-poems"


class Stage:
    """Accounts, a mail server, and what it got."""

    def __init__(self, database: Database, server: MailServer) -> None:
        self.settings = Settings(
            _env_file=None,
            database_url="postgresql://elsewhere/x",
            public_url="https://notes.example",
            secret_key="k" * 40,
            smtp_url=server.url,
        )
        self.database, self.server = database, server
        self.accounts = Accounts(self.settings, database, cost=4)
        self.limits = Limits(self.settings)

    async def ada(self) -> Session:
        session = await self.accounts.register("ada@example.com", "ada", GOOD)
        await self.accounts.post.idle()
        return session

    async def token(self, page: str) -> str:
        """The token of the newest link to this page that was mailed."""
        await self.accounts.post.idle()
        texts = [letter.text for letter in self.server.letters]
        found = re.findall(rf"https://notes\.example/{page}#token=(\S+)", "\n".join(texts))
        return str(found[-1])

    async def forgot(self, email: str = "ada@example.com") -> None:
        self.accounts.credentials.forgot(email, self.limits)
        await self.accounts.post.idle()


@pytest.fixture
async def stage(database: Database) -> AsyncIterator[Stage]:
    async with MailServer() as server:
        stage = Stage(database, server)
        yield stage
        await stage.accounts.post.close()


async def test_a_mailed_link_gives_a_new_password_and_ends_all_that_let_somebody_in(
    stage: Stage,
) -> None:
    session = await stage.ada()
    _, program = await stage.accounts.personal.add(session.user.id, "script", ["account"], 365)
    assert await stage.accounts.caller(program)
    await stage.forgot(" ADA@example.com ")
    letter = stage.server.letters[-1]
    assert (letter.to, letter.sender) == ("ada@example.com", "no-reply@notes.example")
    await stage.accounts.credentials.reset(await stage.token("reset"), BETTER)
    for token in (session.access_token, program):
        with pytest.raises(Unauthorized):
            await stage.accounts.caller(token)
    with pytest.raises(Unauthorized):
        await stage.accounts.refresh(session.refresh_token)
    with pytest.raises(Unauthorized):
        await stage.accounts.login("ada", GOOD)
    user = (await stage.accounts.login("ada", BETTER)).user
    assert user.proven_email == "ada@example.com", "whoever reads its mail owns the address"
    await stage.accounts.post.idle()
    assert "was changed" in stage.server.letters[-1].subject


async def test_a_mailed_link_opens_an_account_that_guesses_have_closed(stage: Stage) -> None:
    await stage.ada()
    limits = Limits(stage.settings, Rules(everywhere=Rule(2, 3600)))
    for number in range(2):
        with asked_from(Origin(f"192.0.2.{number}")), pytest.raises(Unauthorized):
            await log_in(stage.accounts, limits, "ada", "wrong-password")
    abroad = Origin("198.51.100.4")
    with asked_from(abroad), pytest.raises(RateLimited):
        await log_in(stage.accounts, limits, "ada", GOOD)
    await stage.forgot()
    with asked_from(abroad):
        await stage.accounts.credentials.reset(await stage.token("reset"), BETTER)
        assert await log_in(stage.accounts, limits, "ada", BETTER)


async def test_a_link_works_once_and_takes_the_others_with_it(stage: Stage) -> None:
    await stage.ada()
    await stage.forgot()
    first = await stage.token("reset")
    await stage.forgot()
    second = await stage.token("reset")
    assert first != second
    await stage.accounts.credentials.reset(first, BETTER)
    for token in (first, second, "nonsense", ""):
        with pytest.raises(InvalidInput, match=r"^token: .*Ask for a new one"):
            await stage.accounts.credentials.reset(token, GOOD)
    await stage.accounts.login("ada", BETTER)


async def test_a_link_ends_after_an_hour(stage: Stage) -> None:
    await stage.ada()
    await stage.forgot()
    token = await stage.token("reset")
    with (
        time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)),
        pytest.raises(InvalidInput, match=r"^token: "),
    ):
        await stage.accounts.credentials.reset(token, BETTER)


async def test_a_password_that_cannot_be_leaves_the_link_good(stage: Stage) -> None:
    await stage.ada()
    await stage.forgot()
    token = await stage.token("reset")
    for password in ("short", "password1", "é" * 40, "qwertyuiop"):
        with pytest.raises(InvalidInput, match=r"^password: "):
            await stage.accounts.credentials.reset(token, password)
    await stage.accounts.credentials.reset(token, BETTER)


async def test_no_token_is_kept_in_clear_and_one_purpose_is_not_the_other(stage: Stage) -> None:
    await stage.ada()
    await stage.forgot()
    reset, confirm = await stage.token("reset"), await stage.token("confirm")
    async with stage.database.engine.connect() as connection:
        rows = str((await connection.execute(mailed_links.select())).all())
    assert reset not in rows
    assert confirm not in rows
    with pytest.raises(InvalidInput):
        await stage.accounts.credentials.reset(confirm, BETTER)
    with pytest.raises(InvalidInput):
        await stage.accounts.credentials.confirm(reset)


async def test_who_has_no_account_gets_no_letter(stage: Stage) -> None:
    await stage.ada()
    before = len(stage.server.letters)
    for email in ("nobody@example.com", "ada", "", "x\0@example.com"):
        await stage.forgot(email)
    assert len(stage.server.letters) == before


async def test_nobody_is_buried_under_letters(stage: Stage) -> None:
    await stage.ada()
    for _ in range(8):
        await stage.forgot()
    assert len([each for each in stage.server.letters if "new password" in each.subject]) == 5


async def test_changing_the_password_ends_the_other_sessions_and_the_links(stage: Stage) -> None:
    here = await stage.ada()
    there = await stage.accounts.login("ada", GOOD)
    await stage.forgot()
    token = await stage.token("reset")
    caller = await stage.accounts.caller(here.access_token)
    change = stage.accounts.credentials.change
    with pytest.raises(Forbidden, match="current_password"):
        await change(caller.user, caller.session, "wrong-password", BETTER)
    with pytest.raises(InvalidInput, match=r"^new_password: "):
        await change(caller.user, caller.session, GOOD, "short")
    await change(caller.user, caller.session, GOOD, BETTER)
    assert (await stage.accounts.caller(here.access_token)).user.username == "ada"
    assert await stage.accounts.refresh(here.refresh_token)
    with pytest.raises(Unauthorized, match="session has ended"):
        await stage.accounts.caller(there.access_token)
    with pytest.raises(InvalidInput):
        await stage.accounts.credentials.reset(token, GOOD)
    await stage.accounts.login("ada", BETTER)


async def test_an_address_is_trusted_once_its_owner_has_confirmed_it(stage: Stage) -> None:
    session = await stage.ada()
    assert session.user.proven_email is None
    token = await stage.token("confirm")
    user = await stage.accounts.credentials.confirm(token)
    assert user.proven_email == "ada@example.com"
    with pytest.raises(InvalidInput, match=r"^token: "):
        await stage.accounts.credentials.confirm(token)
    letters = len(stage.server.letters)
    stage.accounts.credentials.ask_to_confirm(user, stage.limits)
    await stage.accounts.post.idle()
    assert len(stage.server.letters) == letters, "there is nothing left to confirm"


async def test_whoever_takes_over_from_the_last_admin_is_told_by_mail(sqlite_url: str) -> None:
    async with MailServer() as server:
        settings = Settings(
            _env_file=None, database_url=sqlite_url, secret_key="k" * 40, smtp_url=server.url
        )
        database = Database(sqlite_url)
        accounts = Accounts(settings, database, cost=4)
        ada = (await accounts.register("ada@example.com", "ada", GOOD)).user
        await accounts.register("eve@example.com", "eve", GOOD)
        await accounts.register("bob@example.com", "bob", GOOD)
        await accounts.erase(ada.id)
        await accounts.post.idle()
        told = [letter.to for letter in server.letters if "admin now" in letter.subject]
        assert told == ["eve@example.com"]
        await accounts.post.close()
        await database.close()
