"""Signing in with Slack and Discord in a browser, and what comes of it when somebody cheats."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID, uuid4

import aiohttp
import jwt
import pytest
from aiohttp.test_utils import TestClient

from core.config import Settings
from core.messages import Sender
from core.storage.content import Written
from sandbox.discord.server import DiscordServer
from sandbox.slack.server import SlackServer
from sandbox.slack.sign_in import new_key
from sandbox.traffic import Answer, Call
from tests.api.conftest import Start
from tests.api.small_core import PASSWORD, SmallCore

CLIENT = ("12345.67890", "the-client-secret")
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Site": "none"}
PUBLIC_URL = "http://localhost:8080"


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer("signing-secret", "xoxb-1") as server:
        server.consent.client = CLIENT
        yield server


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer("bot-token") as server:
        server.sign_in.client = CLIENT
        yield server


@pytest.fixture
def settings(sqlite_url: str, slack: SlackServer, discord: DiscordServer) -> Settings:
    return Settings(
        _env_file=None,
        database_url=sqlite_url,
        secret_key="k" * 40,
        public_url=PUBLIC_URL,
        slack_client_id=CLIENT[0],
        slack_client_secret=CLIENT[1],
        slack_api_url=slack.api_url,
        discord_client_id=CLIENT[0],
        discord_client_secret=CLIENT[1],
        discord_api_url=discord.api_url,
    )


@dataclass
class Page:
    """What a browser shows, or where it was led."""

    status: int
    text: str
    location: str
    headers: Any = field(repr=False)


@dataclass
class Browser:
    """A browser that goes to the platform and back, one step after the other."""

    client: TestClient

    async def open(self, path: str, **headers: str) -> Page:
        async with self.client.get(
            path, headers=BROWSER | headers, allow_redirects=False
        ) as answer:
            where = answer.headers.get("Location", "")
            return Page(answer.status, await answer.text(), where, answer.headers)

    async def leave(self, platform: str, **query: str) -> str:
        """Goes to /start; the consent page's address."""
        query_string = f"?{urlencode(query)}" if query else ""
        page = await self.open(f"/auth/{platform}/start{query_string}")
        assert page.status == 302, page.text
        return page.location

    async def agree(self, consent: str, **choice: str) -> str:
        """Agrees at the platform; the path that leads back."""
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{consent}&{urlencode(choice)}", allow_redirects=False) as answer,
        ):
            assert answer.status == 302, await answer.text()
            back = answer.headers["Location"]
        assert back.startswith(PUBLIC_URL)
        return back.removeprefix(PUBLIC_URL)

    async def sign_in(self, platform: str = "slack", **choice: str) -> Page:
        return await self.open(await self.agree(await self.leave(platform), **choice))

    async def me(self) -> dict[str, Any]:
        async with self.client.get("/auth/me") as answer:
            return await answer.json()

    async def register(self, name: str) -> UUID:
        """Makes an account by password, and is logged in to it."""
        body = {"email": f"{name}@example.com", "username": name, "password": PASSWORD}
        async with self.client.post("/auth/register", json=body) as answer:
            made = await answer.json()
        self.client.session.cookie_jar.update_cookies(
            {"access": made["access_token"], "refresh": made["refresh_token"]},
            self.client.make_url("/"),
        )
        return UUID(made["user"]["id"])


@pytest.fixture
async def open_browser(start: Start) -> AsyncIterator[Callable[[], Browser]]:
    """Another browser each time, at the same server."""
    first = await start()
    others: list[TestClient] = []

    def opened() -> Browser:
        jar = aiohttp.CookieJar(unsafe=True)
        others.append(TestClient(first.server, cookie_jar=jar))
        return Browser(others[-1])

    yield opened
    for each in others:
        await each.session.close()


@pytest.fixture
async def browser(open_browser: Callable[[], Browser]) -> Browser:
    return open_browser()


async def wrote(core: SmallCore, sender: Sender, prompt: str) -> None:
    """Somebody is known from chat, and has written something there."""
    async with core.database.begin() as unit:
        user, item = (await unit.users.of(sender)).id, uuid4()
        await unit.content.begin(item, user, prompt, None)
        await unit.content.finish(item, Written("Text", "openai", "m", None, 1, 1))


def ada(server: SlackServer) -> Sender:
    return Sender("slack", server.user.id, "ada", server.space.team_id)


