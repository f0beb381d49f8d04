"""`/admin` in a browser without scripts: who may open it, what it shows, what its forms change."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from types import SimpleNamespace

import pytest
from aiohttp.test_utils import TestClient

from api.pages.admin_audit import ACTIONS, AREAS, DONE_TO
from core.accounts.accounts import Accounts
from core.accounts.allowance import Allowance
from core.config import Settings
from core.messages import Sender
from core.storage.spending import Day, day_of
from core.storage.users import User
from tests.api.browsing import HTML, send, sign_up
from tests.api.conftest import Start
from tests.api.small_core import PASSWORD, SmallCore
from tests.api.test_pages import LARGEST

PAGES = (
    "/admin",
    "/admin/users",
    "/admin/usage",
    "/admin/connections",
    "/admin/budgets",
    "/admin/audit",
)
SECRETS = ("xoxb-very-secret", "k" * 40, PASSWORD)


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    return Settings(
        _env_file=None,
        database_url=sqlite_url,
        secret_key="k" * 40,
        slack_bot_token=SECRETS[0],
        ai_prices="tiny=1/2",
    )


@pytest.fixture
async def eve(client: TestClient, core: SmallCore) -> User:
    """Eve, a member; the client's cookies are Ada's, who is the admin."""
    await sign_up(client)
    session = await core.accounts.register("eve@example.com", "eve", PASSWORD)
    return session.user


async def page(client: TestClient, path: str, status: int = 200) -> str:
    async with client.get(path, headers=HTML) as response:
        assert response.status == status, path
        return await response.text()


def words(html: str) -> str:
    """What is read, without marks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


async def user(core: SmallCore, name: str) -> User:
    async with core.database.read() as unit:
        found = await unit.users.by_login(name)
    assert found is not None
    return found


async def as_eve(client: TestClient) -> None:
    client.session.cookie_jar.clear()
    answer = await send(client, "/login", {"email": "eve", "password": PASSWORD})
    assert answer.status == 303


# ── Who may ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", PAGES)
async def test_a_stranger_logs_in_first_and_a_member_is_refused(
    client: TestClient, eve: User, path: str
):
    html = await page(client, path)
    assert '<a href="/admin" aria-current="page">' in html
    assert not re.search(r"<script(?! src)|<style|style=|\son\w+=", html)
    assert not [secret for secret in SECRETS if secret in html]
    await as_eve(client)
    refused = await page(client, path, 403)
    assert "Only an admin of this server may do this." in refused
    assert 'href="/admin' not in refused
    assert 'href="/admin' not in await page(client, "/usage")
    client.session.cookie_jar.clear()
    stranger = await client.get(path, headers=HTML, allow_redirects=False)
    assert stranger.status == 303
    assert stranger.headers["Location"].startswith("/login?next=%2Fadmin")


async def test_a_member_and_another_site_change_nothing(
    client: TestClient, core: SmallCore, eve: User
):
    ada = await user(core, "ada")
    forms = {
        f"/admin/users/{ada.id}/disable": {},
        f"/admin/users/{eve.id}/role": {"role": "admin"},
        f"/admin/users/{eve.id}/allowance": {"tokens": "1"},
        f"/admin/users/{eve.id}/enable": {},
        "/admin/budgets/change": {"person": "1"},
    }
    elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for path, given in forms.items():
        assert (await send(client, path, given, headers=elsewhere)).status == 403
    await as_eve(client)
    for path, given in forms.items():
        assert (await send(client, path, given)).status == 403
    for path in (f"/admin/users/{ada.id}/account", f"/admin/users/{ada.id}/disable"):
        await page(client, path, 403)
    client.session.cookie_jar.clear()
    for path, given in forms.items():
        answer = await send(client, path, given)
        assert (answer.status, answer.headers["Location"]) == (303, "/login")
    assert (await user(core, "eve")).role == "member"
    assert (await user(core, "ada")).disabled_at is None
    assert await core.accounts.allowances.get() == Allowance()


# ── What is shown ────────────────────────────────────────────────────────────────────────────────


async def test_the_first_page_says_how_each_part_is(client: TestClient, core: SmallCore, eve: User):
    core.components = {"database": "The database does not answer.", "work": "ok"}
    await core.accounts.allowances.set(eve.id, Allowance(None, 2000))
    async with core.database.begin() as unit:
        today = day_of(datetime.now(UTC))
        await unit.spending.add(eve.id, Day(today, "offline", "tiny", 2, 500, 1000))
    read = words(await page(client, "/admin"))
    assert "Database The database does not answer. Needs care" in read
    assert "Platforms How they do is not known while the database is away Needs care" in read
    core.components = {"database": "ok", "work": "ok"}
    read = words(await page(client, "/admin"))
    assert re.search(r"Database SQLite answers (in \d+ ms|within 1 ms) On", read)
    assert "Redis Each process counts for itself; REDIS_URL turns it on Off" in read
    assert "Work Takes requests; none is under way On" in read
    assert "Slack SLACK_BOT_TOKEN is set alone, so nothing is heard." in read
    assert "Socket Mode, too Needs care" in read
    assert "Discord DISCORD_TOKEN turns it on Off" in read
    assert "People 2 1 admin " in read
    assert "Tokens today 1.5k 2 answers" in read
    assert "This month 1.5k of 2k tokens" in read
    assert "eve changed the budgets" in read


