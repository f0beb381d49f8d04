"""A server that no mail server was set for: somebody's own, and one that others reach."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestClient
from structlog.testing import capture_logs

from core.config import Settings
from tests.api.browsing import ADA, HTML, send, sign_up
from tests.api.small_core import SmallCore

OWN, OTHERS = "http://localhost:8080", "https://notes.example.com"


@pytest.fixture(params=[OWN, OTHERS])
def settings(sqlite_url: str, request: pytest.FixtureRequest) -> Settings:
    return Settings(
        _env_file=None,
        database_url=sqlite_url,
        secret_key="k" * 40,
        public_url=request.param,
    )


async def test_a_letter_that_cannot_come_is_not_promised(
    client: TestClient, core: SmallCore, settings: Settings
) -> None:
    html = await (await client.get("/forgot", headers=HTML)).text()
    given = {"email": "nobody@example.com"}
    said = await (await client.post("/auth/password/forgot", json=given)).json()
    assert "mail" in html
    for text in (html, said["detail"]):
        assert "comes by mail" not in text
        assert "on its way" not in text
    if settings.local:
        assert "in this server’s log" in html
        assert "The link is in this server" not in said["detail"], "there may be none"
        assert "in this server's log" in said["detail"]
    else:
        assert "This server sends no mail, so no letter can come." in html
        assert 'action="/forgot"' not in html
        assert said["detail"].startswith("This server sends no mail, so no letter can come.")
    assert core.accounts.post.is_open is False


@pytest.mark.parametrize("settings", [OWN], indirect=True)
async def test_on_ones_own_machine_the_link_is_where_the_answer_says(
    client: TestClient, core: SmallCore
) -> None:
    await sign_up(client)
    await core.accounts.post.idle()
    with capture_logs() as logs:
        html = await (await send(client, "/forgot", {"email": ADA["email"]})).text()
        await core.accounts.post.idle()
    assert "in this server's log" in html.replace("&#39;", "'")
    [line] = [each for each in logs if each.get("to") == ADA["email"]]
    assert "/reset#token=" in line["link"]
