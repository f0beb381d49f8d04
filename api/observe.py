"""What is known of every request: its id, a log line, and numbers for Prometheus."""

from __future__ import annotations

import asyncio
import re
import time
from functools import cache
from itertools import count
from typing import Any
from uuid import uuid4

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest

from api.errors import Handler
from api.keys import REQUEST_ID

log = structlog.get_logger(__name__)

# Metrics live in the process's one registry, beside those that prometheus_client brings of the
# process itself (https://prometheus.github.io/client_python/).
REQUESTS = Counter(
    "http_requests_total", "HTTP requests by route and status.", ["method", "route", "status"]
)
SECONDS = Histogram(
    "http_request_duration_seconds",
    "From the request's headers to the end of its answer, in seconds.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600),
)

_SANE = re.compile(r"[A-Za-z0-9._-]{1,128}")
# An id is no secret, but no two requests have the same. The system is asked for chance but once:
# each time would have all other threads go first.
_PROCESS, _NUMBERS = uuid4().hex[:16], count(1)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_QUIET = ("/health/", "/metrics", "/static")


def request_id_for(offered: str | None) -> str:
    """The id the client offered, where it is a sane token; a new one otherwise."""
    return offered if offered and _SANE.fullmatch(offered) else f"{_PROCESS}{next(_NUMBERS):016x}"


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Gives the request its id, and notes what came of it."""
    request[REQUEST_ID] = request_id_for(request.headers.get("X-Request-ID"))
    began = time.perf_counter()
    status = 500
    bound = structlog.contextvars.bind_contextvars(request_id=request[REQUEST_ID])
    try:
        response = await handler(request)
        status = response.status
        return response
    except web.HTTPException as redirect:
        status = redirect.status
        raise
    finally:
        # Once the answer is on its way: Slack's and others' clocks run until then.
        took = time.perf_counter() - began
        asyncio.get_running_loop().call_soon(_note, request, status, took)
        structlog.contextvars.reset_contextvars(**bound)


# Finding a series takes longer than counting in it. There are as many as routes and statuses.
@cache
def _counter(method: str, route: str, status: int) -> Any:
    return REQUESTS.labels(method, route, status)


@cache
def _histogram(method: str, route: str) -> Any:
    return SECONDS.labels(method, route)


def _note(request: web.Request, status: int, seconds: float) -> None:
    method = request.method if request.method in _METHODS else "OTHER"
    route = _route(request)
    _counter(method, route, status).inc()
    _histogram(method, route).observe(seconds)
    # The route and not the path, which may hold what a person searched for.
    say = log.debug if route.startswith(_QUIET) else log.info
    say("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


def _route(request: web.Request) -> str:
    """The route's template: a path would be a new time series for every item."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unmatched"


async def metrics(_request: web.Request) -> web.Response:
    """The numbers, in Prometheus' text format."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
