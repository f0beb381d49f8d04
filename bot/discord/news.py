"""What the gateway tells of messages that are there already: edited, or deleted. Pure.

https://docs.discord.com/developers/events/gateway-events#message-update and `#message-delete`
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

Json = dict[str, Any]

DELETED = frozenset({"MESSAGE_DELETE", "MESSAGE_DELETE_BULK"})


def gone(data: Json) -> list[str]:
    """The ids of messages that were deleted."""
    return [str(each) for each in data.get("ids") or [data.get("id")] if each]


def is_whole(data: Json) -> bool:
    """Whether an event tells all of a message: an older server tells what changed, and no more."""
    return all(name in data for name in ("content", "attachments", "author", "timestamp"))


def told_at(data: Json) -> float:
    """When a message became as it is, in epoch seconds; now where that is not told."""
    try:
        return datetime.fromisoformat(str(data.get("edited_timestamp"))).timestamp()
    except ValueError:
        return time.time()
