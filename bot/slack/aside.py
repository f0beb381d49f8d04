"""Where something can be said later about what somebody asked for. Pure."""

from __future__ import annotations

from core.ports import Address, Reply

# Who and where; none of the ways to answer that end after half an hour.
_KEPT = ("channel_id", "team_id", "enterprise_id", "via_team", "via_enterprise", "user_id")


def aside(address: Address, reply: Reply | None) -> Address | None:
    """The thread of the answer, or of the message that was saved; the channel where none is known.

    None where there is no channel.
    """
    kept = {name: address[name] for name in _KEPT if address.get(name)}
    if not address.get("channel_id"):
        return None
    blank = {
        "response_url": "",
        "delivery": "",
        "accepted_at": "0",
        "enterprise_id": "",
        "told": "yes",
    }
    if reply is not None and reply.get("ts"):
        said_in = {"channel_id": reply["channel"], "thread": reply["thread"] or reply["ts"]}
        return blank | kept | said_in
    thread = address.get("thread") or address.get("message", "")
    # What a reaction or a menu names is a message, which may itself stand in a thread.
    return blank | kept | ({"thread": thread, "aside": "yes"} if thread else {})
