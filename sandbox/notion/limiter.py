"""Notion's budget of requests for each connection.

180 a minute by default, spent at any pace within a 60-second window; `Retry-After` is the time
until the window ends. https://developers.notion.com/reference/request-limits
"""

import math
from dataclasses import dataclass, field

from sandbox.notion.errors import RefusedError
from sandbox.notion.store import Clock

WINDOW_SECONDS = 60


@dataclass
class RequestBudget:
    """Counts by token; `limit` None never refuses."""

    limit: int | None
    clock: Clock
    _windows: dict[str, tuple[float, int]] = field(default_factory=dict)

    def spend(self, token: str) -> None:
        """Raises RefusedError, `rate_limited`, when the token's window has no request left."""
        if self.limit is None:
            return
        now = self.clock()
        start, used = self._windows.get(token, (now, 0))
        if now - start >= WINDOW_SECONDS:
            start, used = now, 0
        if used >= self.limit:
            raise _too_fast(math.ceil(start + WINDOW_SECONDS - now))
        self._windows[token] = (start, used + 1)


def _too_fast(seconds: int) -> RefusedError:
    return RefusedError(
        "rate_limited",
        "You have been rate limited. Please try again in a few minutes.",
        headers={"Retry-After": str(seconds)},
        additional_data={
            "rate_limit_reason": "public_api_request_rate_limit",
            "retry_after": str(seconds),
        },
    )
