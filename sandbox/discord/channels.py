"""Channels, their messages, and reactions.

docs.discord.com/developers/resources/message
"""

from typing import Any
from urllib.parse import unquote

from sandbox.discord.errors import DiscordRefusal, fault, invalid_form, unknown
from sandbox.discord.rest import Rest, Route
from sandbox.discord.rules import check_message, numbered
from sandbox.discord.shapes import (
    as_shown,
    channel_json,
    emoji_json,
    may_read_content,
    member_json,
    message_json,
    user_json,
)
from sandbox.discord.world import COMPONENTS_V2, DM, EPHEMERAL, THREADS, Channel, Message, User
from sandbox.traffic import Answer

Json = dict[str, Any]
NO_CONTENT = Answer(None, 204)
# How long an enforced nonce is remembered; Discord says "the past few minutes".
NONCE_SECONDS = 300


def fill(message: Message, body: Json) -> None:
    """Puts what a request carries into a message; what it leaves out stays."""
    if "content" in body:
        message.content = body["content"] or ""
    if "components" in body:
        message.components = numbered(body["components"] or [])
    for name in ("embeds", "attachments"):
        if name in body:
            setattr(message, name, body[name] or [])
    if body.get("allowed_mentions") is not None:
        message.allowed_mentions = body["allowed_mentions"]
    if body.get("flags"):
        message.flags |= int(body["flags"]) & (COMPONENTS_V2 | EPHEMERAL | 1 << 2 | 1 << 12)


async def announce(rest: Rest, name: str, message: Message) -> None:
    """Tells the gateway of a message that came or changed."""
    if message.ephemeral:
        return
    where = rest.gateway.in_guild(message.channel_id)
    event = message_json(rest.world, message) | where
    for user in event["mentions"] if where else ():
        user["member"] = member_json(rest.world.users[user["id"]])
    if where:
        event["member"] = member_json(rest.world.users[message.author_id])
    await rest.gateway.dispatch(name, event)


def _channel(rest: Rest) -> Channel:
    return rest.world.channel(rest.params["channel_id"])


def _read(rest: Rest) -> Channel:
    channel = _channel(rest)
    if not channel.history:
        raise DiscordRefusal(403, 50001, "Missing Access")
    return channel


def _message(rest: Rest) -> Message:
    return rest.world.message(_channel(rest), rest.params["message_id"])


def _shown(rest: Rest, message: Message) -> Json:
    body = message_json(rest.world, message)
    if may_read_content(rest.world):
        return body
    private = rest.world.channels[message.channel_id].type == DM
    return as_shown(rest.world, body, private=private)


async def get_channel(rest: Rest) -> Answer:
    """GET one channel."""
    return Answer(channel_json(rest.world, _channel(rest)))


async def list_messages(rest: Rest) -> Answer:
    """GET messages, newest first; one of `around`, `before`, `after`, and `limit` up to 100."""
    found = [one for one in _read(rest).messages.values() if not one.deleted]
    limit = _limit(rest.query.get("limit", "50"))
    given = [name for name in ("around", "before", "after") if name in rest.query]
    if len(given) > 1:
        text = "Only one of around, before and after may be used."
        raise invalid_form({given[1]: fault("BASE_TYPE_EXCLUSIVE", text)})
    if not given:
        shown = found[-limit:]
    else:
        shown = _beside(found, given[0], int(rest.query[given[0]]), limit)
    return Answer([_shown(rest, one) for one in reversed(shown)])


