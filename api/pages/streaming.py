"""An answer while it grows, as HTML in server-sent events, for the script of our own pages.

`blocks` {keep, html}: of the blocks shown so far the first `keep` stay, and these follow. `saved`
{notion_url}. Then `done` {html}, what stands under the answer, with `broken_off` where that is but
its beginning; or `failed` {detail}. It tells how things stand, not what has changed since: a
browser whose connection is lost comes back by itself and has everything anew.
https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import structlog
from aiohttp import web
from aiohttp_sse import EventSourceResponse

from api.keys import CORE
from api.pages.answers import foot
from api.pages.asking import named, reason
from api.pages.prose import blocks
from api.pages.visitor import member
from api.streams import event_stream, held
from api.waiting import awaited_answer, cancelled
from core.errors import NotFound, Unavailable
from core.live import Feed
from core.storage.users import User

log = structlog.get_logger(__name__)

FRAME_SECONDS = 0.08
"""The least time between two steps of a growing answer: as quick as one can read along."""


async def events(request: web.Request) -> web.StreamResponse:
    """The answer to one of the person's requests. 404 where it is none of theirs."""
    user, request_id = await member(request), named(request)
    core = request.app[CORE]
    await core.history.own(user.id, request_id)
    with held(request, user.id):
        return await _told(request, user, request_id)


async def _told(request: web.Request, user: User, request_id: UUID) -> web.StreamResponse:
    response, feed = event_stream(), request.app[CORE].feed(request_id)
    await response.prepare(request)
    async with response:
        try:
            await _Shown(request, response, user, request_id).tell(feed)
        except ConnectionError:
            log.info("a browser left; its answer is being written on", request=str(request_id))
        except Unavailable:
            pass  # the server stops, or it takes very long: the browser comes back by itself
        except Exception:
            # The answer has begun, so no middleware can turn this into one any more.
            log.exception("a stream crashed", request=str(request_id))
            detail = "Something went wrong on the server. Load the page again."
            await response.send(json.dumps({"detail": detail}), event="failed")
    return response


class _Shown:
    """What one browser has been shown of one answer."""

    def __init__(
        self, request: web.Request, response: EventSourceResponse, user: User, request_id: UUID
    ) -> None:
        self._request = request
        self._response = response
        self._user = user
        self._id = request_id
        self._blocks: list[str] = []
        self._page: str | None = None

    async def tell(self, feed: Feed) -> None:
        following = asyncio.ensure_future(self._follow(feed))
        left = asyncio.ensure_future(self._left())
        try:
            answer = await awaited_answer(self._request, self._id, feed, (following, left))
        finally:
            await cancelled(following, left)
        core = self._request.app[CORE]
        item = None
        try:
            item = await core.history.get(self._user.id, self._id)
        except NotFound:
            if answer.ok:
                await self._send("failed", {"detail": "This item was deleted."})
                return
        text = item.text if item else None
        if text:
            await self._show(blocks(text))
        problem = "" if answer.ok else reason(answer).message
        if item is None or not text:
            told = problem or "It was stopped before the first words came."
            await self._send("failed", {"detail": told})
            return
        under = await foot(self._request, item, answer.notes, problem)
        done = {"html": under, "notion_url": item.notion_url, "broken_off": item.error is not None}
        await self._send("done", done)

    async def _follow(self, feed: Feed) -> None:
        async for _ in feed.changes():
            await self._show(blocks(feed.text, growing=True))
            if feed.page is not None and feed.page != self._page:
                self._page = feed.page
                await self._send("saved", {"notion_url": feed.page})
            await asyncio.sleep(FRAME_SECONDS)

    async def _left(self) -> None:
        """Raises ConnectionResetError once a keepalive finds nobody there."""
        await self._response.wait()
        raise ConnectionResetError

    async def _show(self, now: list[str]) -> None:
        """Sends from the first block on that differs."""
        if now == self._blocks:
            return
        keep = 0
        for old, new in zip(self._blocks, now, strict=False):
            if old != new:
                break
            keep += 1
        self._blocks = now
        await self._send("blocks", {"keep": keep, "html": now[keep:]})

    async def _send(self, event: str, data: dict[str, Any]) -> None:
        await self._response.send(json.dumps(data, ensure_ascii=False), event=event)