async def test_everybodys_usage_is_shown_by_person(client: TestClient, core: SmallCore, eve: User):
    assert "Nothing in these 30 days" in await page(client, "/admin/usage")
    async with core.database.begin() as unit:
        today = day_of(datetime.now(UTC))
        chat = await unit.users.of(Sender("slack", "U1", "Sam", "T1"))
        for who, tokens in ((eve.id, 2000), (chat.id, 1000)):
            await unit.spending.add(who, Day(today, "offline", "tiny", 1, 0, tokens))
    html = await page(client, "/admin/usage?days=7")
    read = words(html)
    assert "Tokens 3k 0 in, 3k out" in read
    people = "By person eve 2k tokens under $0.01 1 answer Somebody in chat 1k tokens"
    assert people in read
    assert f'<a href="/admin/users/{eve.id}/account">eve</a>' in html


async def test_no_page_of_a_busy_server_is_large(client: TestClient, core: SmallCore, eve: User):
    now = datetime.now(UTC)
    async with core.database.begin() as unit:
        for back in range(90):
            day = day_of(now - timedelta(days=back))
            for provider in ("anthropic", "deepseek", "offline", "openai"):
                await unit.spending.add(eve.id, Day(day, provider, "m", 9, 12_345, 123_456))
        for number in range(110):
            name = f"somebody-of-note-{number}"
            person = await unit.users.add(f"{name}@long.example.com", name, None)
            await unit.spending.add(person.id, Day(day_of(now), "offline", "m", 1, 100, 1000))
            target = f"https://www.notion.so/A-page-with-a-long-title-{number:040}"
            await unit.audit.note("page.saved", person.id, target=target)
    for path in (*PAGES, "/admin/usage?days=90", f"/admin/users/{eve.id}/account"):
        html = await page(client, path)
        size = len(html.encode())
        for address in sorted(set(re.findall(r'(?:src|href)="(/static/[^"]+)"', html))):
            size += len(await (await client.get(address)).read())
        assert size < LARGEST, path
    assert "The 30 who spent most." in await page(client, "/admin/usage")


async def test_people_are_found_and_the_list_goes_on(
    client: TestClient, core: SmallCore, eve: User
):
    async with core.database.begin() as unit:
        for number in range(35):
            await unit.users.add(f"n{number}@example.com", f"new{number}", None)
    html = await page(client, "/admin/users")
    assert html.count('class="item person"') == 30
    assert "37 accounts, 1 admin." in html
    following = re.search(r'href="(/admin/users\?cursor=[^"]+)"', html)
    assert following is not None
    rest = await page(client, unescape(following[1]))
    assert rest.count('class="item person"') == 7
    assert "eve@example.com" in rest
    found = await page(client, "/admin/users?q=EVE")
    assert found.count('class="item person"') == 1
    assert str(eve.id) in found
    assert "Nobody has all of these words" in await page(client, "/admin/users?q=%3Cnobody%3E")


async def test_the_audit_log_is_narrowed_and_holds_no_secret(
    client: TestClient, core: SmallCore, eve: User
):
    ada = await user(core, "ada")
    await core.accounts.admin.change(ada.id, eve.id, {"role": "admin"})
    await core.accounts.admin.change(ada.id, eve.id, {"disabled": True})
    await core.accounts.admin.appoint("eve", remove=True)
    html = await page(client, "/admin/audit")
    read = words(html)
    assert "The operator changed the role of eve member, by the operator" in read
    assert "ada switched off the account of eve" in read
    assert "ada made an account" in read
    assert "127.0.0.1" in read
    assert not [secret for secret in SECRETS if secret in html]
    for who in ("ada", "ADA@example.com", str(ada.id)):
        mine = words(await page(client, f"/admin/audit?user={who}&action=user"))
        assert "switched off the account of" in mine
        assert "made an account" not in mine
        assert "operator" not in mine
    exact = await page(client, "/admin/audit?action=user.role")
    assert '<option value="user.role" selected>Changed the role of</option>' in exact
    assert "switched off" not in words(exact)
    assert "Nobody is called that" in await page(client, "/admin/audit?user=nobody")
    assert "Nothing of this kind" in await page(client, "/admin/audit?user=eve&action=token")


