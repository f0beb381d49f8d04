"""Event streams, and how many of them somebody may hold open: each takes a socket and a task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from aiohttp import web
from aiohttp_sse import EventSourceResponse

from api.keys import STREAMS
from core.errors import RateLimited

MOST = 100
"""Streams of one person in one process. Browsers hold six; this is for programs that run wild."""

KEEPALIVE_SECONDS = 15.0
"""Proxies close a connection on which nothing comes, often after a minute."""


@contextmanager
def held(request: web.Request, user_id: UUID) -> Iterator[None]:
    """Counts a stream while it is open. Raises RateLimited where that is one too many."""
    streams: Counter[UUID] = request.app[STREAMS]
    if streams[user_id] >= MOST:
        raise RateLimited(
            f"You follow {MOST} answers already. Close one, or wait until one is written.",
            retry_after=5,
        )
    streams[user_id] += 1
    try:
        yield
    finally:
        streams[user_id] -= 1
        if not streams[user_id]:
            del streams[user_id]


def event_stream(*, for_all_methods: bool = False) -> EventSourceResponse:
    """A stream that nobody on the way keeps: what is in it is one person's. For GET otherwise."""
    response = EventSourceResponse(
        allow_all_methods=for_all_methods, ping_interval=KEEPALIVE_SECONDS
    )
    response.headers["Cache-Control"] = "no-store"
    return response
