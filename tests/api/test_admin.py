"""Roles, budgets, what was spent, and the audit log: over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp.test_utils import TestClient
from dirty_equals import IsDatetime, IsInt, IsPartialDict, IsStr, IsUUID

from core.accounts.allowance import Allowance
from core.config import Settings
from core.errors import Conflict
from core.messages import Call, Request, Sender
from core.storage.content import Written
from tests.api.conftest import Join
from tests.api.small_core import PASSWORD, SmallCore

JSON = {"Content-Type": "application/json"}
Headers = dict[str, str]


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    return Settings(
        _env_file=None,
        database_url=sqlite_url,
        secret_key="k" * 40,
        ai_prices="tiny=1/2",
        slack_bot_token="xoxb-secret",
    )


@pytest.fixture
async def eve(join: Join, ada: Headers) -> Headers:
    """Eve's headers: she came after Ada, who runs this server on her machine."""
    assert ada
    return await join("eve")


async def me(client: TestClient, who: Headers) -> Any:
    return await (await client.get("/auth/me", headers=who)).json()


async def test_the_first_account_of_ones_own_machine_is_the_admin(
    client: TestClient, ada: Headers, eve: Headers
) -> None:
    assert (await me(client, ada))["role"] == "admin"
    assert (await me(client, eve))["role"] == "member"


@pytest.mark.parametrize(
    "changes",
    [{"public_url": "https://notes.example"}, {"host": "0.0.0.0"}],  # noqa: S104 - as a server
)
async def test_on_a_server_that_others_reach_the_first_is_a_member(
    sqlite_url: str, core: SmallCore, changes: dict[str, str]
) -> None:
    from core.accounts.accounts import Accounts

    settings = Settings(_env_file=None, database_url=sqlite_url, secret_key="k" * 40, **changes)
    accounts = Accounts(settings, core.database, cost=4, post=core.accounts.post)
    user = (await accounts.register("ada@example.com", "ada", PASSWORD)).user
    assert user.role == "member"
    await accounts.admin.appoint("ADA@example.com")
    async with core.database.read() as unit:
        appointed = await unit.users.get(user.id)
    assert appointed is not None
    assert appointed.role == "admin"


async def test_a_member_sees_and_changes_nothing_of_the_server(
    client: TestClient, eve: Headers
) -> None:
    own = (await me(client, eve))["id"]
    for method, path, body in (
        ("GET", "/admin/users", None),
        ("PATCH", f"/admin/users/{own}", {"role": "admin"}),
        ("GET", "/admin/usage", None),
        ("GET", "/admin/connections", None),
        ("GET", "/admin/budgets", None),
        ("PATCH", "/admin/budgets", {"person_tokens": None}),
        ("GET", "/admin/audit", None),
    ):
        refused = await client.request(method, path, json=body, headers=eve)
        assert (refused.status, (await refused.json())["code"]) == (403, "FORBIDDEN"), path
    assert (await me(client, eve))["role"] == "member"


async def test_accounts_are_listed_by_pages_that_do_not_break(
    client: TestClient, ada: Headers, join: Join
) -> None:
    for name in ("bob", "bobby", "cleo"):
        await join(name)
    first = await (await client.get("/admin/users?limit=2", headers=ada)).json()
    assert [each["username"] for each in first["items"]] == ["cleo", "bobby"]
    await join("dan")
    path = f"/admin/users?limit=2&cursor={first['next_cursor']}"
    second = await (await client.get(path, headers=ada)).json()
    assert [each["username"] for each in second["items"]] == ["bob", "ada"]
    assert second["next_cursor"] is None
    assert second["items"][1] == {
        "id": IsUUID,
        "email": "ada@example.com",
        "email_verified": False,
        "username": "ada",
        "role": "admin",
        "disabled": False,
        "allowance": None,
        "allowance_dollars": None,
        "created_at": IsDatetime(iso_string=True),
    }
    found = await (await client.get("/admin/users?q=BOB example", headers=ada)).json()
    assert {each["username"] for each in found["items"]} == {"bob", "bobby"}
    assert (await client.get("/admin/users?cursor=x", headers=ada)).status == 400


