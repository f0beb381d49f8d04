"""How far large files have come, told to whoever waits for them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

from core.commands.context import Context
from core.messages import File

LARGE = 5_000_000
"""Bytes of all files together from which on it is told."""

PAUSE = 3.0
"""Seconds between two notes, at least."""

PRIVATE_NOTES = 2
"""Changes of a note for one person alone: Slack takes five answers to one request.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

_MB = 1_000_000


class Progress:
    """A note that grows with the files, and goes when they are there.

    Where there are only small ones, and where the platform cannot take a note back, there is none.
    """

    def __init__(self, context: Context, files: Sequence[File]) -> None:
        self._context = context
        self._sizes = [file.size for file in files]
        self._note: dict[str, str] | None = None
        self._last = 0.0
        self._left = PRIVATE_NOTES if context.request.address.get("private") == "yes" else 10_000

    async def begun(self, number: int) -> None:
        """File `number`, from 0, is about to go up."""
        if sum(self._sizes) < LARGE:
            return
        if number == 0:
            say = partial(self._context.conversation.note, self._text(0))
            self._note = await self._context.step("progress", say)
            self._last = time.monotonic()
        elif self._note and self._left and time.monotonic() - self._last >= PAUSE:
            self._left -= 1
            self._last = time.monotonic()
            await self._context.conversation.renote(self._note, self._text(number))

    async def over(self) -> None:
        """All files are where they go."""
        if self._note is not None:
            count = len(self._sizes)
            end = f"{_files(count)} went to Notion: {_size(sum(self._sizes))}."
            unsay = partial(self._context.conversation.unnote, self._note, end)
            await self._context.step("progress: over", unsay)

    def _text(self, done: int) -> str:
        count, sent = len(self._sizes), _size(sum(self._sizes[:done]))
        return (
            f"Copying to Notion: {done} of {_files(count)}, {sent} of {_size(sum(self._sizes))} …"
        )


def _files(count: int) -> str:
    return f"{count} {'file' if count == 1 else 'files'}"


def _size(size: int) -> str:
    return f"{size / _MB:.0f} MB"
