"""What Slack sends to an app: commands, events and interactions, with all their fields."""

import secrets
from dataclasses import dataclass
from typing import Any

from sandbox.slack.shapes import enterprise_json, message_json
from sandbox.slack.workspace import Channel, Message, User, Workspace

# Slack's legacy verification token; present in every delivery, of no worth beside the signature.
LEGACY_TOKEN = "sandbox"  # noqa: S105 - a made-up constant, it opens nothing

Payload = dict[str, Any]


@dataclass(frozen=True)
class Scene:
    """Who does something, and where."""

    channel: Channel
    user: User


def command_fields(space: Workspace, scene: Scene, command: str, text: str) -> dict[str, str]:
    """The form of a slash command, without `response_url` and `trigger_id`."""
    name = "directmessage" if scene.channel.kind == "im" else scene.channel.name
    return {
        "token": LEGACY_TOKEN,
        "team_id": space.team_id,
        "team_domain": space.team_domain,
        "channel_id": scene.channel.id,
        "channel_name": "privategroup" if scene.channel.kind == "private" else name,
        "user_id": scene.user.id,
        "user_name": scene.user.name,
        "command": command,
        "text": text,
        "api_app_id": space.app_id,
        "is_enterprise_install": "true" if space.whole else "false",
        **(
            {"enterprise_id": space.enterprise_id, "enterprise_name": space.enterprise_name}
            if space.enterprise_id
            else {}
        ),
    }


def event_callback(space: Workspace, event: Payload) -> Payload:
    """The envelope of the Events API around one event, with a fresh `event_id`."""
    channel = event.get("channel") or event.get("item", {}).get("channel", "")
    return {
        "token": LEGACY_TOKEN,
        "team_id": space.team_id,
        "context_team_id": space.team_id,
        "context_enterprise_id": space.enterprise_id or None,
        "api_app_id": space.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": space.next_id("Ev"),
        "event_time": int(space.clock()),
        "authorizations": [
            {
                "enterprise_id": space.enterprise_id or None,
                "team_id": space.team_id,
                "user_id": space.bot_user,
                "is_bot": True,
                "is_enterprise_install": space.whole,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{space.team_id}-{channel}-{secrets.token_hex(6)}",
    }


def farewell(space: Workspace, event: Payload) -> Payload:
    """The envelope around the news that an installation is gone: nobody is authorized any more.

    docs.slack.dev/reference/events/app_uninstalled
    """
    envelope = event_callback(space, event) | {"authorizations": []}
    if space.whole:
        envelope |= {"team_id": None, "context_team_id": None}
        envelope |= {"enterprise_id": space.enterprise_id, "is_enterprise_install": True}
    return envelope


def message_event(space: Workspace, message: Message) -> Payload:
    """The `message` event for a message a person wrote."""
    channel = space.channels[message.channel]
    kinds = {"public": "channel", "private": "group", "im": "im"}
    return message_json(space, message) | {
        "channel": message.channel,
        "channel_type": kinds[channel.kind],
        "event_ts": message.ts,
        "client_msg_id": secrets.token_hex(16),
    }


def interaction_base(space: Workspace, scene: Scene, kind: str) -> Payload:
    """What every interaction carries."""
    return {
        "type": kind,
        "team": {"id": space.team_id, "domain": space.team_domain},
        "user": {
            "id": scene.user.id,
            "username": scene.user.name,
            "name": scene.user.name,
            "team_id": space.team_id,
        },
        "api_app_id": space.app_id,
        "token": LEGACY_TOKEN,
        "enterprise": enterprise_json(space),
        "is_enterprise_install": space.whole,
        "trigger_id": space.issue_trigger(),
    }


def click_payload(space: Workspace, scene: Scene, message: Message, action: Payload) -> Payload:
    """`block_actions` for a button on a message."""
    ephemeral = message.only_for is not None
    name = "directmessage" if scene.channel.kind == "im" else scene.channel.name
    payload = interaction_base(space, scene, "block_actions") | {
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": ephemeral,
        },
        "channel": {"id": scene.channel.id, "name": name},
        "state": {"values": {}},
        "actions": [action | {"action_ts": f"{space.clock():.6f}"}],
    }
    if message.thread_ts:
        payload["container"]["thread_ts"] = message.thread_ts
    if not ephemeral:  # Slack does not repeat an ephemeral message in the payload
        payload["message"] = message_json(space, message, metadata=True)
    return payload


def find_action(message: Message, action_id: str) -> Payload:
    """The action a click on that element sends. Raises LookupError when nobody could click it."""
    for block in message.blocks:
        elements = [*block.get("elements", []), block.get("accessory") or {}]
        for element in elements:
            if element.get("action_id") == action_id:
                fields = {name: element[name] for name in ("type", "action_id")}
                fields["block_id"] = block.get("block_id", "b1")
                fields |= {name: element[name] for name in ("text", "value") if name in element}
                return fields
    raise LookupError(f"no element with action_id {action_id} in the message")


def shortcut_payload(space: Workspace, scene: Scene, message: Message, callback_id: str) -> Payload:
    """`message_action`: a shortcut in the menu of a message."""
    return interaction_base(space, scene, "message_action") | {
        "callback_id": callback_id,
        "action_ts": f"{space.clock():.6f}",
        "message_ts": message.ts,
        "channel": {"id": scene.channel.id, "name": scene.channel.name},
        "message": message_json(space, message, metadata=True),
    }


def submission_payload(space: Workspace, scene: Scene, view: Payload, values: Payload) -> Payload:
    """`view_submission`; `values` is block_id -> action_id -> element state."""
    return interaction_base(space, scene, "view_submission") | {
        "view": view | {"state": {"values": values}},
        "response_urls": [],
    }