async def test_who_is_switched_off_is_out_at_once_and_back_when_switched_on(
    client: TestClient, ada: Headers, eve: Headers
) -> None:
    made = await client.post(
        "/auth/tokens", json={"name": "x", "scopes": ["content:read"]}, headers=eve
    )
    program = {"Authorization": f"Bearer {(await made.json())['token']}"}
    path = f"/admin/users/{(await me(client, eve))['id']}"
    off = await client.patch(path, json={"disabled": True}, headers=ada)
    assert (await off.json())["disabled"] is True
    assert (await client.get("/auth/me", headers=eve)).status == 401
    refused = await client.get("/content/history", headers=program)
    assert (refused.status, (await refused.json())["detail"]) == (
        401,
        IsStr(regex=".*switched off.*"),
    )
    login = {"email": "eve", "password": PASSWORD}
    said = await client.post("/auth/login", json=login)
    assert (said.status, (await said.json())["code"]) == (403, "FORBIDDEN")
    wrong = await client.post("/auth/login", json=login | {"password": "wrong"})
    assert wrong.status == 401, "who has not the password learns nothing"
    await client.patch(path, json={"disabled": False}, headers=ada)
    assert (await client.post("/auth/login", json=login)).status == 200
    assert (await client.get("/content/history", headers=program)).status == 200


async def test_the_last_admin_stays_one(client: TestClient, ada: Headers, eve: Headers) -> None:
    mine = f"/admin/users/{(await me(client, ada))['id']}"
    hers = f"/admin/users/{(await me(client, eve))['id']}"
    for change in ({"role": "member"}, {"disabled": True}):
        assert (await client.patch(mine, json=change, headers=ada)).status == 409
    assert (await client.patch(hers, json={"role": "admin"}, headers=ada)).status == 200
    assert (await client.patch(mine, json={"role": "member"}, headers=ada)).status == 200
    assert (await client.get("/admin/users", headers=ada)).status == 403
    assert (await client.patch(mine, json={"role": "owner"}, headers=eve)).status == 400
    nobody = f"/admin/users/{uuid4()}"
    assert (await client.patch(nobody, json={"role": "admin"}, headers=eve)).status == 404


async def test_when_the_last_admin_of_ones_own_machine_leaves_the_next_one_takes_over(
    client: TestClient, core: SmallCore, ada: Headers, eve: Headers, join: Join
) -> None:
    mallory = await join("mallory")
    hers = f"/admin/users/{(await me(client, eve))['id']}"
    assert (await client.patch(hers, json={"disabled": True}, headers=ada)).status == 200
    assert (await client.delete("/auth/me", headers=ada)).status == 204
    # Who is switched off takes over from nobody.
    assert (await me(client, mallory))["role"] == "admin"
    audit = await (await client.get("/admin/audit", headers=mallory)).json()
    assert ("user.role", "mallory") in {
        (each["action"], each["subject"]) for each in audit["items"]
    }
    assert (await client.patch(hers, json={"disabled": False}, headers=mallory)).status == 200
    assert (await client.patch(hers, json={"role": "admin"}, headers=mallory)).status == 200
    # Where another admin stays, nobody is made one.
    assert (await client.delete("/auth/me", headers=mallory)).status == 204
    assert (await core.accounts.admin.counts()).admins == 1


async def test_on_a_server_that_others_reach_the_last_admin_cannot_leave_the_others_alone(
    sqlite_url: str, core: SmallCore
) -> None:
    from core.accounts.accounts import Accounts

    settings = Settings(
        _env_file=None,
        database_url=sqlite_url,
        secret_key="k" * 40,
        public_url="https://notes.example",
    )
    accounts = Accounts(settings, core.database, cost=4, post=core.accounts.post)
    ada = (await accounts.register("ada@example.com", "ada", PASSWORD)).user
    await accounts.admin.appoint("ada")
    eve = (await accounts.register("eve@example.com", "eve", PASSWORD)).user
    with pytest.raises(Conflict, match="only admin"):
        await accounts.erase(ada.id)
    assert await accounts.find("ada") is not None
    await accounts.admin.appoint("eve")
    await accounts.erase(ada.id)
    # Who is alone leaves nobody behind.
    await accounts.erase(eve.id)
    assert await accounts.find("eve") is None


