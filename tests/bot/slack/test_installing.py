"""Installing by OAuth against the stand-in, and what is said where the app is installed."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import aiohttp
import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from bot.slack.adapter import SlackPlatform
from bot.slack.consent import authorize_url, is_state, new_state, read_installation, site
from bot.slack.entry import SlackEntry
from bot.slack.installing import Installing
from bot.slack.manifest import SCOPES
from bot.slack.workspace import Workspace, installed_in, is_organisation, via
from core.accounts.installations import StoredInstallations
from core.config import Settings
from core.errors import PlatformFailed
from core.messages import Answer, Request
from core.ports import Installation
from core.storage.database import Database
from core.storage.migrate import migrate
from sandbox.slack.server import SlackServer
from sandbox.traffic import Answer as Reaction
from sandbox.traffic import Call

SECRET = "signing-secret"
CLIENT = ("111.222", "secret-of-the-client")
FIRST, SECOND = "xoxb-of-the-first", "xoxb-of-the-second"
APP_TOKEN = "xapp-of-the-app"
KEY = "a-secret-key-that-is-made-up-for-tests"
HTML = {"Accept": "text/html,application/xhtml+xml"}


class Recorder:
    """A core that takes everything down and carries nothing out."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    async def accept(self, request: Request) -> bool:
        self.requests.append(request)
        return True

    async def hear(self, *_: Any, **__: Any) -> None:
        return None

    async def takes_part(self, *_: Any) -> bool:
        return False


@dataclass
class Stage:
    """Two workspaces of one Slack, and an app with an address that both know."""

    first: SlackServer
    second: SlackServer
    settings: Settings
    store: StoredInstallations
    intake: Recorder
    entry: SlackEntry
    url: str

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[aiohttp.ClientSession]:
        """One browser, which follows no redirect by itself."""
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar, headers=HTML) as http:
            yield http

    async def get(self, http: aiohttp.ClientSession, url: str, **more: Any) -> tuple[int, str, str]:
        """Status, body, and where it leads."""
        target = url if "://" in url else self.url + url
        async with http.get(target, allow_redirects=False, **more) as answer:
            return answer.status, await answer.text(), answer.headers.get("Location", "")

    async def consent(self, http: aiohttp.ClientSession, choice: str = "") -> str:
        """The way to Slack's consent page and back: the address that Slack sends to."""
        status, _, slack = await self.get(http, "/slack/install")
        assert status == 302
        status, _, back = await self.get(http, slack + choice)
        assert status == 302
        return back

    async def install(self, server: SlackServer) -> str:
        """An admin of this workspace installs the app; the page they see."""
        async with self.browser() as http:
            back = await self.consent(http, f"&team={server.space.team_id}")
            status, page, _ = await self.get(http, back)
            assert status == 200, page
            return page

    def address(self, server: SlackServer, **changes: str) -> dict[str, str]:
        return {
            "delivery": str(uuid4()),
            "channel_id": server.general.id,
            "user_id": server.user.id,
            "team_id": server.space.team_id,
            "enterprise_id": server.space.enterprise_id,
            "response_url": server.response_urls.issue(server.general.id, server.user.id),
            "accepted_at": f"{time.time():.6f}",
        } | changes

    async def answer(
        self, server: SlackServer, text: str = "Here.", platform: SlackPlatform | None = None
    ) -> None:
        """Answers somebody in this workspace, as the product does."""
        way_out = platform or SlackPlatform(self.settings, self.store)
        [part] = way_out.render(Answer(text))
        await way_out.post(self.address(server), part, f"{uuid4()}:0", again=False)
        if platform is None:
            await way_out.close()

    def said(self, server: SlackServer) -> tuple[int, int]:
        """How often the app posted with its token, and how often by a response URL."""
        calls = server.traffic
        return len(calls.calls("chat.postMessage")), len(calls.calls("response_url"))


