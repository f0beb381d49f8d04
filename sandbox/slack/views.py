"""views.open, views.publish and views.update: forms, and home tabs.

docs.slack.dev/reference/methods/views.open, docs.slack.dev/reference/views
"""

import secrets
from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.chat import Result
from sandbox.slack.errors import SlackRefusal, missing
from sandbox.slack.view_rules import check_view
from sandbox.slack.workspace import Workspace


def open_view(space: Workspace, args: Arguments) -> Result:
    """views.open: a modal, by a trigger used once within three seconds."""
    trigger = args.need("trigger_id")
    view = _checked_view(args, "modal")
    if trigger in space.spent_triggers:
        raise SlackRefusal("exchanged_trigger_id")
    issued = space.triggers.pop(trigger, None)
    if issued is None:
        raise SlackRefusal("invalid_trigger_id")
    if space.clock() - issued > space.trigger_seconds:
        raise SlackRefusal("expired_trigger_id")
    space.spent_triggers.add(trigger)
    return _keep_view(space, view)


def publish_view(space: Workspace, args: Arguments) -> Result:
    """views.publish: a person's home tab."""
    user = args.need("user_id")
    if user not in space.users:
        raise SlackRefusal("user_not_found")
    if not space.home_tab:
        raise SlackRefusal("not_enabled")
    return _keep_view(space, _checked_view(args, "home") | {"user_id": user})


def update_view(space: Workspace, args: Arguments) -> Result:
    """views.update: by `view_id` or `external_id`."""
    for view in space.views:
        if view["id"] == args.text("view_id") or (
            args.text("external_id") and view.get("external_id") == args.text("external_id")
        ):
            if args.text("hash") not in ("", view["hash"]):
                raise SlackRefusal("hash_conflict")
            view |= _checked_view(args, view["type"]) | {"hash": secrets.token_hex(8)}
            return {"ok": True, "view": view}
    raise SlackRefusal("not_found")


def _checked_view(args: Arguments, kind: str) -> dict[str, Any]:
    view = args.get("view")
    if not isinstance(view, dict):
        raise missing("view")
    check_view(view, kind)
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
