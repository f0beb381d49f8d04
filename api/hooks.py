"""`POST /notion/webhook`: what Notion tells of pages.

https://developers.notion.com/reference/webhooks
"""

from __future__ import annotations

from aiohttp import web

from api.address import client_address
from api.keys import CORE

LARGEST = 256 * 1024
"""Bytes of one delivery; Notion's have some two thousand."""


async def webhook(request: web.Request) -> web.Response:
    """Notes what is told and answers at once; the work is done later.

    401 where the signature is none of ours. Notion tells again what was not answered with 200, up
    to eight times, so what cannot be written down now is not lost.
    """
    if (request.content_length or 0) > LARGEST:
        raise web.HTTPRequestEntityTooLarge(LARGEST, request.content_length or 0)
    core = request.app[CORE]
    body = await request.read()
    signature = request.headers.get("X-Notion-Signature", "")
    if not signature:
        # Only who knows no token comes without: Notion itself, the first time.
        await core.limits.hit("anyone", client_address(request))
    await core.announcing.hear(body, signature)
    return web.Response(status=200)
