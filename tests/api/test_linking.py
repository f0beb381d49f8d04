"""Linking a chat identity, unlinking it, and what a person changes of themselves: over HTTP."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from aiohttp.test_utils import TestClient
from dirty_equals import IsDatetime, IsStr, IsUUID
from sqlalchemy import update

from core.messages import Call, Request, Sender
from core.storage.content import Written
from core.storage.tables import link_codes
from tests.api.conftest import Join
from tests.api.small_core import SmallCore

ADA_IN_SLACK = Sender("slack", "U1", "Ada", "T1")
Headers = dict[str, str]


async def code(core: SmallCore) -> str:
    """What `/notion link` shows Ada in Slack."""
    request = Request(uuid4(), ADA_IN_SLACK, Call("link"), {"workspace": "acme"})
    async with core.database.begin() as unit:
        await unit.users.of(ADA_IN_SLACK)
    await core.links.offer(request)
    return core.links.code(request.id)


async def test_a_code_links_the_identity_and_its_history_comes_along(
    client: TestClient, core: SmallCore, ada: Headers
):
    body = {"code": await code(core)}
    item = uuid4()
    async with core.database.begin() as unit:
        chat = (await unit.users.of(ADA_IN_SLACK)).id
        await unit.content.begin(item, chat, "from chat", None)
        await unit.content.finish(item, Written("Text", "openai", "m", None, 1, 1))
    identity = {
        "id": IsUUID,
        "platform": "slack",
        "workspace": "T1",
        "name": "Ada",
        "created_at": IsDatetime(iso_string=True),
    }
    seen = await client.post("/auth/link/preview", json=body, headers=ada)
    assert (seen.status, await seen.json()) == (200, identity | {"workspace": "acme"})
    assert (await (await client.get("/auth/me", headers=ada)).json())["identities"] == []
    linked = await client.post("/auth/link", json=body, headers=ada)
    assert (linked.status, await linked.json()) == (200, identity)
    assert (await (await client.get("/auth/me", headers=ada)).json())["identities"] == [identity]
    history = await (await client.get("/content/history", headers=ada)).json()
    assert [each["prompt"] for each in history["items"]] == ["from chat"]
    assert len(core.begun) == 1, "the chat hears of it"
    again = await client.post("/auth/link", json=body, headers=ada)
    assert (again.status, (await again.json())["code"]) == (409, "CONFLICT")


async def test_a_repeat_with_the_same_key_gets_the_first_answer(
    client: TestClient, core: SmallCore, ada: Headers
):
    keyed, body = ada | {"Idempotency-Key": "once"}, {"code": await code(core)}
    answers = [await client.post("/auth/link", json=body, headers=keyed) for _ in range(2)]
    assert [each.status for each in answers] == [200, 200]
    assert await answers[0].json() == await answers[1].json()


async def test_nobody_links_without_logging_in_or_by_looking(client: TestClient, core: SmallCore):
    body = {"code": await code(core)}
    for path in ("/auth/link", "/auth/link/preview", "/auth/link/code"):
        assert (await client.post(path, json=body)).status == 401
    for path in ("/auth/link", f"/link?code={body['code']}"):
        await client.get(path)
    async with core.database.read() as unit:
        user = await unit.users.find(ADA_IN_SLACK)
    assert user is not None
    assert user.email is None


async def test_another_sites_page_links_nothing(client: TestClient, core: SmallCore, ada: Headers):
    elsewhere = ada | {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    body = {"code": await code(core)}
    for path, sent in (
        ("/auth/link", body),
        ("/auth/link/preview", body),
        ("/auth/link/code", None),
    ):
        response = await client.post(path, json=sent, headers=elsewhere)
        assert (response.status, (await response.json())["code"]) == (403, "FORBIDDEN")
    assert (await client.post("/auth/link", json=body, headers=ada)).status == 200


async def test_a_second_account_cannot_use_what_the_first_has_opened(
    client: TestClient, core: SmallCore, ada: Headers, join: Join
):
    body = {"code": await code(core)}
    eve = await join("eve")
    assert (await client.post("/auth/link/preview", json=body, headers=ada)).status == 200
    assert (await client.post("/auth/link", json=body, headers=eve)).status == 403
    assert (await client.post("/auth/link", json=body, headers=ada)).status == 200


async def test_of_two_accounts_that_hand_in_a_code_at_once_one_is_linked(
    client: TestClient, core: SmallCore, ada: Headers, join: Join
):
    body = {"code": await code(core)}
    racers = [ada, *[await join(f"racer-{number}") for number in range(3)]]
    answers = await asyncio.gather(
        *(client.post("/auth/link", json=body, headers=each) for each in racers)
    )
    statuses = sorted(each.status for each in answers)
    assert statuses == [200, 409, 409, 409]
    linked = [
        len((await (await client.get("/auth/me", headers=each)).json())["identities"])
        for each in racers
    ]
    assert sorted(linked) == [0, 0, 0, 1]
    assert linked[[each.status for each in answers].index(200)] == 1


async def test_a_code_ends_after_ten_minutes(client: TestClient, core: SmallCore, ada: Headers):
    body = {"code": await code(core)}
    assert (await client.post("/auth/link/preview", json=body, headers=ada)).status == 200
    async with core.database.engine.begin() as connection:
        ended = datetime.now(UTC) - timedelta(seconds=1)
        await connection.execute(update(link_codes).values(expires_at=ended))
    for path in ("/auth/link/preview", "/auth/link"):
        refused = await client.post(path, json=body, headers=ada)
        assert (refused.status, (await refused.json())["code"]) == (400, "INVALID_INPUT")
    assert (await (await client.get("/auth/me", headers=ada)).json())["identities"] == []


async def test_a_code_that_is_none_is_refused_and_not_repeated(client: TestClient, ada: Headers):
    response = await client.post("/auth/link", json={"code": "NONSENSE"}, headers=ada)
    assert response.status == 400
    assert "/notion link" in await response.text()
    assert "NONSENSE" not in await response.text()


async def test_a_code_for_the_chat_is_short_and_typed(
    client: TestClient, core: SmallCore, ada: Headers
):
    response = await client.post("/auth/link/code", headers=ada)
    assert response.status == 201
    made = await response.json()
    assert made == {"code": IsStr(regex=r"[A-Z2-7]{5}-[A-Z2-7]{5}"), "expires_in": 600}
    await code(core)
    await core.links.redeem(ADA_IN_SLACK, made["code"])
    [identity] = (await (await client.get("/auth/me", headers=ada)).json())["identities"]
    assert identity["name"] == "Ada"


async def test_unlinking_is_the_owners_alone(
    client: TestClient, core: SmallCore, ada: Headers, join: Join
):
    linked = await client.post("/auth/link", json={"code": await code(core)}, headers=ada)
    path = f"/auth/identities/{(await linked.json())['id']}"
    eve = await join("eve")
    for where, who in (
        (path, eve),
        (f"/auth/identities/{uuid4()}", ada),
        ("/auth/identities/x", ada),
    ):
        response = await client.delete(where, headers=who)
        assert (response.status, (await response.json())["code"]) == (404, "NOT_FOUND")
        assert "identity" in await response.text()
    assert (await client.delete(path, headers=ada)).status == 204
    assert (await client.delete(path, headers=ada)).status == 404
    assert (await (await client.get("/auth/me", headers=ada)).json())["identities"] == []


# ── PATCH /auth/me ───────────────────────────────────────────────────────────────────────────────


async def test_what_is_named_is_changed_and_the_rest_stays(client: TestClient, ada: Headers):
    async def patched(body: object) -> dict[str, object]:
        response = await client.patch("/auth/me", json=body, headers=ada)
        assert response.status == 200, await response.text()
        me = await response.json()
        assert me == await (await client.get("/auth/me", headers=ada)).json()
        return me

    chosen = {"provider": "OFFLINE", "template": "retro"}
    me = await patched({"preferences": chosen})
    assert (me["username"], me["preferences"]) == (
        "ada",
        {"provider": "offline", "template": "retro"},
    )
    me = await patched({"username": "countess", "preferences": {"template": None}})
    assert (me["username"], me["preferences"]) == ("countess", {"provider": "offline"})
    assert await patched({}) == me


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"username": "a b"}, 400, "username: use 3 to 64"),
        ({"username": "BOB"}, 409, "taken"),
        ({"username": 5}, 400, "username: must be text"),
        ({"email": "x@example.com"}, 400, "email: is not known here"),
        ({"preferences": {"provider": "nobody"}}, 400, "provider: there is no “nobody”"),
        ({"preferences": {"model": "two words"}}, 400, "model: give its name"),
        ({"preferences": {"save": "on"}}, 400, "preferences.save"),
        ({"preferences": {"template": "retr"}}, 400, "Did you mean retro?"),
        ({"preferences": {"colour": "red"}}, 400, "preferences.colour: is not known here"),
        ({"preferences": []}, 400, "preferences"),
    ],
)
async def test_what_cannot_be_is_refused_whole(
    client: TestClient, ada: Headers, join: Join, body: dict[str, object], status: int, told: str
):
    await join("bob")
    before = await (await client.get("/auth/me", headers=ada)).json()
    response = await client.patch("/auth/me", json={"username": "other"} | body, headers=ada)
    assert response.status == status
    assert told in (await response.json())["detail"]
    assert await (await client.get("/auth/me", headers=ada)).json() == before


async def test_the_own_template_is_what_an_item_begins_with(
    client: TestClient, core: SmallCore, ada: Headers
):
    await client.patch("/auth/me", json={"preferences": {"template": "retro"}}, headers=ada)
    found = []
    for named in ({}, {"template": "brief"}, {"template": "none"}):
        wish = {"prompt": "a plan"} | named
        made = await (await client.post("/content/generate", json=wish, headers=ada)).json()
        item = await client.get(f"/content/{made['id']}", headers=ada)
        found.append((await item.json())["template"])
    assert found == ["retro", "brief", None]


async def test_votes_are_in_the_history_and_the_export(
    client: TestClient, core: SmallCore, ada: Headers
):
    made = await (await client.post("/content/generate", json={"prompt": "x"}, headers=ada)).json()
    async with core.database.begin() as unit:
        chat = (await unit.users.of(ADA_IN_SLACK)).id
        await unit.ratings.rate(core.accepted[0].id, chat, good=True)
    votes = '"ratings":{"up":1,"down":0}'
    for path in ("/content/history", "/content/export", f"/content/{made['id']}"):
        assert votes in await (await client.get(path, headers=ada)).text(), path


# ── The page ─────────────────────────────────────────────────────────────────────────────────────


async def test_the_page_is_the_same_for_every_code(client: TestClient):
    html = await (await client.get("/link")).text()
    assert await (await client.get("/link?code=SEEN")).text() == html
    assert "SEEN" not in html
