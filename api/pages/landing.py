"""Where the link under a Notion page leads: the item is its writer's alone, so this shows none."""

from __future__ import annotations

from aiohttp import web

from api.pages.render import page


async def landing(_request: web.Request) -> web.Response:
    """The same page for every id, whether or not there is such an item."""
    return page("landing.html")
