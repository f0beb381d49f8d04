"""An answer shown while it grows, and sending with patience."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Self, TypeVar

import structlog

from core.errors import AssistantError, PlatformFailed, RateLimited
from core.live import Feed
from core.messages import Action
from core.metrics import DROPPED_EDITS
from core.ports import Address, CanEdit, Reply

T = TypeVar("T")
log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 600.0
"""How long a message that the platform does not take is tried again."""

ATTEMPTS = 12


async def patiently(run: Callable[[], Awaitable[T]], seconds: float = PATIENCE_SECONDS) -> T:
    """Tries again what is worth trying again, as late as the other side asks, for so long."""

    import stamina  # with the first message: start-up time is measured

    def worth(error: Exception) -> bool | timedelta:
        if not isinstance(error, AssistantError) or not error.retryable:
            return False
        wait = min(error.retry_after or 0, seconds)
        return timedelta(seconds=wait) if wait > 0 else True

    async for attempt in stamina.retry_context(
        on=worth, attempts=ATTEMPTS, timeout=seconds, wait_initial=0.5, wait_max=60
    ):
        with attempt:
            return await run()
    raise AssertionError  # pragma: no cover - the loop returns or raises


class Show:
    """Edits a message as the feed grows, until the block it is used around ends.

    The first words are shown at once; then at most one edit every `edit_interval` seconds, always
    with the newest text. An edit that fails is dropped: the next one, or the final text, makes up
    for it. When the block ends an edit under way is waited for, so that it cannot come after the
    final text.
    """

    def __init__(
        self,
        platform: CanEdit,
        address: Address,
        reply: Reply,
        feed: Feed,
        actions: Sequence[Action] = (),
    ) -> None:
        self._platform = platform
        self._actions = actions
        self._address = address
        self._reply = reply
        self._feed = feed
        self._over = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        self._feed.nudge()
        await self._task

    async def _run(self) -> None:
        shown = ""
        async for _ in self._feed.changes():
            if self._over.is_set():
                return
            text = self._feed.text
            # A heading's mark alone would take the place of the words that come with the next.
            if text == shown or not any(map(str.isalnum, text)):
                continue
            pause = self._platform.edit_interval
            try:
                draft = self._platform.draft(text, self._actions)
                await self._platform.edit(self._address, self._reply, draft)
                shown = text
            except RateLimited as error:
                pause = max(pause, error.retry_after or 0)
                DROPPED_EDITS.labels(self._platform.name).inc()
            except PlatformFailed as error:
                log.debug("an interim edit was dropped", reason=error.message)
                DROPPED_EDITS.labels(self._platform.name).inc()
            await self._rest(pause)

    async def _rest(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._over.wait(), seconds)
        except TimeoutError:
            return
