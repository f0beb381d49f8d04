"""The product, with its event loop watched: `python -m benchmarks.watched run`.

How late the loop was, each hundredth of a second, is noted beside the moment, and written to
`lags.json` in the working directory when the program ends. The product knows nothing of it.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import time
from pathlib import Path

from notion_assistant.cli import main

EVERY = 0.01
FILE = "lags.json"


class _Policy(asyncio.DefaultEventLoopPolicy):
    """Watches each loop that is made."""

    def __init__(self) -> None:
        super().__init__()
        self.lags: list[tuple[float, float]] = []

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        loop = super().new_event_loop()

        def look(due: float) -> None:
            now = loop.time()
            self.lags.append((time.time(), now - due))
            loop.call_at(now + EVERY, look, now + EVERY)

        loop.call_soon(look, loop.time())
        return loop


def _watched() -> None:
    policy = _Policy()
    asyncio.set_event_loop_policy(policy)
    target = Path.cwd() / FILE
    atexit.register(lambda: target.write_text(json.dumps(policy.lags), encoding="utf-8"))
    main()


if __name__ == "__main__":
    _watched()
