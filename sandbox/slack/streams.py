"""chat.startStream, appendStream, stopStream: a reply that grows while it is written.

A stream answers a message in its thread, names its recipient in channels, takes 12,000 characters
a call and is closed by Slack after some minutes; then chat.update is what is left. What comes
first, chunks or markdown_text, is what it takes from then on; the SDK's helper sends chunks. An
agent's stream makes its thread a session that is processing, until the stream ends.
https://docs.slack.dev/reference/methods/chat.appendStream, https://docs.slack.dev/ai/agent-sessions
"""

from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.chat import Result, checked_thread, is_streaming
from sandbox.slack.errors import SlackRefusal
from sandbox.slack.rules import check_blocks, check_markdown, check_metadata
from sandbox.slack.sessions import checked_status, set_session
from sandbox.slack.shapes import message_json
from sandbox.slack.workspace import Block, Message, Stream, Workspace

TASK_STATUSES = ("pending", "in_progress", "complete", "error")


def start_stream(space: Workspace, args: Arguments) -> Result:
    """chat.startStream: refuses a missing thread, and in channels a missing recipient."""
    channel = space.joined(args.need("channel"))
    thread_ts = checked_thread(channel, args.need("thread_ts"))
    if channel.kind != "im":
        for name in ("recipient_team_id", "recipient_user_id"):
            if not args.text(name):
                raise SlackRefusal(f"missing_{name}")
        if args.text("recipient_user_id") not in space.users:
            raise SlackRefusal("user_not_found")
    text, blocks = _read_chunks(args)
    now = space.clock()
    message = Message(
        space.next_ts(),
        channel.id,
        space.bot_user,
        text=text,
        blocks=blocks,
        thread_ts=thread_ts,
        from_app=True,
        stream=Stream(started=now, fed=now, form=_form(args)),
    )
    space.store(message)
    set_session(space, message, "processing")
    return {"ok": True, "channel": channel.id, "ts": message.ts}


def append_stream(space: Workspace, args: Arguments) -> Result:
    """chat.appendStream: at least some text or one chunk."""
    message = _streaming(space, args)
    text, blocks = _read_chunks(args)
    if not text and not blocks:
        raise SlackRefusal("no_text")
    _grow(space, message, text, blocks)
    return {"ok": True, "channel": message.channel, "ts": message.ts}


def stop_stream(space: Workspace, args: Arguments) -> Result:
    """chat.stopStream: the last text, and blocks shown below it."""
    message = _streaming(space, args)
    text, blocks = _read_chunks(args)
    status = checked_status(args.text("session_status") or "active")
    message.metadata = check_metadata(args.get("metadata"))
    _grow(space, message, text, blocks + check_blocks(args.get("blocks")))
    if message.stream:
        message.stream.open = False
    set_session(space, message, status)
    return {
        "ok": True,
        "channel": message.channel,
        "ts": message.ts,
        "message": message_json(space, message, metadata=True),
    }


def _streaming(space: Workspace, args: Arguments) -> Message:
    channel = space.joined(args.need("channel"))
    message = space.message(channel, args.need("ts"))
    if message.stream is not None and message.stream.stopped:
        raise SlackRefusal("stopped_by_user")
    if not is_streaming(space, message):
        raise SlackRefusal("message_not_in_streaming_state")
    form = _form(args)
    if message.stream and form:
        if message.stream.form not in ("", form):
            raise SlackRefusal("streaming_mode_mismatch")
        message.stream.form = form
    return message


def _form(args: Arguments) -> str:
    return next((name for name in ("chunks", "markdown_text") if args.get(name)), "")


def _grow(space: Workspace, message: Message, text: str, blocks: list[Block]) -> None:
    now = space.clock()
    if message.stream:
        message.stream.fed = now
    if text or blocks:
        message.show(now, message.text + text, message.blocks + blocks)


def _read_chunks(args: Arguments) -> tuple[str, list[Block]]:
    text, blocks = check_markdown(args.text("markdown_text")), list[Block]()
    chunks = args.get("chunks") or []
    if not isinstance(chunks, list):
        raise SlackRefusal("invalid_chunks")
    if text and chunks:
        raise SlackRefusal("markdown_text_conflict")
    for chunk in chunks:
        piece, shown = _read_chunk(chunk)
        text, blocks = text + piece, blocks + shown
    return check_markdown(text), blocks


def _read_chunk(chunk: Any) -> tuple[str, list[Block]]:
    kind = chunk.get("type") if isinstance(chunk, dict) else None
    if kind == "markdown_text" and isinstance(chunk.get("text"), str):
        return chunk["text"], []
    if kind == "blocks":
        return "", check_blocks(chunk.get("blocks"))
    if kind == "plan_update" and chunk.get("title"):
        return "", [{"type": "plan", "title": chunk["title"]}]
    if kind == "task_update" and chunk.get("id") and chunk.get("title"):
        if chunk.get("status", "pending") not in TASK_STATUSES:
            raise SlackRefusal("invalid_chunks")
        card = {name: value for name, value in chunk.items() if name not in ("type", "id")}
        return "", [{"type": "task_card", "task_id": chunk["id"], **card}]
    raise SlackRefusal("invalid_chunks")
