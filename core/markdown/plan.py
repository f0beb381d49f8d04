"""Cuts a tree of Notion blocks into the fewest write requests its limits allow.

Notion's limits (request-limits page; "append block children": two levels of nesting in a single
request, and the request schemas of version 2026-03-11 agree): 100 blocks an array of children,
1,000 blocks and 500 KB a request, children and grandchildren below the request's own blocks. A
table and at least one of its rows travel together.
"""

import json
from collections import deque
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

MAX_CHILDREN = 100
MAX_BLOCKS = 1000
MAX_BYTES = 450_000  # of 500 KB: the page's properties and the envelope need some
NESTING = 2
# The page's creation carries one block of the caller's too, a footer.
RESERVED = 1

_NEVER = float("inf")
# Of a block without children, whatever the level.
_NO_REQUESTS: list[float] = [0] * (NESTING + 1)
_NONE_KEPT = [0] * (NESTING + 1)
_ITSELF = [1] * (NESTING + 1)
_to_json = json.JSONEncoder(check_circular=False).encode


@dataclass(frozen=True, slots=True)
class Request:
    """One write: `children` are appended to the list of the block at `parent`.

    `parent` is the path of indices from the page to that block, `()` the page itself; `first` is
    the index at which the children begin in its list. The first request of a plan creates the
    page, the others are `PATCH blocks/{id}/children`.
    """

    parent: tuple[int, ...]
    first: int
    children: list[dict[str, Any]]


@dataclass(slots=True)
class _Node:
    """A block with what it costs to write it, by the levels of nesting left below it."""

    block: dict[str, Any]
    own_bytes: int
    children: list["_Node"]
    # Indexed by levels left, 0 to NESTING:
    requests: list[float]  # further requests its subtree needs
    kept: list[int]  # how many of its children go along with it
    blocks: list[int]  # blocks that go along, itself included
    bytes: list[int]  # their JSON, in bytes

    @property
    def is_table(self) -> bool:
        return self.block.get("type") == "table"


@dataclass(slots=True)
class _Room:
    """What still fits into a request."""

    blocks: int = MAX_BLOCKS
    bytes: int = MAX_BYTES

    def fits(self, node: _Node, levels: int) -> bool:
        return node.blocks[levels] <= self.blocks and node.bytes[levels] <= self.bytes

    def take(self, blocks: int, size: int) -> None:
        self.blocks -= blocks
        self.bytes -= size


@dataclass(frozen=True, slots=True)
class _Pending:
    """Children of a written block that wait for a request of their own."""

    parent: tuple[int, ...]
    nodes: list[_Node]
    first: int


def plan(blocks: list[dict[str, Any]]) -> list[Request]:
    """The requests that, executed in order, write exactly `blocks`; always at least one.

    The first holds at most 99 blocks at the top and leaves room for one more.
    """
    pending = deque([_Pending((), _measure_all(blocks), 0)])
    requests: list[Request] = []
    while pending:
        task = pending.popleft()
        start = task.first
        while start < len(task.nodes) or not requests:
            reserved = 0 if requests else RESERVED
            writer = _Writer(task.parent, _Room(MAX_BLOCKS - reserved))
            children = writer.fill(task.nodes, start, MAX_CHILDREN - reserved)
            requests.append(Request(task.parent, start, children))
            pending.extend(writer.pending)
            start += len(children)
    return requests


