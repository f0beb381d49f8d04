"""Slack: signed requests and Socket Mode in, the Web API and response URLs out."""

from __future__ import annotations

from bot.slack.adapter import SlackPlatform
from bot.slack.entry import SlackEntry
from core.config import Settings
from core.ports import Intake


def platform(settings: Settings) -> SlackPlatform:
    """The way out; connects with the first message."""
    return SlackPlatform(settings)


def entry(settings: Settings, intake: Intake) -> SlackEntry:
    """The way in."""
    return SlackEntry(settings, intake, intake.installations)