async def test_the_audit_log_goes_on_and_keeps_its_filter(
    client: TestClient, core: SmallCore, eve: User
):
    async with core.database.begin() as unit:
        for number in range(40):
            await unit.audit.note("page.saved", eve.id, target=f"<page {number}>")
    html = await page(client, "/admin/audit?user=eve&action=page")
    assert html.count('<li class="act">') == 30
    assert "&lt;page 39&gt;" in html
    following = re.search(r'href="(/admin/audit\?user=eve[^"]+cursor=[^"]+)"', html)
    assert following is not None
    rest = await page(client, unescape(following[1]))
    assert rest.count('<li class="act">') == 10


def test_what_is_noted_has_words_and_a_kind():
    for action in (*ACTIONS, *DONE_TO):
        area = action.partition(".")[0]
        assert area in AREAS or action in ("email.confirmed", "username.changed")


# ── What is changed ──────────────────────────────────────────────────────────────────────────────


async def test_an_account_is_switched_off_after_a_question_and_on_again(
    client: TestClient, core: SmallCore, eve: User
):
    path = f"/admin/users/{eve.id}"
    shown = words(await page(client, f"{path}/account"))
    assert "eve@example.com not confirmed yet" in shown
    assert "Switch eve off?" in words(await page(client, f"{path}/disable"))
    assert (await user(core, "eve")).disabled_at is None, "to ask changes nothing"
    answer = await send(client, f"{path}/disable")
    assert (answer.status, answer.headers["Location"]) == (303, f"{path}/account")
    html = await page(client, f"{path}/account")
    assert "eve is switched off, and logged out everywhere." in html
    assert "Switch on again" in html
    assert (await user(core, "eve")).disabled_at is not None
    assert (await send(client, f"{path}/enable")).status == 303
    assert (await user(core, "eve")).disabled_at is None


async def test_the_last_admin_stays(client: TestClient, core: SmallCore, eve: User):
    ada = await user(core, "ada")
    path = f"/admin/users/{ada.id}"
    for act, given in (("disable", {}), ("role", {"role": "member"})):
        answer = await send(client, f"{path}/{act}", given)
        assert answer.status == 409
        assert "You are the only admin. Make somebody else one first." in await answer.text()
    assert (await send(client, f"/admin/users/{eve.id}/role", {"role": "admin"})).status == 303
    assert (await user(core, "eve")).role == "admin"
    answer = await send(client, f"{path}/role", {"role": "member"})
    assert answer.headers["Location"] == "/", "these pages are no longer theirs"
    assert (await user(core, "ada")).role == "member"


async def test_who_is_not_there_is_said_so(client: TestClient, eve: User):
    for who in ("2cc1ad09-8c8f-4468-b20d-59f4bafb8f5d", "nobody"):
        assert "no such account" in await page(client, f"/admin/users/{who}/account", 404)
        assert (await send(client, f"/admin/users/{who}/disable")).status == 404
    assert (await send(client, f"/admin/users/{eve.id}/role", {"role": "king"})).status == 400


async def test_an_allowance_is_given_and_taken_back(client: TestClient, core: SmallCore, eve: User):
    path = f"/admin/users/{eve.id}"
    for text, kept in (("50,000", 50_000), ("0", 0), ("1 000 000", 1_000_000), ("", None)):
        assert (await send(client, f"{path}/allowance", {"tokens": text})).status == 303
        assert (await user(core, "eve")).allowance == kept
    for text in ("many", "-1", "1.5", "1,5", "9" * 16):
        answer = await send(client, f"{path}/allowance", {"tokens": text})
        assert answer.status == 400, text
        assert f'value="{text}"' in await answer.text(), "what was typed stays"
    assert (await user(core, "eve")).allowance is None


async def test_dollars_of_ones_own_are_given_and_taken_back(
    client: TestClient, core: SmallCore, eve: User
):
    path = f"/admin/users/{eve.id}"
    given = {"tokens": "50,000", "dollars": "$4.50"}
    assert (await send(client, f"{path}/allowance", given)).status == 303
    kept = await user(core, "eve")
    assert (kept.allowance, kept.allowance_dollars) == (50_000, 4.5)
    html = await page(client, f"{path}/account")
    assert 'value="4.50"' in html
    assert "Dollars this month $0.00 of $4.50" in words(html)
    for text in ("much", "0", "0.005", "4.567"):
        answer = await send(client, f"{path}/allowance", {"tokens": "7", "dollars": text})
        assert answer.status == 400, text
        told = await answer.text()
        assert "in whole cents, such as 25 or 4.50" in told
        assert f'value="{text}"' in told, "what was typed stays"
        assert 'value="7"' in told
    assert (await user(core, "eve")).allowance == 50_000, "one wrong field keeps neither"
    assert (await send(client, f"{path}/allowance", {"tokens": "", "dollars": ""})).status == 303
    kept = await user(core, "eve")
    assert (kept.allowance, kept.allowance_dollars) == (None, None)


