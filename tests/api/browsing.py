"""A browser without scripts: what a form sends, and the cookies it comes with."""

from __future__ import annotations

from typing import Any

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from tests.api.small_core import PASSWORD

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
ADA = {"email": "ada@example.com", "username": "ada", "password": PASSWORD}


async def send(
    client: TestClient, path: str, given: dict[str, str] | None = None, **more: Any
) -> ClientResponse:
    """Sends a form as a page of ours does, and follows no redirect."""
    origin = str(client.make_url("/")).rstrip("/")
    headers = HTML | {"Origin": origin, "Sec-Fetch-Site": "same-origin"} | more.pop("headers", {})
    return await client.post(path, data=given or {}, headers=headers, allow_redirects=False, **more)


async def sign_up(client: TestClient, name: str = "ada") -> None:
    """Makes an account; the client's cookies are its session from then on."""
    given = ADA | {"email": f"{name}@example.com", "username": name}
    answer = await send(client, "/signup", given)
    assert answer.status == 303, await answer.text()
