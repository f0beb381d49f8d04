"""Search, data sources and databases."""

from typing import Any

from aiohttp import web

from sandbox.notion.calls import PRESENTER, STORE, Paging, find, in_scope, path_id, read_body
from sandbox.notion.checks import only_keys, read_bool, read_choice, read_object, read_text
from sandbox.notion.errors import MISSING
from sandbox.notion.filters import read_filter
from sandbox.notion.records import Record
from sandbox.notion.sorts import DIRECTIONS, sort_rows

_SEARCH_KEYS = ("query", "filter", "sort", "start_cursor", "page_size")
_QUERY_KEYS = ("filter", "sorts", "start_cursor", "page_size", "in_trash", "result_type")


async def search(request: web.Request) -> web.Response:
    """Titles that have every word asked for. Notion searches titles alone, too."""
    store, presenter = request.app[STORE], request.app[PRESENTER]
    body = await read_body(request)
    only_keys(body, "body", _SEARCH_KEYS)
    words = read_text(body.get("query", ""), "body.query").casefold().split()
    kind = _read_search_filter(body.get("filter"))
    found = [
        record
        for record in store.titled()
        if in_scope(store, record)
        and kind in (None, record.kind)
        and all(word in record.title.casefold() for word in words)
    ]
    if _is_ascending(body.get("sort")):
        found.reverse()

    def show(record: Record) -> dict[str, Any]:
        return presenter.page(record) if record.kind == "page" else presenter.data_source(record)

    return Paging.from_body(body).answer("page_or_data_source", found, show)


def _read_search_filter(value: object) -> str | None:
    if value is None:
        return None
    given = read_object(value, "body.filter")
    only_keys(given, "body.filter", ("property", "value"))
    read_choice(given.get("property", MISSING), "body.filter.property", ("object",))
    return read_choice(given.get("value", MISSING), "body.filter.value", ("page", "data_source"))


def _is_ascending(value: object) -> bool:
    if value is None:
        return False
    sort = read_object(value, "body.sort")
    if sort.get("property") == "relevance":
        return False
    read_choice(sort.get("timestamp", MISSING), "body.sort.timestamp", ("last_edited_time",))
    direction = sort.get("direction", MISSING)
    return read_choice(direction, "body.sort.direction", DIRECTIONS) == "ascending"


async def get_data_source(request: web.Request) -> web.Response:
    source = find(request.app[STORE], path_id(request, "data_source_id"), "data_source")
    return web.json_response(request.app[PRESENTER].data_source(source))


async def get_database(request: web.Request) -> web.Response:
    database = find(request.app[STORE], path_id(request, "database_id"), "database")
    return web.json_response(request.app[PRESENTER].database(database))


async def query_data_source(request: web.Request) -> web.Response:
    store = request.app[STORE]
    source = find(store, path_id(request, "data_source_id"), "data_source")
    body = await read_body(request)
    only_keys(body, "body", _QUERY_KEYS)
    schema = source.body["properties"]
    trashed = read_bool(body.get("in_trash", False), "body.in_trash")
    keep = read_filter(body.get("filter"), schema)
    rows = [row for row in store.pages_under(source.id) if row.in_trash == trashed and keep(row)]
    rows = sort_rows(rows, body.get("sorts", []), schema)
    return Paging.from_body(body).answer("page_or_data_source", rows, request.app[PRESENTER].page)