@asynccontextmanager
async def staged(tmp_path: Path, **changes: Any) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(SlackServer(SECRET, FIRST, APP_TOKEN))
        first.consent.client = CLIENT
        second = first.neighbour("T0SECOND", SECOND)
        database = Database(f"sqlite+aiosqlite:///{tmp_path}/data/test.db")
        stack.push_async_callback(database.close)
        await migrate(database)
        runner = web.AppRunner(app := web.Application())
        values = {
            "secret_key": KEY,
            "slack_signing_secret": SECRET,
            "slack_client_id": CLIENT[0],
            "slack_client_secret": CLIENT[1],
            "slack_api_url": first.api_url,
            "public_url": "http://127.0.0.1:8080",
        } | changes
        settings = Settings(_env_file=None, **values)
        store = StoredInstallations(settings, database)
        intake = Recorder()
        entry = SlackEntry(settings, intake, store)  # type: ignore[arg-type]
        for method, path, handler in entry.routes:
            app.router.add_route(method, path, handler)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        url = f"http://{host}:{port}"
        object.__setattr__(settings, "public_url", changes.get("public_url", url))
        first.deliver_to = f"{url}/slack/events"
        await entry.start()
        stack.push_async_callback(entry.stop)
        yield Stage(first, second, settings, store, intake, entry, url)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as made:
        yield made


# ── The way to Slack ─────────────────────────────────────────────────────────────────────────────


async def test_install_leads_to_slacks_consent_page(stage: Stage) -> None:
    async with (
        stage.browser() as http,
        http.get(stage.url + "/slack/install", allow_redirects=False) as answer,
    ):
        where, cookie = urlsplit(answer.headers["Location"]), answer.headers["Set-Cookie"]
        assert answer.status == 302
    query = {name: values[0] for name, values in parse_qs(where.query).items()}
    assert f"{where.scheme}://{where.netloc}{where.path}" == f"{stage.first.url}/oauth/v2/authorize"
    assert query["client_id"] == CLIENT[0]
    assert query["scope"].split(",") == list(SCOPES)
    assert query["redirect_uri"] == f"{stage.url}/slack/oauth_redirect"
    assert len(query["state"]) > 40
    assert {"HttpOnly", "SameSite=Lax", "Max-Age=600"} <= set(cookie.split("; "))
    assert "Secure" not in cookie, "a laptop has no certificate"
    assert CLIENT[1] not in where.query


async def test_off_a_laptop_the_cookie_goes_over_https_alone(tmp_path: Path) -> None:
    async with (
        staged(tmp_path, public_url="https://notes.acme.test") as stage,
        stage.browser() as http,
        http.get(stage.url + "/slack/install", allow_redirects=False) as answer,
    ):
        assert "Secure" in answer.headers["Set-Cookie"].split("; ")


def test_slacks_pages_are_beside_its_api() -> None:
    assert site("https://slack.com/api/") == "https://slack.com"
    assert site("https://slack-gov.com/api") == "https://slack-gov.com"
    url = authorize_url("https://slack.com/api/", "1.2", ("a", "b:c"), "s", "https://x.test/r")
    assert url.startswith("https://slack.com/oauth/v2/authorize?client_id=1.2&scope=a%2Cb%3Ac")


@pytest.mark.parametrize("path", ["/slack/install", "/slack/oauth_redirect?code=c&state=s"])
async def test_without_the_settings_a_page_names_them(tmp_path: Path, path: str) -> None:
    async with (
        staged(tmp_path, slack_client_secret=None, slack_bot_token=FIRST) as stage,
        stage.browser() as http,
    ):
        status, page, _ = await stage.get(http, path)
        assert status == 404
        assert "<code>SLACK_CLIENT_ID</code>" in page
        assert "<code>SLACK_CLIENT_SECRET</code>" in page
        status, text, _ = await stage.get(http, path, headers={"Accept": "application/json"})
        assert status == 404
        assert re.match(r'\{"detail": "[^"]+", "status": 404, "code": "NOT_FOUND"\}', text)


