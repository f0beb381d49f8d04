"""Lengths of time, as people say them."""

from __future__ import annotations


def about(seconds: float) -> str:
    """A time in round words: "about 15 minutes", never "900 s". Pure."""
    if seconds < 55:
        return f"about {max(5, round(seconds / 5) * 5)} seconds"
    minutes = max(1, round(seconds / 60))
    if minutes < 90:
        return f"about {minutes} minute{'' if minutes == 1 else 's'}"
    return f"about {round(minutes / 60)} hours"
