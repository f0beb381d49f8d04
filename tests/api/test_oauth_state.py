"""What a browser keeps while its owner is away at a provider."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from uuid import uuid4

import pytest
import time_machine
from aiohttp import web
from aiohttp.test_utils import TestClient

from api.oauth_state import Flow, begun, forget, keep, local_path, taken
from tests.api.conftest import Start
from tests.api.small_core import SmallCore

USER = uuid4()


@pytest.fixture
async def browser(start: Start, core: SmallCore) -> TestClient:
    """Begins at /auth/slack/begin, which answers with the state, and ends at /auth/slack/end."""

    async def begin(request: web.Request) -> web.Response:
        provider = request.match_info["provider"]
        flow = begun(provider, request.query.get("next"), USER)
        response = web.json_response({"state": flow.state, "challenge": flow.challenge})
        keep(response, core.settings, flow)
        return response

    async def end(request: web.Request) -> web.Response:
        flow = await taken(request, request.match_info["provider"])
        response = web.json_response(
            {"next": flow.next, "user": str(flow.user), "verifier": flow.verifier}
        )
        forget(response, flow.provider)
        return response

    mounts = [("GET", "/auth/{provider}/begin", begin), ("GET", "/auth/{provider}/end", end)]
    return await start(mounts=mounts)


async def begin(browser: TestClient, provider: str = "slack", **query: str) -> dict[str, str]:
    async with browser.get(f"/auth/{provider}/begin", params=query) as answer:
        return await answer.json()


async def test_what_began_in_this_browser_ends_in_it(browser: TestClient):
    made = await begin(browser, next="/history?q=tea")
    async with browser.get("/auth/slack/end", params={"state": made["state"]}) as answer:
        assert answer.status == 200
        ended = await answer.json()
    assert (ended["next"], ended["user"]) == ("/history?q=tea", str(USER))
    assert made["challenge"] == (
        urlsafe_b64encode(sha256(ended["verifier"].encode()).digest()).decode().rstrip("=")
    )


async def test_the_cookie_is_sealed_and_no_script_or_other_route_sees_it(browser: TestClient):
    async with browser.get("/auth/slack/begin") as answer:
        cookie = answer.cookies["oauth_slack"]
        state = (await answer.json())["state"]
    assert state not in cookie.value
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert (cookie["path"], cookie["max-age"]) == ("/auth/slack", "600")


async def refused(browser: TestClient, state: str, provider: str = "slack") -> None:
    async with browser.get(f"/auth/{provider}/end", params={"state": state}) as answer:
        assert answer.status == 400
        assert "another browser" in (await answer.json())["detail"]


async def test_a_state_works_once_even_where_the_cookie_is_kept(browser: TestClient):
    async with browser.get("/auth/slack/begin") as answer:
        state = (await answer.json())["state"]
        cookie = answer.cookies["oauth_slack"].value
    assert (await browser.get("/auth/slack/end", params={"state": state})).status == 200
    headers = {"Cookie": f"oauth_slack={cookie}"}
    async with browser.get("/auth/slack/end", params={"state": state}, headers=headers) as answer:
        assert answer.status == 400


async def test_another_browsers_state_and_no_state_are_refused(browser: TestClient):
    theirs = await begin(browser)
    browser.session.cookie_jar.clear()
    await refused(browser, theirs["state"])
    await begin(browser)
    await refused(browser, theirs["state"])
    await refused(browser, "")
    await refused(browser, "é\ud800".encode(errors="replace").decode())


async def test_a_state_of_another_provider_is_refused(browser: TestClient):
    async with browser.get("/auth/slack/begin") as answer:
        state, cookie = (await answer.json())["state"], answer.cookies["oauth_slack"].value
    browser.session.cookie_jar.clear()
    headers = {"Cookie": f"oauth_discord={cookie}"}
    async with browser.get("/auth/discord/end", params={"state": state}, headers=headers) as answer:
        assert answer.status == 400


async def test_after_ten_minutes_it_is_over(browser: TestClient):
    with time_machine.travel("2026-11-25T09:00:00Z") as clock:
        made = await begin(browser)
        # The cookie jar would forget it, too; a browser need not.
        browser.session.cookie_jar._expirations.clear()
        clock.shift(601)
        await refused(browser, made["state"])


async def test_a_changed_cookie_is_refused(browser: TestClient):
    made = await begin(browser)
    browser.session.cookie_jar.clear()
    headers = {"Cookie": "oauth_slack=gAAAAABn0thing"}
    params = {"state": made["state"]}
    async with browser.get("/auth/slack/end", params=params, headers=headers) as answer:
        assert answer.status == 400


@pytest.mark.parametrize(
    "address",
    [
        *("https://evil.example/", "//evil.example", "/\\evil.example", "\\/evil.example"),
        *("/a\\b", "/\t/evil.example", "/ evil", "evil", "", None, "/\r\nSet-Cookie: a=b"),
        *("javascript:alert(1)", "/é", "/" + "a" * 512),
    ],
)
def test_what_is_no_path_of_this_server_leads_home(address: str | None):
    assert local_path(address) == "/"


@pytest.mark.parametrize("address", ["/", "/history?q=a&b=%20#c", "/content/1", "/a//b"])
def test_a_path_of_this_server_is_kept(address: str):
    assert local_path(address) == address


def test_no_secret_of_it_is_shown():
    flow = Flow("slack", "the-state", "the-nonce", "the-verifier")
    assert not any(word in repr(flow) for word in ("the-state", "the-nonce", "the-verifier"))
