"""Connecting Notion in a browser, from the web and from chat."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from aiohttp.test_utils import TestClient
from sqlalchemy import update
from yarl import URL

from core.config import Settings
from core.messages import Call, Request, Sender
from core.notion.oauth import CALLBACK
from core.storage.connection_tables import notion_connections
from core.storage.connections import Holder
from sandbox.notion.ids import PERSON_USER_ID
from sandbox.notion.server import NotionServer
from tests.api.browsing import send, sign_up
from tests.api.conftest import Join
from tests.api.small_core import SmallCore
from tests.core.notion.consent import agree

ASKED = Request(
    uuid4(),
    Sender("slack", "U1", "grace", "T1"),
    Call("settings", "notion"),
    {"workspace": "acme", "response_url": "https://hooks.slack.example/1"},
    "T1:C1",
)
BROWSER = {"Accept": "text/html"}


@pytest.fixture
async def notion() -> AsyncIterator[NotionServer]:
    async with NotionServer(rate_limit=None) as server:
        yield server


@pytest.fixture
def settings(sqlite_url: str, notion: NotionServer) -> Settings:
    return Settings(
        _env_file=None,
        database_url=sqlite_url,
        secret_key="k" * 40,
        notion_client_id=notion.grants.client_id,
        notion_client_secret=notion.grants.client_secret,
        notion_base_url=notion.base_url,
    )


async def offered(core: SmallCore, *, shared: bool = False) -> tuple[str, str]:
    """Grace's link: the page, and the code behind the `#`."""
    async with core.database.begin() as unit:
        await unit.users.of(ASKED.sender)
        await unit.inbox.add([ASKED])
    asked = Request(
        uuid4(), ASKED.sender, ASKED.call, {**ASKED.address, "manager": "yes"}, ASKED.place
    )
    url = URL(await core.connecting.offer(asked, shared=shared))
    return url.path, url.fragment.removeprefix("code=")


async def post(client: TestClient, path: str, code: str, **headers: str) -> tuple[int, Any]:
    async with client.post(path, json={"code": code}, headers=headers) as answer:
        return answer.status, await answer.json()


async def ended(client: TestClient, query: dict[str, str], **headers: str) -> tuple[int, str]:
    async with client.get(
        CALLBACK, params=query, headers=BROWSER | headers, allow_redirects=False
    ) as answer:
        return answer.status, await answer.text()


async def test_somebody_logged_in_connects_their_own_and_disconnects_it(
    client: TestClient, core: SmallCore, ada: dict[str, str], notion: NotionServer
) -> None:
    async with client.get(
        "/auth/notion/start", params={"next": "/settings"}, headers=ada, allow_redirects=False
    ) as answer:
        assert answer.status == 302
        where = answer.headers["Location"]
    assert where.startswith(f"{notion.base_url}/v1/oauth/authorize?")
    back, query = await agree(where)
    assert back.endswith(CALLBACK)
    async with client.get(CALLBACK, params=query, headers=ada, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/settings")
    async with client.get("/notion/connection", headers=ada) as answer:
        told = await answer.json()
    assert (told["own"]["name"], told["own"]["owner"]) == ("Sandbox", "Robin Example")
    async with client.get("/auth/me", headers=ada) as answer:
        assert [one["name"] for one in (await answer.json())["connections"]] == ["Sandbox"]
    # The state works once.
    async with client.get(CALLBACK, params=query, headers=ada, allow_redirects=False) as answer:
        assert answer.status == 400
    async with client.delete("/notion/connection", headers=ada) as answer:
        assert (await answer.json())["revoked"] is True
    async with client.get("/notion/connection", headers=ada) as answer:
        assert (await answer.json())["own"] is None
    assert all(grant.ended for grant in notion.grants.all)


async def test_the_page_shows_whose_notion_it_is_whether_it_works_and_parts_from_it(
    client: TestClient, core: SmallCore, notion: NotionServer
) -> None:
    async def shown(path: str) -> str:
        async with client.get(path, headers=BROWSER) as answer:
            assert answer.status == 200
            return await answer.text()

    await sign_up(client)
    start = re.search(r'href="(/auth/notion/start[^"]+)"', await shown("/connections"))
    assert start is not None
    url = URL(start[1], encoded=True)
    async with client.get(url, headers=BROWSER, allow_redirects=False) as answer:
        _, query = await agree(answer.headers["Location"])
    async with client.get(CALLBACK, params=query, headers=BROWSER, allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/connections/check#doctor"
    html = await shown("/connections/check")
    for words in ("<b>Sandbox</b>", "Agreed to by Robin Example", "connected by ada", "Allowed."):
        assert words in html
    assert re.search(r"<b>Insert content</b><span class=\"hidden\">: works", html)
    for lost_at in (datetime.now(UTC), None):
        async with core.database.engine.begin() as raw:
            await raw.execute(update(notion_connections).values(lost_at=lost_at))
        lost = "Notion does not accept this connection any more."
        assert (lost in await shown("/connections")) is (lost_at is not None)
    assert "Disconnect Sandbox?" in await shown("/connections/notion/disconnect")
    assert not any(grant.ended for grant in notion.grants.all), "a look disconnects nothing"
    gone = await send(client, "/connections/notion/disconnect")
    assert gone.headers["Location"] == "/connections"
    assert all(grant.ended for grant in notion.grants.all)
    assert "No Notion is connected yet" in await shown("/connections")


async def test_who_is_not_logged_in_is_told_what_to_do(client: TestClient) -> None:
    async with client.get("/auth/notion/start", headers=BROWSER, allow_redirects=False) as answer:
        assert answer.status == 401
        assert "no account is needed" in await answer.text()
    async with client.get("/auth/notion/start", allow_redirects=False) as answer:
        assert (await answer.json())["code"] == "UNAUTHORIZED"


async def test_a_link_from_chat_connects_without_an_account_and_the_chat_is_told(
    client: TestClient, core: SmallCore, notion: NotionServer
) -> None:
    page, code = await offered(core)
    async with client.get(page) as answer:
        assert answer.status == 200
    status, wish = await post(client, "/notion/connect/preview", code)
    assert status == 200
    assert wish == {
        "platform": "slack",
        "name": "grace",
        "workspace": "acme",
        "shared": False,
        "before": None,
    }
    status, told = await post(client, "/notion/connect", code)
    assert status == 200
    _, query = await agree(told["url"])
    status, text = await ended(client, query)
    assert status == 200
    assert "Sandbox is connected" in text
    async with core.database.read() as unit:
        user = await unit.users.find(ASKED.sender)
        assert user is not None
        row = await unit.connections.of(Holder(user.id))
        notices = [await unit.inbox.get(one) for one in core.begun]
    assert row is not None
    assert [one.request.call.command for one in notices if one] == ["notion-connected"]
    notice = notices[0]
    assert notice is not None
    assert notice.request.address["private"] == "yes"
    assert notice.request.call.value("owner") == "Robin Example"
    # It works once.
    assert (await post(client, "/notion/connect/preview", code))[0] == 400


async def test_a_workspaces_link_connects_for_everybody_there(
    client: TestClient, core: SmallCore
) -> None:
    _, code = await offered(core, shared=True)
    assert (await post(client, "/notion/connect/preview", code))[1]["shared"] is True
    _, query = await agree((await post(client, "/notion/connect", code))[1]["url"])
    assert (await ended(client, query))[0] == 200
    async with core.database.read() as unit:
        kept = await unit.connections.of(Holder(None, "slack", "T1"))
    assert kept is not None
    # Pages mention Grace as the person in Notion who agreed, and nobody else.
    assert (kept.agreed_as, kept.owner_id) == (ASKED.sender.id, PERSON_USER_ID)


async def test_the_first_browser_that_opens_a_link_is_the_only_one(
    client: TestClient, core: SmallCore
) -> None:
    _, code = await offered(core)
    assert (await post(client, "/notion/connect/preview", code))[0] == 200
    client.session.cookie_jar.clear()
    for path in ("/notion/connect/preview", "/notion/connect"):
        status, told = await post(client, path, code)
        assert status == 403
        assert "another browser" in told["detail"]


async def test_a_code_is_no_use_from_another_site_or_too_late(
    client: TestClient, core: SmallCore
) -> None:
    _, code = await offered(core)
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert (await post(client, "/notion/connect/preview", code, **foreign))[0] == 403
    assert (await post(client, "/notion/connect/preview", "MADEUP"))[0] == 400
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=601)):
        assert (await post(client, "/notion/connect/preview", code))[0] == 400


