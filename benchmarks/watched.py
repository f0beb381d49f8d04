"""The product, with its event loop watched: `python -m benchmarks.watched run`.

How late the loop was, each hundredth of a second, is noted beside the moment, and written to
`lags.json` in the working directory when the program ends. The product knows nothing of it.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import time
from array import array
from pathlib import Path

from notion_assistant.cli import main

EVERY = 0.01
FILE = "lags.json"


class _Policy(asyncio.DefaultEventLoopPolicy):
    """Watches each loop that is made."""

    def __init__(self) -> None:
        super().__init__()
        # Bare numbers: what is noted is not to be taken for the product's own memory.
        self.moments, self.lags = array("d"), array("d")

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        loop = super().new_event_loop()

        def look(due: float) -> None:
            now = loop.time()
            self.moments.append(time.time())
            self.lags.append(now - due)
            loop.call_at(now + EVERY, look, now + EVERY)

        loop.call_soon(look, loop.time())
        return loop


def _watched() -> None:
    policy = _Policy()
    asyncio.set_event_loop_policy(policy)
    target = Path.cwd() / FILE

    def note() -> None:
        found = list(zip(policy.moments, policy.lags, strict=True))
        target.write_text(json.dumps(found), encoding="utf-8")

    atexit.register(note)
    main()


if __name__ == "__main__":
    _watched()
