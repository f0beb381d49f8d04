"""Where something can be said later about what somebody asked for. Pure."""

from __future__ import annotations

from core.ports import Address, Reply

_KEPT = ("application_id", "bot_id", "channel_id", "guild_id", "user_id", "asked_in", "home")


def aside(address: Address, reply: Reply | None) -> Address | None:
    """A reply to the answer, or to the message that was saved; the channel where neither is known.

    None where there is no channel. An interaction's token ends after a quarter of an hour, so none
    is kept.
    """
    kept = {name: address[name] for name in _KEPT if name in address}
    if not address.get("channel_id"):
        return None
    message = (reply or {}).get("id") or address.get("message", "")
    where = {"interaction_id": "", "interaction_token": "", "accepted_at": "0"}
    channel = (reply or {}).get("channel")
    said_in = {"channel_id": channel, "asked_in": channel} if channel else {}
    return where | kept | said_in | ({"message": message} if message else {})
