"""`/connect`: where somebody in chat connects a Notion of their own.

The page is the same for everybody: its code stands behind the `#` of the address, which no browser
sends, and its script hands it in over the JSON API. What is guarded against, and how:
`core.connecting`.
"""

from __future__ import annotations

from aiohttp import web

from api.pages.render import page


async def connect(request: web.Request) -> web.Response:
    """The page. To get it changes nothing."""
    return page(request, "connect.html")
