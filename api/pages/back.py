"""Where a browser lands that asks for the address a form is sent to, or for one with a slash more.

A reload after a form was refused, a bookmark, or an address typed by heart sends GET where only
POST is taken. The page that has the form is what was meant; nothing is done.
"""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from api.errors import Handler
from api.pages.render import see_other

BACK = {
    "/logout": "/",
    "/theme": "/",
    "/write": "/",
    "/write/{id}/rewrite": "/history/{id}",
    "/write/{id}/stop": "/history/{id}",
    "/history/{id}/save": "/history/{id}",
    "/link/join": "/link",
    "/link/code": "/link",
    "/admin/budgets/change": "/admin/budgets",
    "/admin/users/{id}/allowance": "/admin/users/{id}/account",
    "/admin/users/{id}/enable": "/admin/users/{id}/account",
    "/connections/code": "/connections",
    "/connections/destination": "/connections",
    "/settings/name": "/settings",
    "/settings/email": "/settings",
    "/settings/preferences": "/settings",
    "/settings/password": "/settings",
    "/settings/password/strength": "/settings",
    "/settings/password/mail": "/settings",
    "/settings/sessions": "/settings",
    "/settings/sessions/{id}": "/settings",
    "/settings/tokens": "/settings",
}
"""The page of each form whose address has no page of its own."""


def back(path: str) -> Handler:
    """Sends the browser on to a page."""

    async def handle(request: web.Request) -> web.StreamResponse:
        named = {name: quote(value, safe="") for name, value in request.match_info.items()}
        query = request.rel_url.raw_query_string
        return see_other(path.format(**named) + (f"?{query}" if query else ""))

    return handle
