"""The JSON of people, guilds, channels and messages, with every field discord.py reads."""

import re
from datetime import UTC, datetime
from typing import Any

from sandbox.discord.world import (
    CONTENT_INTENT,
    DM,
    THREADS,
    Channel,
    Guild,
    Message,
    User,
    World,
)

ALL_PERMISSIONS = str((1 << 52) - 1)
# Neither administrators nor, in threads they are not in, moderators.
EVERYBODYS_PERMISSIONS = str((1 << 52) - 1 & ~(1 << 3 | 1 << 34))
HAS_THREAD = 1 << 5
MENTION = re.compile(r"<@!?(\d+)>")
ROLE = re.compile(r"<@&(\d+)>")
# Of the application: the content of messages is allowed, to an app in few servers.
CONTENT_LIMITED = 1 << 19

Json = dict[str, Any]


def moment(at: float | None) -> str | None:
    """A time as Discord writes it."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat()


def user_json(user: User) -> Json:
    """A user object."""
    body: Json = {
        "id": user.id,
        "username": user.name,
        "avatar": None,
        "discriminator": "0000" if user.bot else "0",
        "public_flags": 0,
        "flags": 0,
        "global_name": None if user.bot else user.name.title(),
        "banner": None,
        "accent_color": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
    }
    return body | {"bot": True} if user.bot else body


def member_json(user: User) -> Json:
    """A guild member, without its user."""
    return {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None,
        "flags": 0,
        "joined_at": "2026-01-01T00:00:00+00:00",
        "nick": user.nick,
        "pending": False,
        "premium_since": None,
        "roles": [],
        "deaf": False,
        "mute": False,
        "unusual_dm_activity_until": None,
    } | ({} if user.bot else {"permissions": ALL_PERMISSIONS})


def channel_json(world: World, channel: Channel) -> Json:
    """A channel object of its kind."""
    last = next(reversed(channel.messages), None)
    body: Json = {"id": channel.id, "type": channel.type, "flags": 0, "last_message_id": last}
    if channel.type == DM:
        return body | {"recipients": [user_json(world.users[one]) for one in channel.people]}
    body |= {
        "guild_id": channel.guild_id,
        "name": channel.name,
        "parent_id": channel.parent_id,
        "rate_limit_per_user": 0,
    }
    if channel.type in THREADS:
        return body | {
            "owner_id": world.bot.id,
            "message_count": len(channel.messages),
            "member_count": 2,
            "total_message_sent": len(channel.messages),
            "thread_metadata": {
                "archived": False,
                "archive_timestamp": "2026-01-01T00:00:00+00:00",
                "auto_archive_duration": 1440,
                "locked": False,
            },
        }
    return body | {
        "position": 0,
        "permission_overwrites": channel.overwrites,
        "nsfw": False,
        "topic": None,
        "permissions": ALL_PERMISSIONS,
    }


def guild_json(guild: Guild) -> Json:
    """A guild as REST gives it."""
    empty = (
        "icon description home_header splash discovery_splash banner application_id afk_channel_id"
        " system_channel_id widget_channel_id vanity_url_code rules_channel_id incidents_data"
        " safety_alerts_channel_id public_updates_channel_id max_presences"
    )
    zero = (
        "system_channel_flags verification_level default_message_notifications mfa_level"
        " explicit_content_filter premium_tier premium_subscription_count nsfw_level"
    )
    role = {
        "id": guild.id,
        "name": "@everyone",
        "description": None,
        "permissions": EVERYBODYS_PERMISSIONS,
        "position": 0,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
    return {
        "id": guild.id,
        "name": guild.name,
        "owner_id": guild.owner_id,
        "features": [],
        "region": "deprecated",
        "afk_timeout": 300,
        "widget_enabled": False,
        "roles": [role],
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "preferred_locale": "en-US",
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "emojis": [],
        "stickers": [],
        **dict.fromkeys(empty.split(), None),
        **dict.fromkeys(zero.split(), 0),
    }


def guild_create_json(world: World, guild: Guild) -> Json:
    """A guild as the gateway announces it: with its channels, threads and members."""
    channels = [one for one in world.channels.values() if one.guild_id == guild.id]
    members = [member_json(world.users[one]) | _owner(world, one) for one in guild.members]
    return guild_json(guild) | {
        "joined_at": "2026-01-01T00:00:00+00:00",
        "large": False,
        "unavailable": False,
        "member_count": len(guild.members),
        "members": members,
        "channels": [channel_json(world, one) for one in channels if one.type not in THREADS],
        "threads": [channel_json(world, one) for one in channels if one.type in THREADS],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def _owner(world: World, user_id: str) -> Json:
    return {"user": user_json(world.users[user_id])}


def emoji_json(name: str) -> Json:
    """A Unicode emoji, or a custom one written `name:id`."""
    plain, _, custom = name.partition(":")
    return {"id": custom or None, "name": plain}


def message_json(world: World, message: Message, *, nested: bool = False) -> Json:
    """A message object, as the bot sees its reactions.

    A reply holds the message it answers, one level deep.
    """
    body: Json = {
        "id": message.id,
        "type": _kind(message),
        "channel_id": message.channel_id,
        "author": user_json(world.users[message.author_id]),
        "content": message.content,
        "timestamp": moment(message.created),
        "edited_timestamp": moment(message.edited),
        "tts": False,
        "mention_everyone": message.pings_everyone,
        "mentions": _mentions(world, message),
        "mention_roles": list(dict.fromkeys(ROLE.findall(message.content))),
        "attachments": message.attachments,
        "embeds": message.embeds,
        "pinned": False,
        "flags": message.flags,
        "components": message.components,
    }
    if message.reactions:
        body["reactions"] = _reactions(message, world.bot.id)
    if message.nonce is not None:
        body["nonce"] = message.nonce
    if message.interaction:
        body |= {
            "application_id": world.application_id,
            "webhook_id": world.application_id,
            "interaction_metadata": message.interaction,
        }
    if message.webhook_id:
        body["webhook_id"] = message.webhook_id
    if message.reference:
        body["message_reference"] = message.reference
        if body["type"] in (19, 21) and not nested:
            answered = _referenced(world, message)
            body["referenced_message"] = answered and message_json(world, answered, nested=True)
    if message.snapshots:
        body["message_snapshots"] = message.snapshots
    thread = world.channels.get(message.id)
    if thread is not None and thread.id != message.channel_id:
        body["flags"] |= HAS_THREAD
        body["thread"] = channel_json(world, thread)
    return body


def as_shown(world: World, body: Json, *, private: bool) -> Json:
    """A message as the app may see it: without content where the portal does not allow that.

    What was written to the app, by it, or in private it sees always. `thread` aside, REST and the
    gateway agree. https://docs.discord.com/developers/events/gateway#message-content-intent
    """
    if body.get("referenced_message"):
        inner = as_shown(world, body["referenced_message"], private=private)
        body = body | {"referenced_message": inner}
    mentioned = any(user["id"] == world.bot.id for user in body["mentions"])
    if private or mentioned or body["author"]["id"] == world.bot.id:
        return body
    hidden: Json = {"content": "", "embeds": [], "attachments": [], "components": []}
    return {name: one for name, one in body.items() if name != "message_snapshots"} | hidden


def may_read_content(world: World) -> bool:
    """Whether the developer portal allows the app to read what is not written to it."""
    return bool(world.privileged & CONTENT_INTENT)


def _kind(message: Message) -> int:
    if message.kind is not None:
        return message.kind
    forwarded = message.reference and message.reference.get("type") == 1
    return 20 if message.interaction else 19 if message.reference and not forwarded else 0


def _referenced(world: World, message: Message) -> Message | None:
    reference = message.reference or {}
    channel = world.channels.get(reference.get("channel_id", ""))
    found = channel.messages.get(reference.get("message_id", "")) if channel else None
    return None if found is None or found.deleted else found


def _reactions(message: Message, reader: str) -> list[Json]:
    return [
        {
            "emoji": emoji_json(name),
            "count": len(users),
            "count_details": {"burst": 0, "normal": len(users)},
            "burst_colors": [],
            "me_burst": False,
            "me": reader in users,
        }
        for name, users in message.reactions.items()
    ]


def _mentions(world: World, message: Message) -> list[Json]:
    allowed = message.allowed_mentions
    if allowed is not None and "users" not in (allowed.get("parse") or []):
        named = set(allowed.get("users") or [])
    else:
        named = set(world.users)
    found = [one for one in MENTION.findall(message.content) if one in named]
    answered = _referenced(world, message) if _kind(message) == 19 else None
    if answered and (allowed is None or allowed.get("replied_user")):
        found.append(answered.author_id)
    return [user_json(world.users[one]) for one in dict.fromkeys(found) if one in world.users]


def application_flags(world: World) -> int:
    """The flags of the application, which say what the portal allows."""
    return CONTENT_LIMITED if may_read_content(world) else 0


def application_json(world: World) -> Json:
    """The app as its own token sees it."""
    owner = next((user for user in world.users.values() if not user.bot), world.bot)
    return {
        "id": world.application_id,
        "name": world.bot.name,
        "icon": None,
        "description": "",
        "type": None,
        "bot": user_json(world.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": application_flags(world),
        "flags_new": str(application_flags(world)),
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user_json(owner),
        "approximate_guild_count": len(world.installed()),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": ["bot", "applications.commands", "identify"],
    }
