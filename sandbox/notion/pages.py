"""The page endpoints."""

from typing import Any

from aiohttp import web

from sandbox.notion.blocks import read_blocks
from sandbox.notion.calls import PRESENTER, STORE, find, find_editable, path_id, read_body
from sandbox.notion.checks import only_keys, read_bool, read_choice, read_id, read_object
from sandbox.notion.errors import MISSING, RefusedError, in_trash, invalid, not_found, should_be
from sandbox.notion.icons import read_cover, read_icon
from sandbox.notion.markdown import page_markdown
from sandbox.notion.records import Parent, Record
from sandbox.notion.schema import read_properties, read_title_only
from sandbox.notion.store import PageStore
from sandbox.notion.templates import read_template
from sandbox.notion.uploads import attach, attach_values

_PARENTS = ("page_id", "data_source_id", "database_id", "workspace")
_CREATE_KEYS = ("parent", "properties", "icon", "cover", "children", "position", "template")
_FLAGS = ("is_archived", "is_locked")
_UPDATE_KEYS = ("properties", "icon", "cover", "in_trash", "erase_content", *_FLAGS)
# Notion takes these too; the product has no use for them.
_NOT_HERE = ("markdown", "content")


async def create_page(request: web.Request) -> web.Response:
    store = request.app[STORE]
    body = await read_body(request)
    _refuse_unsupported(body)
    only_keys(body, "body", _CREATE_KEYS)
    parent, holder = _read_parent(store, body.get("parent", {"workspace": True}))
    given = body.get("properties", {})
    if parent.kind == "data_source_id" and holder is not None:
        schema = holder.body["properties"]
        properties, grown = read_properties(given, "body.properties", schema)
        properties, after = attach_values(store, properties), None
    else:
        properties, grown = read_title_only(given, "body.properties"), None
        after = _read_position(store, body.get("position"), parent)
    content = {
        "properties": properties,
        "icon": read_icon(body.get("icon"), "body.icon"),
        "cover": read_cover(body.get("cover"), "body.cover"),
    }
    template = read_template(store, body, holder)
    drafts = attach(store, read_blocks(body.get("children", []), "body.children"))
    _grow(store, holder, grown)
    page = store.add_page(parent, content, drafts, after)
    if template is not None:
        store.apply_later(page.id, template.id)
    return web.json_response(request.app[PRESENTER].page(page))


async def get_page(request: web.Request) -> web.Response:
    page = find(request.app[STORE], path_id(request, "page_id"), "page")
    return web.json_response(request.app[PRESENTER].page(page))


async def update_page(request: web.Request) -> web.Response:
    store = request.app[STORE]
    page = find(store, path_id(request, "page_id"), "page")
    body = await read_body(request)
    _refuse_unsupported(body)
    only_keys(body, "body", _UPDATE_KEYS)
    trash = read_bool(body["in_trash"], "body.in_trash") if "in_trash" in body else None
    if store.is_trashed(page.id) and trash is not False:
        raise in_trash()
    if trash and page.parent.kind == "workspace":
        raise invalid("Archiving workspace level pages via API not supported.")
    content, holder, grown = _read_changes(store, page, body)
    _grow(store, holder, grown)
    if body.get("erase_content"):
        store.erase_content(page.id)
    changed = store.change(page.id, body=content, in_trash=trash)
    return web.json_response(request.app[PRESENTER].page(changed))


async def get_markdown(request: web.Request) -> web.Response:
    store = request.app[STORE]
    page = find(store, path_id(request, "page_id"), "page")
    return web.json_response(
        {
            "object": "page_markdown",
            "id": page.id,
            "markdown": page_markdown(store, request.app[PRESENTER], page),
            "truncated": False,
            "unknown_block_ids": [],
        }
    )


def _refuse_unsupported(body: dict[str, Any]) -> None:
    for key in _NOT_HERE:
        if key in body:
            raise RefusedError("invalid_request", f"Unsupported request: {key} of a page.")


def _read_parent(store: PageStore, value: object) -> tuple[Parent, Record | None]:
    """The parent and its record; a workspace has none, a database stands for its data source."""
    parent = read_object(value, "body.parent")
    kind = next((name for name in _PARENTS if name in parent), None)
    if kind is None:
        raise should_be("body.parent.page_id", "defined", MISSING)
    only_keys(parent, "body.parent", ("type", kind))
    read_choice(parent.get("type", kind), "body.parent.type", (kind,))
    if kind == "workspace":
        if parent["workspace"] is not True:
            raise should_be("body.parent.workspace", "`true`", parent["workspace"])
        return Parent("workspace"), None
    found = read_id(parent[kind], f"body.parent.{kind}")
    if kind == "page_id":
        return Parent("page_id", found), find_editable(store, found, "page")
    if kind == "database_id":
        source = store.data_source_of(found)
        if source is None:
            raise not_found("database", found)
        found = source.id
    return Parent("data_source_id", found), find_editable(store, found, "data_source")


def _read_position(store: PageStore, value: object, parent: Parent) -> str | None:
    """The child to stand after, "" for the start, None for the end."""
    if value is None:
        return None
    position = read_object(value, "body.position")
    kinds = ("page_start", "page_end", "after_block")
    kind = read_choice(position.get("type", MISSING), "body.position.type", kinds)
    if kind == "after_block":
        return read_sibling(store, position, parent.id)
    return "" if kind == "page_start" else None


def read_sibling(store: PageStore, position: dict[str, Any], parent_id: str | None) -> str:
    """The id of `position.after_block`, which must stand under that parent."""
    path = "body.position.after_block"
    block = read_object(position.get("after_block", MISSING), path)
    found = read_id(block.get("id", MISSING), f"{path}.id")
    sibling = store.get(found)
    if sibling is None:
        raise not_found("block", found)
    if sibling.parent.id != parent_id:
        raise invalid(f"Block {found} is not a child of {parent_id}.")
    return found


def _read_changes(
    store: PageStore, page: Record, body: dict[str, Any]
) -> tuple[dict[str, Any], Record | None, dict[str, Any] | None]:
    """The page's body with the changes over it; its data source and that one's grown schema."""
    content = dict(page.body)
    holder, grown = None, None
    if "icon" in body:
        content["icon"] = read_icon(body["icon"], "body.icon")
    if "cover" in body:
        content["cover"] = read_cover(body["cover"], "body.cover")
    for flag in _FLAGS:
        if flag in body:
            content[flag] = read_bool(body[flag], f"body.{flag}")
    if "properties" not in body:
        return content, None, None
    given, stored = body["properties"], page.body["properties"]
    if page.parent.kind == "data_source_id" and page.parent.id:
        holder = find(store, page.parent.id, "data_source")
        values, grown = read_properties(given, "body.properties", holder.body["properties"], stored)
        content["properties"] = attach_values(store, values)
    elif given:
        content["properties"] = read_title_only(given, "body.properties")
    return content, holder, grown


def _grow(store: PageStore, holder: Record | None, schema: dict[str, Any] | None) -> None:
    """Keeps the options that a page's values added to its data source."""
    if holder is not None and schema is not None and schema != holder.body["properties"]:
        store.change(holder.id, body=holder.body | {"properties": schema})
