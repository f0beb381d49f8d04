"""Connections, settings and leaving by forms alone, as a browser without scripts sends them."""

from __future__ import annotations

import re
from urllib.parse import unquote
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient
from sqlalchemy import update

from core.errors import Ambiguous, InvalidInput
from core.live import Feed
from core.messages import Answer, Call, Request, Sender
from core.ports import Destination
from core.storage.tables import users
from core.storage.users import User
from tests.api.browsing import ADA, HTML, send, sign_up
from tests.api.small_core import PASSWORD, SmallCore

GRACE = Sender("slack", "U1", "Grace", "T1")
POSTS = (
    "/connections/code",
    "/connections/destination",
    "/connections/notion/disconnect",
    "/connections/2cc1ad09-8c8f-4468-b20d-59f4bafb8f5d/unlink",
    "/settings/name",
    "/settings/email",
    "/settings/preferences",
    "/settings/password",
    "/settings/password/mail",
    "/settings/sessions",
    "/settings/sessions/2cc1ad09-8c8f-4468-b20d-59f4bafb8f5d",
    "/settings/tokens",
    "/settings/tokens/2cc1ad09-8c8f-4468-b20d-59f4bafb8f5d/remove",
    "/settings/delete",
)


@pytest.fixture
async def ada_here(client: TestClient) -> TestClient:
    """Ada's browser: she is logged in."""
    await sign_up(client)
    return client


async def page(client: TestClient, path: str, status: int = 200) -> str:
    async with client.get(path, headers=HTML) as response:
        assert response.status == status, path
        return await response.text()


async def ada_of(core: SmallCore) -> User:
    async with core.database.read() as unit:
        user = await unit.users.by_login("ada")
    assert user is not None
    return user


async def linked(core: SmallCore, client: TestClient) -> str:
    """Grace's identity in Slack, joined to Ada's account by a code that the page gave."""
    html = await (await send(client, "/connections/code")).text()
    made = re.search(r"/notion link ([A-Z2-7]{5}-[A-Z2-7]{5})<", html)
    assert made is not None
    async with core.database.begin() as unit:
        await unit.users.of(GRACE)
    await core.links.redeem(GRACE, made[1])
    async with core.database.read() as unit:
        (identity,) = await unit.users.identities((await ada_of(core)).id)
    return str(identity.id)


def told(response: ClientResponse) -> str:
    """What the next page shows."""
    return unquote(response.cookies["told"].value)


# ── Who may ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_stranger_is_sent_to_log_in_and_changes_nothing(client: TestClient):
    for path in ("/connections", "/connections/check", "/settings", "/settings/delete"):
        asked = await client.get(path, headers=HTML, allow_redirects=False)
        assert asked.headers["Location"].startswith("/login?next=")
    for path in POSTS:
        sent = await send(client, path)
        assert (sent.status, sent.headers["Location"]) == (303, "/login"), path


async def test_another_sites_page_changes_nothing(ada_here: TestClient, core: SmallCore):
    elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for path in (*POSTS, "/settings/password/strength"):
        given = {"password": PASSWORD, "username": "eve", "name": "x", "notion": "on"}
        refused = await send(ada_here, path, given, headers=elsewhere)
        assert refused.status == 403, path
    user = await ada_of(core)
    assert await core.accounts.personal.of(user.id) == []


@pytest.mark.parametrize("path", ["/connections", "/settings", "/settings/delete", "/goodbye"])
async def test_the_pages_are_light_and_hold_no_script(ada_here: TestClient, path: str):
    response = await ada_here.get(path, headers=HTML)
    html = await response.text()
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?! src)|<style|style=|\son\w+=", html)
    size = len(html)
    scripts = ("html.js", "picker.js", "sections.js")
    for name in (*scripts, *re.findall(r'/static/([^"?]+)', html)):
        size += len(await (await ada_here.get(f"/static/{name}")).read())
    assert size < 100_000


# ── Connections ───────────────────────────────────────────────────────────────────────────────────


async def test_a_chat_is_linked_by_a_code_and_unlinked_after_a_question(
    ada_here: TestClient, core: SmallCore
):
    assert "No chat is linked yet" in await page(ada_here, "/connections")
    identity = await linked(core, ada_here)
    html = await page(ada_here, "/connections")
    assert all(words in html for words in ("<b>Grace</b>", "Slack · workspace T1"))
    asked = await page(ada_here, f"/connections/{identity}/unlink")
    assert "Unlink Grace in Slack, workspace T1?" in asked
    assert "<b>Grace</b>" in await page(ada_here, "/connections"), "a look unlinks nothing"
    done = await send(ada_here, f"/connections/{identity}/unlink")
    assert done.headers["Location"] == "/connections"
    assert told(done) == "Unlinked from Slack. What you wrote there stays here."
    assert "No chat is linked yet" in await page(ada_here, "/connections")
    again = await send(ada_here, f"/connections/{identity}/unlink")
    assert (again.status, told(again)) == (303, "It is not linked any more.")


