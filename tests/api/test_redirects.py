"""`next`, as somebody would give it who wants a page of ours to lead to one of theirs."""

from __future__ import annotations

from urllib.parse import quote, urljoin, urlsplit

import pytest
from aiohttp.test_utils import TestClient

from core.config import Settings
from tests.api.browsing import ADA, HTML, send, sign_up
from tests.api.small_core import PASSWORD

ELSEWHERE = (
    "https://evil.example/",
    "HTTPS:evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example/%2f..",
    "/\\evil.example",
    "\\/\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/%09/evil.example",
    "/%5cevil.example",
    "/%2f%2fevil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/%2e%2e//evil.example",
    "/history/..//evil.example",
    "/history/%2E%2e/%2fevil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "@evil.example",
    "evil.example",
    "/x@evil.example",
    "//localhost@evil.example",
    "https:/evil.example",
    "http:\\\\evil.example",
    "/\u2044evil.example",
    "/\uff0fevil.example",
    "/\r\nLocation: https://evil.example",
    "/" + "a" * 3000,
)


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    return Settings(
        _env_file=None,
        database_url=sqlite_url,
        secret_key="k" * 40,
        slack_client_id="1.2",
        slack_client_secret="s",
    )


def host(client: TestClient, location: str) -> str | None:
    """Where a browser goes: it reads backslashes as slashes, and leaves out tabs and lines."""
    told = location.replace("\\", "/")
    for each in "\t\r\n":
        told = told.replace(each, "")
    return urlsplit(urljoin(str(client.make_url("/login")), told.strip())).hostname


@pytest.mark.parametrize("wanted", ELSEWHERE)
async def test_no_form_leads_to_another_host(client: TestClient, wanted: str):
    await sign_up(client)
    here = client.make_url("/").host
    login = {"email": ADA["username"], "password": PASSWORD, "next": wanted}
    for path, given in (("/login", login), ("/theme", {"theme": "dark", "next": wanted})):
        answer = await send(client, path, given)
        assert answer.status == 303
        where = answer.headers["Location"]
        assert host(client, where) == here, path
        assert where.startswith("/")
        assert not where.startswith(("//", "/\\"))
        assert "Set-Cookie" not in where
    # Whoever is logged in already is led on at once.
    for path in ("/login", "/signup"):
        async with client.get(
            f"{path}?next={quote(wanted, safe='')}", headers=HTML, allow_redirects=False
        ) as asked:
            if asked.status in (302, 303):
                assert host(client, asked.headers["Location"]) == here, path
            else:
                assert 'href="https://evil' not in await asked.text()


@pytest.mark.parametrize("wanted", ELSEWHERE[:12])
async def test_no_way_over_a_platform_leads_to_another_host(client: TestClient, wanted: str):
    """What the browser keeps meanwhile is sealed; the platform alone is gone to, as it is set."""
    path = f"/auth/slack/start?next={quote(wanted, safe='')}"
    async with client.get(path, headers=HTML, allow_redirects=False) as answer:
        if answer.status == 302:
            assert host(client, answer.headers["Location"]) == "slack.com"
            assert "evil.example" not in answer.headers["Location"]
        else:
            assert answer.status == 400


async def test_a_page_of_ours_is_come_back_to(client: TestClient):
    await sign_up(client)
    for wanted in ("/history?q=tea&provider=openai", "/settings#tokens", "/link", "/"):
        login = {"email": ADA["username"], "password": PASSWORD, "next": wanted}
        assert (await send(client, "/login", login)).headers["Location"] == wanted
