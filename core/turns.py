"""How many answers begin, and how many end, at a time, so that those that grow go on meanwhile.

To begin or end one takes the processor some hundred times as long as to show a piece of one. Where
a hundred do at once, each turn of the loop does a little for all of them: none is ready before
nearly all are, and no piece of another answer is shown till then. With a few at a time the first is
ready at once, and the last no later than before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

BEGIN, BEGINS = 4, 0.15
END, ENDS = 1, 0.03
"""How many at a time, and the seconds after which the next goes on in any case: a platform or
Notion may be waited for meanwhile, and not the processor."""


class _Places:
    """So many at a time; first come, first served."""

    def __init__(self, count: int, at_most: float) -> None:
        self._free = asyncio.Semaphore(count)
        self._at_most = at_most

    async def take(self) -> _Place:
        await self._free.acquire()
        return _Place(self._free, self._at_most)


class _Place:
    """Given back once, after so many seconds in any case."""

    def __init__(self, free: asyncio.Semaphore, at_most: float) -> None:
        self._free = free
        self._timer = asyncio.get_running_loop().call_later(at_most, self.leave)
        self._left = False

    def leave(self) -> None:
        if not self._left:
            self._left = True
            self._timer.cancel()
            self._free.release()


class Turns:
    """The turns of one process."""

    def __init__(self) -> None:
        self._begin = _Places(BEGIN, BEGINS)
        self._end = _Places(END, ENDS)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Waits until it may begin. Inside, `begun` lets the next one begin, and `ending` waits
        until what is left may be done."""
        turn = _Turn(await self._begin.take(), self._end)
        token = _TURN.set(turn)
        try:
            yield
        finally:
            _TURN.reset(token)
            turn.place.leave()


class _Turn:
    def __init__(self, place: _Place, end: _Places) -> None:
        self.place = place
        self.end = end


_TURN: ContextVar[_Turn | None] = ContextVar("turn", default=None)


def begun() -> None:
    """Says that what this task began now waits for somebody else. May be said twice, and without a
    turn."""
    turn = _TURN.get()
    if turn is not None:
        turn.place.leave()


async def ending() -> None:
    """Waits until what comes after an answer may be done; without a turn at once."""
    turn = _TURN.get()
    if turn is not None:
        turn.place.leave()
        turn.place = await turn.end.take()
