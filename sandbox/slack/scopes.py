"""Which scope a method wants, and the refusal where the app was not given it.

docs.slack.dev/reference/scopes
"""

from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.errors import SlackRefusal
from sandbox.slack.workspace import Workspace

BY_METHOD = {
    "users.info": "users:read",
    "team.info": "team:read",
    "chat.postMessage": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.update": "chat:write",
    "chat.delete": "chat:write",
    "chat.startStream": "chat:write",
    "chat.appendStream": "chat:write",
    "chat.stopStream": "chat:write",
    "reactions.add": "reactions:write",
    "reactions.remove": "reactions:write",
    "reactions.get": "reactions:read",
    "agents.sessions.setStatus": "chat:write",
    "assistant.threads.setStatus": "chat:write",
    "assistant.threads.setTitle": "assistant:write",
    "assistant.threads.setSuggestedPrompts": "assistant:write",
}

# These want a scope for the kind of conversation.
BY_KIND = {
    "conversations.history": "history",
    "conversations.replies": "history",
    "conversations.info": "read",
    "conversations.members": "read",
}
LISTED = {"public_channel": "channels", "private_channel": "groups", "mpim": "mpim", "im": "im"}
KINDS = {"public": "channels", "private": "groups", "im": "im"}


def check_scope(
    space: Workspace, granted: frozenset[str] | None, method: str, args: Arguments
) -> None:
    """Raises SlackRefusal `missing_scope`, with what is needed; `granted` None is everything."""
    if granted is None:
        return
    needed = BY_METHOD.get(method)
    if method == "users.conversations":
        kinds = (args.text("types") or "public_channel").split(",")
        lacking = [f"{LISTED[each]}:read" for each in kinds if each in LISTED]
        needed = next((each for each in lacking if each not in granted), None)
    if method in BY_KIND:
        channel = space.channels.get(args.text("channel"))
        needed = f"{KINDS[channel.kind] if channel else 'channels'}:{BY_KIND[method]}"
    if needed and needed not in granted:
        raise SlackRefusal("missing_scope", needed=needed, provided=",".join(sorted(granted)))


def without_emails(answer: dict[str, Any], granted: frozenset[str] | None) -> dict[str, Any]:
    """An answer about a user as a token sees it that lacks `users:read.email`.

    docs.slack.dev/reference/scopes/users.read.email
    """
    user = answer.get("user")
    if granted is None or "users:read.email" in granted or not isinstance(user, dict):
        return answer
    profile = {name: value for name, value in user.get("profile", {}).items() if name != "email"}
    return answer | {"user": user | {"profile": profile}}