async def test_what_was_spent_is_told_by_day_with_its_cost(
    client: TestClient, core: SmallCore, ada: Headers, eve: Headers
) -> None:
    written = await (
        await client.post("/content/generate", json={"prompt": "x"}, headers=eve)
    ).json()
    user = UUID((await me(client, eve))["id"])
    async with core.database.begin() as unit:
        item = uuid4()
        await unit.content.begin(item, user, "y", None)
        await unit.content.finish(item, Written("T", "openai", "unpriced", None, 100, 50))
        await unit.content.finish(item, Written("T", "openai", "unpriced", None, 100, 50))
    spent = await (await client.get("/usage", headers=eve)).json()
    tiny = {
        "requests": 1,
        "input_tokens": 3,
        "output_tokens": 4,
        "total_tokens": 7,
        "cost": 0.000011,
        "estimated_requests": 0,
    }
    day = {"day": IsStr(regex=r"\d{4}-\d\d-\d\d")}
    assert spent["days"] == [
        day | {"provider": "offline", "model": "tiny"} | tiny,
        IsPartialDict(provider="openai", requests=1, total_tokens=150, cost=None),
    ]
    assert spent["providers"][0] == {"provider": "offline"} | tiny
    assert spent["total"] == IsPartialDict(requests=2, total_tokens=157, cost=None)
    assert spent["until"] == spent["days"][0]["day"]
    await client.delete(f"/content/{written['id']}", headers=eve)
    again = await (await client.get("/usage?days=1", headers=eve)).json()
    assert again["total"]["requests"] == 2, "what was removed stays counted"
    assert (await (await client.get("/usage", headers=ada)).json())["total"]["requests"] == 0
    for days in ("0", "367", "x"):
        assert (await client.get(f"/usage?days={days}", headers=eve)).status == 400
    everybody = await (await client.get("/admin/usage", headers=ada)).json()
    assert everybody["total"]["requests"] == 2
    assert everybody["people"] == [
        {"id": str(user), "username": "eve", "requests": 2, "total_tokens": 157, "cost": None}
    ]
    await client.delete("/auth/me", headers=eve)
    nameless = await (await client.get("/admin/usage", headers=ada)).json()
    assert nameless["people"] == [
        {"id": None, "username": None, "requests": 2, "total_tokens": 157, "cost": None}
    ]


async def test_budgets_are_set_and_told_with_what_was_used(
    client: TestClient, core: SmallCore, ada: Headers
) -> None:
    none = {
        "person_tokens": None,
        "server_tokens": None,
        "person_dollars": None,
        "server_dollars": None,
        "used_tokens": 0,
        "used_dollars": 0.0,
        "unpriced": [],
    }
    assert await (await client.get("/admin/budgets", headers=ada)).json() == none
    changed = await client.patch("/admin/budgets", json={"person_tokens": 5}, headers=ada)
    assert await changed.json() == none | {"person_tokens": 5}
    both = await client.patch("/admin/budgets", json={"server_tokens": 9}, headers=ada)
    assert await both.json() == none | {"person_tokens": 5, "server_tokens": 9}
    assert await core.accounts.allowances.get() == Allowance(5, 9)
    dollars = {"person_dollars": 4.5, "server_dollars": 50}
    money = await client.patch("/admin/budgets", json=dollars, headers=ada)
    assert await money.json() == none | {"person_tokens": 5, "server_tokens": 9} | dollars
    assert await core.accounts.allowances.get() == Allowance(5, 9, 4.5, 50.0)
    audit = await (await client.get("/admin/audit?action=allowance", headers=ada)).json()
    assert audit["items"][0]["target"].endswith("9 in all, $4.50 a person, $50.00 in all")
    for wrong, why in (
        (0.005, "must be at least 0.01"),
        (0.015, "must be US dollars in whole cents, such as 4.56"),
        (4.567, "must be US dollars in whole cents, such as 4.56"),
        ("0.005", "must be a number"),
    ):
        told = await client.patch("/admin/budgets", json={"server_dollars": wrong}, headers=ada)
        assert (await told.json())["detail"] == f"server_dollars: {why}"
    fine = {"person_dollars": 35 * 0.01}  # 0.35000000000000003
    told = await client.patch("/admin/budgets", json=fine, headers=ada)
    assert (await told.json())["person_dollars"] == 0.35
    for wrong in (0, -1, "5", 1e12):
        told = await client.patch("/admin/budgets", json={"server_dollars": wrong}, headers=ada)
        assert told.status == 400, wrong
        assert "must be" in await told.text()
    told = await client.patch("/admin/budgets", json={"server_dollars": 1e12}, headers=ada)
    assert (await told.json())["detail"] == "server_dollars: must be at most 1,000,000"
    told = await client.patch("/admin/budgets", data=b'{"server_dollars": NaN}', headers=ada | JSON)
    assert (await told.json())["detail"] == "server_dollars: must be a number"
    gone = dict.fromkeys(dollars)
    assert (await client.patch("/admin/budgets", json=gone, headers=ada)).status == 200
    bad = await client.patch("/admin/budgets", json={"server_tokens": -1}, headers=ada)
    assert bad.status == 400
    path = f"/admin/users/{(await me(client, ada))['id']}"
    own = await (await client.patch(path, json={"allowance": 100}, headers=ada)).json()
    assert own["allowance"] == 100
    kept = await (await client.patch(path, json={"role": "admin"}, headers=ada)).json()
    assert kept["allowance"] == 100, "what is left out stays"
    gone = await (await client.patch(path, json={"allowance": None}, headers=ada)).json()
    assert gone["allowance"] is None


