"""The app's messages since a request, and what they say of themselves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import structlog

from bot.slack.messages import EVENT_TYPE, Us, is_ours, stopped_by
from bot.slack.notes import reply_of
from bot.slack.web import NoAnswer, Refused, Web
from core.ports import Address, Reply

# Clocks differ; so much earlier than the command, in seconds, a search begins.
_SKEW = 60.0
_SEARCHED_PAGES = 5
_PAGE = 200

_log = structlog.get_logger(__name__)


async def sent(
    web: Web, address: Address, thread: str, us: Us | None = None
) -> AsyncIterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The app's messages since the command, with what their metadata says of them.

    A stream has no metadata before its end: its `marker` is told by its button, and its `stream` is
    "yes". One without buttons has no `marker`, and came after the message that is answered. Nothing
    where the app may not read the channel: then a lost attempt is sent again.
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
            elif us is not None and _is_bare(message, address, us):
                yield message, {"draft": "yes", "stream": "yes"}
        arguments["cursor"] = (page.get("response_metadata") or {}).get("next_cursor", "")
        if not arguments["cursor"]:
            return


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message looked for: by its marker, or where `us` is given perhaps one without.

    `marker_of` tells whose the streams are that this process knows.
    """

    marker: str
    marker_of: Callable[[str], str]
    us: Us | None = None


async def find(web: Web, address: Address, thread: str, wanted: Wanted) -> Reply | None:
    """The message; what shows its end comes before a draft, and that before one that does not tell
    whose it is: of those the newest, for it had just begun when its process died."""
    others = {one.get("ts") for one in json.loads(address.get("unmarked") or "[]")}
    ends: list[Reply] = []
    drafts: list[Reply] = []
    bare: list[Reply] = []
    async for message, payload in sent(web, address, thread, wanted.us):
        known = payload.get("marker", wanted.marker_of(message["ts"]) or wanted.marker)
        if known != wanted.marker or message["ts"] in others:
            continue
        via, where = payload.get("stream") == "yes", address["channel_id"]
        reply = reply_of(where, message["ts"], thread, wanted.marker, stream=via)
        ended = payload.get("draft") != "yes"
        (ends if ended else drafts if "marker" in payload else bare).append(reply)
    return next(iter([*ends, *drafts, *bare[::-1]]), None)


def _is_bare(message: dict[str, Any], address: Address, us: Us) -> bool:
    """Whether it may be a stream without buttons: the app's, after the question, and no answer that
    has ended, for those have buttons or say whose they are."""
    bare = not message.get("metadata") and not any(
        block.get("type") == "actions" for block in message.get("blocks") or []
    )
    try:
        after = float(message.get("ts") or 0) > float(address.get("message") or "inf")
    except ValueError:
        return False
    return bare and after and is_ours(message, us)
