"""An answer while it grows, as server-sent events.

`started` {id}, `delta` {text}, `saved` {notion_url}, then `done` with the JSON answer or `error`
with the error, and `retry_after` in seconds where one is to wait. `started` again: another provider
begins anew, and what came so far does not count.
https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, TypeVar
from uuid import UUID

import structlog
from aiohttp import web
from aiohttp_sse import EventSourceResponse

from api.endpoint import Asked
from api.errors import assistant_error_event, error_body
from api.headers import accepts
from api.models import Generated, Model
from api.waiting import awaited_answer, cancelled, failure
from core.errors import AssistantError
from core.live import Feed

log = structlog.get_logger(__name__)

KEEPALIVE_SECONDS = 15.0
"""Proxies close a connection on which nothing comes, often after a minute."""

EXAMPLE_STREAM = (
    'event: started\ndata: {"id": "5f0c2f39-6f0a-4c39-9a53-0a3d3a0f6f54"}\n\n'
    'event: delta\ndata: {"text": "# Launch checklist"}\n\n'
    'event: done\ndata: {"id": "5f0c2f39-6f0a-4c39-9a53-0a3d3a0f6f54", "content": "…"}\n\n'
)

M = TypeVar("M", bound=Model)


def wants_stream(request: web.Request) -> bool:
    """Whether the client asks for events."""
    return accepts(request, "text/event-stream")


async def stream_answer(asked: Asked[M], request_id: UUID, feed: Feed) -> web.StreamResponse:
    """Sends the answer while it grows. A client that leaves ends the stream, and nothing else."""
    response = EventSourceResponse(allow_all_methods=True, ping_interval=KEEPALIVE_SECONDS)
    await response.prepare(asked.request)
    async with response:
        stream = _Stream(response, request_id)
        try:
            await _tell(asked, stream, feed)
        except ConnectionError:
            log.info("a client left; its answer is being written on", request=str(request_id))
        except AssistantError as error:
            await stream.fail(assistant_error_event(error))
        except Exception:
            # The answer has begun, so no middleware can turn this into one any more.
            log.exception("a stream crashed", request=str(request_id))
            await stream.fail(error_body("INTERNAL", "Something went wrong on the server."))
    return response


async def _tell(asked: Asked[M], stream: _Stream, feed: Feed) -> None:
    await stream.start()
    core, user = asked.core, asked.person
    following = asyncio.ensure_future(stream.follow(feed))
    left = asyncio.ensure_future(stream.left())
    try:
        answer = await awaited_answer(asked.request, stream.request_id, feed, (following, left))
    finally:
        await cancelled(following, left)
    if not answer.ok:
        raise await failure(asked, stream.request_id, answer)
    item = await core.history.get(user.id, stream.request_id)
    await stream.finish(Generated.of(item))


class _Stream:
    """The events of one answer, in order."""

    def __init__(self, response: EventSourceResponse, request_id: UUID) -> None:
        self.request_id = request_id
        self._response = response
        self._sent = ""
        self._saved = False

    async def start(self) -> None:
        self._sent = ""
        await self._send("started", {"id": str(self.request_id)})

    async def follow(self, feed: Feed) -> None:
        """Sends what changes, until all is done."""
        async for _ in feed.changes():
            # No text that is kept holds NUL, so none that is shown does.
            await self._show(feed.text.replace("\0", ""))
            await self._show_page(feed.page)

    async def left(self) -> None:
        """Raises ConnectionResetError once a keepalive finds nobody there."""
        await self._response.wait()
        raise ConnectionResetError

    async def finish(self, answer: Generated) -> None:
        # What is kept has no blanks around it, which is no reason to begin again.
        if self._sent.strip() != answer.content:
            await self._show(answer.content)
        await self._show_page(answer.notion_url)
        await self._response.send(answer.model_dump_json(), event="done")

    async def fail(self, error: dict[str, Any]) -> None:
        try:
            await self._send("error", error)
        except ConnectionError:
            log.info("a client left before its error", request=str(self.request_id))

    async def _show(self, text: str) -> None:
        if not text.startswith(self._sent):
            await self.start()
        more = text[len(self._sent) :]
        if more:
            self._sent = text
            await self._send("delta", {"text": more})

    async def _show_page(self, page: str | None) -> None:
        if page is not None and not self._saved:
            self._saved = True
            await self._send("saved", {"notion_url": page})

    async def _send(self, event: str, data: dict[str, Any]) -> None:
        await self._response.send(json.dumps(data, ensure_ascii=False), event=event)
