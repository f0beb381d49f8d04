"""Stored objects in the form that answers carry."""

import time
from datetime import UTC, datetime
from typing import Any

from sandbox.notion.ids import BOT_USER_ID, NOTES_DATABASE_ID, PERSON_USER_ID, page_slug
from sandbox.notion.records import Parent, Record
from sandbox.notion.store import PageStore
from sandbox.notion.users import BOT_USER, PERSON_USER

_BOT = {"object": "user", "id": BOT_USER_ID}


def timestamp(moment: float) -> str:
    """A time as Notion gives it: UTC, rounded down to the minute."""
    return datetime.fromtimestamp(moment // 60 * 60, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def listing(kind: str, results: list[dict[str, Any]], next_cursor: str | None) -> dict[str, Any]:
    return {
        "object": "list",
        "results": results,
        "next_cursor": next_cursor,
        "has_more": next_cursor is not None,
        "type": kind,
        kind: {},
    }


class Presenter:
    """Gives every object its full form. `page_url` is where the viewer is mounted."""

    def __init__(self, store: PageStore, page_url: str) -> None:
        self._store = store
        self._page_url = page_url.rstrip("/")
        self._edited_by: dict[str, dict[str, str]] = {}

    def edited_by(self, object_id: str, user_id: str) -> None:
        """Somebody edited a page or block last; by default it was the integration."""
        self._edited_by[object_id] = {"object": "user", "id": user_id}

    def url(self, record: Record) -> str:
        return f"{self._page_url}/{page_slug(record.title, record.id)}"

    def page(self, record: Record) -> dict[str, Any]:
        body = record.body
        properties = {name: self._property(value) for name, value in body["properties"].items()}
        return self._common(record, "page") | {
            "is_archived": body.get("is_archived", False),
            "is_locked": body.get("is_locked", False),
            "icon": body.get("icon"),
            "cover": body.get("cover"),
            "properties": properties,
            "url": self.url(record),
            "public_url": None,
        }

    def block(self, record: Record) -> dict[str, Any]:
        """A block; a page or a database stands on its parent as a block too."""
        body = record.body
        if record.kind != "block":
            body = {"title": record.title}
        common = self._common(record, "block")
        return common | {
            "has_children": record.has_children,
            "type": record.type,
            record.type: self.linked(body),
        }

    def data_source(self, record: Record) -> dict[str, Any]:
        database = self._store.get(record.parent.id or NOTES_DATABASE_ID)
        parent = database.parent if database else Parent("workspace")
        return self._common(record, "data_source") | {
            **self._database_fields(record),
            "database_parent": self._parent(parent),
            "properties": record.body["properties"],
        }

    def database(self, record: Record) -> dict[str, Any]:
        source = self._store.data_source_of(record.id)
        sources = [{"id": source.id, "name": source.title}] if source else []
        shaped = self._common(record, "database") | {
            **self._database_fields(record),
            "is_locked": False,
            "data_sources": sources,
        }
        # The OpenAPI document gives databases no authors.
        return {k: v for k, v in shaped.items() if k not in ("created_by", "last_edited_by")}

    def comment(self, record: Record) -> dict[str, Any]:
        shaped = self._common(record, "comment") | {
            "discussion_id": record.body["discussion_id"],
            "rich_text": self.linked(record.body)["rich_text"],
            "display_name": {"type": "integration", "resolved_name": BOT_USER["name"]},
        }
        if record.body.get("by") == PERSON_USER_ID:
            shaped["created_by"] = {"object": "user", "id": PERSON_USER_ID}
            shaped["display_name"] = {"type": "user", "resolved_name": PERSON_USER["name"]}
        return {k: v for k, v in shaped.items() if k not in ("in_trash", "last_edited_by")}

    def _database_fields(self, record: Record) -> dict[str, Any]:
        return {
            "title": record.body["title"],
            "description": [],
            "is_inline": False,
            "icon": None,
            "cover": None,
            "url": self.url(record),
            "public_url": None,
        }

    def _common(self, record: Record, kind: str) -> dict[str, Any]:
        return {
            "object": kind,
            "id": record.id,
            "parent": self._parent(record.parent),
            "created_time": timestamp(record.created),
            "last_edited_time": timestamp(record.edited),
            "created_by": _BOT,
            "last_edited_by": self._edited_by.get(record.id, _BOT),
            "in_trash": record.in_trash,
        }

    def _parent(self, parent: Parent) -> dict[str, Any]:
        if parent.kind == "workspace":
            return {"type": "workspace", "workspace": True}
        shaped: dict[str, Any] = {"type": parent.kind, parent.kind: parent.id}
        if parent.kind == "data_source_id" and parent.id:
            source = self._store.get(parent.id)
            shaped["database_id"] = source.parent.id if source else None
        return shaped

    def _property(self, value: dict[str, Any]) -> dict[str, Any]:
        kind = value["type"]
        if kind in ("title", "rich_text"):
            return value | {kind: [self._mention(item) for item in value[kind]]}
        if kind == "files":
            return value | {kind: [self.linked(file) for file in value[kind]]}
        return value

    def linked(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body with the titles and addresses of the pages it mentions."""
        shaped = dict(body)
        if "upload" in shaped.get("file", ()):
            url = f"{self._page_url}/files/{shaped['file']['upload']}"
            shaped["file"] = {"url": url, "expiry_time": timestamp(time.time() + 3600)}
        for key in ("rich_text", "caption"):
            if key in shaped:
                shaped[key] = [self._mention(item) for item in shaped[key]]
        if "cells" in shaped:
            shaped["cells"] = [[self._mention(item) for item in cell] for cell in shaped["cells"]]
        return shaped

    def _mention(self, item: dict[str, Any]) -> dict[str, Any]:
        if item["type"] != "mention" or item["mention"]["type"] not in ("page", "database"):
            return item
        mention = item["mention"]
        target = self._store.get(mention[mention["type"]]["id"])
        if target is None:
            return item
        return item | {"plain_text": target.title or "Untitled", "href": self.url(target)}
