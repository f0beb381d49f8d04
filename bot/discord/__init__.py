"""Discord: interactions in through the gateway, answers out over REST."""

from __future__ import annotations

from bot.discord.adapter import DiscordPlatform
from bot.discord.entry import DiscordEntry
from core.config import Settings
from core.ports import Intake


def platform(settings: Settings) -> DiscordPlatform:
    """The way out; connects with the first message."""
    return DiscordPlatform(settings)


def entry(settings: Settings, intake: Intake) -> DiscordEntry:
    """The way in."""
    return DiscordEntry(settings, intake)