# ── And back ─────────────────────────────────────────────────────────────────────────────────────


async def test_two_workspaces_install_it_and_each_is_answered_with_its_own_token(
    stage: Stage,
) -> None:
    page = await stage.install(stage.first)
    assert "Installed in Sandbox" in page
    assert f"/app_redirect?app=A0SANDBOX&amp;team={stage.first.space.team_id}" in page
    assert FIRST not in page
    await stage.answer(stage.first)
    assert stage.said(stage.first) == (1, 0)
    # The other one has not installed it: its people are told by the response URL alone.
    await stage.answer(stage.second)
    assert stage.said(stage.second) == (0, 1)
    assert "Team T0SECOND" in await stage.install(stage.second)
    await stage.answer(stage.second)
    assert stage.said(stage.second) == (1, 1)
    assert stage.said(stage.first) == (1, 0)
    kept = await stage.store.of("slack", "", "T0SECOND")
    assert kept is not None
    assert (kept.token, kept.bot_user, kept.installed_by) == (SECOND, "U0BOT", stage.second.user.id)


async def test_a_state_works_once_and_in_its_own_browser_alone(stage: Stage) -> None:
    async with stage.browser() as http, stage.browser() as stranger, stage.browser() as nobody:
        back = await stage.consent(http)
        await stage.consent(stranger)
        for other in (stranger, nobody):
            status, page, _ = await stage.get(other, back)
            assert (status, "another browser" in page) == (400, True)
        for wrong in (back.replace("state=", "state=x"), back.partition("&state")[0]):
            assert (await stage.get(http, wrong))[0] == 400
        assert await stage.store.all("slack") == []
        assert not stage.first.traffic.calls("oauth.v2.access")
    async with stage.browser() as http:
        _, _, slack = await stage.get(http, "/slack/install")
        [kept] = [one.value for one in http.cookie_jar]
        _, _, back = await stage.get(http, slack)
        assert (await stage.get(http, back))[0] == 200
        # The cookie is gone; one who kept it, and another code, gets no further with the state.
        assert not list(http.cookie_jar)
        code = stage.second.consent.issue_code(stage.second.user.id)
        again = re.sub(r"code=[^&]+", f"code={code}", back)
        told = {"Cookie": f"slack_install={kept}"}
        assert (await stage.get(http, again, headers=told))[0] == 400
        # Another process knows it, too.
        other = Installing(
            stage.settings, StoredInstallations(stage.settings, stage.store._database)
        )
        request = make_mocked_request("GET", again.removeprefix(stage.url), headers=told)
        assert (await other.redirect(request)).status == 400
        await other.close()
    assert [one.workspace for one in await stage.store.all("slack")] == ["T0SANDBOX"]  # type: ignore[union-attr]


def test_a_state_is_good_for_ten_minutes_and_for_each_key() -> None:
    old, new = "old-key-" * 5, "new-key-" * 5
    state, browser = new_state(old, 1_000.0)
    assert is_state([new, old], state, browser, 1_600.0)
    assert not is_state([new, old], state, browser, 1_601.0)
    assert not is_state([new], state, browser, 1_000.0)
    assert not is_state([old], state, browser + "x", 1_000.0)
    assert not is_state([old], state, "", 1_000.0)
    later = state.replace("1000.", "1600.", 1)
    assert not is_state([old], later, browser, 1_600.0)
    for broken in ("", ".", "..", "1000", "1000.x", "1000.x.ü", "-5.a.b", "9" * 40 + ".a.b"):
        assert not is_state([old], broken, browser, 1_000.0)
    assert new_state(old, 1_000.0)[0] != state


async def test_saying_no_is_told_in_plain_words(stage: Stage) -> None:
    async with stage.browser() as http:
        status, page, _ = await stage.get(http, await stage.consent(http, "&deny=1"))
    assert status == 403
    assert "cancelled" in page
    assert 'href="/slack/install"' in page