class _Writer:
    """Fills one request."""

    def __init__(self, parent: tuple[int, ...], room: _Room) -> None:
        self._parent = parent
        self._room = room
        self.pending: list[_Pending] = []

    def fill(self, nodes: list[_Node], start: int, limit: int) -> list[dict[str, Any]]:
        """Blocks from `start` on until the request is full; at least one if there is any."""
        children: list[dict[str, Any]] = []
        for index in range(start, min(len(nodes), start + limit)):
            node = nodes[index]
            path = (*self._parent, index)
            if self._room.fits(node, NESTING):
                children.append(self._put(node, NESTING, path))
            elif children:
                break
            else:  # too large for any request: with as many children as fit
                return [self._put_part(node, NESTING, path)]
        return children

    def _put(self, node: _Node, levels: int, path: tuple[int, ...]) -> dict[str, Any]:
        """The block with the children chosen for it; the others wait."""
        kept = node.kept[levels]
        self._room.take(1, node.own_bytes)
        children = [
            self._put(child, levels - 1, (*path, index))
            for index, child in enumerate(node.children[:kept])
        ]
        return self._finish(node, path, children)

    def _put_part(self, node: _Node, levels: int, path: tuple[int, ...]) -> dict[str, Any]:
        self._room.take(1, node.own_bytes)
        children: list[dict[str, Any]] = []
        for index, child in enumerate(node.children[: node.kept[levels]]):
            if not self._room.fits(child, levels - 1) and not (node.is_table and not children):
                break
            children.append(self._put(child, levels - 1, (*path, index)))
        return self._finish(node, path, children)

    def _finish(
        self, node: _Node, path: tuple[int, ...], children: list[dict[str, Any]]
    ) -> dict[str, Any]:
        if len(children) < len(node.children):
            self.pending.append(_Pending(path, node.children, len(children)))
        return _with_children(node.block, children) if node.children else node.block


def _with_children(block: dict[str, Any], children: list[dict[str, Any]]) -> dict[str, Any]:
    kind = block["type"]
    body = {name: value for name, value in block[kind].items() if name != "children"}
    if children:
        body["children"] = children
    return {**block, kind: body}


def _measure_all(blocks: list[dict[str, Any]]) -> list[_Node]:
    """Nodes for `blocks` and all below them, measured from the leaves up, without recursion."""
    is_light = _are_light(blocks)
    tops: list[_Node] = []
    order: list[_Node] = []
    work = [(block, tops) for block in reversed(blocks)]
    while work:
        block, siblings = work.pop()
        children = block.get(block["type"], {}).get("children") or []
        size = 0 if is_light else _weigh(block, has_children=bool(children))
        node = _Node(block, size, [], [], [], [], [])
        siblings.append(node)
        order.append(node)
        work.extend((child, node.children) for child in reversed(children))
    for node in reversed(order):
        if node.children:
            for levels in range(NESTING + 1):
                _measure(node, levels)
        else:
            node.requests, node.kept, node.blocks = _NO_REQUESTS, _NONE_KEPT, _ITSELF
            node.bytes = [node.own_bytes] * (NESTING + 1)
    return tops


def _are_light(blocks: list[dict[str, Any]]) -> bool:
    """Whether all of them fit into one request, so that none need be weighed alone."""
    try:
        return len(_to_json(blocks)) <= MAX_BYTES * 2 // 3
    except RecursionError:  # nested deeper than any document of ours
        return False


def _weigh(block: dict[str, Any], *, has_children: bool) -> int:
    """Bytes of JSON without the children."""
    return len(_to_json(_with_children(block, []) if has_children else block)) + 16


def _measure(node: _Node, levels: int) -> None:
    """Chooses how many children go along when `levels` of nesting are left below the block."""
    requests, kept = _choose(node, levels)
    node.requests.append(requests)
    node.kept.append(kept)
    along = node.children[:kept]
    node.blocks.append(1 + sum(child.blocks[levels - 1] for child in along))
    node.bytes.append(node.own_bytes + sum(child.bytes[levels - 1] for child in along))


def _choose(node: _Node, levels: int) -> tuple[float, int]:
    """The fewest further requests, and the number of children to take along for that.

    A child left out goes, with all after it, into requests of its own, at the top of which it
    has the full nesting again. Where several choices cost the same, one that leaves this block
    waiting is better than one that leaves a block further down: its id is easier to come by.
    """
    count = len(node.children)
    if levels == 0 and node.is_table:
        return _NEVER, 0
    most = min(count, MAX_CHILDREN) if levels else 0
    inside = [0.0, *accumulate(child.requests[levels - 1] for child in node.children[:most])]
    alone = [0.0, *accumulate(child.requests[NESTING] for child in node.children)]
    best, kept = _NEVER, 0
    for along in range(1 if node.is_table else 0, most + 1):
        outside = -(-(count - along) // MAX_CHILDREN) + alone[count] - alone[along]
        cost = inside[along] + outside
        if cost < best or (cost == best and along < count):
            best, kept = cost, along
    return best, kept
