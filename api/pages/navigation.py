"""Where a person who is logged in can go: the one list that every page's menu is made of."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Place:
    """One entry: its path, its name, and its icon (templates/icons.html)."""

    path: str
    name: str
    icon: str


PLACES = (
    Place("/", "Write", "write"),
    Place("/history", "History", "history"),
    Place("/connections", "Connections", "connections"),
    Place("/usage", "Usage", "usage"),
    Place("/settings", "Settings", "settings"),
)
"""All there may be; a page that this server does not have is not in its menu."""


def navigation(request: web.Request) -> list[Place]:
    """The entries whose pages there are."""
    there = {resource.canonical for resource in request.app.router.resources()}
    return [place for place in PLACES if place.path in there]
