"""Where a person who is logged in can go: the one list that every page's menu is made of."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from api.endpoint import Endpoint


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
    there = {
        resource.canonical
        for resource in request.app.router.resources()
        if any(is_page(route.handler) for route in resource)
    }
    return [place for place in PLACES if place.path in there]


def is_page(handler: object) -> bool:
    """Whether a browser that asks for a page gets one of this handler."""
    endpoint = getattr(handler, "__self__", None)
    if isinstance(endpoint, Endpoint):
        return endpoint.operation.browser is not None
    return getattr(handler, "__module__", "").startswith("api.pages.")