async def test_budgets_are_changed_and_noted(client: TestClient, core: SmallCore, eve: User):
    given = {"person": "200,000", "server": ""}
    assert (await send(client, "/admin/budgets/change", given)).status == 303
    assert await core.accounts.allowances.get() == Allowance(200_000, None)
    html = await page(client, "/admin/budgets")
    assert "The budgets are changed." in html
    assert 'value="200,000"' in html
    answer = await send(client, "/admin/budgets/change", {"person": "lots", "server": "5"})
    assert answer.status == 400
    wrong = await answer.text()
    assert "Give a whole number of tokens" in wrong
    assert 'value="lots"' in wrong
    assert await core.accounts.allowances.get() == Allowance(200_000, None)
    assert "200,000 a person, no limit in all" in words(await page(client, "/admin/audit"))


async def test_a_budget_in_dollars_is_told_with_what_it_does_not_count(
    client: TestClient, core: SmallCore, eve: User
):
    given = {"person_dollars": "$4.50", "server_dollars": "1,000"}
    assert (await send(client, "/admin/budgets/change", given)).status == 303
    assert await core.accounts.allowances.get() == Allowance(None, None, 4.5, 1000.0)
    async with core.database.begin() as unit:
        today = day_of(datetime.now(UTC))
        await unit.spending.add(eve.id, Day(today, "offline", "tiny", 1, 1_000_000, 1_000_000))
        await unit.spending.add(eve.id, Day(today, "openai", "gpt-y", 1, 1, 1))
    html = await page(client, "/admin/budgets")
    read = words(html)
    assert "$3.00 of $1,000.00" in read
    assert "gpt-y has no price, and counts in tokens alone" in read
    assert 'value="4.50"' in html
    assert "eve 2M tokens over $3.00 2 answers" in words(await page(client, "/admin/usage"))
    for text in ("much", "-1", "0", "0.001", "1.234", "1e3", "٣", "4,50", "1,0000", "1,000,001"):
        answer = await send(client, "/admin/budgets/change", {"person_dollars": text})
        assert answer.status == 400, text
    assert (await core.accounts.allowances.get()).person_dollars == 4.5
    allowances = core.accounts.allowances
    await allowances.set(eve.id, replace(await allowances.get(), server_dollars=1_000_000.0))
    shown = await page(client, "/admin/budgets")
    assert 'value="1,000,000.00"' in shown
    given = {"person_dollars": "4.50", "server_dollars": "1,000,000.00"}
    answer = await send(client, "/admin/budgets/change", given)
    assert answer.status == 303, "what the page shows can be saved"
    await as_eve(client)
    mine = words(await page(client, "/usage"))
    assert "Left to spend $1.50 of $4.50 this month" in mine


async def test_without_prices_no_cost_is_made_up(sqlite_url: str, core: SmallCore, start: Start):
    bare = Settings(_env_file=None, database_url=sqlite_url, secret_key="k" * 40)
    core.settings, core.accounts = bare, Accounts(bare, core.database, cost=4)
    core.providers["openai"] = SimpleNamespace(name="openai", model="gpt-y")
    client = await start()
    await sign_up(client)
    await spend(core, Day(day_of(datetime.now(UTC)), "openai", "gpt-y", 1, 1, 1))
    budgets = words(await page(client, "/admin/budgets"))
    assert "Cost unknown no limit in dollars" in budgets
    assert "Set AI_PRICES beside the server" in budgets
    assert "gpt-y=IN/OUT" in budgets
    everybody = words(await page(client, "/admin/usage"))
    assert "Cost – unknown: no price is set" in everybody
    assert "cost unknown" in everybody


async def test_the_offline_model_costs_nothing_on_every_page(
    sqlite_url: str, core: SmallCore, start: Start
):
    bare = Settings(_env_file=None, database_url=sqlite_url, secret_key="k" * 40)
    core.settings, core.accounts = bare, Accounts(bare, core.database, cost=4)
    client = await start()
    await sign_up(client)
    await spend(core, Day(day_of(datetime.now(UTC)), "offline", "tiny", 1, 1, 1))
    budgets = words(await page(client, "/admin/budgets"))
    assert "$0.00 no limit in dollars" in budgets
    assert "The offline model costs nothing" in budgets
    assert "tiny=IN/OUT" not in budgets, "what costs nothing wants no price"
    assert "Cost $0.00 US dollars" in words(await page(client, "/admin/usage"))


async def spend(core: SmallCore, day: Day) -> None:
    ada = await user(core, "ada")
    async with core.database.begin() as unit:
        await unit.spending.add(ada.id, day)
