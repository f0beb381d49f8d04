"""Every chat platform, a line each. Adding one is its folder, its tests and its line here.

A platform's package offers `platform(settings)`, its way out, and `entry(settings, intake)`, its
way in; it is imported when its settings turn it on, and not before.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from aiohttp import web

from core.config import Settings
from core.ports import Intake, Platform

Route = tuple[str, str, Callable[[web.Request], Awaitable[web.StreamResponse]]]
"""Method, path and handler of something the platform calls over HTTP."""


class Entry(Protocol):
    """A platform's way in."""

    routes: Sequence[Route]

    async def start(self) -> None:
        """Connects, and returns. Raises Misconfigured where its settings are not accepted."""
        ...

    async def stop(self) -> None:
        """Takes nothing new and disconnects."""
        ...


class Package(Protocol):
    """What a platform's package offers."""

    def platform(self, settings: Settings) -> Platform:
        """The way out; cheap to make, connects when first used."""
        ...

    def entry(self, settings: Settings, intake: Intake) -> Entry:
        """The way in."""
        ...


@dataclass(frozen=True, slots=True)
class Registration:
    """Which package it is, and whether the settings turn it on."""

    package: str
    on: Callable[[Settings], bool]

    def load(self) -> Package:
        """The package, imported now."""
        return cast("Package", import_module(self.package))


PLATFORMS: dict[str, Registration] = {
    "slack": Registration(
        "bot.slack", lambda s: s.slack_signing_secret is not None or s.slack_app_token is not None
    ),
    "discord": Registration("bot.discord", lambda s: s.discord_token is not None),
}
