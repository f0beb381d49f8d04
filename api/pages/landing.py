"""Where the link under a Notion page leads: the item is its writer's alone, so strangers see none.

Whoever is logged in goes on to the item in their history, if it is theirs.
"""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from aiohttp import web

from api.pages.render import page, see_other
from api.pages.visitor import visitor


async def landing(request: web.Request) -> web.Response:
    """The same page for every id, whether or not there is such an item."""
    address = _address(request.match_info["id"])
    if await visitor(request) is not None and address:
        return see_other(address)
    login = f"/login?next={quote(address, safe='')}" if address else "/login"
    return page(request, "landing.html", login=login)


def _address(written: str) -> str:
    try:
        return f"/history/{UUID(written)}"
    except ValueError:
        return ""
