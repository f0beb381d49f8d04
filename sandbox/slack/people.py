"""auth.test, users.*, team.*, views.* and assistant.threads.*."""

import secrets
from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.chat import Result
from sandbox.slack.errors import SlackRefusal, missing
from sandbox.slack.rules import VIEW_BLOCKS, check_blocks
from sandbox.slack.shapes import user_json
from sandbox.slack.workspace import Workspace


def auth_test(space: Workspace, _args: Arguments) -> Result:
    """auth.test."""
    return {
        "ok": True,
        "url": f"https://{space.team_domain}.slack.com/",
        "team": space.team_name,
        "user": space.users[space.bot_user].name,
        "team_id": space.team_id,
        "user_id": space.bot_user,
        "bot_id": space.bot_id,
        "is_enterprise_install": space.whole,
        **({"enterprise_id": space.enterprise_id} if space.enterprise_id else {}),
    }


def users_info(space: Workspace, args: Arguments) -> Result:
    """users.info."""
    user = space.users.get(args.need("user"))
    if user is None:
        raise SlackRefusal("user_not_found")
    return {"ok": True, "user": user_json(space, user)}


def team_info(space: Workspace, _args: Arguments) -> Result:
    """team.info."""
    team = {
        "id": space.team_id,
        "name": space.team_name,
        "url": f"https://{space.team_domain}.slack.com/",
        "domain": space.team_domain,
        "email_domain": "example.com",
        "icon": {"image_default": True},
    }
    return {"ok": True, "team": team}


def open_view(space: Workspace, args: Arguments) -> Result:
    """views.open: a modal, by a trigger used once within three seconds."""
    trigger = args.need("trigger_id")
    issued = space.triggers.pop(trigger, None)
    if issued is None:
        raise SlackRefusal("invalid_trigger_id")
    if space.clock() - issued > space.trigger_seconds:
        raise SlackRefusal("expired_trigger_id")
    return _keep_view(space, _checked_view(args, "modal"))


def publish_view(space: Workspace, args: Arguments) -> Result:
    """views.publish: a person's home tab."""
    user = args.need("user_id")
    if user not in space.users:
        raise SlackRefusal("user_not_found")
    return _keep_view(space, _checked_view(args, "home") | {"user_id": user})


def update_view(space: Workspace, args: Arguments) -> Result:
    """views.update: by `view_id` or `external_id`."""
    for view in space.views:
        if view["id"] == args.text("view_id") or (
            args.text("external_id") and view.get("external_id") == args.text("external_id")
        ):
            view |= _checked_view(args, view["type"]) | {"hash": secrets.token_hex(8)}
            return {"ok": True, "view": view}
    raise SlackRefusal("not_found")


def _checked_view(args: Arguments, kind: str) -> dict[str, Any]:
    view = args.get("view")
    if not isinstance(view, dict):
        raise missing("view")
    if view.get("type") != kind:
        raise SlackRefusal("invalid_arguments", f"view type must be {kind} [json-pointer:/view]")
    check_blocks(view.get("blocks"), VIEW_BLOCKS)
    if kind == "modal":
        title = view.get("title")
        if not isinstance(title, dict) or not 1 <= len(str(title.get("text", ""))) <= 24:
            where = "[json-pointer:/view/title/text]"
            raise SlackRefusal("invalid_arguments", f"must be less than 25 characters {where}")
    return dict(view)


def _keep_view(space: Workspace, view: dict[str, Any]) -> Result:
    kept = view | {
        "id": space.next_id("V"),
        "team_id": space.team_id,
        "app_id": space.app_id,
        "bot_id": space.bot_id,
        "hash": secrets.token_hex(8),
        "state": {"values": {}},
        "callback_id": view.get("callback_id", ""),
        "private_metadata": view.get("private_metadata", ""),
    }
    kept["root_view_id"] = kept["id"]
    space.views.append(kept)
    return {"ok": True, "view": kept}


def set_status(space: Workspace, args: Arguments) -> Result:
    """assistant.threads.setStatus: an empty status takes it away."""
    channel = space.joined(args.need("channel_id"))
    space.statuses[channel.id, args.need("thread_ts")] = args.text("status")
    return {"ok": True}


def set_title(space: Workspace, args: Arguments) -> Result:
    """assistant.threads.setTitle."""
    channel = space.joined(args.need("channel_id"))
    space.titles[channel.id, args.need("thread_ts")] = args.need("title")
    return {"ok": True}


def set_suggested_prompts(space: Workspace, args: Arguments) -> Result:
    """assistant.threads.setSuggestedPrompts: one to four prompts."""
    channel = space.joined(args.need("channel_id"))
    prompts = args.get("prompts")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= 4:
        raise SlackRefusal("invalid_arguments", "prompts must have 1 to 4 items")
    space.prompts[channel.id, args.text("thread_ts")] = prompts
    return {"ok": True}
