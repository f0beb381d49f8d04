"""What is known is not sent again, and what was changed since is not overwritten."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestClient

from tests.api.small_core import SmallCore

Headers = dict[str, str]


async def written(client: TestClient, ada: Headers) -> str:
    async with client.post("/content/generate", json={"prompt": "x"}, headers=ada) as response:
        return f"/content/{(await response.json())['id']}"


@pytest.mark.parametrize("what", ["item", "me"])
async def test_what_is_known_is_not_sent_again(client: TestClient, ada: Headers, what: str):
    path = await written(client, ada) if what == "item" else "/auth/me"
    first = await client.get(path, headers=ada)
    etag = first.headers["ETag"]
    assert etag.startswith('"')
    assert first.headers["Cache-Control"] == "private, no-cache"
    for known in (etag, f'"other", W/{etag}', "*"):
        again = await client.get(path, headers=ada | {"If-None-Match": known})
        assert (again.status, await again.text(), again.headers["ETag"]) == (304, "", etag)
    for unknown in ('"other"', "nonsense", ""):
        again = await client.get(path, headers=ada | {"If-None-Match": unknown})
        assert (again.status, await again.json()) == (200, await first.json())


async def test_a_change_makes_another_tag(client: TestClient, core: SmallCore, ada: Headers):
    path = await written(client, ada)
    before = (await client.get(path, headers=ada)).headers["ETag"]
    assert (await client.post(f"{path}/notion", json={}, headers=ada)).status == 200
    after = await client.get(path, headers=ada | {"If-None-Match": before})
    assert after.status == 200
    assert after.headers["ETag"] != before


async def test_nobody_overwrites_what_they_have_not_seen(client: TestClient, ada: Headers):
    seen = (await client.get("/auth/me", headers=ada)).headers["ETag"]

    async def renamed(name: str, etag: str) -> tuple[int, str | None]:
        response = await client.patch(
            "/auth/me", json={"username": name}, headers=ada | {"If-Match": etag}
        )
        return response.status, response.headers.get("ETag")

    status, newer = await renamed("countess", seen)
    assert status == 200
    assert newer == (await client.get("/auth/me", headers=ada)).headers["ETag"]
    assert (await renamed("lovelace", seen))[0] == 412
    assert newer is not None
    assert (await renamed("lovelace", f"W/{newer}"))[0] == 412, "a weak one is not enough"
    assert (await renamed("lovelace", "nonsense"))[0] == 412
    me = await (await client.get("/auth/me", headers=ada)).json()
    assert me["username"] == "countess"
    assert (await renamed("lovelace", f'"other", {newer}'))[0] == 200
    assert (await renamed("ada", "*"))[0] == 200


async def test_what_was_changed_since_is_not_removed(client: TestClient, ada: Headers):
    path = await written(client, ada)
    seen = (await client.get(path, headers=ada)).headers["ETag"]
    await client.post(f"{path}/notion", json={}, headers=ada)
    refused = await client.delete(path, headers=ada | {"If-Match": seen})
    assert (refused.status, (await refused.json())["code"]) == (412, "PRECONDITION_FAILED")
    newer = (await client.get(path, headers=ada)).headers["ETag"]
    assert (await client.delete(path, headers=ada | {"If-Match": newer})).status == 204
    assert (await client.delete(path, headers=ada | {"If-Match": newer})).status == 404