@pytest.mark.parametrize(
    ("reason", "status", "said"),
    [
        ("invalid_code", 400, "older than ten minutes"),
        ("bad_client_secret", 500, "SLACK_CLIENT_SECRET"),
        ("internal_error", 503, "Slack failed"),
    ],
)
async def test_a_refused_code_says_what_to_do_and_holds_no_secret(
    stage: Stage, reason: str, status: int, said: str
) -> None:
    async def refuse(call: Call) -> Reaction | None:
        wrong = {"ok": False, "error": reason}
        return Reaction(wrong) if call.name == "oauth.v2.access" else None

    stage.first.hooks.before.append(refuse)
    with structlog.testing.capture_logs() as logs:
        async with stage.browser() as http:
            back = await stage.consent(http)
            found, page, _ = await stage.get(http, back)
    assert found == status
    assert said in page
    for secret in (CLIENT[1], FIRST, back.partition("code=")[2].partition("&")[0]):
        assert secret not in page + str(logs)
    assert await stage.store.all("slack") == []


async def test_no_token_is_in_a_log(stage: Stage) -> None:
    with structlog.testing.capture_logs() as logs:
        await stage.install(stage.first)
        await stage.answer(stage.first)
        await stage.first.uninstall()
    assert [one["event"] for one in logs][:1] == ["slack app installed"]
    assert FIRST not in str(logs)


async def test_a_whole_organisation_installs_it_once(stage: Stage) -> None:
    space = stage.second.space
    space.enterprise_id, space.enterprise_name, space.whole = "E0ACME", "Acme Org", True
    page = await stage.install(stage.second)
    assert "Installed for Acme Org" in page
    leads = "https://app.slack.com/manage/E0ACME/integrations/profile/A0SANDBOX/workspaces/add"
    assert leads in page
    [kept] = await stage.store.all("slack")
    assert isinstance(kept, Installation)
    assert (kept.enterprise, kept.workspace, kept.token) == ("E0ACME", "", SECOND)
    await stage.answer(stage.second)
    assert stage.said(stage.second) == (1, 0)
    # A workspace of another organisation is none of theirs.
    stranger = stage.address(stage.second, team_id="T9", enterprise_id="E9")
    platform = SlackPlatform(stage.settings, stage.store)
    await platform.post(stranger, platform.render(Answer("Here."))[0], "x:0", again=False)
    await platform.close()
    assert stage.said(stage.second) == (1, 1)
    # What comes from there names its workspace, for people and channels as before.
    await stage.second.slash_command(text="generate a plan")
    await stage.second.mention("what now?")
    for request in stage.intake.requests:
        assert request.sender.workspace == "T0SECOND"
        assert request.place == f"T0SECOND:{stage.second.general.id}"
        assert Workspace.of(request.address) == Workspace("E0ACME", "T0SECOND")
    await stage.second.uninstall()
    assert await stage.store.all("slack") == []


# ── Gone again ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("news", ["app_uninstalled", "tokens_revoked"])
async def test_taking_it_away_in_one_workspace_leaves_the_other(stage: Stage, news: str) -> None:
    for server in (stage.first, stage.second):
        await stage.install(server)
    [told] = await stage.first.uninstall(news=[news])
    assert [one.status for one in told.attempts] == [200]
    assert [one.workspace for one in await stage.store.all("slack")] == ["T0SECOND"]  # type: ignore[union-attr]
    for server in (stage.first, stage.second):
        await stage.answer(server)
    assert stage.said(stage.first) == (0, 1)
    assert stage.said(stage.second) == (1, 0)


async def test_one_socket_brings_what_happens_in_every_workspace(tmp_path: Path) -> None:
    async with staged(tmp_path, slack_app_token=APP_TOKEN, slack_signing_secret=None) as stage:
        assert stage.first.sockets.connections
        for server in (stage.first, stage.second):
            await stage.install(server)
            delivery = await server.slash_command(text="generate a plan")
            assert delivery.acknowledged
        told = [request.sender.workspace for request in stage.intake.requests]
        assert told == ["T0SANDBOX", "T0SECOND"]
        await stage.first.uninstall()
        assert [one.workspace for one in await stage.store.all("slack")] == ["T0SECOND"]  # type: ignore[union-attr]


