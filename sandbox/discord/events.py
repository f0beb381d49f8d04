"""What the gateway tells of interactions, with every field discord.py reads."""

import secrets
from dataclasses import dataclass
from typing import Any

from sandbox.discord.commands import SUB_COMMAND, SUB_COMMAND_GROUP, filled
from sandbox.discord.rules import walk
from sandbox.discord.shapes import (
    ALL_PERMISSIONS,
    channel_json,
    member_json,
    message_json,
    user_json,
)
from sandbox.discord.world import DM, Channel, Message, User, World

Json = dict[str, Any]

COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 2, 3, 4, 5
FILE_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True)
class Scene:
    """Who does something, and where."""

    channel: Channel
    user: User


def interaction_json(world: World, scene: Scene, kind: int, data: Json) -> Json:
    """INTERACTION_CREATE: in a guild with its member, in direct messages with the user."""
    channel, user = scene.channel, scene.user
    owners: Json = {"1": user.id}
    body: Json = {
        "id": world.next_id(),
        "application_id": world.application_id,
        "type": kind,
        "data": data,
        "token": secrets.token_urlsafe(48),
        "version": 1,
        "channel_id": channel.id,
        "channel": channel_json(world, channel),
        "app_permissions": ALL_PERMISSIONS,
        "locale": "en-US",
        "entitlements": [],
        "entitlement_sku_ids": [],
        "attachment_size_limit": FILE_LIMIT,
    }
    if channel.type == DM:
        return body | {
            "user": user_json(user),
            "context": 1,
            "authorizing_integration_owners": owners,
        }
    installed = world.guilds[str(channel.guild_id)].installed
    owners = {"0": channel.guild_id} if installed else owners
    return body | {
        "guild_id": channel.guild_id,
        "guild": {"id": channel.guild_id, "locale": "en-US", "features": []},
        "guild_locale": "en-US",
        "member": member_json(user) | {"user": user_json(user)},
        "context": 0,
        "authorizing_integration_owners": owners,
    }


def command_data(command: Json, path: list[str], values: Json, focused: str | None) -> Json:
    """The data of a slash command; `path` leads through group and sub-command.

    Raises LookupError for an unknown sub-command, or a `focused` option without autocomplete;
    ValueError for options Discord refuses.
    """
    data: Json = {"id": command["id"], "name": command["name"], "type": 1}
    if command.get("guild_id"):
        data["guild_id"] = command["guild_id"]
    level, holder = command, data
    for name in path:
        inner = level.get("options") or []
        found = next((one for one in inner if one["name"] == name), None)
        if found is None or found["type"] not in (SUB_COMMAND, SUB_COMMAND_GROUP):
            raise LookupError(f"no sub-command {name}")
        holder["options"] = [{"name": name, "type": found["type"]}]
        level, holder = found, holder["options"][0]
    known = level.get("options") or []
    if focused is not None and not any(
        one["name"] == focused and one.get("autocomplete") for one in known
    ):
        raise LookupError(f"nothing is listed for {focused}")
    if any(one["type"] in (SUB_COMMAND, SUB_COMMAND_GROUP) for one in known):
        raise LookupError(f"{level['name']} needs a sub-command")
    if focused is None:
        holder["options"] = filled(known, values)
    else:  # while typing, required options may still be missing
        optional = [one | {"required": False} for one in known]
        holder["options"] = [
            one | ({"focused": True} if one["name"] == focused else {})
            for one in filled(optional, values)
        ]
    return data


def message_command_data(world: World, command: Json, message: Message) -> Json:
    """The data of a context-menu command; the message comes whole, its content included."""
    return {
        "id": command["id"],
        "name": command["name"],
        "type": 3,
        "target_id": message.id,
        "resolved": {"messages": {message.id: message_json(world, message)}},
    }


def component_data(message: Message, custom_id: str, values: list[str] | None) -> Json:
    """The data of a press or a choice. LookupError when the message shows no such component."""
    for one in walk(message.components):
        if one.get("custom_id") == custom_id:
            if one.get("disabled"):
                raise LookupError(f"{custom_id} is disabled")
            data: Json = {
                "id": one.get("id", 1),
                "component_type": one["type"],
                "custom_id": custom_id,
            }
            if values is None:
                return data
            known = [each["value"] for each in one.get("options") or []]
            if not set(values) <= set(known):
                raise LookupError(f"{custom_id} does not offer {values}")
            return data | {"values": values}
    raise LookupError(f"no component {custom_id} in the message")
