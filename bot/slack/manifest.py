"""The app as Slack is told of it: what it may do, what it hears of, and where it is. Pure.

`docs/slack-manifest.yaml` is made from this by `make manifest`.
https://docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

from typing import Any

from core.commands.command import PREFIX
from core.commands.registry import COMMANDS

NAME = "Notion Assistant"
NEW_PAGE = "new_notion_page"
SHORTCUT = "save_to_notion"
APPEND = "append_to_page"

SCOPES = (
    "commands",
    "app_mentions:read",
    "assistant:write",
    "chat:write",
    "chat:write.public",
    "reactions:read",
    "reactions:write",
    "files:read",
    "users:read",
    "users:read.email",
    "channels:history",
    "groups:history",
    "im:history",
    "mpim:history",
    "channels:read",
    "groups:read",
    "im:read",
    "mpim:read",
)
"""What the bot asks to be allowed."""

EVENTS = {
    "agent_session_stopped": "assistant:write",
    "app_mention": "app_mentions:read",
    "app_home_opened": "",
    "app_uninstalled": "",
    "assistant_thread_context_changed": "assistant:write",
    "assistant_thread_started": "assistant:write",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "tokens_revoked": "",
}
"""What the bot is told of, and the scope that needs; empty where it needs none."""

PROMPTS = (
    ("Write a checklist", "Write a launch checklist for a small product."),
    ("Plan a week", "Plan a week of work for a team of four, as a table."),
    ("Write meeting notes", "Write a template for meeting notes with decisions and owners."),
)
"""What the conversation with the app suggests: title and message, four at most."""


def usage_hint() -> str:
    """What Slack shows behind `/notion` while somebody types: every command."""
    return " | ".join(
        command.usage.removeprefix(PREFIX).strip()
        for command in COMMANDS.values()
        if command.listed
    )


def manifest(public_url: str) -> dict[str, Any]:
    """The manifest of an app whose server is reached at this address."""
    events = f"{public_url}/slack/events"
    return {
        "display_information": {
            "name": NAME,
            "description": "Turns prompts, messages and threads into Notion pages",
        },
        "features": _features(events),
        "oauth_config": {
            "redirect_urls": [
                f"{public_url}/slack/oauth_redirect",
                f"{public_url}/auth/slack/callback",
            ],
            "scopes": {"bot": list(SCOPES)},
        },
        "settings": {
            "event_subscriptions": {"request_url": events, "bot_events": list(EVENTS)},
            "interactivity": {
                "is_enabled": True,
                "request_url": events,
                "message_menu_options_url": events,
            },
            "org_deploy_enabled": True,
            "socket_mode_enabled": False,
            "token_rotation_enabled": False,
        },
    }


def socket_manifest() -> dict[str, Any]:
    """The manifest of an app that Slack reaches by Socket Mode: it has no address at all.

    https://docs.slack.dev/reference/app-manifest
    """
    app = manifest("")
    del app["oauth_config"]["redirect_urls"]
    del app["features"]["slash_commands"][0]["url"]
    settings = app["settings"]
    del settings["event_subscriptions"]["request_url"]
    settings["interactivity"] = {"is_enabled": True}
    settings["socket_mode_enabled"] = True
    return app


def _features(events: str) -> dict[str, Any]:
    first = next(iter(COMMANDS.values()))
    return {
        "bot_user": {"display_name": NAME, "always_online": True},
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "agent_view": {
            "agent_description": "Writes what you ask for, and keeps it in Notion.",
            "suggested_prompts": [{"title": title, "message": text} for title, text in PROMPTS],
        },
        "shortcuts": [
            {
                "name": "Save to Notion",
                "type": "message",
                "callback_id": SHORTCUT,
                "description": "Makes a Notion page of this message, or of its thread",
            },
            {
                "name": "Append to Notion page",
                "type": "message",
                "callback_id": APPEND,
                "description": "Adds this message, or its thread, to a page that is there",
            },
            {
                "name": "New Notion page",
                "type": "global",
                "callback_id": NEW_PAGE,
                "description": "Opens a form that writes a page",
            },
        ],
        "slash_commands": [
            {
                "command": PREFIX,
                "url": events,
                "description": first.summary.rstrip("."),
                "usage_hint": usage_hint(),
                "should_escape": False,
            }
        ],
    }
