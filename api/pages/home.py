"""`/`: where one writes; for a stranger, what this is and how it begins."""

from __future__ import annotations

from aiohttp import web

from api.keys import CORE
from api.pages import write
from api.pages.render import page
from api.pages.visitor import visitor
from core.commands.registry import COMMANDS
from core.config import program

SANDBOX = "/sandbox/notion"
"""Where a local run shows the pages of its stand-in for Notion."""


async def home(request: web.Request) -> web.StreamResponse:
    """The front page."""
    return await write.form(request) if await visitor(request) else await about(request)


def stand_in(request: web.Request) -> str | None:
    """Where the pages of the stand-in for Notion are, in a run that has one."""
    mounted = {resource.canonical for resource in request.app.router.resources()}
    return f"{SANDBOX}/" if SANDBOX in mounted else None


async def about(request: web.Request) -> web.Response:
    """What this is, and what to type."""
    core = request.app[CORE]
    listed = [command for command in COMMANDS.values() if command.listed]
    return page(
        request,
        "about.html",
        server=core.settings.public_url,
        sandbox=stand_in(request),
        commands=listed,
        flags=dict.fromkeys(flag.name for each in listed for flag in each.flags),
        program=program(),
        providers=list(core.providers),
    )
