"""What every answer carries besides its body."""

from __future__ import annotations

import re

from aiohttp import web

from api import pacing, session
from api.keys import CORE, REQUEST_ID
from api.observe import request_id_for

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types rendered"
)
"""For our own pages: files of ours, and nothing inside the page or from elsewhere. HTML that a
script puts in comes from this server, sanitised, by the one policy `rendered` (static/html.js)."""

PAGE_HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    # `no-referrer` would have a browser say Origin: null for our own forms.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
"""Of every page."""

EXPOSED = ",".join(("X-Request-ID", "Retry-After", "ETag", *pacing.HEADERS))
"""What a web page of an allowed origin may read besides the body."""

ALLOWED = (
    *("Authorization", "Content-Type", "Idempotency-Key", "X-Request-ID"),
    *("If-None-Match", "If-Match", "Last-Event-ID"),
)
"""What it may send besides what every page may."""

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def accepts(request: web.Request, media_type: str) -> bool:
    """Whether the client names this media type among those it takes (RFC 9110, 12.5.1)."""
    for entry in ",".join(request.headers.getall("Accept", ())).lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        if name == media_type:
            return not any(re.fullmatch(r"q\s*=\s*0(\.0*)?", each) for each in parameters)
    return False


def add_headers(response: web.StreamResponse, request_id: str) -> None:
    """The request's id, and what tells a browser to be careful. What is there already stays."""
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-ID"] = request_id
    # Nobody needs to know which version of which library answers.
    response.headers["Server"] = "notion-assistant"


async def on_response_prepare(request: web.Request, response: web.StreamResponse) -> None:
    """Carried by every answer, streams and files and errors included."""
    add_headers(response, request.get(REQUEST_ID) or request_id_for(None))
    _allow_origin(request, response)
    if CORE in request.app:
        _keep_private(request, response)
        session.write_cookies(request, response)
        pacing.add_standing(request, response)


def _keep_private(request: web.Request, response: web.StreamResponse) -> None:
    """Browsers come back by TLS, and no page elsewhere holds on to one of ours.

    Not for the host's other names: they may be others' servers.
    """
    if request.app[CORE].settings.public_url.startswith("https:"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")


def _allow_origin(request: web.Request, response: web.StreamResponse) -> None:
    """aiohttp-cors says nothing on a 404 or 405, whose reason a web page could then not read."""
    origins = request.app[CORE].settings.cors_origins if CORE in request.app else ()
    if not origins:
        return
    response.headers["Vary"] = "Origin"
    origin = request.headers.get("Origin")
    if origin and (origin in origins or "*" in origins):
        response.headers.setdefault("Access-Control-Allow-Origin", origin)
        if origin in origins:
            response.headers.setdefault("Access-Control-Allow-Credentials", "true")
        response.headers.setdefault("Access-Control-Expose-Headers", EXPOSED)
