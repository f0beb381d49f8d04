"""`/`: what this is, and what to type."""

from __future__ import annotations

from aiohttp import web

from api.keys import CORE
from api.pages.render import page

SANDBOX = "/sandbox/notion"
"""Where a local run shows the pages of its stand-in for Notion."""


async def home(request: web.Request) -> web.Response:
    """The front page."""
    settings = request.app[CORE].settings
    mounted = {resource.canonical for resource in request.app.router.resources()}
    return page(
        "home.html",
        server=settings.public_url,
        sandbox=f"{SANDBOX}/" if SANDBOX in mounted else None,
        providers=list(request.app[CORE].providers),
    )