async def people(core: SmallCore) -> int:
    async with core.database.engine.connect() as connection:
        found = await connection.exec_driver_sql("SELECT count(*) FROM users")
        return int(found.scalar_one())


# ── What is asked ────────────────────────────────────────────────────────────────────────────────


async def test_slack_is_asked_as_its_documentation_says(browser: Browser, slack: SlackServer):
    page, query = (await browser.leave("slack")).split("?")
    assert page == f"{slack.url}/openid/connect/authorize"
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    assert asked["redirect_uri"] == f"{PUBLIC_URL}/auth/slack/callback"
    assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT[0])
    assert asked["scope"] == "openid profile email"
    assert asked["code_challenge_method"] == "S256"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    again = parse_qs((await browser.leave("slack")).split("?")[1])
    assert not {again["state"][0], again["nonce"][0]} & {asked["state"], asked["nonce"]}


async def test_discord_is_asked_as_its_documentation_says(browser: Browser, discord: DiscordServer):
    page, query = (await browser.leave("discord")).split("?")
    assert page == f"{discord.url}/oauth2/authorize"
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    assert asked["redirect_uri"] == f"{PUBLIC_URL}/auth/discord/callback"
    assert (asked["response_type"], asked["scope"]) == ("code", "identify email")
    assert asked["code_challenge_method"] == "S256"


# ── What comes of it ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_somebody_new_gets_an_account_and_comes_back_to_it(
    open_browser: Callable[[], Browser], platform: str
):
    browser = open_browser()
    back = await browser.agree(await browser.leave(platform, next="/history?q=tea"))
    page = await browser.open(back)
    assert (page.status, page.location) == (302, "/history?q=tea")
    me = await browser.me()
    assert (me["email"], me["username"]) == ("ada@example.com", "Ada")
    assert [(one["platform"], one["name"]) for one in me["identities"]] == [(platform, "Ada")]
    other = open_browser()
    assert (await other.sign_in(platform)).location == "/"
    assert await other.me() == me


async def test_the_workspace_is_kept_and_two_with_the_same_id_are_two(
    open_browser: Callable[[], Browser], slack: SlackServer
):
    far = slack.neighbour("T2", "xoxb-2")
    far.user.email = "far@example.com"
    assert far.user.id == slack.user.id
    here, there = open_browser(), open_browser()
    await here.sign_in()
    await there.sign_in(team="T2")
    mine, theirs = await here.me(), await there.me()
    assert mine["id"] != theirs["id"]
    assert mine["identities"][0]["workspace"] == slack.space.team_id
    assert theirs["identities"][0]["workspace"] == "T2"


async def test_what_somebody_had_in_chat_is_in_their_new_account(
    browser: Browser, core: SmallCore, slack: SlackServer
):
    await wrote(core, ada(slack), "from chat")
    await browser.sign_in()
    async with browser.client.get("/content/history") as answer:
        assert [item["prompt"] for item in (await answer.json())["items"]] == ["from chat"]
    assert await people(core) == 1


async def test_logged_in_the_identity_and_its_history_come_to_the_account(
    browser: Browser, core: SmallCore, slack: SlackServer
):
    await wrote(core, ada(slack), "from chat")
    account = await browser.register("grace")
    await browser.sign_in("slack")
    await browser.sign_in("discord")
    me = await browser.me()
    assert (UUID(me["id"]), me["email"]) == (account, "grace@example.com")
    assert [one["platform"] for one in me["identities"]] == ["slack", "discord"]
    async with browser.client.get("/content/history") as answer:
        assert [item["prompt"] for item in (await answer.json())["items"]] == ["from chat"]
    assert await people(core) == 1
    assert (await browser.sign_in("slack")).location == "/", "once more changes nothing"
    assert await browser.me() == me


