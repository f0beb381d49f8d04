"""Charts by day, as SVG that a template writes out: columns, stacked where there are several rows.

The drawing is 100 high and 10 a day wide, and is stretched to the room there is, so it holds no
words; those stand beside it. Attributes and classes alone: the page's policy lets no style in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, floor, log10

from api.pages.figures import short_day

DAY_WIDTH = 10
HEIGHT = 100
MOST_SERIES = 6
"""Colours there are (static/charts.css); further series share the last one."""

_GAP = 0.7
"""Between two parts of a column: a line's width at the height it is shown in."""
_LEAST = 0.9
"""Height of what is there at all."""

_NAMED = 4
"""Parts of a day that are told by name."""


@dataclass(frozen=True, slots=True)
class Series:
    """One part of each column: its colour's number, its name, and its path."""

    colour: int
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Column:
    """Where one day stands, and what is said of it."""

    x: int
    told: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn. `scale` are the words of the top, the middle and the bottom line."""

    width: int
    scale: tuple[str, str, str]
    series: list[Series]
    columns: list[Column]
    ticks: list[str]
    peak: str


def days_between(since: str, until: str) -> list[str]:
    """Every day from one to another, both included."""
    first, last = date.fromisoformat(since), date.fromisoformat(until)
    return [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]


def chart(
    days: Sequence[str],
    values: Mapping[str, Mapping[str, float]],
    colours: Mapping[str, int],
    told: Callable[[float], str],
    short: Callable[[float], str],
    unit: str = "",
) -> Chart | None:
    """A column a day. `values` is, by series, what there was on days; `colours` orders them.

    `told` words a number, `short` one of the scale; `unit` follows the former.
    None where there is nothing to draw.
    """
    sums = {day: sum(each.get(day, 0) for each in values.values()) for day in days}
    highest = max(sums.values(), default=0)
    if highest <= 0:
        return None
    top = _round_up(highest)
    names = sorted(values, key=lambda name: colours.get(name, MOST_SERIES))
    paths: dict[str, list[str]] = {name: [] for name in names}
    wide = 0.4 if len(days) <= 7 else 0.72
    left = DAY_WIDTH * (1 - wide) / 2
    for number, day in enumerate(days):
        base = float(HEIGHT)
        for name in names:
            value = values[name].get(day, 0)
            if value <= 0:
                continue
            high = max(value / top * HEIGHT, _LEAST)
            bottom = base - (_GAP if base < HEIGHT and high > 2 * _GAP else 0)
            base -= high
            x, across = DAY_WIDTH * number + left, DAY_WIDTH * wide
            path = f"M{x:g} {bottom:.4g}V{base:.4g}h{across:g}V{bottom:.4g}z"
            paths[name].append(path)
    peak = max(days, key=lambda day: sums[day])
    return Chart(
        DAY_WIDTH * len(days),
        (short(top), short(top / 2), short(0)),
        [
            Series(min(colours.get(name, MOST_SERIES), MOST_SERIES - 1), name, "".join(paths[name]))
            for name in names
            if paths[name]
        ],
        [
            Column(DAY_WIDTH * number, _told(day, values, told, unit))
            for number, day in enumerate(days)
        ],
        _ticks(days),
        f"Most on {short_day(peak)}: {told(sums[peak])}{unit}",
    )


def _told(
    day: str,
    values: Mapping[str, Mapping[str, float]],
    told: Callable[[float], str],
    unit: str,
) -> str:
    """All of a day, and the largest parts of it by name."""
    found = sorted(((each.get(day, 0), name) for name, each in values.items()), reverse=True)
    parts = [(value, name) for value, name in found if value > 0]
    if not parts:
        return f"{short_day(day)}: nothing"
    total = f"{short_day(day)}: {told(sum(value for value, _ in parts))}{unit}"
    shown = [f"{name} {told(value)}" for value, name in parts[:_NAMED]]
    if len(parts) > _NAMED:
        shown.append(f"others {told(sum(value for value, _ in parts[_NAMED:]))}")
    return f"{total} ({', '.join(shown)})" if len(values) > 1 else total


def _ticks(days: Sequence[str]) -> list[str]:
    if len(days) <= 7:
        return [f"{date.fromisoformat(day):%a}" for day in days]
    return [short_day(days[0]), short_day(days[len(days) // 2]), short_day(days[-1])]


def _round_up(number: float) -> float:
    """The next number that is easily halved: 1, 2, 4, 6 or 8 of its size."""
    size = 10 ** floor(log10(number))
    for step in (1, 2, 4, 6, 8, 10):
        if number <= step * size * (1 + 1e-9):
            return float(step * size)
    return float(ceil(number))
