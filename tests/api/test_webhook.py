"""`POST /notion/webhook`, as Notion calls it."""

from __future__ import annotations

from aiohttp.test_utils import TestClient

from core.announcing import webhook_tokens
from sandbox.notion.webhooks import Subscription
from tests.api.small_core import SmallCore

PAGE = "11111111-2222-4333-8444-555555555555"


async def test_notion_hands_its_token_over_and_signs_from_then_on(
    client: TestClient, core: SmallCore
) -> None:
    hook = Subscription(str(client.make_url("/notion/webhook")))
    event = hook.event("page.content_updated", PAGE)
    assert await hook.deliver(event) == 401
    assert await hook.verify() == 200
    assert await webhook_tokens(core.settings, core.database) == [(hook.token, False)]
    assert await hook.deliver(event) == 200
    assert await hook.deliver(event) == 200
    assert await hook.deliver(event, token="forged") == 401
    assert await webhook_tokens(core.settings, core.database) == [(hook.token, True)]


async def test_what_makes_no_sense_is_refused(client: TestClient) -> None:
    for body, status in ((b"{", 400), (b"[]", 400), (b"{}", 401), (b"x" * 300_000, 413)):
        async with client.post("/notion/webhook", data=body) as answer:
            assert answer.status == status, body[:10]
