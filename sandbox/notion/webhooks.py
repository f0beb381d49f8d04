"""What Notion sends to a webhook subscription, signed as Notion signs.

https://developers.notion.com/reference/webhooks
"""

import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime
from typing import Any

import aiohttp

from sandbox.notion.ids import PERSON_USER_ID, WORKSPACE_ID, new_id


class Subscription:
    """One subscription. `url` is where events go."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.token = f"secret_{secrets.token_urlsafe(24)}"
        self._id, self._integration = new_id(), new_id()

    async def verify(self) -> int:
        """The one-time request with the token; the status it was answered with."""
        return await self._send(json.dumps({"verification_token": self.token}).encode(), "")

    def event(
        self, kind: str, page_id: str, *authors: str, comment_id: str | None = None
    ) -> dict[str, Any]:
        """An event about a page, or about a comment on it; by somebody where no author is named."""
        parent = {"id": page_id, "type": "page"}
        data: dict[str, Any] = {"parent": {"id": WORKSPACE_ID, "type": "space"}}
        if kind.startswith("comment."):
            entity = {"id": comment_id or new_id(), "type": "comment"}
            data = {"parent": parent, "page_id": page_id}
        else:
            entity = parent
            if kind == "page.content_updated":
                data["updated_blocks"] = [{"id": new_id(), "type": "block"}]
        return {
            "id": new_id(),
            "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "workspace_id": WORKSPACE_ID,
            "workspace_name": "Sandbox",
            "subscription_id": self._id,
            "integration_id": self._integration,
            "authors": [{"id": one, "type": "person"} for one in authors or (PERSON_USER_ID,)],
            "attempt_number": 1,
            "api_version": "2026-03-11",
            "entity": entity,
            "type": kind,
            "data": data,
        }

    async def deliver(self, event: dict[str, Any], *, token: str | None = None) -> int:
        """Sends an event; the status it was answered with."""
        body = json.dumps(event, separators=(",", ":")).encode()
        key = (self.token if token is None else token).encode()
        return await self._send(body, f"sha256={hmac.new(key, body, hashlib.sha256).hexdigest()}")

    async def _send(self, body: bytes, signature: str) -> int:
        headers = {"Content-Type": "application/json"}
        if signature:
            headers["X-Notion-Signature"] = signature
        async with (
            aiohttp.ClientSession() as http,
            http.post(self.url, data=body, headers=headers) as answer,
        ):
            return answer.status