async def test_nobody_unlinks_anothers_chat(ada_here: TestClient, core: SmallCore):
    identity = await linked(core, ada_here)
    ada_here.session.cookie_jar.clear()
    await sign_up(ada_here, "eve")
    assert "Grace" not in await page(ada_here, f"/connections/{identity}/unlink", 404)
    await send(ada_here, f"/connections/{identity}/unlink")
    async with core.database.read() as unit:
        assert len(await unit.users.identities((await ada_of(core)).id)) == 1


async def test_the_only_way_in_is_not_unlinked(ada_here: TestClient, core: SmallCore):
    identity = await linked(core, ada_here)
    await without(core, email=True)
    refused = await send(ada_here, f"/connections/{identity}/unlink")
    assert refused.status == 409
    assert "This is the only way to log in to the account." in await refused.text()


async def test_a_place_is_chosen_and_taken_back(ada_here: TestClient, core: SmallCore):
    user = await ada_of(core)

    async def chooses(core: SmallCore, request: Request, _feed: Feed) -> Answer:
        async with core.database.begin() as unit:
            if request.call.has("clear"):
                await unit.destinations.clear(user.id)
            else:
                place = Destination("p1", "page", "Meeting <notes>", "https://notion.so/p1")
                await unit.destinations.choose(user.id, place)
        return Answer("Done.")

    core.script = chooses
    assert "You have chosen no place" in await page(ada_here, "/connections")
    picked = {"destination": "Meeting notes", "place": "p1"}
    done = await send(ada_here, "/connections/destination", picked)
    assert told(done) == "Your pages go to “Meeting <notes>” from now on."
    await send(ada_here, "/connections/destination", {"destination": "default"})
    html = await page(ada_here, "/connections")
    assert '<a href="https://notion.so/p1" rel="noopener">Meeting &lt;notes&gt;</a>' in html
    back = await send(ada_here, "/connections/destination", {"clear": "yes"})
    assert told(back) == "Nothing is chosen for you any more."
    assert [request.call for request in core.accepted] == [
        Call("to", '"p1"'),
        Call("to", '"default"'),
        Call("to", "", {"clear": True}),
    ]


async def test_a_place_that_there_is_none_of_is_told_beside_its_field(
    ada_here: TestClient, core: SmallCore
):
    async def fails(_core: SmallCore, _request: Request, _feed: Feed) -> Answer:
        raise InvalidInput("No page is called “Nowhere”. Share it with the integration.")

    core.script = fails
    answer = await send(ada_here, "/connections/destination", {"destination": "Nowhere"})
    html = await answer.text()
    assert answer.status == 400
    assert "No page is called “Nowhere”." in html
    assert 'value="Nowhere"' in html
    empty = await send(ada_here, "/connections/destination", {"destination": " "})
    assert "Type a title, an address or an id" in await empty.text()


async def test_where_a_title_fits_several_places_they_are_buttons(
    ada_here: TestClient, core: SmallCore
):
    async def asks(_core: SmallCore, _request: Request, _feed: Feed) -> Answer:
        raise Ambiguous("More than one …", choices=[("p1", "Notes"), ("p2", "Notes, in Team")])

    core.script = asks
    answer = await send(ada_here, "/connections/destination", {"destination": "Notes"})
    html = await answer.text()
    assert "More than one place fits “Notes”. Which?" in html
    assert re.findall(r'name="place" value="(\w+)">([^<]+)<', html) == [
        ("p1", "Notes"),
        ("p2", "Notes, in Team"),
    ]


async def test_without_notion_the_pages_say_who_sets_it_up(ada_here: TestClient):
    html = await page(ada_here, "/connections")
    assert "No Notion is connected yet" in html
    assert "Ask the admin of this server" in html
    assert "/auth/notion/start" not in html
    assert 'role="alert"' in await page(ada_here, "/connections/check")
    assert "No Notion of yours is connected" in await page(
        ada_here, "/connections/notion/disconnect", 404
    )


# ── Settings ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_name_is_changed_and_a_taken_one_is_told_beside_it(ada_here: TestClient):
    done = await send(ada_here, "/settings/name", {"username": "ada.l"})
    assert done.headers["Location"] == "/settings#profile"
    assert told(done) == "You are ada.l from now on."
    wrong = await send(ada_here, "/settings/name", {"username": "a b"})
    html = await wrong.text()
    assert wrong.status == 400
    assert "Use 3 to 64 letters" in html
    assert 'value="a b"' in html
    assert 'aria-invalid="true"' in html


