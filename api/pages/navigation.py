"""Where a person who is logged in can go: the one list that every page's menu is made of."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from api.endpoint import Endpoint
from api.pages.visitor import known_visitor


@dataclass(frozen=True, slots=True)
class Place:
    """One entry: its path, its name, and its icon (templates/icons.html)."""

    path: str
    name: str
    icon: str
    for_admins: bool = False


PLACES = (
    Place("/", "Write", "write"),
    Place("/history", "History", "history"),
    Place("/connections", "Connections", "connections"),
    Place("/usage", "Usage", "usage"),
    Place("/settings", "Settings", "settings"),
    Place("/admin", "Admin", "admin", for_admins=True),
)
"""All there may be; a page that this server does not have is not in its menu."""


def navigation(request: web.Request) -> list[Place]:
    """The entries whose pages there are, and that whoever looks may open."""
    there = {
        resource.canonical
        for resource in request.app.router.resources()
        if any(is_page(route.handler) for route in resource)
    }
    viewer = known_visitor(request)
    is_admin = viewer is not None and viewer.role == "admin"
    return [place for place in PLACES if place.path in there and (is_admin or not place.for_admins)]


def is_page(handler: object) -> bool:
    """Whether a browser that asks for a page gets one of this handler."""
    endpoint = getattr(handler, "__self__", None)
    if isinstance(endpoint, Endpoint):
        return endpoint.operation.browser is not None
    return getattr(handler, "__module__", "").startswith("api.pages.")
