"""How long nothing may be heard: one timer for a whole stream.

`asyncio.timeout` makes one for each word, which takes as long as to read it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


class Silence:
    """Bounds each of one stream's waits to so many seconds, until `end`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._since = 0.0
        self._waits: asyncio.Task[Any] | None = None
        self._broken = False
        self._timer = self._loop.call_later(seconds, self._look)

    async def wait(self, coming: Awaitable[T]) -> T:
        """What comes. Raises TimeoutError where it does not."""
        self._since, self._waits = self._loop.time(), asyncio.current_task()
        before = self._waits.cancelling() if self._waits else 0
        try:
            return await coming
        except asyncio.CancelledError as error:
            # Others may want the task to end at the same moment: that is not taken from them.
            if self._broken and self._waits is not None and self._waits.uncancel() <= before:
                raise TimeoutError from error
            raise
        finally:
            self._waits = None

    def end(self) -> None:
        """Nothing more is waited for."""
        self._timer.cancel()

    def _look(self) -> None:
        due = (self._loop.time() if self._waits is None else self._since) + self._seconds
        if self._waits is None or due > self._loop.time():
            self._timer = self._loop.call_at(due, self._look)
            return
        self._broken = True
        self._waits.cancel()
