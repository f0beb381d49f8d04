"""Registering, logging in, staying logged in, leaving: over HTTP."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from aiohttp.test_utils import TestClient
from dirty_equals import IsDatetime, IsStr, IsUUID

from core.limits.limits import Limits, Rule, Rules
from core.messages import Sender
from tests.api.small_core import PASSWORD, SmallCore

ADA = {"email": "ada@example.com", "username": "ada", "password": PASSWORD}


async def test_registering_answers_a_session(client: TestClient):
    response = await client.post("/auth/register", json=ADA)
    assert response.status == 201
    assert await response.json() == {
        "user": {
            "id": IsUUID,
            "email": "ada@example.com",
            "username": "ada",
            "created_at": IsDatetime(iso_string=True),
        },
        "access_token": IsStr(min_length=100),
        "token_type": "bearer",
        "expires_in": 900,
        "refresh_token": IsStr(min_length=40),
    }
    assert response.headers["Cache-Control"] == "no-store"


async def test_a_second_registration_of_the_same_name_is_a_conflict(client: TestClient):
    await client.post("/auth/register", json=ADA)
    response = await client.post("/auth/register", json=ADA | {"email": "other@example.com"})
    assert response.status == 409
    assert (await response.json())["code"] == "CONFLICT"


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"email": "nonsense"}, "email: this does not look like an email address."),
        ({"username": "a b"}, "username: use 3 to 64"),
        ({"password": "short"}, "password: use at least 8 characters."),
        ({"password": "password1"}, "password: this one is easy to guess."),
        ({"password": "é" * 40}, "password: use at most 72 bytes"),
        ({"username": None}, "username: must be text"),
        ({"email": 5}, "email: must be text"),
        ({"admin": True}, "admin: is not known here"),
        ({"email": 5, "username": "x" * 65}, "email: must be text; username: must have at most 64"),
        ({"password": "secret\0word"}, "password: must not hold NUL characters"),
    ],
)
async def test_a_registration_that_cannot_be_names_the_field_and_the_problem(
    client: TestClient, change: dict[str, object], detail: str
):
    body = ADA | change
    response = await client.post("/auth/register", json=body)
    assert response.status == 400
    error = await response.json()
    assert error["code"] == "INVALID_INPUT"
    assert error["detail"].startswith(detail)
    assert str(body["password"]) not in await response.text()


@pytest.mark.parametrize("login", ["ada@example.com", "ADA"])
async def test_login_takes_the_address_or_the_name(client: TestClient, login: str):
    await client.post("/auth/register", json=ADA)
    response = await client.post("/auth/login", json={"email": login, "password": PASSWORD})
    assert response.status == 200
    assert (await response.json())["user"]["username"] == "ada"


async def test_wrong_logins_are_all_refused_in_the_same_words(client: TestClient):
    await client.post("/auth/register", json=ADA)
    told = set()
    for login, password in (("ada", "wrong-password"), ("bob", PASSWORD), ("ada", "x" * 200)):
        response = await client.post("/auth/login", json={"email": login, "password": password})
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        told.add(await response.text())
    assert len(told) == 1


async def test_five_wrong_passwords_close_an_account_for_a_while(client: TestClient):
    await client.post("/auth/register", json=ADA)
    wrong = {"email": "ada", "password": "wrong-password"}
    statuses = [(await client.post("/auth/login", json=wrong)).status for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    refused = await client.post("/auth/login", json=wrong)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert (await refused.json())["code"] == "RATE_LIMITED"
    other = {"email": "nobody", "password": "wrong-password"}
    assert (await client.post("/auth/login", json=other)).status == 401


async def test_the_right_password_ends_the_count_of_wrong_ones(client: TestClient):
    await client.post("/auth/register", json=ADA)
    for _ in range(3):
        for password in ("wrong-1", "wrong-2", PASSWORD):
            last = await client.post("/auth/login", json={"email": "ada", "password": password})
        assert last.status == 200


async def test_a_registration_names_every_field_that_is_wrong(client: TestClient):
    body = {"email": "nonsense", "username": "a b", "password": "short"}
    response = await client.post("/auth/register", json=body)
    assert response.status == 400
    detail = (await response.json())["detail"]
    for told in ("email: this", "username: use 3", "password: use at least 8"):
        assert told in detail


async def test_the_right_password_counts_for_nothing_however_often_it_comes_at_once(
    client: TestClient,
):
    await client.post("/auth/register", json=ADA)
    right = {"email": "ada", "password": PASSWORD}
    answers = await asyncio.gather(*(client.post("/auth/login", json=right) for _ in range(12)))
    assert {answer.status for answer in answers} == {200}


async def test_wrong_passwords_at_once_are_no_more_than_one_after_another(client: TestClient):
    await client.post("/auth/register", json=ADA)
    wrong = {"email": "ada", "password": "wrong-password"}
    answers = await asyncio.gather(*(client.post("/auth/login", json=wrong) for _ in range(12)))
    assert sorted(answer.status for answer in answers) == [401] * 5 + [429] * 7


async def test_registrations_are_counted_by_address(client: TestClient, core: SmallCore):
    core.limits = Limits(core.settings, Rules(register=Rule(2)))
    statuses = [
        (
            await client.post(
                "/auth/register",
                json=ADA | {"username": f"ada{i}", "email": f"ada{i}@example.com"},
            )
        ).status
        for i in range(3)
    ]
    assert statuses == [201, 201, 429]


async def test_a_refresh_token_works_once_and_its_reuse_ends_the_family(client: TestClient):
    session = await (await client.post("/auth/register", json=ADA)).json()
    first = {"refresh_token": session["refresh_token"]}
    renewed = await client.post("/auth/refresh", json=first)
    assert renewed.status == 200
    second = {"refresh_token": (await renewed.json())["refresh_token"]}
    assert (await client.post("/auth/refresh", json=first)).status == 401
    assert (await client.post("/auth/refresh", json=second)).status == 401


async def test_logging_out_ends_the_session(client: TestClient):
    session = await (await client.post("/auth/register", json=ADA)).json()
    token = {"refresh_token": session["refresh_token"]}
    response = await client.post("/auth/logout", json=token)
    assert (response.status, await response.text()) == (204, "")
    assert (await client.post("/auth/refresh", json=token)).status == 401
    assert (await client.post("/auth/logout", json=token)).status == 204


async def test_me_tells_who_i_am_on_every_platform(
    client: TestClient, core: SmallCore, ada: dict[str, str]
):
    me = await (await client.get("/auth/me", headers=ada)).json()
    assert me == {
        "id": IsUUID,
        "email": "ada@example.com",
        "username": "ada",
        "created_at": IsDatetime(iso_string=True),
        "identities": [],
        "connections": [],
        "preferences": {},
        "role": "admin",
        "email_verified": False,
    }
    async with core.database.begin() as uow:
        chatter = await uow.users.of(Sender("slack", "U1", "ada", "T1"))
        assert await uow.users.identities(chatter.id)


async def test_erasing_an_account_ends_its_tokens_and_frees_its_name(
    client: TestClient, ada: dict[str, str]
):
    assert (await client.delete("/auth/me", headers=ada)).status == 204
    gone = await client.get("/auth/me", headers=ada)
    assert gone.status == 401
    assert (await client.post("/auth/register", json=ADA)).status == 201


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Basic YWRhOmFkYQ=="},
        {"Authorization": "Bearer " + "a" * 5000},
    ],
)
async def test_who_does_not_prove_who_they_are_is_told_to_log_in(
    client: TestClient, headers: dict[str, str]
):
    for method, path in (
        ("GET", "/auth/me"),
        ("POST", "/content/generate"),
        ("GET", "/content/history"),
        ("GET", f"/content/{uuid4()}"),
        ("GET", "/notion/destinations"),
    ):
        response = await client.request(method, path, headers=headers)
        assert response.status == 401, path
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert (await response.json())["code"] == "UNAUTHORIZED"


@pytest.mark.parametrize(
    ("name", "status"),
    [("evil.example", 403), ("localhost", 201), ("127.0.0.1", 201), ("[::1]", 201)],
)
async def test_a_page_whose_name_leads_to_this_machine_is_no_page_of_ours(
    client: TestClient, name: str, status: int
):
    host = f"{name}:{client.port}"
    body = {"email": "ada@example.com", "username": "ada", "password": PASSWORD}
    headers = {"Host": host, "Origin": f"http://{host}"}
    answer = await client.post("/auth/register", json=body, headers=headers)
    assert answer.status == status, await answer.text()