async def test_an_account_with_the_same_address_is_not_entered(
    open_browser: Callable[[], Browser], core: SmallCore
):
    owner, stranger = open_browser(), open_browser()
    await owner.register("ada")
    page = await stranger.sign_in()
    assert page.status == 409
    assert "Log in to it first, then connect Slack" in page.text
    assert 'href="/login?next=%2Fauth%2Fslack%2Fstart"' in page.text
    assert "detail" in await stranger.me()
    assert (await owner.me())["identities"] == []
    assert await people(core) == 1


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_an_address_that_was_not_verified_is_not_taken(
    open_browser: Callable[[], Browser], platform: str, slack: SlackServer, discord: DiscordServer
):
    slack.user.email_verified = discord.user.verified = False
    owner, browser = open_browser(), open_browser()
    await owner.register("ada")
    await browser.sign_in(platform)
    me = await browser.me()
    assert (me["email"], me["username"]) == (None, "Ada-2")
    async with browser.client.delete(
        f"/auth/identities/{me['identities'][0]['id']}", headers={"Sec-Fetch-Site": "same-origin"}
    ) as answer:
        assert answer.status == 409, "or nobody could ever log in again"
        assert "only way to log in" in await answer.text()


async def test_an_identity_of_another_account_stays_there(
    open_browser: Callable[[], Browser], core: SmallCore
):
    first, second = open_browser(), open_browser()
    await first.sign_in()
    await second.register("grace")
    page = await second.sign_in()
    assert page.status == 409
    assert "Slack is not connected" in page.text
    assert "belongs to another account" in page.text
    assert (await second.me())["identities"] == []
    assert len((await first.me())["identities"]) == 1
    assert await people(core) == 2


# ── What goes wrong, and what goes against the rules ─────────────────────────────────────────────


async def test_who_does_not_agree_is_told_that_nothing_changed(browser: Browser, core: SmallCore):
    for platform in ("slack", "discord"):
        page = await browser.sign_in(platform, deny="1")
        assert page.status == 403
        assert f"You did not agree at {platform.title()}" in page.text
        assert f'href="/auth/{platform}/start"' in page.text
    assert await people(core) == 0


async def test_a_callback_works_once(browser: Browser):
    back = await browser.agree(await browser.leave("slack"))
    cookies = list(browser.client.session.cookie_jar)
    assert (await browser.open(back)).status == 302
    browser.client.session.cookie_jar.clear()
    browser.client.session.cookie_jar.update_cookies(
        {each.key: each.value for each in cookies}, browser.client.make_url("/auth/slack/callback")
    )
    page = await browser.open(back)
    assert page.status == 400
    assert "used before" in page.text


async def test_a_callback_that_somebody_else_began_logs_nobody_in(
    open_browser: Callable[[], Browser], core: SmallCore
):
    attacker, victim = open_browser(), open_browser()
    trap = await attacker.agree(await attacker.leave("slack"))
    page = await victim.open(trap)
    assert (page.status, "another browser" in page.text) == (400, True)
    await victim.leave("slack")
    page = await victim.open(trap)
    assert (page.status, "another browser" in page.text) == (400, True)
    account = await victim.register("grace")
    await victim.leave("slack")
    assert (await victim.open(trap)).status == 400
    assert (await victim.me())["identities"] == []
    assert account
    assert await people(core) == 1


async def test_a_callback_that_somebody_else_began_ends_nothing(
    open_browser: Callable[[], Browser],
):
    attacker, victim = open_browser(), open_browser()
    trap = await attacker.agree(await attacker.leave("slack"))
    begun = await victim.leave("slack")
    assert (await victim.open(trap)).status == 400
    assert (await victim.open(await victim.agree(begun))).status == 302


async def test_logging_in_meanwhile_connects_nothing(browser: Browser):
    back = await browser.agree(await browser.leave("slack"))
    await browser.register("grace")
    page = await browser.open(back)
    assert (page.status, "Start again" in page.text) == (400, True)
    assert (await browser.me())["identities"] == []


async def test_a_page_elsewhere_cannot_begin_it_for_somebody_logged_in(browser: Browser):
    assert (
        await browser.open("/auth/slack/start", **{"Sec-Fetch-Site": "cross-site"})
    ).status == 302
    await browser.register("grace")
    page = await browser.open("/auth/slack/start", **{"Sec-Fetch-Site": "cross-site"})
    assert page.status == 403
    assert "connect Slack from there" in page.text


async def test_a_code_of_another_session_is_refused_for_its_verifier(
    open_browser: Callable[[], Browser],
):
    victim, attacker = open_browser(), open_browser()
    stolen = parse_qs(urlsplit(await victim.agree(await victim.leave("discord"))).query)["code"][0]
    own = parse_qs(urlsplit(await attacker.leave("discord")).query)["state"][0]
    page = await attacker.open(
        f"/auth/discord/callback?{urlencode({'code': stolen, 'state': own})}"
    )
    assert page.status == 400
    assert "detail" in await attacker.me()


