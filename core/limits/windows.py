"""Sliding windows in this process, whatever the number of those who are counted.

The memory storage of `limits` looks through every key it knows each time one is counted: with some
ten thousand addresses a request takes milliseconds, which whoever has many addresses can bring
about. Here the keys of a window are forgotten together, once two windows have passed.
https://limits.readthedocs.io/en/stable/custom-storage.html
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from math import floor

from limits.aio.storage import MemoryStorage


@dataclass(slots=True)
class _Windows:
    """How often each key was counted in the window `number` and in the one before."""

    number: int = 0
    now: dict[str, int] = field(default_factory=dict)
    before: dict[str, int] = field(default_factory=dict)


class WindowStorage(MemoryStorage):
    """Implements `limits.aio.storage.SlidingWindowCounterSupport`.

    No method gives way to another between reading and writing, so none needs a lock.
    """

    STORAGE_SCHEME = ["async+windows"]  # noqa: RUF012 - as the library declares it

    def __init__(self) -> None:
        super().__init__()
        self._windows: dict[int, _Windows] = {}

    def _at(self, expiry: int, now: float) -> tuple[_Windows, float]:
        """The windows of this length in seconds, and how much of the present one has passed."""
        number, passed = divmod(now, expiry)
        windows = self._windows.setdefault(expiry, _Windows())
        if windows.number != number:
            windows.before = windows.now if windows.number == number - 1 else {}
            windows.now, windows.number = {}, int(number)
        return windows, passed

    async def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        """Counts, where that is not one too many."""
        windows, passed = self._at(expiry, time.time())
        count = windows.now.get(key, 0)
        weighted = windows.before.get(key, 0) * (expiry - passed) / expiry + count
        if floor(weighted) + amount > limit:
            return False
        windows.now[key] = count + amount
        return True

    async def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """The count of the window before and its seconds left, and the same of the present one."""
        windows, passed = self._at(expiry, time.time())
        left = expiry - passed
        before = windows.before.get(key, 0)
        return before, left if before else 0.0, windows.now.get(key, 0), left + expiry

    async def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forgets what was counted of a key."""
        windows, _ = self._at(expiry, time.time())
        windows.now.pop(key, None)
        windows.before.pop(key, None)
