"""How long a request's body may take: whoever sends it a byte at a time holds nothing up."""

from __future__ import annotations

import asyncio

from aiohttp import web

from api.errors import Handler, TooSlow
from api.keys import PATIENCE


@web.middleware
async def timely(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Has whoever reads a body that is late be told so: `TooSlow` is raised there."""
    if not request.body_exists:
        return await handler(request)

    def give_up() -> None:
        if not request.content.is_eof():
            request.content.set_exception(TooSlow())

    loop = asyncio.get_running_loop()
    late = loop.call_later(request.app[PATIENCE], give_up)
    try:
        return await handler(request)
    finally:
        late.cancel()
