"""What people hear while their request waits for its turn at Notion."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from core.durations import about
from core.errors import AssistantError
from core.live import Feed
from core.messages import Answer, Request
from core.notion.urgency import in_line, looked_on
from core.ports import Platform

PATIENCE = 600.0
"""Seconds a request may stand in line for Notion."""

SILENT = ("follow", "announce")
"""Commands that the core gives itself: nobody waits for them."""

MOST_NOTES, PRIVATE_NOTES = 4, 2
"""How often somebody hears how long one request takes, and where the answer is for them alone:
Slack takes five answers to a command.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

NOT_BEFORE = 30.0
"""Seconds from one note to the next, at least."""

_POSTED_IN = 10.0

log = structlog.get_logger(__name__)


class Line:
    """One request's place in line. Its person hears about how long it takes, and again where that
    is over and there is more to wait.

    `aloud`: nothing is shown while it is carried out, so a message of its own says it; otherwise
    the placeholder does.
    """

    def __init__(
        self, platform: Platform | None, request: Request, feed: Feed, *, aloud: bool
    ) -> None:
        self._platform = platform
        self._request = request
        self._feed = feed
        self._aloud = aloud
        self._told = 0
        alone = request.address.get("private") == "yes"
        self._most = PRIVATE_NOTES if alone else MOST_NOTES
        self._until = 0.0
        self._posting: set[asyncio.Task[None]] = set()

    def tell(self, seconds: float) -> None:
        """It takes about so long."""
        now = time.monotonic()
        if now < self._until or self._told >= self._most:
            return
        text = f"Notion takes only so many requests a minute. Yours is in line: {about(seconds)}."
        if self._told:
            text = f"Yours is still in line at Notion: {about(seconds)} more."
        self._told += 1
        self._until = now + max(seconds, NOT_BEFORE)
        self._feed.notify(text)
        if self._aloud and self._platform is not None:
            task = asyncio.create_task(self._post(self._platform, text))
            self._posting.add(task)
            task.add_done_callback(self._posting.discard)

    async def end(self) -> None:
        """Waits until what was to be said is said, so that the answer comes after it."""
        if self._told:
            self._feed.notify("")
        if self._posting:
            await asyncio.wait(set(self._posting), timeout=_POSTED_IN)

    async def _post(self, platform: Platform, text: str) -> None:
        address = dict(self._request.address) | {"private": "yes"}
        (part, *_) = platform.render(Answer(text, private=True))
        try:
            async with asyncio.timeout(_POSTED_IN):
                marker = f"{self._request.id}:line{self._told if self._told > 1 else ''}"
                await platform.post(address, part, marker, again=False)
        except (AssistantError, TimeoutError) as error:
            log.info("nobody heard how long it takes", reason=str(error))


@asynccontextmanager
async def standing_in_line(
    platform: Platform | None, request: Request, feed: Feed, *, aloud: bool, soon: bool = False
) -> AsyncIterator[None]:
    """What is done inside may wait for its turn at Notion, and its person hears about how long.

    `soon`: its turn comes before that of what is saved.
    """
    line = Line(platform, request, feed, aloud=aloud)
    with in_line(PATIENCE, line.tell), looked_on(soon):
        yield
    await line.end()
