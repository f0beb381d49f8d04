"""Sessions, personal tokens, passwords and addresses: over HTTP."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest
from aiohttp.test_utils import TestClient
from dirty_equals import IsDatetime, IsStr, IsUUID

from api.routes import ROUTES
from core.accounts.personal import SCOPES
from core.messages import Sender
from core.ports import Destination
from core.storage.tables import metadata
from tests.api.small_core import PASSWORD, SmallCore

Headers = dict[str, str]
BETTER = "two-otters-write-poems"


async def token(client: TestClient, who: Headers, *scopes: str) -> Headers:
    """The headers of a program that was given a token."""
    body = {"name": "program", "scopes": list(scopes)}
    response = await client.post("/auth/tokens", json=body, headers=who)
    assert response.status == 201, await response.text()
    return {"Authorization": f"Bearer {(await response.json())['token']}"}


def test_every_route_that_wants_somebody_says_which_scope_does() -> None:
    session_only = {
        route.path
        for route in ROUTES
        if route.endpoint.operation.secured and route.endpoint.operation.scope is None
    }
    assert all(path.startswith(("/auth/", "/admin/", "/notion/connect")) for path in session_only)
    named = {route.endpoint.operation.scope for route in ROUTES} - {None}
    assert named == set(SCOPES)


async def test_a_token_is_shown_once_and_listed_without_itself(
    client: TestClient, ada: Headers
) -> None:
    body = {"name": "nightly", "scopes": ["notion", "content:read"], "expires_in_days": 30}
    made = await (await client.post("/auth/tokens", json=body, headers=ada)).json()
    shown = {
        "id": IsUUID,
        "name": "nightly",
        "hint": made["token"][:7],
        "scopes": ["content:read", "notion"],
        "created_at": IsDatetime(iso_string=True),
        "expires_at": IsDatetime(iso_string=True),
        "last_used_at": None,
    }
    assert made == shown | {"token": IsStr(regex=r"na_[\w-]{43}")}
    assert await (await client.get("/auth/tokens", headers=ada)).json() == {"items": [shown]}
    gone = await client.delete(f"/auth/tokens/{made['id']}", headers=ada)
    assert gone.status == 204
    used = {"Authorization": f"Bearer {made['token']}"}
    assert (await client.get("/content/history", headers=used)).status == 401
    for name in (made["id"], str(uuid4()), "x"):
        assert (await client.delete(f"/auth/tokens/{name}", headers=ada)).status == 404


@pytest.mark.parametrize(
    ("scopes", "said"),
    [
        (["read"], "scopes.0: must be content:read, content:write, notion or account"),
        ([], "scopes: must have at least 1 element"),
        ("notion", "scopes: must be a list"),
    ],
)
async def test_a_scope_that_is_none_names_those_there_are(
    client: TestClient, ada: Headers, scopes: object, said: str
) -> None:
    response = await client.post(
        "/auth/tokens", json={"name": "program", "scopes": scopes}, headers=ada
    )
    assert response.status == 400
    assert (await response.json())["detail"] == said


async def test_a_token_does_what_its_scopes_say_and_nothing_else(
    client: TestClient, ada: Headers
) -> None:
    wish = {"prompt": "x"}
    reader = await token(client, ada, "content:read")
    assert (await client.get("/content/history", headers=reader)).status == 200
    for method, path, body in (
        ("POST", "/content/generate", wish),
        ("GET", "/auth/me", None),
        ("GET", "/notion/destinations", None),
        ("DELETE", f"/content/{uuid4()}", None),
    ):
        refused = await client.request(method, path, json=body, headers=reader)
        assert (refused.status, (await refused.json())["code"]) == (403, "FORBIDDEN"), path
    writer = await token(client, ada, "content:write")
    assert (await client.post("/content/generate", json=wish, headers=writer)).status == 200
    saving = wish | {"save_to_notion": True}
    assert (await client.post("/content/generate", json=saving, headers=writer)).status == 403
    both = await token(client, ada, "content:write", "notion")
    assert (await client.post("/content/generate", json=saving, headers=both)).status == 200


async def test_no_token_makes_a_token_or_touches_the_account(
    client: TestClient, ada: Headers
) -> None:
    every = await token(client, ada, *SCOPES)
    assert (await client.get("/auth/me", headers=every)).status == 200
    for method, path, body in (
        ("POST", "/auth/tokens", {"name": "x", "scopes": ["notion"]}),
        ("GET", "/auth/tokens", None),
        ("GET", "/auth/sessions", None),
        ("DELETE", "/auth/sessions", None),
        ("POST", "/auth/password", {"current_password": PASSWORD, "new_password": BETTER}),
        ("POST", "/auth/link/code", None),
        ("PATCH", "/auth/me", {"username": "eve"}),
        ("DELETE", "/auth/me", None),
    ):
        refused = await client.request(method, path, json=body, headers=every)
        assert refused.status == 403, path


async def test_sessions_say_which_one_asks_and_end_one_by_one(
    client: TestClient, ada: Headers
) -> None:
    login = {"email": "ada", "password": PASSWORD}
    agent = {"User-Agent": "curl/8.5.0"}
    there = await (await client.post("/auth/login", json=login, headers=agent)).json()
    bearer = {"Authorization": f"Bearer {there['access_token']}"}
    found = (await (await client.get("/auth/sessions", headers=ada)).json())["items"]
    assert [(each["agent"], each["current"]) for each in found] == [
        ("curl", False),
        (IsStr, True),
    ]
    assert found[0]["address"] == "127.0.0.0"
    ended = await client.delete(f"/auth/sessions/{found[0]['id']}", headers=ada)
    assert ended.status == 204
    assert (await client.get("/auth/me", headers=bearer)).status == 401
    assert (await client.get("/auth/me", headers=ada)).status == 200
    assert (await client.delete("/auth/sessions/x", headers=ada)).status == 404
    assert (await client.delete("/auth/sessions", headers=ada)).status == 204
    assert (await client.get("/auth/me", headers=ada)).status == 200


async def test_forgetting_a_password_answers_everybody_the_same(
    client: TestClient, ada: Headers
) -> None:
    assert ada
    told = set()
    for email in ("ada@example.com", "nobody@example.com", "nonsense"):
        response = await client.post("/auth/password/forgot", json={"email": email})
        assert response.status == 202
        told.add(await response.text())
    assert len(told) == 1
    bad = await client.post("/auth/password/reset", json={"token": "x", "password": BETTER})
    assert (bad.status, (await bad.json())["code"]) == (400, "INVALID_INPUT")


async def test_a_password_over_72_bytes_is_a_400_wherever_it_comes(
    client: TestClient, core: SmallCore, ada: Headers
) -> None:
    body = {"current_password": PASSWORD, "new_password": "é" * 40}
    changed = await client.post("/auth/password", json=body, headers=ada)
    assert changed.status == 400
    assert (await changed.json())["detail"].startswith("new_password: use at most 72 bytes")
    assert core.accounts


async def test_a_changed_password_is_the_one_that_counts(client: TestClient, ada: Headers) -> None:
    body = {"current_password": PASSWORD, "new_password": BETTER}
    assert (await client.post("/auth/password", json=body, headers=ada)).status == 204
    statuses = [
        (await client.post("/auth/login", json={"email": "ada", "password": each})).status
        for each in (PASSWORD, BETTER)
    ]
    assert statuses == [401, 200]


async def test_the_current_password_cannot_be_guessed_by_who_found_an_open_session(
    client: TestClient, ada: Headers
) -> None:
    body = {"current_password": "wrong", "new_password": BETTER}
    statuses = [
        (await client.post("/auth/password", json=body, headers=ada)).status for _ in range(6)
    ]
    assert statuses == [403] * 5 + [429]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"name": " "}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"expires_in_days": 366}, "expires_in_days"),
        ({"admin": True}, "admin"),
    ],
)
async def test_a_token_that_cannot_be_is_refused(
    client: TestClient, ada: Headers, change: dict[str, object], field: str
) -> None:
    body: dict[str, object] = {"name": "x", "scopes": ["notion"]} | change
    response = await client.post("/auth/tokens", json=body, headers=ada)
    assert response.status == 400
    assert field in (await response.json())["detail"]


async def test_everything_that_is_kept_of_me_can_be_taken_along_and_no_secret_is_in_it(
    client: TestClient, core: SmallCore, ada: Headers
) -> None:
    program = await token(client, ada, "content:read")
    wish = {"prompt": "a plan", "save_to_notion": True}
    item = (await (await client.post("/content/generate", json=wish, headers=ada)).json())["id"]
    me = UUID((await (await client.get("/auth/me", headers=ada)).json())["id"])
    in_slack = Sender("slack", "U1", "Ada", "T1")
    async with core.database.begin() as unit:
        await unit.users.of(in_slack)
        await unit.content.begin(uuid4(), me, "never finished", None)
        await unit.ratings.rate(UUID(item), me, good=True)
        await unit.destinations.choose(me, Destination("n1", "page", "Notes", "https://n.so/n1"))
        user = await unit.users.get(me)
    await core.links.redeem(in_slack, await core.links.web_code(me))
    response = await client.get("/auth/export", headers=ada)
    assert response.content_type == "application/jsonl"
    text = await response.text()
    pieces = [json.loads(line) for line in text.splitlines()]
    kinds = {piece["kind"] for piece in pieces}
    assert kinds == {
        "person",
        "identity",
        "session",
        "token",
        "destination",
        "spending",
        "item",
        "rating",
        "act",
    }
    assert {each["prompt"] for each in pieces if each["kind"] == "item"} == {
        "a plan",
        "never finished",
    }
    assert [each["notion_url"] for each in pieces if each.get("prompt") == "a plan"] == [
        f"https://notion.so/{item}"
    ]
    acts = [each["action"] for each in pieces if each["kind"] == "act"]
    assert {"account.registered", "token.made", "identity.linked", "account.exported"} <= set(acts)
    assert user is not None
    for secret in (
        user.password_hash or "",
        ada["Authorization"].partition(" ")[2],
        program["Authorization"].partition(" ")[2],
    ):
        assert secret not in text
    assert (await client.get("/auth/export", headers=program)).status == 403


async def test_of_who_is_erased_no_row_is_left_but_numbers(
    client: TestClient, core: SmallCore, ada: Headers
) -> None:
    await token(client, ada, "content:read")
    await client.post("/content/generate", json={"prompt": "a plan"}, headers=ada)
    await client.post("/auth/password/forgot", json={"email": "ada@example.com"})
    await core.accounts.post.idle()
    me = UUID((await (await client.get("/auth/me", headers=ada)).json())["id"])
    assert (await client.delete("/auth/me", headers=ada)).status == 204
    async with core.database.engine.connect() as connection:
        for table in metadata.sorted_tables:
            rows = (await connection.execute(table.select())).all()
            if table.name not in ("spending", "audit", "idempotency", "alembic_version"):
                assert rows == [], table.name
            assert str(me) not in str(rows), table.name
            assert "ada" not in str(rows), table.name
