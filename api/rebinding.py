"""A page elsewhere whose name leads to this machine: no page of ours, whatever its browser says.

A server on somebody's own machine is out of reach of the web, but not of a page that their browser
shows: the page's name may be made to lead to 127.0.0.1, and the browser then takes this server for
the page's own. It could make an account here, and read what the server's Notion holds.
https://developer.mozilla.org/en-US/docs/Web/Security/Attacks/DNS_Rebinding
"""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from api.errors import Handler
from api.keys import CORE
from core.config import LOCAL_HOSTS
from core.errors import Forbidden


@web.middleware
async def by_own_name(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns away what a page asks by a name that is none of this machine's.

    Browsers name the page in Origin with whatever is no GET. Only where the server listens on this
    machine alone; elsewhere names lead to it by right.
    """
    settings = request.app[CORE].settings
    origin = request.headers.get("Origin")
    if origin and settings.local and settings.host in LOCAL_HOSTS:
        name = _host(origin)
        if name == _host(f"//{request.host}") and not _is_own(name):
            raise Forbidden(
                f"This server is on your own machine and answers at {settings.public_url} alone. "
                "To reach it by another name, set PUBLIC_URL."
            )
    return await handler(request)


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _is_own(name: str | None) -> bool:
    return name is not None and (name in LOCAL_HOSTS or name.endswith(".localhost"))
