"""The product, with an eye on its event loop and its memory.

On SIGUSR1 it writes `observed.json` into its folder: how late the loop was each time it was to wake
up, in seconds, and the largest memory since the last time, in bytes.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

from notion_assistant.cli import main

EVERY = 0.01
FOUND = "observed.json"


class Observer:
    """Wakes up a hundred times a second and notes how late."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._begin()
        self._wait()
        loop.add_signal_handler(signal.SIGUSR1, self._tell)

    def _begin(self) -> None:
        self._lags: list[float] = []
        self._memory = 0

    def _wait(self) -> None:
        self._due = self._loop.time() + EVERY
        self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        self._lags.append(self._loop.time() - self._due)
        if len(self._lags) % 10 == 0:
            self._memory = max(self._memory, memory())
        self._wait()

    def _tell(self) -> None:
        found = {"lags": self._lags, "memory": max(self._memory, memory())}
        written = Path(FOUND + ".new")
        written.write_text(json.dumps(found), encoding="utf-8")
        written.rename(FOUND)
        self._begin()


def memory() -> int:
    """Bytes of this process that are in memory."""
    pages = Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


class Policy(asyncio.DefaultEventLoopPolicy):
    """Observes the loops that it makes."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """A loop with an observer."""
        loop = super().new_event_loop()
        loop.call_soon(Observer, loop)
        return loop


if __name__ == "__main__":
    asyncio.set_event_loop_policy(Policy())
    main()
