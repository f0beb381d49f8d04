"""So many edits in so much time, shared by all the answers that grow in one place.

Every answer that is shown while it grows has a place reserved for its end. What is left goes to
interim edits, which do without where nothing is left. Several processes count together where they
share something to count in; where that does not answer, each counts alone.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

_REMEMBERED = 2_000


@dataclass(frozen=True, slots=True)
class Count:
    """Whether a place was taken, else the seconds until there may be one; and how all processes
    stand: calls within the window, and answers that grow."""

    taken: bool
    wait: float
    calls: int
    growing: int


class Shared(Protocol):
    """What processes count in together. None where it cannot say: then each counts alone."""

    async def take(
        self, place: str, most: int, seconds: float, growing: int, *, keep: bool
    ) -> Count | None:
        """Takes one of the `most` places in any `seconds`.

        `growing` are this process's answers; `keep`: everybody's keep a place for their end.
        """
        ...

    async def close_for(self, place: str, seconds: float) -> None:
        """Tells everybody that the platform wants no call for so long."""
        ...


@dataclass(frozen=True, slots=True)
class Together:
    """Where a budget is counted for all processes, and by what name."""

    shared: Shared
    place: str


class Budget:
    """`most` calls in any `seconds`. What a platform says of its own count goes before that.

    `ends` is False where the end of an answer is another kind of call, and draws on nothing.
    `learns`: the platform tells with each call what it takes, so one is spent early to hear of it.
    """

    def __init__(
        self,
        most: int,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        *,
        ends: bool = True,
        learns: bool = False,
        together: Together | None = None,
    ) -> None:
        self._together = together
        self._unheard = learns
        self._news = asyncio.Event()
        self._others = Count(taken=False, wait=0.0, calls=0, growing=0)
        self._others_until = 0.0
        self._told_closed = True
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
        self._told_closed = False

    def heard(self, left: int, seconds: float, most: int | None = None) -> None:
        """The platform takes `left` more calls within the next `seconds`; `most` are all it takes
        in such a time."""
        if most:
            # What is left of the window says the least of how long it is.
            self.seconds = max(seconds, self.seconds if most == self.most else 0.0)
            self.most = most
        self._left = (left, self._clock() + seconds)
        self._unheard = False
        self._news.set()

    async def grant(self) -> bool:
        """As `take`, and in the count of all processes where there is one."""
        if self._together is not None and not self._told_closed:
            self._told_closed = True
            left = self._closed_until - self._clock()
            if left > 0:
                await self._together.shared.close_for(self._together.place, left)
        if not self.take():
            return False
        count = await self._counted(keep=self._ends)
        if count is None or count.taken:
            return True
        self._give_back()
        return False

    def take(self) -> bool:
        """Takes a place for an interim edit; False where all that is left is reserved."""
        now = self._now()
        if now < self._closed_until or self._free() <= self._reserved:
            if not self._unheard or self._spent or self._free() <= 0:
                return False
            self._unheard = False
        self._take(now)
        return True

    def pause(self, wanted: float) -> float:
        """Seconds between two interim edits of one answer, at least the `wanted` ones.

        While half the budget is there nobody waits; then what is left is spread over the time.
        """
        now = self._now()
        others = self._others if now < self._others_until else None
        growing = self._growing + (others.growing if others else 0)
        spent = len(self._spent) + (others.calls if others else 0)
        reserved = growing if self._ends else 0
        spare = self.most - reserved
        if spent + reserved <= self.most // 2:
            return wanted
        if spare <= 0:
            return max(wanted, self.seconds)
        closed = max(0.0, self._closed_until - now)
        return max(wanted, closed, self.seconds * max(1, growing) / spare)

    async def end(self, at_most: float) -> bool:
        """Takes a place for the end of an answer, first come, first served.

        False where that takes longer than `at_most` seconds.
        """
        if not self._ends:
            return True
        deadline = self._clock() + at_most
        async with self._queue:
            while True:
                wait = self._until_free()
                if not wait:
                    self._take(self._clock())
                    count = await self._counted(keep=False)
                    if count is None or count.taken:
                        return True
                    self._give_back()
                    wait = max(count.wait, 0.001)
                if self._clock() + wait > deadline:
                    return False
                self._news.clear()
                with suppress(TimeoutError):
                    # Another call's answer may say that there is more.
                    await asyncio.wait_for(self._news.wait(), wait)

    async def _counted(self, *, keep: bool) -> Count | None:
        """Takes the place for all processes, too; None where they do not count together."""
        if self._together is None:
            return None
        count = await self._together.shared.take(
            self._together.place, self.most, self.seconds, self._growing, keep=keep
        )
        if count is not None:
            calls = count.calls - len(self._spent) + (0 if count.taken else 1)
            growing = max(0, count.growing - self._growing)
            self._others = Count(taken=False, wait=0.0, calls=max(0, calls), growing=growing)
            self._others_until = self._clock() + self.seconds
        return count

    def _give_back(self) -> None:
        """Somebody else has the place that was taken last here."""
        if self._spent:
            self._spent.pop()
        if self._left is not None:
            self._left = (self._left[0] + 1, self._left[1])

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
    """The budgets of a process, by place: each is the same one for all who ask for it.

    With `shared` all processes count together, by `name` and place.
    """

    def __init__(
        self,
        most: int,
        seconds: float,
        *,
        ends: bool = True,
        learns: bool = False,
        shared: Shared | None = None,
        name: str = "",
    ) -> None:
        self._learns = learns
        self._shared = shared
        self._name = name
        self._most = most
        self._seconds = seconds
        self._ends = ends
        self._known: OrderedDict[str, Budget] = OrderedDict()

    def of(self, place: str) -> Budget:
        """The budget of a place."""
        budget = self._known.get(place)
        if budget is None:
            together = Together(self._shared, f"{self._name}:{place}") if self._shared else None
            budget = Budget(
                self._most,
                self._seconds,
                ends=self._ends,
                learns=self._learns,
                together=together,
            )
            self._known[place] = budget
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(place)
        return budget
