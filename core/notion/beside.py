"""Which blocks of a page are looked at for comments that stand beside them.

Notion lists comments by block, one request each, and neither says that there are any nor counts a
comment as an edit for certain. So not all are asked for at once: those that were changed since the
last look, and of the others a few, in turn.
https://developers.notion.com/reference/list-comments
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

IN_TURN = 3
"""Blocks of a page that are asked at each look though nothing became of them."""

MOST = 10
"""Blocks of a page that are asked at each look."""

_PAGES_OF_THEIR_OWN = ("child_page", "child_database")


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a page: what was changed since the last, the how manieth it is, and for how many
    blocks at most.
    """

    changed: datetime
    turn: int
    most: int = MOST


def chosen(blocks: Sequence[Mapping[str, Any]], look: Look) -> list[str]:
    """The ids of the blocks to ask for, the latest changed first. Pure."""
    known = [
        (str(block["id"]), moment(block.get("last_edited_time")))
        for block in blocks
        if isinstance(block.get("id"), str) and block.get("type") not in _PAGES_OF_THEIR_OWN
    ]
    fresh = sorted((one for one in known if one[1] >= look.changed), key=lambda one: one[1])
    asked = [id_ for id_, _ in fresh[::-1]][: look.most]
    others = [id_ for id_, _ in known if id_ not in asked]
    count = min(IN_TURN, look.most - len(asked), len(others))
    first = look.turn * IN_TURN
    return asked + [others[(first + each) % len(others)] for each in range(count)]


def moment(text: object) -> datetime:
    """A time as Notion writes it; long ago where it is none. Pure."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
