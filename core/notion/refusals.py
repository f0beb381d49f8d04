"""What Notion's refusals mean for the person, and whether the same request may be sent again.

https://developers.notion.com/reference/status-codes
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from core.durations import about
from core.errors import AssistantError, Misconfigured, NotionFailed, RateLimited

NOT_SHARED = (
    "Notion cannot find that page, or it is not shared with this integration. "
    "Open it in Notion, choose ••• → Connections, and add the integration."
)
_BLOCKED = "public_api_request_blocked"
_WORKSPACE = "public_api_space_request_rate_limit"
_ENDPOINT = "public_api_endpoint_rate_limit"
_OVERLOADED = 529
Limit = Literal["connection", "workspace", "endpoint"]
"""https://developers.notion.com/reference/request-limits#rate-limit-responses"""

_SHOWN = 200


class NotionRefused(NotionFailed):
    """Notion answered, and the answer was no.

    `status` is the HTTP status. `data` is `additional_data`: after a 503 it says what of the write
    was saved all the same, as `committed_resource_id` and `committed_child_ids`. `about` is what
    Notion said, with what it quotes: not for people, nor for logs.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        data: Mapping[str, Any],
        retryable: bool = False,
        unsure: bool = False,
        about: str = "",
    ) -> None:
        super().__init__(message, retryable=retryable, unsure=unsure)
        self.status = status
        self.data = data
        self.about = about


def is_gone(error: NotionRefused) -> bool:
    """Whether what was to be written to is not there, is in the trash, or is not shared."""
    return error.status == 404 or "archived" in error.about or "trash" in error.about


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer, as it came. `retry_after` is in seconds."""

    status: int
    code: str = ""
    message: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    retry_after: float | None = None

    @classmethod
    def read(cls, status: int, headers: Mapping[str, str], body: str) -> Refusal:
        """Reads an answer of any shape: a proxy before Notion may answer in HTML."""
        try:
            parsed = json.loads(body)
        except ValueError:
            parsed = {}
        fields = parsed if isinstance(parsed, dict) else {}
        data = fields.get("additional_data")
        data = data if isinstance(data, dict) else {}
        seconds = str(headers.get("retry-after") or data.get("retry_after") or "")
        return cls(
            status=status,
            code=str(fields.get("code", "")),
            message=str(fields.get("message", "")),
            data=data,
            retry_after=_seconds(seconds),
        )

    @property
    def carried_out_nothing(self) -> bool:
        """Whether the same request may be sent again, even one that writes."""
        if self.status == 429:
            return self.data.get("rate_limit_reason") != _BLOCKED
        # A conflict is a transaction that was not completed.
        return self.status in (409, _OVERLOADED)

    @property
    def limit(self) -> Limit:
        """What a 429 was about: the connection's budget, where it does not say."""
        named: dict[object, Limit] = {_WORKSPACE: "workspace", _ENDPOINT: "endpoint"}
        return named.get(self.data.get("rate_limit_reason"), "connection")

    @property
    def passing(self) -> bool:
        """Whether the trouble is Notion's own and may be over soon."""
        # 501: the server has no such thing, and will not have it in a moment.
        return (self.status >= 500 and self.status != 501) or self.carried_out_nothing

    def error(self, *, write: bool) -> AssistantError:
        """The refusal as the person should hear it."""
        if self.status == 401:
            return Misconfigured(
                "Notion does not accept the token. Put the integration's current token in "
                "NOTION_TOKEN, or connect Notion again."
            )
        if self.status in (429, _OVERLOADED):
            return self._slow_down()
        if self.status >= 500:
            return self._no(
                f"Notion has a problem of its own ({self.status}). Try again in a moment.",
                retryable=True,
                unsure=write,
            )
        if self.status == 409:
            return self._no(
                "Somebody else is changing the same page in Notion. Try again in a moment.",
                retryable=True,
            )
        return self._no(self._reason())

    def _reason(self) -> str:
        if self.status == 404:
            return NOT_SHARED
        if self.status == 403:
            return self._forbidden()
        if self.status == 413:
            return "Notion refused the page: it is too large."
        return f"Notion refused the request: {_shortened(self.message) or self.status}"

    def _forbidden(self) -> str:
        words = f"{self.message} {' '.join(map(str, self.data.values()))}".lower()
        if "block" in words and "limit" in words:
            # https://developers.notion.com/reference/workspace-block-limits
            return (
                "The Notion workspace has used up the blocks of its free plan, so Notion takes no "
                "new pages. Change its plan, or save to a page in another workspace."
            )
        return (
            "Notion does not allow this integration to do that. Give it the capabilities to read, "
            "insert and update content, in its settings in Notion."
        )

    def _slow_down(self) -> RateLimited:
        if self.data.get("rate_limit_reason") == _BLOCKED:
            return RateLimited(
                "Notion has blocked this integration's requests. Its owner has to ask Notion's "
                "support.",
                retryable=False,
            )
        who = "is overloaded" if self.status == _OVERLOADED else "asks to slow down"
        seconds = self.retry_after
        when = "in a moment" if seconds is None else f"in {about(seconds)}"
        return RateLimited(f"Notion {who}. Try again {when}.", retry_after=seconds)

    def _no(self, message: str, *, retryable: bool = False, unsure: bool = False) -> NotionRefused:
        return NotionRefused(
            message,
            status=self.status,
            data=self.data,
            retryable=retryable,
            unsure=unsure,
            about=self.message,
        )


def _seconds(text: str) -> float | None:
    """The wait that is asked for: Notion says whole seconds, a proxy before it maybe a date.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    try:
        found = float(text)
    except ValueError:
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        found = (at - datetime.now(UTC)).total_seconds() if at.tzinfo else -1.0
    return found if 0 <= found < float("inf") else None


def _shortened(message: str) -> str:
    """The reason without what it quotes: that is what the person wrote, and no matter for logs."""
    reason = " ".join(message.partition(", instead was")[0].split())
    return reason if len(reason) <= _SHOWN else f"{reason[: _SHOWN - 1]}…"