async def test_preferences_are_kept_and_taken_back(ada_here: TestClient, core: SmallCore):
    given = {"template": "retro", "provider": "offline"}
    await send(ada_here, "/settings/preferences", given)
    assert (await ada_of(core)).preferences == given
    assert '<option value="retro" selected>' in await page(ada_here, "/settings")
    await send(ada_here, "/settings/preferences", {"provider": "offline"})
    assert (await ada_of(core)).preferences == {"provider": "offline"}
    every = {"template": "retro", "provider": "offline", "model": "tiny-2", "save": "on"}
    await send(ada_here, "/settings/preferences", every)
    assert (await ada_of(core)).preferences == every | {"save": True}
    settings = await page(ada_here, "/settings")
    assert 'value="tiny-2"' in settings
    assert re.search(r'name="save" checked', settings)
    await send(ada_here, "/settings/preferences", {"model": "tiny-2"})
    assert (await ada_of(core)).preferences == {}, "what was left of another provider's goes too"
    await send(ada_here, "/settings/preferences", {"model": "tiny-3"})
    assert (await ada_of(core)).preferences == {"provider": "offline", "model": "tiny-3"}
    await send(ada_here, "/settings/preferences", {"provider": "offline"})
    wrong = await send(ada_here, "/settings/preferences", {"template": "nonsense"})
    assert wrong.status == 400
    assert "There is no “nonsense” here." in await wrong.text()


async def test_a_confirmed_address_says_so(ada_here: TestClient, core: SmallCore):
    assert "in this server’s log" in await page(ada_here, "/settings")
    assert "in this server's log" in told(await send(ada_here, "/settings/email"))
    async with core.database.begin() as unit:
        await unit.users.prove_email((await unit.users.by_login("ada")).id)  # type: ignore[union-attr]
    html = await page(ada_here, "/settings")
    assert "Confirmed" in html
    assert "Make it again" not in html


async def test_a_password_is_changed_by_who_knows_it(ada_here: TestClient, core: SmallCore):
    new = "two-otters-write-poems"
    wrong = await send(
        ada_here, "/settings/password", {"current_password": "nope", "new_password": new}
    )
    html = await wrong.text()
    assert wrong.status == 400
    assert "This is not your password." in html
    assert new not in html, "no password is sent back"
    weak = await send(
        ada_here, "/settings/password", {"current_password": PASSWORD, "new_password": "password1"}
    )
    assert "This one is easy to guess." in await weak.text()
    done = await send(
        ada_here, "/settings/password", {"current_password": PASSWORD, "new_password": new}
    )
    assert done.headers["Location"] == "/settings#password"
    await core.accounts.login("ada", new)
    assert "Where you are logged in" in await page(ada_here, "/settings"), "this session goes on"


async def test_passwords_are_not_guessed_by_who_found_a_browser_open(ada_here: TestClient):
    core_limit = 5
    for path, field in (
        ("/settings/password", "current_password"),
        ("/settings/delete", "password"),
    ):
        statuses = []
        for number in range(core_limit + 1):
            given = {field: f"guess {number}", "new_password": "two-otters-write-poems"}
            statuses.append((await send(ada_here, path, given)).status)
        assert statuses[-1] == 429, path
    right = {"password": PASSWORD}
    assert (await send(ada_here, "/settings/delete", right)).status == 429


async def test_strength_is_told_in_words(ada_here: TestClient):
    said = []
    for password in ("short", "password1", "ada12345", "two-otters-write-poems"):
        answer = await send(
            ada_here, "/settings/password/strength", {"new_password": password}, headers={}
        )
        said.append(await answer.json())
    assert [each["ok"] for each in said] == [False, False, False, True]
    assert said[0]["text"] == "Use at least 8 characters."
    assert said[1]["text"].startswith("Very easy to guess.")
    assert said[3]["text"].startswith("Very good")


async def test_other_sessions_are_ended_and_this_one_is_marked(
    ada_here: TestClient, core: SmallCore
):
    user = await ada_of(core)
    for _ in range(3):
        await core.accounts.login("ada", PASSWORD)
    html = await page(ada_here, "/settings")
    assert html.count("This one") == 1
    ends = re.findall(r'action="(/settings/sessions/[^"]+)"', html)
    assert len(ends) == 3
    done = await send(ada_here, ends[0])
    assert done.headers["Location"] == "/settings#sessions"
    assert len(await core.accounts.sessions.of(user.id)) == 3
    assert (await send(ada_here, ends[0])).status == 303, "twice is once"
    assert told(await send(ada_here, "/settings/sessions")) == "2 sessions have ended."
    assert "Nowhere else." in await page(ada_here, "/settings")


