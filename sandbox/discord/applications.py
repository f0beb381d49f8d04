"""The bot itself, its commands, guilds and direct messages."""

from typing import Any

from sandbox.discord.commands import overwrite
from sandbox.discord.errors import DiscordRefusal, unknown
from sandbox.discord.rest import Rest, Route
from sandbox.discord.shapes import (
    ALL_PERMISSIONS,
    application_json,
    channel_json,
    guild_json,
    member_json,
    user_json,
)
from sandbox.traffic import Answer

Json = dict[str, Any]


async def get_application(rest: Rest) -> Answer:
    """GET the app."""
    return Answer(application_json(rest.world))


async def get_gateway(rest: Rest) -> Answer:
    """GET where the gateway is."""
    return Answer({"url": rest.gateway.url})


async def get_gateway_bot(rest: Rest) -> Answer:
    """GET the same, with shards and what is left of the day's 1,000 sessions."""
    used = rest.gateway.identified
    start = {"total": 1000, "remaining": 1000 - used, "reset_after": 0, "max_concurrency": 1}
    return Answer({"url": rest.gateway.url, "shards": 1, "session_start_limit": start})


async def get_guilds(rest: Rest) -> Answer:
    """GET the guilds the bot is in."""
    shapes = (guild_json(guild) for guild in rest.world.installed())
    names = ("id", "name", "icon", "banner", "features")
    common: Json = {"owner": False, "permissions": ALL_PERMISSIONS}
    found = [{name: one.get(name) for name in names} | common for one in shapes]
    return Answer(found[: int(rest.query.get("limit", 200))])


async def get_guild(rest: Rest) -> Answer:
    """GET one guild the bot is in."""
    guild = rest.world.guilds.get(rest.params["guild_id"])
    if guild is None or not guild.installed:
        raise unknown("Guild")
    return Answer(guild_json(guild))


async def get_member(rest: Rest) -> Answer:
    """GET one member of a guild the bot is in. Raises DiscordRefusal 10004 or 10007."""
    guild, user_id = rest.world.guilds.get(rest.params["guild_id"]), rest.params["user_id"]
    if guild is None:
        raise unknown("Guild")
    if user_id not in guild.members:
        raise unknown("Member")
    user = rest.world.users[user_id]
    # Over REST a member does not say what it may do.
    member = {name: one for name, one in member_json(user).items() if name != "permissions"}
    return Answer(member | {"user": user_json(user)})


async def open_dm(rest: Rest) -> Answer:
    """POST to open direct messages."""
    channel = rest.world.open_dm(str(rest.form.get("recipient_id")))
    return Answer(channel_json(rest.world, channel))


async def get_commands(rest: Rest) -> Answer:
    """GET the commands of the app, or of one guild."""
    _own(rest)
    return Answer(rest.world.commands.get(rest.params.get("guild_id"), []))


async def put_commands(rest: Rest) -> Answer:
    """PUT all commands at once."""
    _own(rest)
    return Answer(overwrite(rest.world, rest.params.get("guild_id"), rest.body))


def _own(rest: Rest) -> None:
    if rest.params["application_id"] != rest.world.application_id:
        raise DiscordRefusal(403, 20012, "You are not authorized to perform this action.")


COMMANDS = "/applications/{application_id}/commands"
GUILD_COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"

ROUTES = [
    Route("GET", "/oauth2/applications/@me", get_application),
    Route("GET", "/applications/@me", get_application),
    Route("GET", "/gateway", get_gateway, open=True),
    Route("GET", "/gateway/bot", get_gateway_bot),
    Route("GET", "/users/@me/guilds", get_guilds),
    Route("GET", "/guilds/{guild_id}", get_guild),
    Route("GET", "/guilds/{guild_id}/members/{user_id}", get_member),
    Route("POST", "/users/@me/channels", open_dm),
    Route("GET", COMMANDS, get_commands),
    Route("PUT", COMMANDS, put_commands),
    Route("GET", GUILD_COMMANDS, get_commands),
    Route("PUT", GUILD_COMMANDS, put_commands),
]
