"""assistant.threads.*: what an assistant's pane shows around a conversation.

docs.slack.dev/reference/methods/assistant.threads.setStatus and its neighbours. A status goes away
with the app's next message in the thread, or after two minutes.
"""

from sandbox.slack.arguments import Arguments
from sandbox.slack.chat import Result
from sandbox.slack.errors import SlackRefusal
from sandbox.slack.workspace import Channel, Workspace

PROMPTS = 4
LOADING_MESSAGES = 10


def set_status(space: Workspace, args: Arguments) -> Result:
    """assistant.threads.setStatus: an empty status takes it away."""
    channel, thread_ts = _thread(space, args)
    if "status" not in args.values:
        raise SlackRefusal("invalid_arguments", "missing required field: status")
    if len(args.get("loading_messages") or []) > LOADING_MESSAGES:
        raise SlackRefusal("invalid_arguments", "loading_messages must have at most 10 items")
    space.statuses[channel.id, thread_ts] = args.text("status")
    return {"ok": True}


def set_title(space: Workspace, args: Arguments) -> Result:
    """assistant.threads.setTitle."""
    channel, thread_ts = _thread(space, args)
    space.titles[channel.id, thread_ts] = args.need("title")
    return {"ok": True}


def set_suggested_prompts(space: Workspace, args: Arguments) -> Result:
    """assistant.threads.setSuggestedPrompts: one to four prompts.

    An agent's belong to its messages; with a thread named the call does nothing, and says so to
    nobody.
    """
    channel = space.joined(args.need("channel_id"))
    prompts = args.get("prompts")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= PROMPTS:
        raise SlackRefusal("invalid_arguments", "prompts must have 1 to 4 items")
    if not all(
        isinstance(one, dict) and one.get("title") and one.get("message") for one in prompts
    ):
        raise SlackRefusal("invalid_arguments", "each prompt needs a title and a message")
    thread_ts = args.text("thread_ts")
    if thread_ts and thread_ts not in channel.messages:
        raise SlackRefusal("invalid_thread_ts")
    if not (thread_ts and space.is_agent):
        space.prompts[channel.id, thread_ts] = prompts
    return {"ok": True}


def _thread(space: Workspace, args: Arguments) -> tuple[Channel, str]:
    channel, thread_ts = space.joined(args.need("channel_id")), args.need("thread_ts")
    if thread_ts not in channel.messages:
        raise SlackRefusal("invalid_thread_ts")
    return channel, thread_ts
