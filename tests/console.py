"""What a browser has to say against a page."""

from __future__ import annotations

from playwright.async_api import ConsoleMessage

# Somebody was quicker than the page and clicked first; the page leaves it at that.
_HARMLESS = "Autofocus processing was blocked"


def heard(message: ConsoleMessage, complaints: list[str]) -> None:
    """Keeps a message of the console, unless it is no fault of the page."""
    if not message.text.startswith(_HARMLESS):
        complaints.append(message.text)
