"""Which reactions nobody heard of, as a message shows them afterwards. Pure, for every platform.

What a message shows now is held against what its reactions asked for before (`Memory.known`). A
request found like this says in its address, `caught_up`, when the message was looked at, in epoch
seconds: what comes late of the same is known by that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.captures import UNDO
from core.messages import Call
from core.ports import Known

CAUGHT_UP = "caught_up"

ADDED, REMOVED = "save-marked", "undo-save"

SKEW = 2.0
"""Seconds by which the platform's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A reaction that came (`added`) or went, and the last request of the same person before it.

    `after` is that request's id, or empty: with it, whoever finds the same names it the same.
    """

    user: str
    added: bool
    after: str


def emoji_in(known: Sequence[Known]) -> list[str]:
    """The emoji beside 📝 that something is known of."""
    found = (each.request.call.value("emoji") for each in known)
    return list(dict.fromkeys(each for each in found if each))


def about(known: Sequence[Known], call: Call) -> list[Known]:
    """What is known of the emoji that this call is about."""
    emoji = call.value("emoji")
    return [each for each in known if each.request.call.value("emoji") == emoji]


def missed(
    known: Sequence[Known],
    reacting: Iterable[str],
    *,
    marked: bool,
    now: datetime,
    emoji: str | None = None,
) -> list[Missed]:
    """What was missed about one message on which `reacting` have their reaction now.

    `marked`: the app's own mark is on it. Where there is a mark, but no request is known any more,
    it was dealt with long ago. A reaction that went is told of where the save is so recent that it
    can be undone; later, the page stays anyway. `emoji` is the one that they put there, None for
    📝; what is known of others is about those.
    """
    dealt_with = bool(known)
    known = [each for each in known if each.request.call.value("emoji") == emoji]
    last = {each.request.sender.id: each for each in known}
    present = list(dict.fromkeys(reacting))
    found = []
    for user in present:
        before = last.get(user)
        if before is None and marked and not dealt_with:
            continue
        if before is None or before.request.call.command == REMOVED:
            found.append(Missed(user, added=True, after=_id(before)))
    for user, before in last.items():
        saved = before.request.call.command == ADDED
        if saved and user not in present and now - before.at < UNDO:
            found.append(Missed(user, added=False, after=_id(before)))
    return found


def is_late(known: Sequence[Known], user: str, command: str, moment: float | None) -> bool:
    """Whether an event was caught up with already, and so is to be dropped.

    `moment` is when it happened, in epoch seconds; None where the platform does not say. Then it is
    late where the last thing known of this person is the same, and was found afterwards.
    """
    own = [each for each in known if each.request.sender.id == user]
    if moment is None:
        last = own[-1] if own else None
        return last is not None and _looked(last) > 0 and last.request.call.command == command
    for each in own:
        if not (looked := _looked(each)):
            continue
        same = each is own[-1] and each.request.call.command == command
        if moment <= (each.at.timestamp() + SKEW if same else looked):
            return True
    return False


def _looked(known: Known) -> float:
    try:
        return float(known.request.address.get(CAUGHT_UP, 0))
    except ValueError:
        return 0.0


def _id(known: Known | None) -> str:
    return "" if known is None else str(known.request.id)
