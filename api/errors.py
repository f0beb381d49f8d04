"""Every error as `{"detail", "status", "code"}`: one shape, made in one place."""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web

from core.errors import AssistantError, Conflict, RateLimited, Unavailable

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STATUS = {
    "INVALID_INPUT": 400,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "CONFLICT": 409,
    "PRECONDITION_FAILED": 412,
    "PAYLOAD_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "RATE_LIMITED": 429,
    "INTERNAL": 500,
    "PROVIDER_FAILED": 502,
    "NOTION_FAILED": 502,
    "UNAVAILABLE": 503,
}
"""Every code there is, and its status."""

COME_BACK_SECONDS = 30
"""Retry-After of a 429 or 503 whose reason does not say."""

_CODE = {
    400: "INVALID_INPUT",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "RATE_LIMITED",
    503: "UNAVAILABLE",
}
_DETAIL = {
    "NOT_FOUND": "There is nothing at this address. /docs lists what there is.",
    # Of the libraries' own, aiohttp-cors alone says it: to a browser, for a page elsewhere.
    "FORBIDDEN": "Pages of that origin may not ask for this, or not in this way. "
    "CORS_ORIGINS lists the origins that may.",
    "METHOD_NOT_ALLOWED": "This address does not take that method.",
    "PAYLOAD_TOO_LARGE": "The body is too large.",
    "UNSUPPORTED_MEDIA_TYPE": "Send JSON, with Content-Type: application/json.",
    "INVALID_INPUT": "This is not a request the server can read.",
    "INTERNAL": "Something went wrong on the server. Its admin can find it in the log under the "
    "X-Request-ID of this answer.",
}


class TooSlow(web.RequestPayloadError):
    """A body did not come in time."""


def error_body(code: str, detail: str) -> dict[str, Any]:
    """The shape every error has."""
    return {"detail": detail, "status": STATUS[code], "code": code}


def error_response(
    code: str, detail: str | None = None, *, retry_after: float | None = None, **more: Any
) -> web.Response:
    """An error as an answer. `more` goes into the body beside the three that are always there."""
    status = STATUS[code]
    body = error_body(code, detail or _DETAIL.get(code, HTTPStatus(status).phrase)) | more
    response = web.Response(
        text=json.dumps(body, ensure_ascii=False), status=status, content_type="application/json"
    )
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if (seconds := _seconds(status, retry_after)) is not None:
        response.headers["Retry-After"] = str(seconds)
    return response


def _seconds(status: int, retry_after: float | None) -> int | None:
    if retry_after is None and status in (429, 503):
        retry_after = COME_BACK_SECONDS
    return None if retry_after is None else max(1, math.ceil(retry_after))


def _wait(error: AssistantError) -> float | None:
    waits = isinstance(error, RateLimited | Unavailable | Conflict)
    return error.retry_after if waits else None


def assistant_error_response(error: AssistantError) -> web.Response:
    """An error of the core, as an answer."""
    return error_response(error.code, error.message, retry_after=_wait(error))


def assistant_error_event(error: AssistantError) -> dict[str, Any]:
    """The same in a stream, which can carry no Retry-After: it stands in the body."""
    seconds = _seconds(STATUS[error.code], _wait(error))
    more = {} if seconds is None else {"retry_after": seconds}
    return error_body(error.code, error.message) | more


def http_error_response(error: web.HTTPException) -> web.Response:
    """An error of aiohttp's own, in our shape. A status we have no code for becomes 400 or 500."""
    code = _CODE.get(error.status, "INVALID_INPUT" if error.status < 500 else "INTERNAL")
    response = error_response(code)
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever was raised, as an answer."""
    try:
        return await handler(request)
    except AssistantError as error:
        if error.code == "INTERNAL":
            log.error("a request failed", reason=error.message)
        return assistant_error_response(error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return http_error_response(error)
    except web.RequestPayloadError as error:
        detail = "The body is not encoded as its headers say."
        if isinstance(error, TooSlow):
            detail = "The body did not come in time. Send it again."
        response = error_response("INVALID_INPUT", detail)
        # Where the next request begins in what is left of this one, nobody can tell.
        response.force_close()
        return response
    except Exception as error:
        if isinstance(error, ConnectionError) and request.transport is None:
            raise  # whoever asked has left
        log.exception("a request crashed", method=request.method, path=request.path)
        return error_response("INTERNAL")
