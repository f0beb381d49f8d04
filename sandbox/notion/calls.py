"""What every handler needs of a request: the store, the body, the object and the page of a list."""

import json
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.notion.checks import read_id, read_int
from sandbox.notion.errors import RefusedError, in_trash, invalid, not_found, should_be
from sandbox.notion.present import Presenter, listing
from sandbox.notion.records import Record
from sandbox.notion.store import PageStore

SCOPE: ContextVar[frozenset[str] | None] = ContextVar("scope", default=None)
"""The pages that the token of the request in hand opens, with all under them; None: all pages."""

STORE = web.AppKey("store", PageStore)
PRESENTER = web.AppKey("presenter", Presenter)

BODY_LIMIT = 500_000
PAGE_SIZE = 100


async def read_body(request: web.Request) -> dict[str, Any]:
    """The JSON object sent; nothing sent is an empty one.

    Raises RefusedError for more than 500 kB, for what is no JSON and for what is no object.
    """
    raw = await request.read()
    if len(raw) > BODY_LIMIT:
        raise should_be("body.length", f"≤ `{BODY_LIMIT}`", len(raw))
    if not raw:
        return {}
    try:
        body = json.loads(raw)
        # Half a surrogate pair is legal JSON and no text: it cannot be stored or sent on.
        if b"\\u" in raw:
            json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise RefusedError("invalid_json", "Error parsing JSON body.") from error
    if not isinstance(body, dict):
        raise should_be("body", "an object", body)
    return body


def path_id(request: web.Request, name: str) -> str:
    return read_id(request.match_info[name], f"path.{name}")


def find(store: PageStore, object_id: str, *kinds: str) -> Record:
    """The object, when it is one of the kinds; the first kind names it in the refusal."""
    record = store.get(object_id)
    if record is None or record.kind not in kinds or not in_scope(store, record):
        raise not_found(kinds[0], object_id)
    return record


def in_scope(store: PageStore, record: Record) -> bool:
    """Whether the request's token opens the object: it was picked, or stands under what was."""
    scope, above = SCOPE.get(), record
    while scope is not None and above.id not in scope:
        following = store.get(above.parent.id) if above.parent.id else None
        if following is None:
            return False
        above = following
    return True


def find_editable(store: PageStore, object_id: str, *kinds: str) -> Record:
    record = find(store, object_id, *kinds)
    if store.is_trashed(object_id):
        raise in_trash()
    return record


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page of a list is asked for; `start` is the id of its first item."""

    start: str | None
    size: int

    @classmethod
    def from_query(cls, request: web.Request) -> "Paging":
        size = request.query.get("page_size", str(PAGE_SIZE))
        if not size.isascii() or not size.isdigit():
            raise should_be("query.page_size", "a number", size)
        return cls._read(request.query.get("start_cursor"), int(size), "query")

    @classmethod
    def from_body(cls, body: dict[str, Any]) -> "Paging":
        return cls._read(body.get("start_cursor"), body.get("page_size", PAGE_SIZE), "body")

    @classmethod
    def _read(cls, start: object, size: object, where: str) -> "Paging":
        number = read_int(size, f"{where}.page_size", 1, PAGE_SIZE)
        if start is None:
            return cls(None, number)
        return cls(read_id(start, f"{where}.start_cursor"), number)

    def answer(
        self, kind: str, records: list[Record], show: Callable[[Record], dict[str, Any]]
    ) -> web.Response:
        """That page of the records."""
        first = 0
        if self.start is not None:
            ids = [record.id for record in records]
            if self.start not in ids:
                raise wrong_cursor(self.start)
            first = ids.index(self.start)
        end = first + self.size
        following = records[end].id if end < len(records) else None
        shown = [show(record) for record in records[first:end]]
        return web.json_response(listing(kind, shown, following))


def wrong_cursor(cursor: str) -> RefusedError:
    return invalid(f"The start_cursor provided is invalid: {cursor}")
