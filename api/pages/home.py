"""`/`: what this is, and what to type."""

from __future__ import annotations

from aiohttp import web

from api.keys import CORE
from api.pages.render import page
from core.commands.registry import COMMANDS
from core.config import program

SANDBOX = "/sandbox/notion"
"""Where a local run shows the pages of its stand-in for Notion."""


async def home(request: web.Request) -> web.Response:
    """The front page."""
    settings = request.app[CORE].settings
    mounted = {resource.canonical for resource in request.app.router.resources()}
    listed = [command for command in COMMANDS.values() if command.listed]
    return page(
        "home.html",
        server=settings.public_url,
        sandbox=f"{SANDBOX}/" if SANDBOX in mounted else None,
        commands=listed,
        flags=dict.fromkeys(flag.name for each in listed for flag in each.flags),
        program=program(),
        providers=list(request.app[CORE].providers),
    )