async def test_a_state_that_is_not_this_browsers_connects_nothing(
    client: TestClient, core: SmallCore
) -> None:
    _, code = await offered(core)
    await post(client, "/notion/connect/preview", code)
    _, query = await agree((await post(client, "/notion/connect", code))[1]["url"])
    status, text = await ended(client, query | {"state": "forged"})
    assert status == 400
    assert "Nothing was changed" in text
    mine = {cookie.key: cookie.value for cookie in client.session.cookie_jar}
    client.session.cookie_jar.clear()
    assert (await ended(client, query))[0] == 400
    assert core.begun == []
    # Nor does it end what this browser began.
    client.session.cookie_jar.update_cookies(mine, client.make_url("/auth/notion"))
    assert (await ended(client, query))[0] == 200


async def test_who_says_no_at_notion_is_told_how_to_start_again(
    client: TestClient, core: SmallCore
) -> None:
    _, code = await offered(core)
    await post(client, "/notion/connect/preview", code)
    url = (await post(client, "/notion/connect", code))[1]["url"]
    _, query = await agree(url, answer="cancel")
    assert query["error"] == "access_denied"
    status, text = await ended(client, query)
    assert status == 403
    assert "You did not agree at Notion" in text
    assert re.search("/notion settings notion", text)
    # The link was not used: the same browser may try again.
    assert (await post(client, "/notion/connect", code))[0] == 200


async def test_without_an_integration_nobody_can_connect(
    client: TestClient, core: SmallCore, ada: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.connecting.connections.grants, "_secret", "")
    async with client.get("/auth/notion/start", headers=ada, allow_redirects=False) as answer:
        assert answer.status == 404
        assert "NOTION_CLIENT_ID" in (await answer.json())["detail"]
    async with client.get("/notion/connection", headers=ada) as answer:
        assert (await answer.json())["start"] is None


async def test_erasing_an_account_takes_its_connection_back(
    client: TestClient, join: Join, notion: NotionServer
) -> None:
    headers = await join("eve")
    async with client.get("/auth/notion/start", headers=headers, allow_redirects=False) as answer:
        _, query = await agree(answer.headers["Location"])
    async with client.get(CALLBACK, params=query, headers=headers, allow_redirects=False) as answer:
        assert answer.status == 302
    async with client.delete("/auth/me", headers=headers) as answer:
        assert answer.status == 204
    assert all(grant.ended for grant in notion.grants.all)
