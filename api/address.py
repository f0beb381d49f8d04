"""Where a request comes from, as far as limits go."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address

from aiohttp import web

from api.errors import Handler
from api.keys import CORE
from core.origin import Origin, asked_from

_ADDRESS = web.RequestKey("address", str)


def client_address(request: web.Request) -> str:
    """The address of whoever asks.

    On a server that people reach from elsewhere, a peer with a private address is the proxy in
    front of it, and the last entry of X-Forwarded-For is what that proxy saw. On somebody's own
    machine there is no proxy, and the header proves nothing.
    """
    known = request.get(_ADDRESS)
    if known is None:
        known = request[_ADDRESS] = _address(request)
    return known


def _address(request: web.Request) -> str:
    peer = request.remote or ""
    if request.app[CORE].settings.local or not _is_private(peer):
        return peer
    seen = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return seen if _is_address(seen) else peer


@web.middleware
async def noted_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Has sessions and the audit log know where a request comes from."""
    agent = request.headers.get("User-Agent", "")
    with asked_from(Origin(client_address(request), agent)):
        return await handler(request)


@lru_cache(maxsize=256)
def _is_private(address: str) -> bool:
    return _is_address(address) and ip_address(address).is_private


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