def _limit(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 100:
        code, words = "NUMBER_TYPE_MAX", "int value should be less than or equal to 100."
        raise invalid_form({"limit": fault(code, words)})
    return int(text)


def _beside(found: list[Message], how: str, pivot: int, limit: int) -> list[Message]:
    before = [one for one in found if int(one.id) < pivot]
    after = [one for one in found if int(one.id) > pivot]
    if how == "before":
        return before[-limit:]
    if how == "after":
        return after[:limit]
    itself = [one for one in found if int(one.id) == pivot]
    half = limit // 2
    return (before[-half:] if half else []) + itself + after[: limit - half - len(itself)]


async def get_message(rest: Rest) -> Answer:
    """GET one message."""
    _read(rest)
    return Answer(_shown(rest, _message(rest)))


async def create_message(rest: Rest) -> Answer:
    """POST a message; with `enforce_nonce` a repeated nonce returns the first message."""
    channel, body = _channel(rest), rest.form
    check_message(body)
    nonce = body.get("nonce")
    if nonce is not None and body.get("enforce_nonce"):
        for one in channel.messages.values():
            recent = rest.world.clock() - one.created < NONCE_SECONDS
            if one.nonce == nonce and recent and one.author_id == rest.world.bot.id:
                return Answer(message_json(rest.world, one))
    reference = _reference(rest, channel, body.get("message_reference"))
    message = Message(rest.world.next_id(), channel.id, rest.world.bot.id, nonce=nonce)
    fill(message, body)
    message.flags &= ~EPHEMERAL
    message.reference = reference
    rest.world.store(message)
    await announce(rest, "MESSAGE_CREATE", message)
    return Answer(message_json(rest.world, message))


def _reference(rest: Rest, channel: Channel, given: Json | None) -> Json | None:
    if not given:
        return None
    if not channel.history:
        text = "Cannot reply without permission to read message history"
        raise DiscordRefusal(400, 160002, text)
    known = channel.messages.get(str(given.get("message_id")))
    if known is None or known.deleted:
        if given.get("fail_if_not_exists", True):
            text = "Unknown message"
            wrong = fault("REPLIES_UNKNOWN_MESSAGE", text)
            raise invalid_form({"message_reference": wrong})
        return None
    return {"type": 0, "channel_id": channel.id, "message_id": known.id} | (
        rest.gateway.in_guild(channel.id)
    )


async def edit_message(rest: Rest) -> Answer:
    """PATCH one of the bot's messages."""
    message = _message(rest)
    if message.author_id != rest.world.bot.id:
        raise DiscordRefusal(403, 50005, "Cannot edit a message authored by another user")
    await apply_edit(rest, message, rest.form)
    return Answer(message_json(rest.world, message))


async def apply_edit(rest: Rest, message: Message, body: Json) -> None:
    """Checks and makes an edit, and tells the gateway. Raises DiscordRefusal 50035."""
    check_message(
        {**body, "flags": int(body.get("flags") or 0) | message.flags}, empty_allowed=True
    )
    fill(message, body)
    message.edited = rest.world.clock()
    message.keep_revision(message.edited)
    await announce(rest, "MESSAGE_UPDATE", message)


async def delete_message(rest: Rest) -> Answer:
    """DELETE a message."""
    await remove(rest, _message(rest))
    return NO_CONTENT


async def remove(rest: Rest, message: Message) -> None:
    """Takes a message away and tells the gateway."""
    message.deleted = True
    if not message.ephemeral:
        event = {"id": message.id, "channel_id": message.channel_id}
        where = rest.gateway.in_guild(message.channel_id)
        await rest.gateway.dispatch("MESSAGE_DELETE", event | where)


async def add_reaction(rest: Rest) -> Answer:
    """PUT the bot's reaction; a second time changes nothing."""
    _read(rest)
    message, emoji = _message(rest), _emoji(rest)
    users = message.reactions.setdefault(emoji, [])
    if rest.world.bot.id not in users:
        users.append(rest.world.bot.id)
        await rest.gateway.dispatch(*reaction_event(rest, message, emoji, rest.world.bot))
    return NO_CONTENT


async def remove_reaction(rest: Rest) -> Answer:
    """DELETE the bot's reaction."""
    message, emoji = _message(rest), _emoji(rest)
    users = message.reactions.get(emoji, [])
    if rest.world.bot.id in users:
        users.remove(rest.world.bot.id)
        if not users:
            del message.reactions[emoji]
        event = reaction_event(rest, message, emoji, rest.world.bot, added=False)
        await rest.gateway.dispatch(*event)
    return NO_CONTENT


async def list_reactors(rest: Rest) -> Answer:
    """GET the people behind one reaction."""
    users = _message(rest).reactions.get(_emoji(rest), [])
    return Answer([user_json(rest.world.users[one]) for one in users])


def _emoji(rest: Rest) -> str:
    emoji = unquote(rest.params["emoji_name"])
    custom = ":" in emoji and emoji.rsplit(":", 1)[1].isdigit()
    if not custom and (not emoji or emoji.isascii()):
        raise unknown("Emoji")
    return emoji


def reaction_event(
    rest: Rest, message: Message, emoji: str, user: User, *, added: bool = True
) -> tuple[str, Json]:
    """The gateway event of a reaction that came or went."""
    event: Json = {
        "user_id": user.id,
        "channel_id": message.channel_id,
        "message_id": message.id,
        "emoji": emoji_json(emoji),
        "burst": False,
        "type": 0,
        **rest.gateway.in_guild(message.channel_id),
    }
    if not added:
        return "MESSAGE_REACTION_REMOVE", event
    event["message_author_id"] = message.author_id
    if "guild_id" in event:
        event["member"] = member_json(user) | {"user": user_json(user)}
    return "MESSAGE_REACTION_ADD", event


async def get_thread_member(rest: Rest) -> Answer:
    """GET one member of a thread. Raises DiscordRefusal 10007."""
    channel, user_id = _channel(rest), rest.params["user_id"]
    if channel.type not in THREADS or user_id not in channel.people:
        raise unknown("Member")
    joined = "2026-01-01T00:00:00+00:00"
    return Answer({"id": channel.id, "user_id": user_id, "join_timestamp": joined, "flags": 0})


async def type_in(rest: Rest) -> Answer:
    """POST that the bot is typing."""
    _channel(rest)
    return NO_CONTENT


MESSAGES = "/channels/{channel_id}/messages"
ONE = MESSAGES + "/{message_id}"

ROUTES = [
    Route("GET", "/channels/{channel_id}", get_channel),
    Route("GET", MESSAGES, list_messages),
    Route("POST", MESSAGES, create_message),
    Route("GET", ONE, get_message),
    Route("PATCH", ONE, edit_message),
    Route("DELETE", ONE, delete_message),
    Route("PUT", ONE + "/reactions/{emoji_name}/@me", add_reaction),
    Route("DELETE", ONE + "/reactions/{emoji_name}/@me", remove_reaction),
    Route("GET", ONE + "/reactions/{emoji_name}", list_reactors),
    Route("POST", "/channels/{channel_id}/typing", type_in),
    Route("GET", "/channels/{channel_id}/thread-members/{user_id}", get_thread_member),
]
