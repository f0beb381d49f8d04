"""Events about messages that are there: `message_changed` and `message_deleted`.

docs.slack.dev/reference/events/message/message_changed and message_deleted
"""

from typing import Any

from sandbox.slack.payloads import Payload
from sandbox.slack.shapes import message_json
from sandbox.slack.workspace import Message, Workspace


def changed_event(
    space: Workspace, message: Message, text: str | None, shown: dict[str, Any]
) -> Payload:
    """Changes a message and tells of it; without a text only what is `shown` beside it changes."""
    before = message_json(space, message)
    for name, value in shown.items():
        setattr(message, name, value)
    if text is not None:
        message.text = text
        message.edited_ts = space.next_ts()
    return _about(space, message, "message_changed") | {
        "message": message_json(space, message),
        "previous_message": before,
    }


def deleted_event(space: Workspace, message: Message) -> Payload:
    """Takes a message away and tells of it. One that has replies leaves a tombstone."""
    before = message_json(space, message)
    message.deleted = True
    if "reply_count" in before:
        kept = {name: before[name] for name in ("ts", "thread_ts", "reply_count", "latest_reply")}
        stone = {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "hidden": True}
        words = {"text": "This message was deleted."}
        about = _about(space, message, "message_changed")
        return about | {"message": kept | stone | words, "previous_message": before}
    about = _about(space, message, "message_deleted")
    return about | {"deleted_ts": message.ts, "previous_message": before}


def _about(space: Workspace, message: Message, subtype: str) -> Payload:
    kinds = {"public": "channel", "private": "group", "im": "im"}
    return {
        "type": "message",
        "subtype": subtype,
        "hidden": True,
        "channel": message.channel,
        "channel_type": kinds[space.channels[message.channel].kind],
        "ts": space.next_ts(),
    }