async def test_a_persons_own_token_is_none_of_the_apps(stage: Stage) -> None:
    await stage.install(stage.first)
    tokens = {"oauth": [stage.first.user.id], "bot": []}
    await stage.first.event({"type": "tokens_revoked", "tokens": tokens})
    await stage.first.event({"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}})
    assert len(await stage.store.all("slack")) == 1


async def test_late_news_of_an_earlier_installation_changes_nothing(stage: Stage) -> None:
    await stage.install(stage.first)
    [kept] = await stage.store.all("slack")
    assert isinstance(kept, Installation)
    await stage.store.keep(replace(kept, updated_at=datetime.now(UTC) + timedelta(seconds=2)))
    await stage.first.uninstall()
    assert len(await stage.store.all("slack")) == 1


async def test_a_token_that_ended_gives_way_to_that_of_a_newer_installation(stage: Stage) -> None:
    await stage.install(stage.first)
    platform = SlackPlatform(stage.settings, stage.store)
    await stage.answer(stage.first, platform=platform)
    # Another process took the newer one in, and this one has not heard of it.
    stage.first.renew("xoxb-newer")
    elsewhere = StoredInstallations(stage.settings, stage.store._database)
    [kept] = await stage.store.all("slack")
    assert isinstance(kept, Installation)
    await elsewhere.keep(replace(kept, token="xoxb-newer"))
    await stage.answer(stage.first, platform=platform)
    await platform.close()
    assert stage.said(stage.first) == (3, 0), "once with the old token, in vain"
    assert len(stage.first.answers()) == 2


async def test_a_revoked_token_nobody_told_of_ends_at_the_response_url(stage: Stage) -> None:
    await stage.install(stage.first)
    stage.first.web_api.revoked = True
    await stage.answer(stage.first)
    assert stage.said(stage.first) == (1, 1)
    platform = SlackPlatform(stage.settings, stage.store)
    where = stage.address(stage.second, thread="1700000000.000100")
    with pytest.raises(PlatformFailed, match=r"An admin of it can do that at .*/slack/install"):
        await platform.read(where)
    await platform.close()


# ── Whose token, and whose people ────────────────────────────────────────────────────────────────


async def test_the_token_of_the_settings_speaks_in_its_own_workspace(tmp_path: Path) -> None:
    async with staged(tmp_path, slack_bot_token=FIRST) as stage:
        platform = SlackPlatform(stage.settings, stage.store)
        await stage.answer(stage.first, platform=platform)
        # Requests of the first version named no workspace.
        unnamed = stage.address(stage.first, team_id="", enterprise_id="")
        part = platform.render(Answer("Here."))[0]
        await platform.post(unnamed, part, "x:0", again=False)
        await stage.answer(stage.second, platform=platform)
        assert stage.said(stage.first) == (2, 0)
        assert stage.said(stage.second) == (0, 1)
        await stage.install(stage.second)
        await stage.answer(stage.second, platform=platform)
        assert stage.said(stage.second) == (1, 1)
        assert len(stage.first.traffic.calls("auth.test")) == 1
        await platform.close()


async def test_one_workspace_by_token_asks_no_database(tmp_path: Path) -> None:
    class Nothing:
        async def of(self, *_: Any, **__: Any) -> None:
            raise AssertionError

    async with staged(
        tmp_path, slack_bot_token=FIRST, slack_client_id=None, slack_client_secret=None
    ) as stage:
        platform = SlackPlatform(stage.settings, Nothing())  # type: ignore[arg-type]
        await stage.answer(stage.first, platform=platform)
        await platform.close()
        assert stage.said(stage.first) == (1, 0)
        assert not stage.first.traffic.calls("auth.test")


async def test_people_with_one_id_in_two_workspaces_keep_their_names(stage: Stage) -> None:
    for server, name in ((stage.first, "ada"), (stage.second, "grace")):
        await stage.install(server)
        server.user.name = name
    assert stage.first.user.id == stage.second.user.id
    assert stage.first.general.id == stage.second.general.id
    platform = SlackPlatform(stage.settings, stage.store)
    told = {}
    for server in (stage.first, stage.second):
        ts = server.write("Hello").ts
        [message] = await platform.read(stage.address(server, message=ts))
        told[server.space.team_id] = message.author
        await server.mention("what now?")
    await platform.close()
    assert told == {"T0SANDBOX": "ada", "T0SECOND": "grace"}
    senders = [request.sender for request in stage.intake.requests]
    assert [(one.workspace, one.name) for one in senders] == [
        ("T0SANDBOX", "ada"),
        ("T0SECOND", "grace"),
    ]


# ── What Slack tells, read ───────────────────────────────────────────────────────────────────────


def event_of(**fields: Any) -> dict[str, Any]:
    return {"team_id": "T1", "event": {"type": "app_mention"}} | fields


def authorized(team: str | None, enterprise: str | None = None, **more: Any) -> dict[str, Any]:
    one = {"team_id": team, "enterprise_id": enterprise, "user_id": "U0BOT", "is_bot": True}
    return {"authorizations": [one | more]}


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        (event_of(), Workspace("", "T1")),
        (event_of(enterprise_id="E1"), Workspace("E1", "T1")),
        (event_of(context_team_id="T2"), Workspace("", "T2")),
        (event_of(**authorized("T2")), Workspace("", "T2")),
        (event_of(**authorized("T2", "E2")), Workspace("E2", "T2")),
        (event_of(**authorized(None, "E1", is_enterprise_install=True)), Workspace("E1", "T1")),
        (event_of(team_id=None, enterprise_id="E1"), Workspace("E1", "")),
        (event_of(team_id="E1"), Workspace("E1", "")),
        ({"authorizations": ["odd", None], "event": {"team": "T3"}}, Workspace("", "T3")),
        ({"authorizations": "odd"}, Workspace()),
        ({"authorizations": 5}, Workspace()),
    ],
)
def test_an_event_names_the_installation_it_came_through(
    fields: dict[str, Any], where: Workspace
) -> None:
    assert installed_in(fields) == where


