"""Numbers, money and days as a person reads them."""

from __future__ import annotations

from datetime import UTC, date, datetime

_UNITS = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k"))


def whole(number: float) -> str:
    """Every digit, in groups of three."""
    return f"{number:,.0f}"


def compact(number: float) -> str:
    """Three digits at most, and what they count: 999, 1.2k, 48.2k, 151k, 3M."""
    for unit, (size, letter) in enumerate(_UNITS):
        if number >= size:
            text = _three(number / size)
            if text == "1000" and unit:  # rounded up to the next unit
                return f"1{_UNITS[unit - 1][1]}"
            return f"{text}{letter}"
    return _three(number)


def _three(number: float) -> str:
    if number >= 99.95:
        return f"{number:.0f}"
    return f"{number:.1f}".removesuffix(".0")


def money(dollars: float | None) -> str:
    """US dollars; a dash where the cost is not known."""
    if dollars is None:
        return "–"
    if 0 < dollars < 0.01:
        return "under $0.01"
    return f"${dollars:,.2f}"


def amount(dollars: float | None) -> str:
    """US dollars as a field of a form holds them; nothing for none."""
    return "" if dollars is None else f"{dollars:,.2f}"


def short_money(dollars: float) -> str:
    """US dollars as a scale has them: whole ones, or as many digits as tell them apart."""
    if dollars >= 100:
        return f"${compact(dollars)}"
    if dollars == int(dollars):
        return f"${dollars:.0f}"
    return f"${dollars:.2f}" if round(dollars, 2) == round(dollars, 6) else f"${dollars:.2g}"


def ago(moment: datetime) -> str:
    """How long since a moment, in the largest unit that fits."""
    seconds = max(0, (datetime.now(UTC) - moment).total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "just now"


def short_day(day: str) -> str:
    """2026-11-05 as 5 Nov."""
    return f"{date.fromisoformat(day):%d %b}".lstrip("0")


def long_day(day: str) -> str:
    """2026-11-05 as 5 November 2026."""
    return f"{date.fromisoformat(day):%d %B %Y}".lstrip("0")
