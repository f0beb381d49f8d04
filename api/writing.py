"""An answer while it grows, as server-sent events.

`started` {id}, `delta` {text}, `saved` {notion_url}, then `done` with the JSON answer or `error`
with the error, and `retry_after` in seconds where one is to wait. `started` again: another provider
begins anew, and what came so far does not count.

Each event has an id that says what its reader has by then (`Seen`). Whoever lost the connection
asks again, by the same Idempotency-Key or at `/content/{id}/events`, with the last id as
`Last-Event-ID`, and gets what comes after it, from whatever process. Where the text has begun anew
meanwhile, the first event is `started`. After the last event there is nothing: 204, at which a
browser's EventSource asks no more.
https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import structlog
from aiohttp import web
from aiohttp_sse import EventSourceResponse

from api.endpoint import Asked
from api.errors import assistant_error_event, error_body
from api.headers import accepts
from api.models import Generated, Model
from api.streams import event_stream
from api.waiting import awaited_answer, cancelled, failure
from core.errors import AssistantError, NotFound, error_from_json
from core.live import Feed
from core.storage.content import Content

log = structlog.get_logger(__name__)

RETRY_MILLISECONDS = 1000
"""After how long a browser asks again."""

EXAMPLE_STREAM = (
    "id: 5f0c2f39-6f0a-4c39-9a53-0a3d3a0f6f54.0.0.0\nevent: started\n"
    'data: {"id": "5f0c2f39-6f0a-4c39-9a53-0a3d3a0f6f54"}\n\n'
    "id: 5f0c2f39-6f0a-4c39-9a53-0a3d3a0f6f54.18.1c291ca3.0\nevent: delta\n"
    'data: {"text": "# Launch checklist"}\n\n'
    "id: 5f0c2f39-6f0a-4c39-9a53-0a3d3a0f6f54.end\nevent: done\n"
    'data: {"id": "5f0c2f39-6f0a-4c39-9a53-0a3d3a0f6f54", "content": "…"}\n\n'
)

_SEEN = re.compile(r"([0-9a-f-]{36})\.(?:(\d{1,9})\.([0-9a-f]{1,8})\.([01])|end)")

M = TypeVar("M", bound=Model)


def wants_stream(request: web.Request) -> bool:
    """Whether the client asks for events."""
    return accepts(request, "text/event-stream")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reader has: so many characters, their CRC-32, whether the page; or the end.

    It is kept in the id of each event and nowhere else, so a reader may come back to any process.
    """

    characters: int = 0
    crc: int = 0
    page: bool = False
    end: bool = False

    @classmethod
    def of(cls, request: web.Request, request_id: UUID) -> Seen | None:
        """What whoever asks has of this answer; None where that is nothing."""
        found = _SEEN.fullmatch(request.headers.get("Last-Event-ID", ""))
        if found is None or found[1] != str(request_id):
            return None
        if found[2] is None:
            return cls(end=True)
        return cls(int(found[2]), int(found[3], 16), found[4] == "1")

    def event_id(self, request_id: UUID) -> str:
        """The id of the event after which a reader has this."""
        if self.end:
            return f"{request_id}.end"
        return f"{request_id}.{self.characters}.{self.crc:x}.{int(self.page)}"


async def stream_answer(
    asked: Asked[M], request_id: UUID, feed: Feed, item: Content | None = None
) -> web.StreamResponse:
    """Sends the answer while it grows; at once and whole where `item` is the finished one.

    A client that leaves ends the stream, and nothing else.
    """
    seen = Seen.of(asked.request, request_id)
    if seen is not None and seen.end:
        return web.Response(status=204)
    response = event_stream(for_all_methods=True)
    await response.prepare(asked.request)
    if asked.request.method == "HEAD":
        response.stop_streaming()
        return response
    async with response:
        stream = _Stream(response, request_id, seen)
        try:
            await stream.start()
            if item is None:
                item = await _told(asked, stream, feed)
            if item.error is not None:
                await stream.show(item.text or "")
                raise error_from_json(item.error)
            await stream.finish(Generated.of(item))
        except ConnectionError:
            log.info("a client left; its answer is being written on", request=str(request_id))
        except AssistantError as error:
            await stream.fail(assistant_error_event(error))
        except Exception:
            # The answer has begun, so no middleware can turn this into one any more.
            log.exception("a stream crashed", request=str(request_id))
            await stream.fail(error_body("INTERNAL", "Something went wrong on the server."))
    return response