def test_an_address_says_so_where_that_is_another_workspace() -> None:
    shared = event_of(**authorized("T2", "E2"))
    added = via(shared, "T1", "")
    assert added == {"via_team": "T2", "via_enterprise": "E2"}
    address = {"team_id": "T1", "enterprise_id": ""}
    assert Workspace.of(address | added) == Workspace("E2", "T2")
    assert Workspace.of(address) == Workspace("", "T1")
    assert Workspace.of({}) == Workspace()
    assert via(event_of(), "T1", "") == {}


def test_an_organisations_installation_is_told_from_a_workspaces() -> None:
    assert not is_organisation(event_of())
    assert not is_organisation(event_of(**authorized("T1", "E1")))
    assert not is_organisation(event_of(enterprise_id="E1", authorizations=[]))
    assert is_organisation(event_of(**authorized("T1", "E1", is_enterprise_install=True)))
    assert is_organisation(event_of(team_id=None, enterprise_id="E1"))
    assert is_organisation(event_of(team_id="E1"))
    assert is_organisation(event_of(is_enterprise_install=True))


@pytest.mark.parametrize(
    "said",
    [
        {"team": {"id": "T1"}},
        {"access_token": "xoxp-1", "token_type": "user", "team": {"id": "T1"}},
        {"access_token": "xoxb-1", "team": None},
        {"access_token": 5, "team": "T1"},
    ],
)
def test_what_is_no_installation_of_a_bot_is_not_kept(said: dict[str, Any]) -> None:
    with pytest.raises(PlatformFailed) as told:
        read_installation(said, datetime.now(UTC))
    assert "xox" not in told.value.message
