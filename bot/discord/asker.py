"""Who did something in Discord, and where. Pure but for the clock."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from core.messages import Channel, Request, Sender

if TYPE_CHECKING:
    import discord

    from bot.discord.client import Client

# What of an address says which message a request is about, and where that is.
_ABOUT = (
    *("channel_id", "guild_id", "message", "thread", "kept", "linked", "marked"),
    *("asked", "asked_in", "home"),
)


def about(earlier: Request) -> dict[str, str]:
    """What a request that was made before is about, in the words of its address."""
    return {name: earlier.address[name] for name in _ABOUT if name in earlier.address}


def sender_of(interaction: discord.Interaction[Client]) -> Sender:
    """Who did something."""
    return Sender("discord", str(interaction.user.id), interaction.user.display_name)


def address_of(interaction: discord.Interaction[Client]) -> dict[str, str]:
    """Where it was done, and how it is answered."""
    bot = interaction.client.user
    return {
        "application_id": str(interaction.application_id),
        "bot_id": str(bot.id) if bot else str(interaction.application_id),
        "interaction_id": str(interaction.id),
        "interaction_token": interaction.token,
        "channel_id": str(interaction.channel_id or ""),
        "guild_id": str(interaction.guild_id or ""),
        "user_id": str(interaction.user.id),
        "asked_in": str(interaction.channel_id or ""),
        "accepted_at": f"{time.time():.6f}",
        **_home(interaction),
    }


def _home(interaction: discord.Interaction[Client]) -> dict[str, str]:
    """The server it was written in, and whether Discord says that the sender manages it."""
    if not interaction.guild_id:
        return {}
    manages = interaction.permissions.manage_guild or interaction.permissions.administrator
    return {"home": str(interaction.guild_id)} | ({"manager": "yes"} if manages else {})


def place_of(interaction: discord.Interaction[Client]) -> str:
    """The channel's id. What is chosen for a channel holds in its threads, which come and go."""
    return str(getattr(interaction.channel, "parent_id", None) or interaction.channel_id or "")


def thread_of(interaction: discord.Interaction[Client]) -> dict[str, str]:
    """The thread where something was asked for, where its answers come one after another."""
    inside = getattr(interaction.channel, "parent_id", None) is not None
    return {"thread": str(interaction.channel_id)} if inside else {}


def channel_of(interaction: discord.Interaction[Client]) -> Channel | None:
    """The same, as the core names it."""
    place = place_of(interaction)
    return Channel("discord", place) if place else None
