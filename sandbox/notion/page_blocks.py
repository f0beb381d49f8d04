"""The block endpoints. A page is a block too: its id works wherever a block's does."""

from aiohttp import web

from sandbox.notion.blocks import (
    Draft,
    check_rows,
    misplaced,
    read_blocks,
    read_update,
    takes_children,
)
from sandbox.notion.calls import (
    PRESENTER,
    STORE,
    Paging,
    find,
    find_editable,
    path_id,
    read_body,
    wrong_cursor,
)
from sandbox.notion.checks import only_keys, read_bool, read_choice, read_object
from sandbox.notion.errors import MISSING, in_trash, invalid, should_be
from sandbox.notion.pages import read_sibling
from sandbox.notion.present import listing
from sandbox.notion.records import Parent, Record
from sandbox.notion.store import PageStore
from sandbox.notion.uploads import attach

_KINDS = ("block", "page", "database")


async def get_block(request: web.Request) -> web.Response:
    block = find(request.app[STORE], path_id(request, "block_id"), *_KINDS)
    return web.json_response(request.app[PRESENTER].block(block))


async def update_block(request: web.Request) -> web.Response:
    store = request.app[STORE]
    block = find(store, path_id(request, "block_id"), *_KINDS)
    body = await read_body(request)
    only_keys(body, "body", ("type", "in_trash", block.type))
    read_choice(body.get("type", block.type), "body.type", (block.type,))
    trash = read_bool(body["in_trash"], "body.in_trash") if "in_trash" in body else None
    if store.is_trashed(block.id) and trash is not False:
        raise in_trash()
    content = None
    if block.type in body:
        if block.kind != "block":
            raise invalid(f"Block type {block.type} cannot be updated: update the page instead.")
        content = read_update(block.type, block.body, body[block.type])
        _keep_width(store, block, content)
    changed = store.change(block.id, body=content, in_trash=trash)
    return web.json_response(request.app[PRESENTER].block(changed))


async def delete_block(request: web.Request) -> web.Response:
    store = request.app[STORE]
    block = find_editable(store, path_id(request, "block_id"), *_KINDS)
    if block.parent.kind == "workspace":
        raise invalid("Archiving workspace level pages via API not supported.")
    return web.json_response(request.app[PRESENTER].block(store.change(block.id, in_trash=True)))


async def get_children(request: web.Request) -> web.Response:
    store, presenter = request.app[STORE], request.app[PRESENTER]
    parent = find(store, path_id(request, "block_id"), *_KINDS)
    paging = Paging.from_query(request)
    if paging.start is not None:
        cursor = store.get(paging.start)
        if cursor is None or cursor.parent.id != parent.id:
            raise wrong_cursor(paging.start)
    children = store.children(parent.id, paging.start, paging.size + 1)
    following = children[paging.size].id if len(children) > paging.size else None
    shown = [presenter.block(child) for child in children[: paging.size]]
    return web.json_response(listing("block", shown, following))


async def append_children(request: web.Request) -> web.Response:
    store, presenter = request.app[STORE], request.app[PRESENTER]
    parent = find_editable(store, path_id(request, "block_id"), "block", "page")
    body = await read_body(request)
    only_keys(body, "body", ("children", "position"))
    drafts = attach(store, read_blocks(body.get("children", MISSING), "body.children"))
    _check_place(parent, drafts)
    after = _read_position(store, body.get("position"), parent)
    place = Parent("page_id" if parent.kind == "page" else "block_id", parent.id)
    made = store.append(place, drafts, after)
    return web.json_response(listing("block", [presenter.block(block) for block in made], None))


def _read_position(store: PageStore, value: object, parent: Record) -> str | None:
    if value is None:
        return None
    position = read_object(value, "body.position")
    kinds = ("start", "end", "after_block")
    kind = read_choice(position.get("type", MISSING), "body.position.type", kinds)
    if kind == "after_block":
        return read_sibling(store, position, parent.id)
    return "" if kind == "start" else None


def _check_place(parent: Record, drafts: list[Draft]) -> None:
    """Refuses children where none may stand, and rows and columns outside their own parents."""
    if parent.kind == "block" and not takes_children(parent.type, parent.body):
        raise invalid(f"Block type {parent.type} does not support children.")
    for n, draft in enumerate(drafts):
        problem = misplaced("page" if parent.kind == "page" else parent.type, draft.type)
        if problem:
            raise should_be(f"body.children[{n}].type", problem, draft.type)
    if parent.type == "table":
        check_rows(drafts, parent.body["table_width"])


def _keep_width(store: PageStore, block: Record, content: dict[str, object]) -> None:
    """A changed row still fits its table."""
    table = store.get(block.parent.id) if block.type == "table_row" and block.parent.id else None
    if table is not None:
        check_rows([Draft("table_row", content)], table.body["table_width"])
