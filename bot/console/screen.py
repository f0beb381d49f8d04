"""What a terminal shows of one answer while it grows."""

from __future__ import annotations

from collections.abc import Callable

from bot.console import render
from core.ports import Part

Show = Callable[[str], None]


class Screen:
    """One answer: `show` is given its text as it comes, `tell` what is said beside it."""

    def __init__(self, show: Show, tell: Show) -> None:
        self._show = show
        self._tell = tell
        self._shown = ""

    def take(self, part: Part) -> None:
        """Shows what is new in this part."""
        if part.get("reason", False):
            if self._shown:
                self._show("\n")
            self._tell("\n".join([part["text"], *render.footer(part)]))
            return
        self._grow(part["text"].rstrip(), final=part["final"])
        footer = render.footer(part)
        if part["final"] and footer:
            lines = "\n".join(footer)
            if part["ok"]:
                self._show(lines + "\n")
            else:
                self._tell(lines)

    def _grow(self, text: str, *, final: bool) -> None:
        if not final and self._shown.startswith(text):
            # After a lost connection the same text comes once more from its beginning.
            return
        if not text.startswith(self._shown):
            # Another provider began anew, or the final text differs from what was streamed.
            self._show("\n")
            self._shown = ""
        self._show(text[len(self._shown) :] + ("\n" if final else ""))
        self._shown = text
