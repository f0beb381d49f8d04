"""The app's messages since a request, and what they say of themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import structlog

from bot.slack.messages import EVENT_TYPE, stopped_by
from bot.slack.web import NoAnswer, Refused, Web
from core.ports import Address

# Clocks differ; so much earlier than the command, in seconds, a search begins.
_SKEW = 60.0
_SEARCHED_PAGES = 5
_PAGE = 200

_log = structlog.get_logger(__name__)


async def sent(
    web: Web, address: Address, thread: str
) -> AsyncIterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The app's messages since the command, with what their metadata says of them.

    A stream has no metadata before its end: its `marker` is told by its button, and its `stream` is
    "yes". Nothing where the app may not read the channel: then a lost attempt is sent again.
    """
    method = "conversations.replies" if thread else "conversations.history"
    arguments: dict[str, Any] = {
        "channel": address["channel_id"],
        "oldest": f"{float(address['accepted_at']) - _SKEW:.6f}",
        "include_all_metadata": True,
        "limit": _PAGE,
    } | ({"ts": thread} if thread else {})
    for _ in range(_SEARCHED_PAGES):
        try:
            page = await web.read(method, **arguments)
        except (Refused, NoAnswer) as failure:
            _log.warning("slack history not readable", reason=failure.message)
            return
        for message in page.get("messages", []):
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == EVENT_TYPE:
                yield message, metadata.get("event_payload") or {}
            elif item := stopped_by(message):
                yield message, {"marker": f"{item}:0", "draft": "yes", "stream": "yes"}
        arguments["cursor"] = (page.get("response_metadata") or {}).get("next_cursor", "")
        if not arguments["cursor"]:
            return
