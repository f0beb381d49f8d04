"""How urgent it is what is asked of Notion, as the task that asks says once for all it asks.

    soon    somebody looks on and waits for what Notion says: a search, a choice, an answer
    save    somebody has something saved, and hears when it is done
    behind  nobody waits: pages are brought up to date, looked at for news

What is asked for no request at all, like the choices of a picker, is asked soon.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum

TOLD_AFTER = 5.0
"""Seconds: whoever waits longer for their turn hears about how long it takes."""


class Urgency(IntEnum):
    """The lower, the sooner."""

    SOON = 0
    SAVE = 1
    BEHIND = 2


_BACKGROUND: ContextVar[bool] = ContextVar("background", default=False)
_SOON: ContextVar[bool] = ContextVar("soon", default=False)


@contextmanager
def in_background() -> Iterator[None]:
    """What is asked of Notion inside comes after what people wait for, and takes a share of it."""
    token = _BACKGROUND.set(True)
    try:
        yield
    finally:
        _BACKGROUND.reset(token)


@contextmanager
def looked_on(on: bool = True) -> Iterator[None]:
    """What is asked of Notion inside goes before what is saved: somebody sees nothing till then."""
    token = _SOON.set(on)
    try:
        yield
    finally:
        _SOON.reset(token)


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody who stands in line since then, and hears how long it takes."""

    patience: float
    tell: Callable[[float], None]
    since: float = field(default_factory=time.monotonic)


_LINE: ContextVar[Line | None] = ContextVar("in line", default=None)


@contextmanager
def in_line(patience: float, tell: Callable[[float], None]) -> Iterator[None]:
    """What is asked of Notion inside may wait so many seconds for its turn, beside the time for the
    answer; `tell` is given the seconds that are left of a long wait. Its turn comes before that of
    whoever began later: what was begun is finished first.
    """
    token = _LINE.set(Line(patience, tell))
    try:
        yield
    finally:
        _LINE.reset(token)


def line() -> Line | None:
    """The line this task stands in; None where it stands in none."""
    return _LINE.get()


def urgency() -> Urgency:
    """How urgent it is what this task asks."""
    if _BACKGROUND.get():
        return Urgency.BEHIND
    return Urgency.SOON if _SOON.get() or _LINE.get() is None else Urgency.SAVE


def patience_in_line() -> float:
    """How long this task may stand in line; 0 where it may not."""
    found = _LINE.get()
    return 0.0 if found is None else found.patience


def tell_in_line(seconds: float) -> None:
    """Has whoever stands in line here hear of a long wait; nobody waits for the background."""
    found = _LINE.get()
    if found is None or _BACKGROUND.get():
        return
    # Who has no patience for that is turned away, and told so.
    if TOLD_AFTER < seconds <= found.patience:
        found.tell(seconds)
