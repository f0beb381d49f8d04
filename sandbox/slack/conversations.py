"""conversations.*, reactions.*: reading channels and threads, and marking messages."""

import base64
import re
from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.chat import Result
from sandbox.slack.errors import SlackRefusal, missing
from sandbox.slack.shapes import channel_json, message_json, reactions_json
from sandbox.slack.workspace import Message, Workspace

EMOJI = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")


def info(space: Workspace, args: Arguments) -> Result:
    """conversations.info."""
    return {"ok": True, "channel": channel_json(space, space.channel(args.need("channel")))}


def history(space: Workspace, args: Arguments) -> Result:
    """conversations.history: newest first, without replies inside threads."""
    channel = space.joined(args.need("channel"))
    top = [one for one in channel.messages.values() if _in_channel(one) and _in_range(one, args)]
    top.reverse()
    return _page(space, top, args, limit=100)


def replies(space: Workspace, args: Arguments) -> Result:
    """conversations.replies: the first message, then its replies, oldest first."""
    channel = space.joined(args.need("channel"))
    found = channel.messages.get(args.need("ts"))
    if found is None or found.deleted:
        raise SlackRefusal("thread_not_found")
    root = channel.messages.get(found.thread_ts or found.ts, found)
    below = [one for one in space.replies(channel, root.ts) if _in_range(one, args)]
    return _page(space, [root, *below], args, limit=1000)


def _in_channel(message: Message) -> bool:
    return not message.deleted and message.thread_ts in (None, message.ts)


def _in_range(message: Message, args: Arguments) -> bool:
    oldest, latest, inclusive = args.text("oldest"), args.text("latest"), args.flag("inclusive")
    ts = _number(message.ts)
    if oldest and (ts < _number(oldest) or (ts == _number(oldest) and not inclusive)):
        return False
    return not (latest and (ts > _number(latest) or (ts == _number(latest) and not inclusive)))


def _number(ts: str) -> int:
    """Microseconds; a float would not tell neighbouring timestamps apart."""
    seconds, _, rest = ts.partition(".")
    if not seconds.isdigit() or (rest and not rest.isdigit()):
        raise SlackRefusal("invalid_ts_latest")
    return int(seconds) * 1_000_000 + int(rest.ljust(6, "0")[:6])


def _page(space: Workspace, found: list[Message], args: Arguments, limit: int) -> Result:
    size = args.number("limit", limit)
    if not 1 <= size <= 1000:
        raise SlackRefusal("invalid_limit")
    start = _read_cursor(args.text("cursor"))
    shown = found[start : start + size]
    more = start + size < len(found)
    metadata = args.flag("include_all_metadata")
    return {
        "ok": True,
        "messages": [message_json(space, one, metadata=metadata) for one in shown],
        "has_more": more,
        "response_metadata": {"next_cursor": _cursor(start + size) if more else ""},
    }


def _cursor(start: int) -> str:
    return base64.urlsafe_b64encode(f"next:{start}".encode()).decode()


def _read_cursor(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("next:"))
    except ValueError:
        raise SlackRefusal("invalid_cursor") from None


def members(space: Workspace, args: Arguments) -> Result:
    """conversations.members: ids, all on one page."""
    channel = space.channel(args.need("channel"))
    return {
        "ok": True,
        "members": list(channel.members),
        "response_metadata": {"next_cursor": ""},
    }


def of_us(space: Workspace, args: Arguments) -> Result:
    """users.conversations: those that the app is in, all on one page."""
    kinds = {"public_channel": "public", "private_channel": "private", "im": "im"}
    wanted = (args.text("types") or "public_channel").split(",")
    if set(wanted) - set(kinds) - {"mpim"}:
        raise SlackRefusal("invalid_types")
    shown = {kinds[each] for each in wanted if each in kinds}
    found = [one for one in space.channels.values() if one.kind in shown and space.is_member(one)]
    return {
        "ok": True,
        "channels": [channel_json(space, one) for one in found],
        "response_metadata": {"next_cursor": ""},
    }


def open_conversation(space: Workspace, args: Arguments) -> Result:
    """conversations.open: the direct messages with one user."""
    user = args.text("users")
    if not user and args.text("channel"):
        channel = space.channel(args.text("channel"))
    elif not user or "," in user:
        raise missing("users")
    else:
        channel = space.open_im(user)
    brief: dict[str, Any] = {"id": channel.id}
    if args.flag("return_im"):
        brief = channel_json(space, channel)
    return {"ok": True, "channel": brief}


def add_reaction(space: Workspace, args: Arguments) -> Result:
    """reactions.add: once per name."""
    name, message = _reaction(space, args)
    users = message.reactions.setdefault(name, [])
    if space.bot_user in users:
        raise SlackRefusal("already_reacted")
    users.append(space.bot_user)
    return {"ok": True}


def remove_reaction(space: Workspace, args: Arguments) -> Result:
    """reactions.remove: only the app's own."""
    name, message = _reaction(space, args)
    if space.bot_user not in message.reactions.get(name, []):
        raise SlackRefusal("no_reaction")
    message.reactions[name].remove(space.bot_user)
    if not message.reactions[name]:
        del message.reactions[name]
    return {"ok": True}


def get_reactions(space: Workspace, args: Arguments) -> Result:
    """reactions.get: the message with its reactions."""
    channel = space.joined(args.need("channel"))
    message = space.message(channel, args.need("timestamp"))
    body = message_json(space, message) | {"reactions": reactions_json(message)}
    return {"ok": True, "type": "message", "channel": channel.id, "message": body}


def _reaction(space: Workspace, args: Arguments) -> tuple[str, Message]:
    name = args.need("name").strip(":")
    if not EMOJI.fullmatch(name):
        raise SlackRefusal("invalid_name")
    if not args.text("channel") or not args.text("timestamp"):
        raise SlackRefusal("no_item_specified")
    channel = space.joined(args.text("channel"))
    return name, space.message(channel, args.text("timestamp"))
