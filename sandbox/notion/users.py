"""Who is in the workspace: one person, and the integration's bot.

https://developers.notion.com/reference/user
"""

from typing import Any

from sandbox.notion.ids import BOT_USER_ID, PERSON_USER_ID, WORKSPACE_ID

_MAX_UPLOAD = 5 * 1024 * 1024 * 1024

BOT_USER: dict[str, Any] = {
    "object": "user",
    "id": BOT_USER_ID,
    "name": "Notion Assistant",
    "avatar_url": None,
    "type": "bot",
    "bot": {
        "owner": {"type": "workspace", "workspace": True},
        "workspace_id": WORKSPACE_ID,
        "workspace_limits": {"max_file_upload_size_in_bytes": _MAX_UPLOAD},
        "workspace_name": "Sandbox",
    },
}
PERSON_USER: dict[str, Any] = {
    "object": "user",
    "id": PERSON_USER_ID,
    "name": "Robin Example",
    "avatar_url": None,
    "type": "person",
    "person": {"email": "robin@example.com"},
}
USERS = (PERSON_USER, BOT_USER)


def person(user_id: str) -> dict[str, Any] | None:
    """Somebody of the workspace; a bot is nobody who could be mentioned."""
    return next((one for one in USERS if one["id"] == user_id and one["type"] == "person"), None)
