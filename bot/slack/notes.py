"""What a request's address says of its answer, and what messages note about themselves. Pure."""

from __future__ import annotations

from typing import Any

from bot.slack.messages import EVENT_TYPE
from core.ports import Address, Part, Reply

_LONGEST_NAME = 80


def is_pressed(address: Address) -> bool:
    """Whether a button was pressed, rather than a command typed."""
    return address.get("pressed") == "yes"


def is_private(address: Address) -> bool:
    """Whether the answer is for the asker alone."""
    return address.get("private") == "yes"


def aside(address: Address) -> dict[str, str]:
    """The thread for a message to one person: Slack shows those in threads that have begun.

    https://docs.slack.dev/reference/methods/chat.postEphemeral
    """
    thread = address.get("thread", "")
    return {"thread_ts": thread} if thread and thread != address.get("message") else {}


def whispered(address: Address) -> tuple[str, dict[str, Any]]:
    """The method and the place for what one person alone is to see.

    In their direct messages with the app they are alone: there it is said to stay, for what Slack
    shows one person is gone when they look again. (A command among people has a response URL.)
    """
    channel, thread = address["channel_id"], address.get("thread", "")
    if channel.startswith("D") and not address["response_url"]:
        # Read again, the thread is without what a command said in between.
        noted = metadata_of({**address, "told": "yes"}, {"place": "first"}, "")
        place = {"thread_ts": thread} if thread else {}
        return "chat.postMessage", {"channel": channel, "metadata": noted} | place
    where = {"channel": channel, "user": address["user_id"]}
    return "chat.postEphemeral", where | aside(address)


def signed(address: Address, part: Part, channel: str, thread: str) -> Part:
    """The part with who asked for it, for a message of its own in a channel.

    Slack shows nobody the command that an app's message answers, and its buttons are that person's
    alone. The name is plain text, which mentions nobody. In direct messages, those by somebody's id
    among them, there is nobody else.
    https://docs.slack.dev/reference/block-kit/blocks/context-block
    """
    asker, blocks = address.get("asker", ""), part["blocks"]
    if not asker or thread or part["place"] == "more" or channel.startswith(("D", "U", "W")):
        return part
    said = {"type": "plain_text", "text": f"Asked by {asker[:_LONGEST_NAME]}", "emoji": False}
    at = next((n for n, block in enumerate(blocks) if block["type"] == "actions"), len(blocks))
    note = {"type": "context", "elements": [said]}
    return part | {"blocks": [*blocks[:at], note, *blocks[at:]]}


def metadata_of(address: Address, part: Part, marker: str) -> dict[str, Any]:
    """What a message carries so that it is found again, and known for what it is.

    https://docs.slack.dev/messaging/message-metadata
    """
    payload = {"marker": marker, "delivery": address["delivery"]}
    if "yes" in (address.get("marked"), address.get("told")):
        # Read again, the thread is what people said, without the app's word on saving it.
        payload["marked"] = "yes"
    if part["place"] == "draft":
        payload["draft"] = "yes"
    return {"event_type": EVENT_TYPE, "event_payload": payload}


def reply_of(channel: str, ts: str, thread: str, marker: str, *, stream: bool = False) -> Reply:
    """A message that was sent with a token."""
    via = "stream" if stream else "chat"
    return {"via": via, "channel": channel, "ts": ts, "thread": thread, "marker": marker}
