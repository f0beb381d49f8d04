"""Sessions of a browser: cookies, where they come from, and how they go on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.cookies import Morsel

import pytest
import time_machine
from aiohttp import ClientResponse, CookieJar, web
from aiohttp.test_utils import TestClient

from api.app import create_app
from core.config import Settings
from core.limits.limits import Rules
from core.storage.database import Database
from tests.api.browsing import ADA, HTML, send, sign_up
from tests.api.conftest import Server, Start
from tests.api.small_core import SmallCore

HOUR = timedelta(hours=1)


@pytest.fixture
async def tabs(start: Start) -> TestClient:
    """One browser, whose tabs share their cookies."""
    return await start()


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    """Now, until it is moved."""
    with time_machine.travel(datetime.now(UTC), tick=True) as traveller:
        yield traveller


def cookie(response: ClientResponse, name: str) -> Morsel[str]:
    found: Morsel[str] = response.cookies[name]
    return found


def held(client: TestClient) -> dict[str, str]:
    """The cookies a browser holds."""
    return {each.key: each.value for each in client.session.cookie_jar}


async def whole(client: TestClient) -> bool:
    """Whether the browser is logged in."""
    return (await client.get("/auth/me")).status == 200


async def test_a_session_is_two_cookies_that_no_script_can_read(tabs: TestClient):
    answer = await send(tabs, "/signup", ADA)
    assert answer.headers["Location"] == "/"
    for name, seconds in (("access", 900), ("refresh", 30 * 24 * 3600)):
        made = cookie(answer, name)
        assert made["httponly"]
        assert made["samesite"] == "Lax"
        assert made["path"] == "/"
        assert int(made["max-age"]) == seconds
        assert not made["secure"], "http://localhost has no TLS"
    me = await tabs.get("/auth/me")
    assert (await me.json())["username"] == "ada"


async def test_off_a_laptop_cookies_are_secure_and_bound_to_the_host(sqlite_url: str):
    settings = Settings(
        _env_file=None,
        database_url=sqlite_url,
        secret_key="k" * 40,
        public_url="https://assistant.example",
    )
    core = SmallCore(settings, Database(sqlite_url), Rules.local())
    client = TestClient(Server(create_app(core)))
    await client.start_server()
    answer = await send(client, "/signup", ADA)
    for name in ("__Host-access", "__Host-refresh"):
        assert cookie(answer, name)["secure"]
        assert not cookie(answer, name)["domain"]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    await client.close()
    await core.stop()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:8080"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ],
)
async def test_nothing_is_changed_by_a_page_elsewhere(
    tabs: TestClient, core: SmallCore, headers: dict[str, str]
):
    await sign_up(tabs)
    asked = [
        await tabs.post("/content/generate", json={"prompt": "x"}, headers=headers),
        await tabs.patch("/auth/me", json={"username": "eve"}, headers=headers),
        await tabs.delete("/auth/me", headers=headers),
        await tabs.post("/logout", headers=headers),
        await tabs.post("/login", data=ADA, headers=headers),
        await tabs.post("/theme", data={"theme": "dark"}, headers=headers),
    ]
    for answer in asked:
        assert (answer.status, (await answer.json())["code"]) == (403, "FORBIDDEN")
    assert core.accepted == []
    assert (await (await tabs.get("/auth/me")).json())["username"] == "ada"


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "own"}])
async def test_a_page_of_ours_may(tabs: TestClient, headers: dict[str, str]):
    await sign_up(tabs)
    own = str(tabs.make_url("/")).rstrip("/")
    headers = {name: value.replace("own", own) for name, value in headers.items()}
    if "Sec-Fetch-Site" in headers:
        headers["Sec-Fetch-Site"] = "same-origin"
    answer = await tabs.patch("/auth/me", json={"username": "countess"}, headers=headers)
    assert answer.status == 200


async def test_a_bearer_is_asked_for_no_origin_and_cookies_do_not_stand_in_for_it(
    tabs: TestClient, ada: dict[str, str]
):
    await sign_up(tabs, "bob")
    elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    me = await tabs.get("/auth/me", headers=ada | elsewhere)
    assert (await me.json())["username"] == "ada", "the header, not bob's cookies"
    changed = await tabs.patch("/auth/me", json={"username": "a.l"}, headers=ada | elsewhere)
    assert changed.status == 200
    for wrong in ("Bearer nonsense", "Basic YTpi", ""):
        answer = await tabs.get("/auth/me", headers={"Authorization": wrong})
        assert answer.status == 401
        assert "Set-Cookie" not in answer.headers


async def test_an_access_token_that_has_ended_is_renewed_on_the_way(
    tabs: TestClient, clock: time_machine.Coordinates
):
    await sign_up(tabs)
    before = held(tabs)
    clock.shift(HOUR)
    answer = await tabs.get("/auth/me")
    assert answer.status == 200
    assert cookie(answer, "access").value != before["access"]
    assert "refresh" not in answer.cookies, "good for a day"
    again = await tabs.get("/auth/me")
    assert "Set-Cookie" not in again.headers, "renewed once"


async def test_tabs_that_renew_at_once_do_not_end_each_others_session(
    tabs: TestClient, clock: time_machine.Coordinates
):
    await sign_up(tabs)
    old = held(tabs)["refresh"]
    clock.shift(30 * HOUR)
    shown = {"Cookie": f"refresh={old}"}
    jarless = TestClient(tabs.server, cookie_jar=CookieJar(unsafe=True))
    answers = await asyncio.gather(*(jarless.get("/auth/me", headers=shown) for _ in range(8)))
    assert [answer.status for answer in answers] == [200] * 8
    renewed = [answer.cookies["refresh"].value for answer in answers if "refresh" in answer.cookies]
    assert len(renewed) == 1, "one of them gets the next refresh token"
    late = await tabs.get("/auth/me", headers={"Cookie": f"refresh={renewed[0]}"})
    assert late.status == 200
    await jarless.session.close()


async def test_a_refresh_token_shown_after_its_time_ends_the_family(
    tabs: TestClient, clock: time_machine.Coordinates
):
    await sign_up(tabs)
    stolen = held(tabs)["refresh"]
    clock.shift(30 * HOUR)
    assert await whole(tabs)
    assert held(tabs)["refresh"] != stolen
    clock.shift(timedelta(minutes=2))
    thief = TestClient(tabs.server)
    answer = await thief.get("/auth/me", headers={"Cookie": f"refresh={stolen}"})
    assert answer.status == 401
    clock.shift(HOUR)
    assert not await whole(tabs), "the owner has to log in again, and so learns of it"
    await thief.session.close()


async def test_over_http_a_refresh_token_still_works_once(client: TestClient):
    made = await (await client.post("/auth/register", json=ADA)).json()
    body = {"refresh_token": made["refresh_token"]}
    assert (await client.post("/auth/refresh", json=body)).status == 200
    assert (await client.post("/auth/refresh", json=body)).status == 401


async def test_who_stays_away_for_a_month_is_logged_out(
    tabs: TestClient, clock: time_machine.Coordinates
):
    await sign_up(tabs)
    shown = {"Cookie": f"refresh={held(tabs)['refresh']}"}
    clock.shift(31 * 24 * HOUR)
    answer = await tabs.get("/auth/me", headers=shown)
    assert answer.status == 401
    assert cookie(answer, "refresh").value == ""


async def test_logging_out_ends_the_session_everywhere_it_is_held(tabs: TestClient):
    await sign_up(tabs)
    copied = {"Cookie": f"refresh={held(tabs)['refresh']}"}
    answer = await send(tabs, "/logout")
    assert answer.headers["Location"] == "/"
    assert not await whole(tabs)
    assert (await tabs.get("/auth/me", headers=copied)).status == 401


async def test_a_session_can_be_begun_on_any_answer_even_one_that_is_raised(
    core: SmallCore, start: Start
):
    from api import session

    async def back(request: web.Request) -> web.StreamResponse:
        signed_in = await core.accounts.register("z@example.com", "zoe", ADA["password"])
        found = web.HTTPFound("/")
        session.begin(found, signed_in)
        raise found

    client = await start(mounts=[("GET", "/callback", back)])
    answer = await client.get("/callback", allow_redirects=False)
    assert {"access", "refresh"} <= set(answer.cookies)


# ── Where one goes next ──────────────────────────────────────────────────────────────────────────

ELSEWHERE = [
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "/.//evil.example",
    "/x/..//evil.example",
    "/%2e%2e//evil.example",
    "\\\\evil.example",
    "evil.example",
    "/a\r\nSet-Cookie: x=y",
]


@pytest.mark.parametrize("after", ELSEWHERE)
async def test_no_form_leads_to_another_host(tabs: TestClient, after: str):
    sent = [
        await send(tabs, "/signup", ADA | {"next": after}),
        await send(tabs, "/login", ADA | {"next": after}),
        await send(tabs, "/theme", {"theme": "dark", "next": after}),
        await tabs.get("/login", params={"next": after}, headers=HTML, allow_redirects=False),
    ]
    for answer in sent:
        assert (answer.status, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("after", ["/history", "/history/5f0c?x=%2F%2Fevil#top", "/link"])
async def test_a_form_leads_back_to_a_page_of_ours(tabs: TestClient, after: str):
    answer = await send(tabs, "/signup", ADA | {"next": after})
    assert answer.headers["Location"] == after


# ── Forms ────────────────────────────────────────────────────────────────────────────────────────


async def test_a_form_says_what_is_wrong_beside_the_field_and_keeps_the_rest(tabs: TestClient):
    answer = await send(tabs, "/signup", {"email": "nonsense", "username": "ada", "password": "x"})
    html = await answer.text()
    assert answer.status == 400
    assert 'value="ada"' in html
    assert "This does not look like an email address." in html
    assert html.count('aria-invalid="true"') == 2
    assert 'value="x"' not in html, "no password goes back"


async def test_a_wrong_password_is_told_and_counted(tabs: TestClient):
    await sign_up(tabs)
    await send(tabs, "/logout")
    wrong = {"email": "ada", "password": "wrong-wombat-here"}
    answer = await send(tabs, "/login", wrong)
    assert answer.status == 400
    assert "password is wrong" in await answer.text()
    for _ in range(4):
        await send(tabs, "/login", wrong)
    answer = await send(tabs, "/login", wrong)
    assert answer.status == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    right = await send(tabs, "/login", {"email": "ada", "password": ADA["password"]})
    assert right.status == 429, "until the time is over"


async def test_a_form_that_cannot_be_read_is_refused(tabs: TestClient):
    own = {"Sec-Fetch-Site": "same-origin"}
    kind = own | {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"email=%ff", b"&".join(b"a%d=1" % n for n in range(60))):
        assert (await tabs.post("/login", data=body, headers=kind)).status == 400
    answer = await tabs.post("/login", json=ADA, headers=own)
    assert answer.status == 415
    large = await tabs.post("/login", data=b"a=" + b"x" * 300_000, headers=kind)
    assert large.status == 413
