"""Reactions that show how far a request about a message has come."""

from __future__ import annotations

from urllib.parse import quote

import structlog

from bot.discord.rest import UNKNOWN, Refused, Rest
from core.ports import Address, Mark

EMOJI: dict[Mark, str] = {"working": "👀", "done": "✅", "failed": "⚠️"}

# Unknown emoji, too many reactions, reactions blocked: the rest of what may be refused has the
# status 403 or 404. https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
_TOLERATED = {10014, 30010, 90001}

_log = structlog.get_logger(__name__)


async def mark(rest: Rest, address: Address, wanted: Mark) -> None:
    """See CanMark. Where the message is gone, or reactions are not allowed, there is no mark.

    Only what differs is changed, for Discord takes one reaction in a quarter of a second.
    """
    path = f"/channels/{address['channel_id']}/messages/{address['message']}"
    try:
        message = await rest.as_bot("GET", path)
        shown = {
            one["emoji"].get("name") for one in message.get("reactions") or [] if one.get("me")
        }
        # The new one first: between the two nobody sees a message without a mark.
        for name, emoji in sorted(EMOJI.items(), key=lambda one: one[0] != wanted):
            if (name == wanted) != (emoji in shown):
                method = "PUT" if name == wanted else "DELETE"
                await rest.as_bot(method, f"{path}/reactions/{quote(emoji)}/@me")
    except Refused as refused:
        if refused.status not in (403, 404, *UNKNOWN) and refused.reason not in _TOLERATED:
            raise
        _log.info("a discord message cannot be marked", reason=refused.reason)
