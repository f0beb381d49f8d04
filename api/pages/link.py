"""`/link`: where a chat identity is joined to an account.

The page is the same for everybody: its code stands behind the `#` of the address, which no browser
sends, and its script hands it in over the JSON API once somebody is logged in. What is guarded
against, and how: `core.accounts.links`.
"""

from __future__ import annotations

from aiohttp import web

from api.pages.render import page


async def link(request: web.Request) -> web.Response:
    """The page. To get it changes nothing."""
    return page(request, "link.html")
