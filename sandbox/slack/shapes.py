"""The JSON of messages, channels and people, as the Web API and events carry it."""

from typing import Any

from sandbox.slack.workspace import Channel, Message, User, Workspace


def message_json(space: Workspace, message: Message, *, metadata: bool = False) -> dict[str, Any]:
    """A message; its `metadata` only when asked for, as `include_all_metadata` does."""
    body: dict[str, Any] = {
        "type": "message",
        "ts": message.ts,
        "user": message.user,
        "text": message.text,
        "team": space.team_id,
    }
    if message.from_app:
        body |= {"bot_id": space.bot_id, "app_id": space.app_id, "bot_profile": _profile(space)}
    for name in ("blocks", "attachments", "files"):
        if getattr(message, name):
            body[name] = getattr(message, name)
    if message.edited_ts:
        body["edited"] = {"user": message.user, "ts": message.edited_ts}
    if message.reactions:
        body["reactions"] = reactions_json(message)
    if metadata and message.metadata:
        body["metadata"] = message.metadata
    return body | _thread_json(space, message)


def enterprise_json(space: Workspace) -> dict[str, str] | None:
    """The organisation, None where there is none."""
    if not space.enterprise_id:
        return None
    return {"id": space.enterprise_id, "name": space.enterprise_name}


def reactions_json(message: Message) -> list[dict[str, Any]]:
    """The reactions in the order they first appeared."""
    return [
        {"name": name, "users": list(users), "count": len(users)}
        for name, users in message.reactions.items()
    ]


def _thread_json(space: Workspace, message: Message) -> dict[str, Any]:
    channel = space.channels.get(message.channel)
    if message.thread_ts and message.thread_ts != message.ts:
        parent = channel.messages.get(message.thread_ts) if channel else None
        body: dict[str, Any] = {"thread_ts": message.thread_ts}
        if parent:
            body["parent_user_id"] = parent.user
        return body
    replies = space.replies(channel, message.ts) if channel else []
    if not replies:
        return {}
    users = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "reply_users": users,
        "latest_reply": replies[-1].ts,
        "is_locked": False,
        "subscribed": space.bot_user in users,
    }


def _profile(space: Workspace) -> dict[str, Any]:
    return {
        "id": space.bot_id,
        "app_id": space.app_id,
        "user_id": space.bot_user,
        "name": space.users[space.bot_user].name,
        "icons": {},
        "deleted": False,
        "updated": 1700000000,
        "team_id": space.team_id,
    }


def channel_json(space: Workspace, channel: Channel) -> dict[str, Any]:
    """A conversation object."""
    if channel.kind == "im":
        return {
            "id": channel.id,
            "created": channel.created,
            "is_archived": False,
            "is_im": True,
            "is_org_shared": False,
            "context_team_id": space.team_id,
            "user": channel.members[0],
            "is_user_deleted": False,
            "priority": 0,
        }
    private = channel.kind == "private"
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": private,
        "created": channel.created,
        "is_archived": False,
        "is_general": False,
        "is_shared": False,
        "is_org_shared": False,
        "is_ext_shared": False,
        "is_member": space.is_member(channel),
        "creator": channel.members[0] if channel.members else "",
        "context_team_id": space.team_id,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "num_members": len(channel.members),
    }


def user_json(space: Workspace, user: User) -> dict[str, Any]:
    """A user object with its profile."""
    return {
        "id": user.id,
        "team_id": user.team or space.team_id,
        "name": user.name,
        "deleted": False,
        "real_name": user.real_name,
        "tz": user.tz,
        "tz_label": "Central European Time",
        "tz_offset": 3600,
        "profile": {
            "real_name": user.real_name,
            "real_name_normalized": user.real_name,
            "display_name": user.name,
            "display_name_normalized": user.name,
            "email": user.email,
            "image_72": f"https://avatars.example.com/{user.id}_72.png",
            "team": space.team_id,
        },
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_restricted": user.is_guest,
        "is_ultra_restricted": False,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": 1700000000,
        "locale": "en-US",
    }
