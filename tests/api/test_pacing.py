"""How often one may ask, and how an answer tells of it."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestClient
from dirty_equals import IsStr

from core.limits.limits import Limits, Rule, Rules
from tests.api.conftest import Join, Start
from tests.api.small_core import PASSWORD, SmallCore

Headers = dict[str, str]
NAMES = ("Limit", "Remaining", "Reset", "Policy")


def told(headers: object) -> tuple[str | None, ...]:
    return tuple(headers.get(f"RateLimit-{name}") for name in NAMES)  # type: ignore[attr-defined]


def rule(core: SmallCore, **rules: Rule) -> None:
    core.limits = Limits(core.settings, Rules(**rules))
    core.links.limits = core.limits


async def test_an_answer_says_how_much_is_left(client: TestClient, core: SmallCore, ada: Headers):
    rule(core, person=Rule(3), token=Rule(50))
    for left in ("2", "1", "0"):
        response = await client.get("/auth/me", headers=ada)
        assert response.status == 200
        assert told(response.headers) == ("3", left, IsStr(regex=r"\d+"), "3;w=60")
    refused = await client.get("/auth/me", headers=ada)
    assert (refused.status, (await refused.json())["code"]) == (429, "RATE_LIMITED")
    assert told(refused.headers)[:2] == ("3", "0")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Reset"] == refused.headers["Retry-After"]


async def test_one_token_leaves_its_owner_the_rest(
    client: TestClient, core: SmallCore, ada: Headers
):
    rule(core, token=Rule(2), person=Rule(50))
    body = {"email": "ada", "password": PASSWORD}
    other = await (await client.post("/auth/login", json=body)).json()
    for status in (200, 200, 429):
        assert (await client.get("/auth/me", headers=ada)).status == status
    headers = {"Authorization": f"Bearer {other['access_token']}"}
    assert (await client.get("/auth/me", headers=headers)).status == 200


async def test_everybody_is_counted_apart(
    client: TestClient, core: SmallCore, ada: Headers, join: Join
):
    eve = await join("eve")
    rule(core, person=Rule(1))
    for who in (ada, eve):
        assert (await client.get("/auth/me", headers=who)).status == 200
        assert (await client.get("/auth/me", headers=who)).status == 429


@pytest.mark.parametrize(
    ("name", "path"),
    [("export", "/content/export"), ("places", "/notion/destinations")],
)
async def test_a_route_has_a_limit_of_its_own(
    client: TestClient, core: SmallCore, ada: Headers, name: str, path: str
):
    rule(core, **{name: Rule(1)})
    first = await client.get(path, headers=ada)
    assert (first.status, told(first.headers)[:2]) == (200, ("1", "0"))
    assert (await client.get(path, headers=ada)).status == 429
    assert (await client.get("/auth/me", headers=ada)).status == 200


async def test_new_texts_are_told_of_where_they_are_scarce(
    client: TestClient, core: SmallCore, ada: Headers
):
    rule(core, generate=Rule(1))
    first = await client.post("/content/generate", json={"prompt": "x"}, headers=ada)
    assert (first.status, told(first.headers)[:2]) == (200, ("1", "0"))
    second = await client.post("/content/generate", json={"prompt": "x"}, headers=ada)
    assert (second.status, told(second.headers)[:2]) == (429, ("1", "0"))


async def test_logging_in_counts_by_address_with_everything_else(
    client: TestClient, core: SmallCore
):
    rule(core, login=Rule(50), anyone=Rule(2))
    body = {"email": "nobody", "password": PASSWORD}
    statuses = [(await client.post("/auth/login", json=body)).status for _ in range(3)]
    assert statuses == [401, 401, 429]


async def test_probes_are_not_counted(start: Start, core: SmallCore):
    rule(core, anyone=Rule(1))
    client = await start()
    for _ in range(3):
        response = await client.get("/health/live")
        assert (response.status, told(response.headers)) == (200, (None,) * 4)
