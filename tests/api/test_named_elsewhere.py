"""Names that Slack and Notion give of people, workspaces and pages, by somebody who wants a page to
run them: they come in by signing in and by connecting, and are words on every page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient
from yarl import URL

from core.config import Settings
from core.notion.oauth import CALLBACK
from sandbox.notion.schema import make_property
from sandbox.notion.server import NotionServer
from sandbox.slack.server import SlackServer
from tests.api.browsing import HTML, send, sign_up
from tests.api.small_core import SmallCore
from tests.api.test_injection import EVIL, IMAGE, harm_in
from tests.api.test_sign_in import CLIENT, PUBLIC_URL, Browser
from tests.core.notion.consent import agree


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer("signing-secret", "xoxb-1") as server:
        server.consent.client = CLIENT
        yield server


@pytest.fixture
async def notion() -> AsyncIterator[NotionServer]:
    async with NotionServer(rate_limit=None) as server:
        yield server


@pytest.fixture
def settings(sqlite_url: str, slack: SlackServer, notion: NotionServer) -> Settings:
    return Settings(
        _env_file=None,
        database_url=sqlite_url,
        secret_key="k" * 40,
        public_url=PUBLIC_URL,
        slack_client_id=CLIENT[0],
        slack_client_secret=CLIENT[1],
        slack_api_url=slack.api_url,
        notion_client_id=notion.grants.client_id,
        notion_client_secret=notion.grants.client_secret,
        notion_base_url=notion.base_url,
    )


async def read(client: TestClient, path: str) -> str:
    async with client.get(path, headers=HTML) as answer:
        assert answer.status == 200, path
        html = await answer.text()
    assert harm_in(html) == [], path
    return html


async def test_what_slack_says_of_a_person_and_a_workspace_is_words(
    client: TestClient, core: SmallCore, slack: SlackServer
):
    said = {
        "name": EVIL,
        "given_name": EVIL,
        "https://slack.com/team_name": EVIL,
        "https://slack.com/team_domain": EVIL,
        "picture": "javascript:alert(1)",
    }
    slack.consent.identity.changes |= said
    browser = Browser(client)
    page = await browser.sign_in("slack")
    assert page.status == 302, page.text
    me = await browser.me()
    assert re.fullmatch(r"[A-Za-z0-9_.-]{3,64}", me["username"])
    assert IMAGE in me["identities"][0]["name"]
    shown = [await read(client, each) for each in ("/", "/connections", "/settings", "/usage")]
    assert any("&lt;img src=x" in each for each in shown)
    [identity] = me["identities"]
    await read(client, f"/connections/{identity['id']}/unlink")


async def test_what_notion_says_of_a_workspace_and_its_pages_is_words(
    client: TestClient, core: SmallCore, notion: NotionServer
):
    notion.grants.workspace_name = EVIL
    notion.store.add_data_source(EVIL, {EVIL: make_property(EVIL, "title", property_id="title")})
    await sign_up(client)
    start = re.search(r'href="(/auth/notion/start[^"]+)"', await read(client, "/connections"))
    assert start is not None
    url = URL(start[1], encoded=True)
    async with client.get(url, headers=HTML, allow_redirects=False) as answer:
        _, query = await agree(answer.headers["Location"])
    async with client.get(CALLBACK, params=query, headers=HTML, allow_redirects=False) as answer:
        assert answer.status == 302
    assert "&lt;img src=x" in await read(client, "/connections/check")
    # A consent that fails, in words of whoever sends the browser back.
    for field in ("error", "state", "code", "error_description"):
        async with client.get(CALLBACK, params={field: EVIL}, headers=HTML) as answer:
            assert harm_in(await answer.text()) == [], field
    await send(client, "/connections/notion/disconnect")
