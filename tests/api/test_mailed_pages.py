"""`/forgot`, `/reset` and `/confirm`, as forms, with the links of letters that a server got."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient

from core.config import Settings
from tests.api.browsing import ADA, HTML, send, sign_up
from tests.api.small_core import SmallCore
from tests.mail_server import MailServer


@pytest.fixture
async def mail() -> AsyncIterator[MailServer]:
    async with MailServer() as server:
        yield server


@pytest.fixture
def settings(sqlite_url: str, mail: MailServer) -> Settings:
    return Settings(_env_file=None, database_url=sqlite_url, secret_key="k" * 40, smtp_url=mail.url)


async def token(core: SmallCore, mail: MailServer, page: str) -> str:
    """What the newest link to this page carries behind its #."""
    await core.accounts.post.idle()
    found = re.findall(rf"/{page}#token=(\S+)", "\n".join(each.text for each in mail.letters))
    return str(found[-1])


async def test_a_forgotten_password_is_mended_by_a_letter(
    client: TestClient, core: SmallCore, mail: MailServer
):
    await sign_up(client)
    await client.get("/", headers=HTML)  # where the welcome is told
    assert "a link comes by mail" in await (await client.get("/forgot", headers=HTML)).text()
    told = await (await send(client, "/forgot", {"email": ADA["email"]})).text()
    assert told == await (await send(client, "/forgot", {"email": "nobody@example.com"})).text()
    assert "a letter is on its way" in told
    given = {"token": await token(core, mail, "reset"), "password": "short"}
    bad = await send(client, "/reset", given)
    assert (bad.status, "Use at least 8 characters." in await bad.text()) == (400, True)
    assert f'value="{given["token"]}"' in await bad.text(), "the link still works"
    good = await send(client, "/reset", given | {"password": "two-otters-write-poems"})
    assert good.headers["Location"] == "/login"
    assert (await client.get("/auth/me")).status == 401, "every session has ended"
    again = await send(client, "/reset", given | {"password": "three-otters-write"})
    assert again.status == 400
    entered = {"email": "ada", "password": "two-otters-write-poems"}
    assert (await send(client, "/login", entered)).status == 303


async def test_an_address_is_confirmed_by_its_link(
    client: TestClient, core: SmallCore, mail: MailServer
):
    await sign_up(client)
    given = {"token": await token(core, mail, "confirm")}
    assert (await client.get("/confirm", headers=HTML)).status == 200, "a look confirms nothing"
    done = await send(client, "/confirm", given)
    assert done.headers["Location"] == "/"
    assert "ada@example.com is confirmed." in await (await client.get("/", headers=HTML)).text()
    assert (await send(client, "/confirm", given)).status == 400
