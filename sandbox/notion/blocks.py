"""Blocks in requests: which types there are, what each carries, and what is refused.

Limits: 1,000 blocks a request, 100 an array, two nested levels. The shapes follow
`blockObjectRequest` and its two shallower forms in Notion's OpenAPI document.
"""

from dataclasses import dataclass, field
from typing import Any

from sandbox.notion.block_bodies import BODIES, HEADINGS, LISTS
from sandbox.notion.checks import ARRAY_LIMIT, only_keys, read_array, read_object
from sandbox.notion.errors import MISSING, creation_failed, invalid, should_be

BLOCKS_LIMIT = 1000
NESTED_LEVELS = 2
WIDTH_MISMATCH = "Number of cells in table row must match the table width of the parent table"

# Children must come with these; to the others they may.
_CHILDREN_NEEDED = {"table": 1, "column_list": 2, "column": 0}
_CHILDREN_ALLOWED = (
    *HEADINGS,
    *LISTS,
    *("paragraph", "quote", "to_do", "toggle", "template", "callout", "synced_block", "tab"),
)
_ONLY_CHILD = {"table": "table_row", "column_list": "column", "tab": "paragraph"}


@dataclass(frozen=True, slots=True)
class Draft:
    """A block as it will be stored: its type, its body without children, and the children."""

    type: str
    body: dict[str, Any]
    children: list["Draft"] = field(default_factory=list)

    def count(self) -> int:
        return 1 + sum(child.count() for child in self.children)


def read_blocks(value: object, path: str) -> list[Draft]:
    """A request's blocks, top level first.

    Raises RefusedError for an array over 100, more than 1,000 blocks in all, more than two nested
    levels, and every wrong shape.
    """
    drafts = _read_array(value, path, NESTED_LEVELS)
    count = sum(draft.count() for draft in drafts)
    if count > BLOCKS_LIMIT:
        raise invalid(
            f"body failed validation: {path} should have ≤ `{BLOCKS_LIMIT}` blocks in all,"
            f" instead had `{count}`."
        )
    return drafts


def read_update(block_type: str, stored: dict[str, Any], given: object) -> dict[str, Any]:
    """A stored block's body with the fields of an update over it."""
    path = f"body.{block_type}"
    changes = read_object(given, path)
    if "children" in changes:
        raise should_be(f"{path}.children", "not present", changes["children"])
    if block_type == "table" and "table_width" in changes:
        raise should_be(f"{path}.table_width", "not present", changes["table_width"])
    return BODIES[block_type]({**stored, **changes}, path)


def check_rows(rows: list[Draft], width: int) -> None:
    for row in rows:
        if row.type != "table_row" or len(row.body["cells"]) != width:
            raise creation_failed(WIDTH_MISMATCH)


def takes_children(block_type: str, body: dict[str, Any]) -> bool:
    """Whether blocks can be appended; a heading takes them only when it can be toggled."""
    if block_type in HEADINGS:
        return bool(body.get("is_toggleable"))
    return block_type in _CHILDREN_ALLOWED or block_type in _CHILDREN_NEEDED


def _read_array(value: object, path: str, levels: int) -> list[Draft]:
    blocks = read_array(value, path, ARRAY_LIMIT)
    return [_read_block(block, f"{path}[{n}]", levels) for n, block in enumerate(blocks)]


def _read_block(value: object, path: str, levels: int) -> Draft:
    block = read_object(value, path)
    block_type = _type_of(block, path)
    only_keys(block, path, ("object", "type", block_type))
    if block.get("object", "block") != "block":
        raise should_be(f"{path}.object", '`"block"`', block["object"])
    where = f"{path}.{block_type}"
    given = dict(read_object(block[block_type], where))
    children = given.pop("children", MISSING)
    body = BODIES[block_type](given, where)
    return Draft(block_type, body, _read_children(block_type, body, children, (where, levels)))


def _type_of(block: dict[str, Any], path: str) -> str:
    named = block.get("type", MISSING)
    known = [key for key in block if key in BODIES]
    if named is not MISSING:
        if named not in BODIES:
            raise should_be(f"{path}.type", "a known block type", named)
        if named not in block:
            raise should_be(f"{path}.{named}", "defined", MISSING)
        return str(named)
    if not known:
        missing = "\n".join(
            f"{path}.{name} should be defined, instead was `undefined`." for name in BODIES
        )
        raise invalid(f"body failed validation. Fix one:\n{missing}")
    return known[0]


def _read_children(
    block_type: str, body: dict[str, Any], value: object, place: tuple[str, int]
) -> list[Draft]:
    where, levels = place
    path = f"{where}.children"
    if value is MISSING:
        if _CHILDREN_NEEDED.get(block_type) is not None:
            raise should_be(path, "defined", value)
        return []
    least_levels = NESTED_LEVELS if block_type in ("column_list", "column") else 1
    if levels < least_levels or not takes_children(block_type, body):
        raise should_be(path, "not present", value)
    # Columns are a level of their own that Notion does not count.
    below = levels if block_type == "column_list" else levels - 1
    children = _read_array(value, path, below)
    _check_kinds(block_type, children, path)
    if len(children) < (least := _CHILDREN_NEEDED.get(block_type, 0)):
        raise should_be(f"{path}.length", f"≥ `{least}`", len(children))
    if block_type == "table":
        check_rows(children, body["table_width"])
    return children


def _check_kinds(block_type: str, children: list[Draft], path: str) -> None:
    for n, child in enumerate(children):
        problem = misplaced(block_type, child.type)
        if problem:
            raise should_be(f"{path}[{n}].type", problem, child.type)


def misplaced(parent_type: str, child_type: str) -> str | None:
    """What the child's type should be, when it may not stand under that parent."""
    only = _ONLY_CHILD.get(parent_type)
    if only and child_type != only:
        return f'`"{only}"`'
    if child_type in ("table_row", "column") and only != child_type:
        return "a block that can stand here"
    return None