async def test_another_issuer_in_the_callback_is_refused(browser: Browser):
    back = await browser.agree(await browser.leave("discord"))
    assert "iss=https://discord.com" in back
    other = back.replace("discord.com", "evil.example")
    assert (await browser.open(other)).status == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": "another-app"},
        {"aud": ["another-app", CLIENT[0]]},
        {"nonce": "another-nonce"},
        {"exp": 1_700_000_000},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
        {"https://slack.com/team_id": ""},
        {"https://slack.com/user_id": 5},
    ],
)
async def test_an_identity_token_that_is_not_for_us_lets_nobody_in(
    browser: Browser, core: SmallCore, slack: SlackServer, changes: dict[str, Any]
):
    slack.consent.identity.changes = changes
    page = await browser.sign_in()
    assert page.status == 403, page.text
    assert await people(core) == 0


async def test_a_signature_that_is_not_slacks_lets_nobody_in(
    browser: Browser, core: SmallCore, slack: SlackServer
):
    slack.consent.identity.signed_by = new_key()
    page = await browser.sign_in()
    assert (page.status, "does not prove who you are" in page.text) == (403, True)
    slack.consent.identity.signed_by = None

    async def unsigned(call: Call) -> Answer | None:
        if call.name != "openid.connect.token" or call.answer is None:
            return None
        payload = dict(call.answer.payload)
        read = jwt.decode(payload["id_token"], options={"verify_signature": False})
        payload["id_token"] = jwt.encode(read, None, "none")
        return Answer(payload)

    slack.traffic.hooks.after.append(unsigned)
    assert (await browser.sign_in()).status == 403
    assert await people(core) == 0


async def test_without_published_keys_slack_itself_is_asked(browser: Browser, slack: SlackServer):
    slack.consent.identity.unpublished = True
    assert (await browser.sign_in()).status == 302
    assert (await browser.me())["identities"][0]["workspace"] == slack.space.team_id


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_a_platform_that_is_down_is_named_and_tried_again(
    browser: Browser, core: SmallCore, slack: SlackServer, discord: DiscordServer, platform: str
):
    async def down(_call: Call) -> Answer:
        return Answer({"ok": False, "error": "service_unavailable"}, 503)

    slack.traffic.hooks.before.append(down)
    discord.traffic.hooks.before.append(down)
    page = await browser.sign_in(platform)
    assert page.status == 503
    assert page.headers["Retry-After"] == "30"
    assert f"{platform.title()} did not answer" in page.text
    slack.traffic.hooks.before.clear()
    discord.traffic.hooks.before.clear()
    assert (await browser.sign_in(platform)).status == 302
    assert await people(core) == 1


async def test_nobody_listening_is_named_too(browser: Browser, slack: SlackServer):
    back = await browser.agree(await browser.leave("slack"))
    await slack._runner.cleanup()
    page = await browser.open(back)
    assert (page.status, "Slack did not answer" in page.text) == (503, True)


async def test_a_wrong_secret_is_the_admins_to_mend(browser: Browser, slack: SlackServer):
    back = await browser.agree(await browser.leave("slack"))
    slack.consent.client = (CLIENT[0], "another secret")
    page = await browser.open(back)
    assert page.status == 503
    assert "SLACK_CLIENT_SECRET" in page.text
    assert CLIENT[1] not in page.text


async def test_what_is_not_set_up_says_which_settings(start: Start, core: SmallCore):
    core.settings = core.settings.model_copy(update={"slack_client_secret": None})
    page = await Browser(await start()).open("/auth/slack/start")
    assert page.status == 404
    assert "<code>SLACK_CLIENT_SECRET</code>" in page.text


async def test_a_program_gets_errors_as_everywhere(browser: Browser):
    async with browser.client.get("/auth/slack/callback?code=x&state=y") as answer:
        assert answer.status == 400
        assert (await answer.json())["code"] == "INVALID_INPUT"


async def test_no_secret_is_in_the_log(browser: Browser, capsys: pytest.CaptureFixture[str]):
    back = await browser.agree(await browser.leave("slack"))
    await browser.open(back)
    await browser.open(back)
    query = parse_qs(urlsplit(back).query)
    out = "".join(capsys.readouterr())
    assert not any(each in out for each in (query["code"][0], query["state"][0], CLIENT[1]))
