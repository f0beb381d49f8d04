"""An answer shown while it grows, and sending with patience."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Self, TypeVar

import structlog

from core.budget import Budget
from core.errors import AssistantError, PlatformFailed, RateLimited
from core.live import Feed
from core.messages import Action
from core.metrics import DROPPED_EDITS
from core.ports import Address, CanEdit, CanStream, HasBudget, Part, Reply

T = TypeVar("T")
log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 600.0
"""How long a message that the platform does not take is tried again."""

ATTEMPTS = 12

PLACEHOLDER_AFTER = 1.0
"""Seconds without a word after which a placeholder is shown."""

PAUSE_GROWS = 2.5
LONGEST_PAUSE = 5.0
"""Seconds. The longer an answer is, the less one more sentence of it matters."""


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
    """Shows an answer as the feed grows, until the block it is used around ends.

    The first words are shown at once, in a message of their own; only where they do not come
    within `PLACEHOLDER_AFTER` seconds a placeholder stands there before them. Then the newest text
    is shown after `edit_interval` seconds, and after longer and longer pauses where the platform
    has a budget. An edit that fails is dropped, and so is one that the budget has no place for: the
    next one, or the final text, makes up for it. When the block ends an edit under way is waited
    for, so that it cannot come after the final text.

    `reply` is the message, once there is one; `post` sends it.
    """

    def __init__(
        self,
        platform: CanEdit,
        address: Address,
        feed: Feed,
        post: Callable[[Part], Awaitable[Reply]],
        reply: Reply | None = None,
        actions: Sequence[Action] = (),
    ) -> None:
        self._platform = platform
        self._actions = actions
        self._address = address
        self._post = post
        self._feed = feed
        self._over = False
        self._late = False
        self._hurry = asyncio.Event()
        self._budget: Budget | None = None
        self.reply: Reply | None = None
        if reply is not None:
            self._found(reply)

    async def __aenter__(self) -> Self:
        self._feed.hurry(self._hurry)
        self._task = asyncio.create_task(self._run())
        asyncio.get_running_loop().call_later(PLACEHOLDER_AFTER, self._grow_late)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._end()
        self._feed.nudge()
        await self._task

    def close(self) -> None:
        """The answer stands; its place in the budget is free. May be called twice."""
        if self._budget is not None:
            self._budget.leave()
            self._budget = None

    async def end(self, at_most: float) -> bool:
        """Whether the final edit has a place in the budget within so many seconds."""
        return self._budget is None or await self._budget.end(at_most)

    def limited(self, seconds: float) -> None:
        """The platform asked to be left alone for so long."""
        if self._budget is not None:
            self._budget.close(seconds)

    def _grow_late(self) -> None:
        """It is time for the placeholder. Noted, for the loop's clock may be a little behind."""
        self._late = True
        self._feed.nudge()

    def _end(self) -> None:
        self._over = True
        self._hurry.set()

    def _found(self, reply: Reply) -> None:
        self.reply = reply
        if isinstance(self._platform, HasBudget):
            self._budget = self._platform.budget(self._address, reply)
            self._budget.join()

    async def _run(self) -> None:
        try:
            await self._show()
        except Exception:
            # What is shown meanwhile must not keep the answer from being shown in the end.
            log.exception("a growing answer could not be shown")

    async def _show(self) -> None:
        shown, pause = "", self._platform.edit_interval
        async for _ in self._feed.changes():
            if self._over:
                return
            text, settled = self._feed.text, self._settled()
            if self._feed.whole:
                self._hurry.clear()
            # A heading's mark alone would take the place of the words that come with the next.
            if settled == shown or not any(map(str.isalnum, settled)):
                if self.reply is not None or not self._late:
                    continue
                text = ""
            done, wait = await self._tried(text, first=not shown)
            if done and text:
                shown = settled
                wait = pause
                if self._budget is not None:
                    pause = min(pause * PAUSE_GROWS, LONGEST_PAUSE)
            if not done or text:
                await self._rest(self._pause(max(wait, self._platform.edit_interval)))

    async def _tried(self, text: str, *, first: bool) -> tuple[bool, float]:
        """Whether the text was shown, and for how many seconds the platform wants no more."""
        wait = 0.0
        try:
            if await self._send(text, first=first):
                return True, 0.0
        except RateLimited as error:
            wait = error.retry_after or 0.0
            self.limited(wait)
        except PlatformFailed as error:
            log.debug("an interim edit was dropped", reason=error.message)
            if self.reply is None and not error.retryable:
                # There will be no message but the answer.
                self._end()
        DROPPED_EDITS.labels(self._platform.name).inc()
        return False, wait

    def _settled(self) -> str:
        """What will be shown of what has come."""
        text, streams = self._feed.text, self._streams()
        # All of it, once no more comes.
        return text + "\n" if self._feed.whole else streams.settled(text) if streams else text

    def _streams(self) -> CanStream | None:
        """The platform, where what it showed in this message cannot be taken back."""
        platform = self._platform
        if isinstance(platform, CanStream) and platform.streams(self._address, self.reply):
            return platform
        return None

    async def _send(self, text: str, *, first: bool) -> bool:
        """Shows the text, or the placeholder for none; False where the budget has no place."""
        platform, reply, streams = self._platform, self.reply, self._streams()
        if streams and reply is not None and self._feed.whole:
            await streams.complete(self._address, reply, text, self._feed.ends)
            return True
        # The first words come in any case, but the budget knows of them.
        if self._budget is not None and not await self._budget.grant() and not first:
            return False
        if streams and reply is not None and await streams.grow(self._address, reply, text):
            return True
        if text:
            part = platform.draft(text, self._actions)
        else:
            part = platform.waiting(self._actions, self._feed.notice)
        if reply is None:
            self._found(await self._post(part))
        else:
            await platform.edit(self._address, reply, part)
        return True

    def _pause(self, wanted: float) -> float:
        return wanted if self._budget is None else self._budget.pause(wanted)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()
