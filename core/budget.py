"""So many edits in so much time, shared by all the answers that grow in one place.

Every answer that is shown while it grows has a place reserved for its end. What is left goes to
interim edits, which do without where nothing is left.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable

_REMEMBERED = 2_000


class Budget:
    """`most` calls in any `seconds`. What a platform says of its own count goes before that.

    `ends` is False where the end of an answer is another kind of call, and draws on nothing.
    """

    def __init__(
        self,
        most: int,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        *,
        ends: bool = True,
    ) -> None:
        self.most = most
        self.seconds = seconds
        self._clock = clock
        self._ends = ends
        self._spent: deque[float] = deque()
        self._growing = 0
        self._closed_until = 0.0
        self._left: tuple[int, float] | None = None
        self._queue = asyncio.Lock()

    def join(self) -> None:
        """One more answer grows: a place is kept for its end."""
        self._growing += 1

    def leave(self) -> None:
        """An answer has ended."""
        self._growing -= 1

    def close(self, seconds: float) -> None:
        """The platform wants no call for so long."""
        self._closed_until = max(self._closed_until, self._clock() + seconds)

    def heard(self, left: int, seconds: float) -> None:
        """The platform takes `left` more calls within the next `seconds`."""
        self._left = (left, self._clock() + seconds)

    def take(self) -> bool:
        """Takes a place for an interim edit; False where all that is left is reserved."""
        now = self._now()
        if now < self._closed_until or self._free() <= self._reserved:
            return False
        self._take(now)
        return True

    def pause(self, wanted: float) -> float:
        """Seconds between two interim edits of one answer, at least the `wanted` ones.

        While half the budget is there nobody waits; then what is left is spread over the time.
        """
        now = self._now()
        spare = self.most - self._reserved
        if len(self._spent) + self._reserved <= self.most // 2:
            return wanted
        if spare <= 0:
            return max(wanted, self.seconds)
        closed = max(0.0, self._closed_until - now)
        return max(wanted, closed, self.seconds * max(1, self._growing) / spare)

    async def end(self, at_most: float) -> bool:
        """Takes a place for the end of an answer, first come, first served.

        False where that takes longer than `at_most` seconds.
        """
        if not self._ends:
            return True
        deadline = self._clock() + at_most
        async with self._queue:
            while wait := self._until_free():
                if self._clock() + wait > deadline:
                    return False
                await asyncio.sleep(wait)
            self._take(self._clock())
            return True

    @property
    def _reserved(self) -> int:
        return self._growing if self._ends else 0

    def _until_free(self) -> float:
        now = self._now()
        if now < self._closed_until:
            return self._closed_until - now
        if self._free() > 0:
            return 0.0
        if self._left is not None and self._left[0] <= 0:
            return max(self._left[1] - now, 0.001)
        return max(self._spent[0] + self.seconds - now, 0.001) if self._spent else 0.0

    def _free(self) -> int:
        free = self.most - len(self._spent)
        return free if self._left is None else min(free, self._left[0])

    def _take(self, now: float) -> None:
        self._spent.append(now)
        if self._left is not None:
            self._left = (self._left[0] - 1, self._left[1])

    def _now(self) -> float:
        now = self._clock()
        while self._spent and now - self._spent[0] >= self.seconds:
            self._spent.popleft()
        if self._left is not None and now >= self._left[1]:
            self._left = None
        return now


class Budgets:
    """The budgets of a process, by place: each is the same one for all who ask for it."""

    def __init__(self, most: int, seconds: float, *, ends: bool = True) -> None:
        self._most = most
        self._seconds = seconds
        self._ends = ends
        self._known: OrderedDict[str, Budget] = OrderedDict()

    def of(self, place: str) -> Budget:
        """The budget of a place."""
        budget = self._known.get(place)
        if budget is None:
            budget = self._known[place] = Budget(self._most, self._seconds, ends=self._ends)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(place)
        return budget
