"""Entity tags: what is known is not sent again, what was changed since is not overwritten.

A strong tag is made of what is answered, so it changes with every field that is shown.
RFC 9110, 8.8.3 and 13.1: https://www.rfc-editor.org/rfc/rfc9110#section-13
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import blake2b

from aiohttp import ETag, web

from core.errors import Changed

REVALIDATED = "private, no-cache"
"""A browser may keep it, and asks each time whether it is still so."""


def etag_of(text: str) -> str:
    """The tag, as it stands between the quotation marks."""
    return urlsafe_b64encode(blake2b(text.encode(), digest_size=12).digest()).decode()


def tagged(request: web.Request, text: str, status: int = 200) -> web.Response:
    """An answer in JSON with its tag; 304 without a body for whoever reads and has it already."""
    etag = etag_of(text)
    is_read = request.method in ("GET", "HEAD")
    if is_read and any(_is(each, etag) for each in request.if_none_match or ()):
        response = web.Response(status=304)
    else:
        response = web.Response(text=text, status=status, content_type="application/json")
    response.etag = etag
    response.headers["Cache-Control"] = REVALIDATED
    return response


def has_condition(request: web.Request) -> bool:
    """Whether something is to be changed only where it is still as it was read."""
    return "If-Match" in request.headers


def check(request: web.Request, text: str) -> None:
    """Raises Changed where what is there is not what the condition names."""
    etag = etag_of(text)
    # A weak tag does not name what is there to the letter.
    if not any(_is(each, etag) and not each.is_weak for each in request.if_match or ()):
        raise Changed("This was changed since you read it. Read it again, then repeat.")


def _is(each: ETag, etag: str) -> bool:
    return each.value in ("*", etag)