async def test_dollars_are_given_to_one_person_over_http(
    client: TestClient, core: SmallCore, ada: Headers
) -> None:
    path = f"/admin/users/{(await me(client, ada))['id']}"
    own = await (await client.patch(path, json={"allowance_dollars": 4.5}, headers=ada)).json()
    assert (own["allowance"], own["allowance_dollars"]) == (None, 4.5)
    both = await (await client.patch(path, json={"allowance": 100}, headers=ada)).json()
    assert (both["allowance"], both["allowance_dollars"]) == (100, 4.5), "what is left out stays"
    wrong = await client.patch(path, json={"allowance_dollars": 0.001}, headers=ada)
    assert wrong.status == 400
    assert (await wrong.json())["detail"] == "allowance_dollars: must be at least 0.01"
    gone = {"allowance": None, "allowance_dollars": None}
    none = await (await client.patch(path, json=gone, headers=ada)).json()
    assert (none["allowance"], none["allowance_dollars"]) == (None, None)
    audit = await (await client.get("/admin/audit?action=user.allowance", headers=ada)).json()
    told = [each["target"] for each in audit["items"]]
    assert told == ["everybody's", "100 tokens, $4.50", "$4.50"]


async def test_connections_say_what_is_on_and_no_secret(
    client: TestClient, core: SmallCore, ada: Headers
) -> None:
    core.providers = {"offline": _Provider()}
    response = await client.get("/admin/connections", headers=ada)
    assert "xoxb" not in await response.text()
    assert await response.json() == {
        "slack": {"on": False, "workspaces": []},
        "discord": {"on": False},
        "notion": {"on": False, "parent": None},
        "mail": {"on": False},
        "providers": [{"name": "offline", "model": "tiny"}],
    }


class _Provider:
    name, model = "offline", "tiny"


async def test_the_audit_log_says_who_did_what_from_where(
    client: TestClient, core: SmallCore, ada: Headers, eve: Headers
) -> None:
    her = (await me(client, eve))["id"]
    in_slack = Sender("slack", "U1", "Eve", "T1")
    async with core.database.begin() as unit:
        await unit.users.of(in_slack)
    asked = Request(uuid4(), in_slack, Call("link"), {"workspace": "acme"})
    await core.links.offer(asked)
    body = {"code": core.links.code(asked.id)}
    identity = await (await client.post("/auth/link", json=body, headers=eve)).json()
    await client.patch("/auth/me", json={"preferences": {"template": "retro"}}, headers=eve)
    await client.delete(f"/auth/identities/{identity['id']}", headers=eve)
    await client.patch(f"/admin/users/{her}", json={"role": "admin"}, headers=ada)
    path = f"/admin/audit?user={her}"
    log = (await (await client.get(path, headers=ada)).json())["items"]
    assert [(each["action"], each["actor"], each["target"]) for each in log] == [
        ("user.role", "ada", "admin"),
        ("identity.unlinked", "eve", "slack T1 Eve"),
        ("settings.changed", "eve", "template"),
        ("identity.linked", "eve", "slack T1 Eve"),
        ("account.registered", "eve", ""),
    ]
    assert {each["subject"] for each in log} == {"eve"}
    assert {each["address"] for each in log} == {"127.0.0.1"}
    only = await (await client.get("/admin/audit?action=identity&limit=1", headers=ada)).json()
    assert [each["action"] for each in only["items"]] == ["identity.unlinked"]
    rest = await client.get(
        f"/admin/audit?action=identity&cursor={only['next_cursor']}", headers=ada
    )
    assert [each["action"] for each in (await rest.json())["items"]] == ["identity.linked"]
    assert (await client.get("/admin/audit?user=x", headers=ada)).status == 400


async def test_of_somebody_who_was_erased_the_log_says_that_alone(
    client: TestClient, core: SmallCore, ada: Headers, eve: Headers
) -> None:
    her, mine = (await me(client, eve))["id"], (await me(client, ada))["id"]
    await client.patch(f"/admin/users/{her}", json={"role": "admin"}, headers=ada)
    await client.patch(f"/admin/users/{mine}", json={"role": "member"}, headers=eve)
    await client.delete("/auth/me", headers=eve)
    await core.accounts.admin.appoint("ada")
    log = (await (await client.get("/admin/audit", headers=ada)).json())["items"]
    assert her not in str(log)
    assert "eve" not in str(log)
    assert {"account.erased", "user.role"} <= {each["action"] for each in log}
    theirs = [each for each in log if each["subject_id"] == mine and each["actor_id"] is None]
    assert {each["address"] for each in theirs} == {""}
    assert len(log) == IsInt(ge=4)