async def test_a_token_is_shown_once_works_and_is_removed(ada_here: TestClient):
    assert "No token yet" in await page(ada_here, "/settings")
    given = {"name": "nightly <export>", "content:read": "on", "days": "30"}
    html = await (await send(ada_here, "/settings/tokens", given)).text()
    secret = re.search(r'<code id="secret">(na_[\w-]+)</code>', html)
    assert secret is not None
    assert "“nightly &lt;export&gt;” is ready" in html
    headers = {"Authorization": f"Bearer {secret[1]}"}
    assert (await ada_here.get("/content/history", headers=headers)).status == 200
    listed = await page(ada_here, "/settings")
    assert secret[1] not in listed
    assert "never used" not in listed
    where = re.search(r'href="(/settings/tokens/[^"]+/remove)"', listed)
    assert where is not None
    assert "Remove “nightly &lt;export&gt;”?" in await page(ada_here, where[1])
    for _ in range(2):
        gone = await send(ada_here, where[1])
        assert gone.headers["Location"] == "/settings#tokens"
    assert (await ada_here.get("/content/history", headers=headers)).status == 401


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"notion": "on"}, "Give the token a name"),
        ({"name": "export"}, "Choose what the program may do."),
        ({"name": "export", "notion": "on", "days": "9999"}, "365"),
        ({"name": "export", "notion": "on", "days": "-1"}, "Choose how many days it lasts."),
    ],
)
async def test_a_token_that_cannot_be_is_told(
    ada_here: TestClient, given: dict[str, str], said: str
):
    answer = await send(ada_here, "/settings/tokens", given)
    html = await answer.text()
    assert answer.status == 400
    assert said in html
    assert '<details class="more-of" open>' in html


# ── Leaving ───────────────────────────────────────────────────────────────────────────────────────


async def test_the_only_admin_reads_who_takes_over_before_leaving(
    ada_here: TestClient, core: SmallCore
):
    assert "only admin" not in await page(ada_here, "/settings/delete"), "there is nobody else"
    eve = (await core.accounts.register("eve@example.com", "eve", PASSWORD)).user
    assert "<b>eve</b> becomes its admin" in await page(ada_here, "/settings/delete")
    await send(ada_here, "/settings/delete", {"password": PASSWORD})
    assert (await core.accounts.admin.account(eve.id)).role == "admin"


async def test_the_only_admin_of_a_server_that_others_reach_makes_another_one_first(
    ada_here: TestClient, core: SmallCore, monkeypatch: pytest.MonkeyPatch
):
    await core.accounts.register("eve@example.com", "eve", PASSWORD)
    monkeypatch.setattr(core.accounts.admin, "_own", False)
    shown = await page(ada_here, "/settings/delete")
    assert "Make somebody else an admin</a> first" in shown
    assert "Delete it for good" not in shown
    refused = await send(ada_here, "/settings/delete", {"password": PASSWORD})
    assert refused.status == 409
    assert await ada_of(core) is not None


async def test_an_account_is_deleted_by_who_knows_its_password(
    ada_here: TestClient, core: SmallCore
):
    await linked(core, ada_here)
    shown = await page(ada_here, "/settings/delete")
    assert "The linked chat: it begins anew" in shown
    wrong = await send(ada_here, "/settings/delete", {"password": "nope"})
    assert wrong.status == 400
    assert "This is not your password." in await wrong.text()
    await send(ada_here, "/settings/delete", {})
    user = await ada_of(core)
    gone = await send(ada_here, "/settings/delete", {"password": PASSWORD})
    assert (gone.status, gone.headers["Location"]) == (303, "/goodbye")
    html = await page(ada_here, "/goodbye")
    assert "Your account is deleted." in html
    assert 'href="/login"' in html, "nobody is logged in"
    async with core.database.read() as unit:
        assert await unit.users.get(user.id) is None
        assert await unit.users.find(GRACE) is None


async def test_who_has_no_password_types_their_name(ada_here: TestClient, core: SmallCore):
    await without(core)
    html = await page(ada_here, "/settings")
    assert "have a link made; it stands in this server’s log" in html
    assert "in this server's log" in told(await send(ada_here, "/settings/password/mail"))
    assert 'name="password"' not in await page(ada_here, "/settings/delete")
    wrong = await send(ada_here, "/settings/delete", {"username": "eve", "password": PASSWORD})
    assert wrong.status == 400
    gone = await send(ada_here, "/settings/delete", {"username": ADA["username"]})
    assert gone.headers["Location"] == "/goodbye"


async def without(core: SmallCore, *, email: bool = False) -> None:
    """Has Ada be somebody who signed in by a platform alone."""
    values = {"password_hash": None} | ({"email": None} if email else {})
    async with core.database.engine.begin() as connection:
        await connection.execute(update(users).where(users.c.username == "ada").values(**values))


async def test_what_is_no_id_is_nowhere(ada_here: TestClient):
    for path in ("/connections/nonsense/unlink", f"/settings/tokens/{UUID(int=1)}/remove"):
        await page(ada_here, path, 404)
    assert (await send(ada_here, f"/settings/sessions/{uuid4()}")).status == 303
