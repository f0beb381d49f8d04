"""An answer while it grows, for those who look on in the same process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from uuid import UUID
from weakref import WeakValueDictionary

from core.messages import Answer

HANDED_OVER = 0.02
"""Seconds in which whoever looks on sends a text's end, before it is kept: of many that end at once
each is on its way before work on the first goes on."""


class Feed:
    """One request's answer, growing.

    `text` so far, and whether it is `whole`; `notice` is what there is to say before any of it
    comes; `page` once it is saved, `answer` once all is done. `ends` is the answer as it will be,
    where that is known with its last word: `ending` makes it of the text and its notes.
    Whoever looks on sees the newest state, not every step towards it: a slow reader skips, and
    never holds up the writer.
    """

    def __init__(self) -> None:
        self.text = ""
        self.notice = ""
        self.page: str | None = None
        self.answer: Answer | None = None
        self.ending: Callable[[str, Sequence[str]], Answer] | None = None
        self.ends: Answer | None = None
        self.whole = False
        self._waiting: set[asyncio.Event] = set()
        self._hurried: set[asyncio.Event] = set()

    def add(self, text: str) -> None:
        """More text came."""
        self.text += text
        self._wake()

    def notify(self, notice: str) -> None:
        """Says why nothing comes yet; empty where that is over."""
        self.notice = notice
        self._wake()

    def show(self, text: str) -> None:
        """This is the text so far."""
        if text != self.text:
            self.text = text
            self._wake()

    def restart(self) -> None:
        """What came so far does not count: another provider begins anew."""
        self.text = ""
        self.whole = False
        self.ends = None
        self._wake()

    def complete(self, text: str = "", notes: Sequence[str] = ()) -> None:
        """No more text comes; what else belongs to the answer may. It is kept as this text, with
        these notes."""
        self.whole = True
        self.ends = self.ending(text, notes) if self.ending is not None else None
        for event in self._hurried:
            event.set()
        self._wake()

    def hurry(self, event: asyncio.Event) -> None:
        """Sets the event once the text is whole."""
        self._hurried.add(event)

    def saved(self, page: str) -> None:
        """The page exists."""
        self.page = page
        self._wake()

    def finish(self, answer: Answer) -> None:
        """All is done."""
        self.answer = answer
        self._wake()

    def nudge(self) -> None:
        """Has those who look on look again, though nothing changed."""
        self._wake()

    def _wake(self) -> None:
        for event in self._waiting:
            event.set()

    async def changes(self) -> AsyncIterator[None]:
        """Yields at once, then whenever something changed, and ends after `answer` is there."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            while True:
                event.clear()
                yield
                if self.answer is not None:
                    return
                await event.wait()
        finally:
            self._waiting.discard(event)


class Feeds:
    """The feeds somebody holds on to, by request."""

    def __init__(self) -> None:
        self._feeds: WeakValueDictionary[UUID, Feed] = WeakValueDictionary()

    def of(self, request_id: UUID) -> Feed:
        """The feed of a request, the same for all who ask while one of them keeps it."""
        feed = self._feeds.get(request_id)
        if feed is None:
            feed = self._feeds[request_id] = Feed()
        return feed
