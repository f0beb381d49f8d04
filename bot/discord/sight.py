"""Whether a person may read a channel: an address they paste must not show them more than they see.

https://docs.discord.com/developers/topics/permissions
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.discord.rest import Refused, Rest

Json = Mapping[str, Any]

_ADMINISTRATOR = 1 << 3
_NEEDED = 1 << 10 | 1 << 16
"""View Channel, Read Message History."""

_MANAGE_THREADS = 1 << 34
_DM, _PRIVATE_THREAD, _THREADS = 1, 12, (10, 11, 12)


async def may_read(rest: Rest, user: str, channel: Json) -> bool:
    """Whether this person may read this channel. Raises what calls to Discord raise."""
    if channel.get("type") == _DM:
        return user in {person["id"] for person in channel.get("recipients") or []}
    guild_id = channel.get("guild_id")
    if not guild_id:
        return False
    try:
        member = await rest.as_bot("GET", f"/guilds/{guild_id}/members/{user}")
    except Refused as refused:
        if refused.status == 404:
            return False
        raise
    guild = await rest.as_bot("GET", f"/guilds/{guild_id}")
    above = channel
    if channel.get("type") in _THREADS:
        above = await rest.as_bot("GET", f"/channels/{channel['parent_id']}")
    granted = permissions(guild, member, user, above)
    if granted & _NEEDED != _NEEDED:
        return False
    if channel.get("type") != _PRIVATE_THREAD or granted & _MANAGE_THREADS:
        return True
    try:
        await rest.as_bot("GET", f"/channels/{channel['id']}/thread-members/{user}")
    except Refused as refused:
        if refused.status == 404:
            return False
        raise
    return True


def permissions(guild: Json, member: Json, user: str, channel: Json) -> int:
    """What somebody may do in a channel that is no thread, as Discord reckons it. Pure."""
    everything = (1 << 60) - 1
    if guild.get("owner_id") == user:
        return everything
    held = {guild["id"], *member.get("roles", ())}
    granted = 0
    for role in guild.get("roles") or ():
        if role["id"] in held:
            granted |= int(role["permissions"])
    if granted & _ADMINISTRATOR:
        return everything
    overwrites = {one["id"]: one for one in channel.get("permission_overwrites") or ()}
    of_roles = [one for key, one in overwrites.items() if key in held and key != guild["id"]]
    # Everybody's first, then those of all roles together, then the person's own.
    for group in ([guild["id"]], [one["id"] for one in of_roles], [user]):
        chosen = [overwrites[key] for key in group if key in overwrites]
        for one in chosen:
            granted &= ~int(one["deny"])
        for one in chosen:
            granted |= int(one["allow"])
    return granted