async def _told(asked: Asked[M], stream: _Stream, feed: Feed) -> Content:
    """Tells of the answer while it grows; the item, once it is finished."""
    following = asyncio.ensure_future(stream.follow(feed))
    left = asyncio.ensure_future(stream.left())
    try:
        answer = await awaited_answer(asked.request, stream.request_id, feed, (following, left))
    finally:
        await cancelled(following, left)
    if not answer.ok:
        with suppress(NotFound):
            item = await asked.core.history.get(asked.person.id, stream.request_id)
            if item.error is not None:
                await stream.show(item.text or "")
        raise await failure(asked, stream.request_id, answer)
    return await asked.core.history.get(asked.person.id, stream.request_id)


class _Stream:
    """The events of one answer, in order, after what was seen of it."""

    def __init__(self, response: EventSourceResponse, request_id: UUID, seen: Seen | None) -> None:
        self.request_id = request_id
        self._response = response
        self._sent = ""
        self._seen = seen or Seen()
        # What its reader has, until it is known whether that is how the text begins.
        self._resumed = seen

    async def start(self) -> None:
        """Says that it begins, unless its reader has some of it."""
        if self._resumed is None:
            await self._begin()

    async def follow(self, feed: Feed) -> None:
        """Sends what changes, until all is done."""
        async for _ in feed.changes():
            # No text that is kept holds NUL or has blanks around it, so none that is shown does:
            # what a reader has is the beginning of what is kept.
            await self._show(feed.text.replace("\0", "").strip())
            await self._show_page(feed.page)

    async def left(self) -> None:
        """Raises ConnectionResetError once a keepalive finds nobody there."""
        await self._response.wait()
        raise ConnectionResetError

    async def show(self, text: str) -> None:
        """Sends what is missing of a text that has ended."""
        await self._show(text, whole=True)

    async def finish(self, answer: Generated) -> None:
        """Sends what is missing, and the whole."""
        await self.show(answer.content)
        await self._show_page(answer.notion_url)
        self._seen = Seen(end=True)
        await self._send("done", answer.model_dump_json())

    async def fail(self, error: dict[str, Any]) -> None:
        """Sends why there is no more."""
        if error.get("code") != "UNAVAILABLE":  # or asking again may well succeed
            self._seen = Seen(end=True)
        try:
            await self._tell("error", error)
        except ConnectionError:
            log.info("a client left before its error", request=str(self.request_id))

    async def _begin(self) -> None:
        self._sent, self._resumed = "", None
        self._seen = Seen(page=self._seen.page)
        await self._tell("started", {"id": str(self.request_id)})

    async def _show(self, text: str, *, whole: bool = False) -> None:
        if self._resumed is not None:
            if len(text) < self._resumed.characters and not whole:
                return  # written anew after a crash, or not yet as long; it may come to the same
            had = text[: self._resumed.characters]
            if len(had) == self._resumed.characters and _crc(had) == self._resumed.crc:
                self._sent, self._resumed = had, None
            else:
                await self._begin()
        if not text.startswith(self._sent):
            await self._begin()
        more = text[len(self._sent) :]
        if more:
            self._sent = text
            self._seen = Seen(len(text), _crc(more, self._seen.crc), self._seen.page)
            await self._tell("delta", {"text": more})

    async def _show_page(self, page: str | None) -> None:
        if page is not None and not self._seen.page:
            self._seen = Seen(self._seen.characters, self._seen.crc, page=True)
            await self._tell("saved", {"notion_url": page})

    async def _tell(self, event: str, data: dict[str, Any]) -> None:
        await self._send(event, json.dumps(data, ensure_ascii=False))

    async def _send(self, event: str, data: str) -> None:
        await self._response.send(
            data,
            id=self._seen.event_id(self.request_id),
            event=event,
            retry=RETRY_MILLISECONDS if event == "started" else None,
        )


def _crc(text: str, before: int = 0) -> int:
    return zlib.crc32(text.encode(errors="replace"), before)
