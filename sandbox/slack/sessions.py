"""agents.sessions.setStatus, and the button with which a person ends what an agent does.

A thread that an agent works in is a session. While it is processing Slack shows a button of its own
to stop that, where the app subscribes to `agent_session_stopped`.
docs.slack.dev/ai/agent-sessions, docs.slack.dev/reference/methods/agents.sessions.setStatus
"""

from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.chat import Result, is_streaming
from sandbox.slack.errors import SlackRefusal
from sandbox.slack.workspace import Message, Workspace

STATUSES = ("active", "processing", "suspended", "closed")
UNHEARD = "missing_agent_session_stopped_event_subscription"


def checked_status(status: str) -> str:
    """The status. Raises SlackRefusal `invalid_arguments` for any other word."""
    if status not in STATUSES:
        raise SlackRefusal("invalid_arguments", f"status must be one of {', '.join(STATUSES)}")
    return status


def set_session(space: Workspace, message: Message, status: str) -> None:
    """A stream of an agent begins, or ends."""
    if space.is_agent and message.thread_ts:
        space.sessions[message.channel, message.thread_ts] = status


def set_status(space: Workspace, args: Arguments) -> Result:
    """agents.sessions.setStatus: for agents alone, with a warning where nobody hears of stops."""
    status = checked_status(args.need("status"))
    channel, thread_ts = space.joined(args.need("channel_id")), args.need("thread_ts")
    if not space.is_agent:
        raise SlackRefusal("not_authorized")
    if thread_ts not in channel.messages:
        raise SlackRefusal("invalid_thread_ts")
    space.sessions[channel.id, thread_ts] = status
    answer = {"ok": True, "status": status, "agent_status": status}
    if space.hears_stops:
        return answer
    return answer | {"warning": UNHEARD, "response_metadata": {"warnings": [UNHEARD]}}


def stopped(space: Workspace, channel_id: str, thread_ts: str, user: str) -> dict[str, Any]:
    """The event after a press of Slack's button, which has ended the streams in the thread.

    Raises LookupError where Slack shows none.
    """
    if space.sessions.get((channel_id, thread_ts)) != "processing" or not space.hears_stops:
        raise LookupError("there is no button to stop anything")
    ended = []
    for message in space.channels[channel_id].messages.values():
        if message.thread_ts == thread_ts and message.stream and is_streaming(space, message):
            message.stream.open, message.stream.stopped = False, True
            ended.append(message.ts)
    return {
        "type": "agent_session_stopped",
        "channel": channel_id,
        "thread_ts": thread_ts,
        "user": user,
        "streaming_message_ts": ended,
    }
