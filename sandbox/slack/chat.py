"""chat.*: posting, editing, deleting and linking to messages."""

from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.errors import SlackRefusal
from sandbox.slack.rules import (
    POST_TEXT,
    UPDATE_TEXT,
    check_blocks,
    check_markdown,
    check_metadata,
)
from sandbox.slack.shapes import message_json
from sandbox.slack.workspace import Block, Channel, Message, Workspace

Result = dict[str, Any]

TRUNCATED = {
    "warning": "message_truncated",
    "response_metadata": {"warnings": ["message_truncated"]},
}


def read_content(args: Arguments) -> tuple[str, list[Block]]:
    """The text and blocks of a message to post or edit.

    Raises SlackRefusal `no_text`, `markdown_text_conflict`, `msg_too_long`, `invalid_blocks`.
    """
    text, blocks = args.text("text"), check_blocks(args.get("blocks"))
    markdown = args.text("markdown_text")
    if markdown:
        if text or blocks:
            raise SlackRefusal("markdown_text_conflict")
        return check_markdown(markdown), [{"type": "markdown", "text": markdown}]
    if not text and not blocks and not args.get("attachments"):
        raise SlackRefusal("no_text")
    return text, blocks


def post_message(space: Workspace, args: Arguments) -> Result:
    """chat.postMessage: a text above 40,000 characters is cut, with a warning."""
    name = args.need("channel")
    channel = space.open_im(name) if name in space.users else space.joined(name)
    text, blocks = read_content(args)
    thread_ts = checked_thread(channel, args.text("thread_ts"))
    message = Message(
        space.next_ts(),
        channel.id,
        space.bot_user,
        text=text[:POST_TEXT],
        blocks=blocks,
        attachments=args.get("attachments") or [],
        metadata=check_metadata(args.get("metadata")),
        thread_ts=thread_ts,
        from_app=True,
    )
    space.store(message)
    answer = {
        "ok": True,
        "channel": channel.id,
        "ts": message.ts,
        "message": message_json(space, message, metadata=True),
    }
    return answer | TRUNCATED if len(text) > POST_TEXT else answer


def checked_thread(channel: Channel, ts: str) -> str | None:
    """The first message of the thread. Raises SlackRefusal `thread_not_found`."""
    if not ts:
        return None
    parent = channel.messages.get(ts)
    if parent is None or parent.deleted:
        raise SlackRefusal("thread_not_found")
    return parent.thread_ts or parent.ts


def post_ephemeral(space: Workspace, args: Arguments) -> Result:
    """chat.postEphemeral: seen by one member, kept in `Workspace.ephemeral`."""
    channel = space.joined(args.need("channel"))
    user = args.need("user")
    if user not in space.users:
        raise SlackRefusal("user_not_found")
    if user not in channel.members:
        raise SlackRefusal("user_not_in_channel")
    text, blocks = read_content(args)
    if len(text) > UPDATE_TEXT and not blocks:
        raise SlackRefusal("msg_too_long")
    message = Message(
        space.next_ts(),
        channel.id,
        space.bot_user,
        text=text,
        blocks=blocks,
        thread_ts=args.text("thread_ts") or None,
        from_app=True,
        only_for=user,
    )
    space.store(message)
    return {"ok": True, "message_ts": message.ts}


def update(space: Workspace, args: Arguments) -> Result:
    """chat.update: the app's own messages only, text of at most 4,000 characters.

    Blocks stay when they are not mentioned, and go when they are sent empty.
    """
    channel = space.joined(args.need("channel"))
    message = space.message(channel, args.need("ts"))
    if not message.from_app:
        raise SlackRefusal("cant_update_message")
    if is_streaming(space, message):
        raise SlackRefusal("streaming_state_conflict")
    text, blocks = read_content(args)
    if args.get("blocks") is None and not args.text("markdown_text"):
        blocks = message.blocks
    if len(text) > UPDATE_TEXT and not args.text("markdown_text"):
        raise SlackRefusal("msg_too_long")
    if args.get("metadata") is not None:
        message.metadata = check_metadata(args.get("metadata"))
    message.show(space.clock(), text, blocks)
    message.edited_ts = space.next_ts()
    return {
        "ok": True,
        "channel": channel.id,
        "ts": message.ts,
        "text": text,
        "message": message_json(space, message, metadata=True),
    }


def is_streaming(space: Workspace, message: Message) -> bool:
    """Whether the message's stream is open; Slack closes it some five minutes after its start."""
    stream = message.stream
    return (
        stream is not None and stream.open and space.clock() - stream.started < space.stream_seconds
    )


def delete(space: Workspace, args: Arguments) -> Result:
    """chat.delete: the app's own messages only, and not while they stream."""
    channel = space.joined(args.need("channel"))
    message = space.message(channel, args.need("ts"))
    if not message.from_app or is_streaming(space, message):
        raise SlackRefusal("cant_delete_message")
    message.deleted = True
    return {"ok": True, "channel": channel.id, "ts": message.ts}


def get_permalink(space: Workspace, args: Arguments) -> Result:
    """chat.getPermalink: the address of a message, with its thread when it is a reply."""
    channel = space.channel(args.need("channel"))
    message = space.message(channel, args.need("message_ts"))
    link = permalink(space, message)
    return {"ok": True, "channel": channel.id, "permalink": link}


def permalink(space: Workspace, message: Message) -> str:
    """The address that people copy from Slack."""
    link = (
        f"https://{space.team_domain}.slack.com/archives/{message.channel}"
        f"/p{message.ts.replace('.', '')}"
    )
    if message.thread_ts and message.thread_ts != message.ts:
        link += f"?thread_ts={message.thread_ts}&cid={message.channel}"
    return link
