"""Brings what a page shows from one text to the next, by the fewest requests.

What stood there is found again by its type and text, in order; only what differs between the two
texts is changed, added or taken away. What people put there by hand, or changed, stays.

It is done in two halves, so that it can be ended at any point and begun again. `look` notes, by
their ids alone, which blocks are whose before anything is changed; `change` then does only what is
not done yet: a block with an id that was not there then, and with the right text in the right
place, was added by an earlier try.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from core.errors import NotionFailed
from core.markdown import Request, plan
from core.notion.shapes import text_of
from core.ports import Blocks, Child

Json = dict[str, Any]
Listed = Sequence[Json]

PAUSE = 1.0
"""Seconds before a look for what an unsure write may have made."""

# What Notion lets be changed in place, beside a table and its rows, which are told apart below.
# https://developers.notion.com/reference/update-a-block
_CHANGEABLE = frozenset(
    {
        *("paragraph", "heading_1", "heading_2", "heading_3", "heading_4", "quote", "callout"),
        *("bulleted_list_item", "numbered_list_item", "to_do", "toggle", "code", "equation"),
        "table_row",
    }
)


class Keep(NamedTuple):
    """A block that both texts have."""

    old: int


class Turn(NamedTuple):
    """A block that becomes another."""

    old: int
    new: int


class Add(NamedTuple):
    """A block that only the later text has."""

    new: int


class Drop(NamedTuple):
    """A block that only the earlier text has."""

    old: int


Move = Keep | Turn | Add | Drop


def moves(before: Listed, after: Listed, ids: Sequence[str | None]) -> Iterator[Move]:
    """What leads from one list of blocks to the other, in order. Pure.

    `ids` are those of the earlier list's blocks; None where one is not on the page any more.
    """
    old, new = [_key(block) for block in before], [_key(block) for block in after]
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from (Keep(i) for i in range(i1, i2))
            continue
        there = [i for i in range(i1, i2) if ids[i]]
        kinds = [_kind(before[i]) for i in there], [_kind(after[j]) for j in range(j1, j2)]
        for how, a1, a2, b1, b2 in SequenceMatcher(None, *kinds, autojunk=False).get_opcodes():
            if how == "equal":
                yield from (Turn(there[a1 + k], j1 + b1 + k) for k in range(a2 - a1))
            else:
                yield from (Add(j1 + k) for k in range(b1, b2))
                yield from (Drop(there[k]) for k in range(a1, a2))


class Sync:
    """Changes one page."""

    def __init__(self, pages: Blocks) -> None:
        self._pages = pages
        # What was read in this process, until something is written.
        self._read: dict[str, list[Child]] = {}

    async def look(self, block: str, before: Listed, after: Listed) -> Json:
        """Which blocks are whose, before anything is changed: ids alone, as JSON."""
        there = self._read[block] = await self._pages.children(block)
        ids = _found(before, there)
        inside = {
            str(move.old): await self.look(
                ids[move.old] or "", _children(before[move.old]), _children(after[move.new])
            )
            for move in moves(before, after, ids)
            if isinstance(move, Turn)
            and _key(_children(before[move.old])) != _key(_children(after[move.new]))
        }
        return {"block": block, "known": [one.id for one in there], "ids": ids, "inside": inside}

    async def change(self, look: Json, before: Listed, after: Listed) -> None:
        """Makes the page say `after` where it said `before`. May be done any number of times.

        Raises what `Pages` raises; then it is to be done again with the same `look`.
        """
        ids: list[str | None] = look["ids"]
        first = next((found for found in ids if found), "")
        there = self._read.pop(look["block"], None)
        line = _Line(self._pages, look["block"], set(look["known"]), first, there)
        adding: list[Json] = []
        gone: list[str] = []
        for move in moves(before, after, ids):
            if isinstance(move, Add):
                adding.append(after[move.new])
                continue
            found = ids[move.old]
            if isinstance(move, Drop):
                gone += [found] if found else []
            elif found:
                await line.add(adding)
                adding = []
                line.past(found)
                if not isinstance(move, Turn):
                    continue
                inside = look["inside"].get(str(move.old))
                turned = await self._turn(found, before[move.old], after[move.new], inside)
                if not turned and await line.holds(found):
                    # A server that changes no blocks in place still adds and takes away.
                    adding = [after[move.new]]
                    gone.append(found)
        await line.add(adding)
        # Last, so that a text is there twice for a moment rather than not at all.
        for block in gone:
            await self._pages.remove(block)

    async def _turn(self, block: str, old: Json, new: Json, inside: Json | None) -> bool:
        """Makes one block another in its place; False where that cannot be."""
        fields = _changed(_own(old), _own(new))
        if fields and not await self._pages.change(block, new["type"], fields):
            return False
        if inside is not None:
            await self.change(inside, _children(old), _children(new))
        return True


class _Line:
    """One list of blocks on the page, walked from its beginning to its end.

    `known` are the ids that were there at the look, `first` the first one of ours among them.
    """

    def __init__(
        self, pages: Blocks, block: str, known: set[str], first: str, there: list[Child] | None
    ) -> None:
        self._pages = pages
        self._block = block
        self._known = known
        self._first = first
        self._there = there
        self._passed: list[str] = []
        self._added: set[str] = set()

    def past(self, block: str) -> None:
        """What is added next comes after this block."""
        self._passed.append(block)

    async def holds(self, block: str) -> bool:
        """Whether a block is there, looked at anew."""
        self._there = await self._pages.children(self._block)
        return any(one.id == block for one in self._there)

    async def add(self, blocks: Listed) -> None:
        """Puts blocks here, those of them that an earlier try did not."""
        if not blocks:
            return
        placed: list[str] = []
        for request in plan(list(blocks)):
            if request.parent:
                if request.parent[0] >= len(placed):
                    raise NotionFailed("Notion did not say what it added.", retryable=True)
                await self._nested(placed[request.parent[0]], request)
            else:
                placed = await self._put(blocks[: request.first + len(request.children)], request)
        self._passed += placed[-1:]

    async def _put(self, blocks: Listed, request: Request) -> list[str]:
        """The ids of blocks that stand here, the last of them put by this request."""
        for last in (False, True):
            placed = await self._placed(blocks)
            if len(placed) == len(blocks):
                break
            try:
                await self._append(request.children[len(placed) - request.first :], len(placed))
            except NotionFailed as error:
                if last or not error.unsure:
                    raise
                await asyncio.sleep(PAUSE)
                self._there = None
        return await self._placed(blocks)

    async def _append(self, missing: Listed, before: int) -> None:
        """Adds blocks here, behind so many that are there."""
        there = await self._children()
        at = self._at(there) + before
        after = None if at == len(there) else there[at - 1].id if at else ""
        made = await self._pages.append(self._block, missing, after)
        if len(made) == len(missing):
            there[at:at] = made
        else:
            self._there = there = await self._pages.children(self._block)
            made = [one for one in there[at : at + len(missing)] if one.id not in self._known]
        # These need not be known again by their text, which Notion may have tidied up.
        self._added |= {one.id for one in made}

    async def _placed(self, blocks: Listed) -> list[str]:
        """The ids of as many of these blocks as stand here, added since the look."""
        there = await self._children()
        found: list[str] = []
        for one, block in zip(there[self._at(there) :], blocks, strict=False):
            same = one.id in self._added or _sign(one) == _signature(block)
            if one.id in self._known or not same:
                break
            found.append(one.id)
        return found

    async def _nested(self, top: str, request: Request) -> None:
        """What a request of its own puts inside a block that was added."""
        block = top
        for index in request.parent[1:]:
            block = (await self._pages.children(block))[index].id
        there = await self._pages.children(block)
        missing = request.children[max(0, len(there) - request.first) :]
        if missing:
            await self._pages.append(block, missing)

    def _at(self, there: Sequence[Child]) -> int:
        """Where this place is: behind the last block that was passed and is still there.

        Before any was passed, it is before the first one of ours, else at the end.
        """
        places = {one.id: n for n, one in enumerate(there)}
        behind = next((places[one] + 1 for one in reversed(self._passed) if one in places), None)
        if behind is not None:
            return behind
        at = places.get(self._first, len(there))
        while at and there[at - 1].id not in self._known:
            at -= 1
        return at

    async def _children(self) -> list[Child]:
        if self._there is None:
            self._there = await self._pages.children(self._block)
        return self._there


def _found(before: Listed, there: Sequence[Child]) -> list[str | None]:
    """The ids of blocks on the page, found by type and text, in order; None where one is not."""
    wanted, shown = [_signature(block) for block in before], [_sign(one) for one in there]
    ids: list[str | None] = [None] * len(wanted)
    for match in SequenceMatcher(None, wanted, shown, autojunk=False).get_matching_blocks():
        for k in range(match.size):
            ids[match.a + k] = there[match.b + k].id
    return ids


def _signature(block: Json) -> str:
    return _tidy(block["type"], text_of(block))


def _sign(one: Child) -> str:
    return _tidy(one.type, one.text)


def _tidy(kind: str, text: str) -> str:
    return f"{kind}\n{' '.join(text.split())}"


def _kind(block: Json) -> str:
    """What may become one another."""
    kind = block["type"]
    if kind == "table":
        return _key({name: value for name, value in block[kind].items() if name != "children"})
    return kind if kind in _CHANGEABLE else _key(block)


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _children(block: Json) -> list[Json]:
    return block[block["type"]].get("children") or []


def _own(block: Json) -> Json:
    return {name: value for name, value in block[block["type"]].items() if name != "children"}


def _changed(old: Json, new: Json) -> Json:
    """The fields that differ. What somebody did to another, like ticking a box, stays."""
    fields = {name: value for name, value in new.items() if old.get(name) != value}
    if "color" in old and "color" not in new:
        fields["color"] = "default"
    return fields
