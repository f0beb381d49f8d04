"""Templates of data sources: listed, and applied a moment after a page was made.

https://developers.notion.com/docs/creating-pages-from-templates
"""

from typing import Any

from aiohttp import web

from sandbox.notion.blocks import Draft
from sandbox.notion.calls import STORE, Paging, find, path_id
from sandbox.notion.checks import only_keys, read_choice, read_id, read_object
from sandbox.notion.errors import MISSING, invalid
from sandbox.notion.records import Parent, Record
from sandbox.notion.store import PageStore

_KINDS = ("none", "default", "template_id")


async def list_templates(request: web.Request) -> web.Response:
    store = request.app[STORE]
    source = find(store, path_id(request, "data_source_id"), "data_source")
    wanted = request.query.get("name", "").casefold()
    found = [each for each in store.templates(source.id) if wanted in each.title.casefold()]
    paging = Paging.from_query(request)
    ids = [each.id for each in found]
    first = ids.index(paging.start) if paging.start in ids else 0
    end = first + paging.size
    shown = [
        {"id": each.id, "name": each.title, "is_default": each.body["template"]["default"]}
        for each in found[first:end]
    ]
    following = found[end].id if end < len(found) else None
    return web.json_response(
        {"templates": shown, "has_more": following is not None, "next_cursor": following}
    )


def read_template(store: PageStore, body: dict[str, Any], source: Record | None) -> Record | None:
    """The template that a page is to be made from; None where there is none. Refuses children."""
    if "template" not in body:
        return None
    given = read_object(body["template"], "body.template")
    kind = read_choice(given.get("type", MISSING), "body.template.type", _KINDS)
    only_keys(given, "body.template", ("type", "template_id", "timezone"))
    if kind == "none":
        return None
    if "children" in body:
        raise invalid(
            "body failed validation: body.children should be not present with a template."
        )
    if kind == "default":
        there = store.templates(source.id) if source else []
        default = next((each for each in there if each.body["template"]["default"]), None)
        if default is None:
            raise invalid("The data source has no default template.")
        return default
    wanted = read_id(given.get("template_id", MISSING), "body.template.template_id")
    found = store.get(wanted)
    if found is None or found.kind != "page":
        raise invalid(f"Could not find template with ID: {wanted}.")
    return found


def apply_due(store: PageStore) -> None:
    """Applies the templates whose time has come: content in place, values merged."""
    for page_id, template_id in store.due_templates():
        page, template = store.get(page_id), store.get(template_id)
        if page is None or template is None:
            continue
        store.erase_content(page_id)
        copied = [_copy(store, each) for each in store.children(template_id)]
        store.append(Parent("page_id", page_id), copied)
        values = dict(page.body["properties"])
        for name, value in template.body["properties"].items():
            kind = value["type"]
            if name in values and kind != "title" and value[kind]:
                values[name] = value
        store.change(page_id, body=page.body | {"properties": values})


def _copy(store: PageStore, block: Record) -> Draft:
    return Draft(block.type, block.body, [_copy(store, each) for each in store.children(block.id)])
