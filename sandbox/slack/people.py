"""auth.test, users.* and team.*."""

from sandbox.slack.arguments import Arguments
from sandbox.slack.chat import Result
from sandbox.slack.errors import SlackRefusal
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
