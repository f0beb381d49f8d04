"""Where the stand-in keeps its pages: one SQLite file, or memory."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.notion.blocks import Draft
from sandbox.notion.ids import NOTES_DATA_SOURCE_ID, NOTES_DATABASE_ID, ROOT_PAGE_ID, new_id
from sandbox.notion.records import Kind, Parent, Record
from sandbox.notion.rich_text import text_item
from sandbox.notion.schema import NOTES_PROPERTIES
from sandbox.notion.upload_files import Uploads

Clock = Callable[[], float]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    type TEXT NOT NULL,
    parent_kind TEXT NOT NULL,
    parent_id TEXT,
    position INTEGER NOT NULL,
    body TEXT NOT NULL,
    created REAL NOT NULL,
    edited REAL NOT NULL,
    in_trash INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS object_by_parent ON object (parent_id, position);
CREATE INDEX IF NOT EXISTS object_by_kind ON object (kind, edited);
"""
_SELECT = """
SELECT o.id, o.kind, o.type, o.parent_kind, o.parent_id, o.body, o.created, o.edited, o.in_trash,
       EXISTS (SELECT 1 FROM object c WHERE c.parent_id = o.id AND NOT c.in_trash
               AND c.kind IN ('block', 'page', 'database'))
FROM object o
"""
_NO_TEMPLATE = "json_extract(o.body, '$.template') IS NULL"
_ON_PAGE = "o.kind IN ('block', 'page', 'database')"


class PageStore:
    """Pages, blocks, data sources and comments; a root page and a data source from the start.

    One owner, one thread. With a path, what was answered is still there after the process was
    killed; None keeps all in memory.
    """

    def __init__(self, path: Path | None, *, clock: Clock = time.time) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._clock = clock
        self.template_delay = 0.2
        """Seconds from a page's making to the moment when its template is applied."""
        self._templates: list[tuple[float, str, str]] = []
        self.uploads = Uploads(path and path.with_name(f"{path.stem}-files"))
        self._db.execute("PRAGMA journal_mode = WAL")
        # A killed process loses nothing by it, only a power cut could.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)
        if self.get(ROOT_PAGE_ID) is None:
            self._seed()

    def close(self) -> None:
        self._db.close()

    def now(self) -> float:
        """The time, in Unix seconds."""
        return self._clock()

    # --- reading ------------------------------------------------------------------------------

    def get(self, object_id: str) -> Record | None:
        return next(self._rows(f"{_SELECT} WHERE o.id = ?", object_id), None)

    def children(
        self, parent_id: str, start: str | None = None, limit: int | None = None
    ) -> list[Record]:
        """What stands on a page or in a block, in order, from the object `start` on."""
        most = -1 if limit is None else limit
        first = self._position(start)
        where = f"o.parent_id = ? AND {_ON_PAGE} AND NOT o.in_trash AND o.position >= ?"
        order = "ORDER BY o.position LIMIT ?"
        return list(self._rows(f"{_SELECT} WHERE {where} {order}", parent_id, first, most))

    def pages_under(self, parent_id: str) -> list[Record]:
        """A page's sub-pages or a data source's rows, newest first, those in the trash too."""
        return list(
            self._rows(
                f"{_SELECT} WHERE o.parent_id = ? AND o.kind = 'page' AND {_NO_TEMPLATE}"
                " ORDER BY o.seq DESC",
                parent_id,
            )
        )

    def titled(self) -> list[Record]:
        """Every page and data source outside the trash, the last edited first."""
        found = self._rows(
            f"{_SELECT} WHERE o.kind IN ('page', 'data_source') AND NOT o.in_trash"
            f" AND {_NO_TEMPLATE}"
            " ORDER BY o.edited DESC, o.seq DESC"
        )
        return [record for record in found if not self.is_trashed(record.id)]

    def templates(self, source_id: str) -> list[Record]:
        """A data source's templates: pages that are none of its rows."""
        where = f"o.parent_id = ? AND o.kind = 'page' AND NOT ({_NO_TEMPLATE}) AND NOT o.in_trash"
        return list(self._rows(f"{_SELECT} WHERE {where} ORDER BY o.seq", source_id))

    def comments(self, parent_id: str) -> list[Record]:
        return list(
            self._rows(
                f"{_SELECT} WHERE o.parent_id = ? AND o.kind = 'comment' ORDER BY o.seq", parent_id
            )
        )

    def comment_in(self, discussion_id: str) -> Record | None:
        """The first comment of a discussion."""
        where = "o.kind = 'comment' AND json_extract(o.body, '$.discussion_id') = ?"
        return next(self._rows(f"{_SELECT} WHERE {where} ORDER BY o.seq", discussion_id), None)

    def data_source_of(self, database_id: str) -> Record | None:
        where = "o.parent_id = ? AND o.kind = 'data_source'"
        return next(self._rows(f"{_SELECT} WHERE {where}", database_id), None)

    def is_trashed(self, object_id: str) -> bool:
        """Whether the object or anything it stands under is in the trash."""
        row = self._db.execute(
            "WITH RECURSIVE up (parent_id, in_trash) AS ("
            " SELECT parent_id, in_trash FROM object WHERE id = ?"
            " UNION ALL SELECT o.parent_id, o.in_trash FROM object o JOIN up ON o.id = up.parent_id"
            ") SELECT max(in_trash) FROM up",
            (object_id,),
        ).fetchone()
        return bool(row[0])

    # --- writing ------------------------------------------------------------------------------

    def add_page(
        self, parent: Parent, body: dict[str, Any], children: list[Draft], after: str | None = None
    ) -> Record:
        """Stores a page with its blocks, all or nothing. `after` as in `append`."""
        with self._transaction():
            page_id = self._insert("page", "child_page", parent, body, self._room(parent, 1, after))
            self._insert_drafts(children, Parent("page_id", page_id), 1)
            self._touch(parent.id)
        return self._must_get(page_id)

    def append(self, parent: Parent, drafts: list[Draft], after: str | None = None) -> list[Record]:
        """Stores blocks under a parent: at its end, or after a child, or at its start ("")."""
        with self._transaction():
            first = self._room(parent, len(drafts), after)
            ids = self._insert_drafts(drafts, parent, first)
            self._touch(parent.id)
        return [self._must_get(block_id) for block_id in ids]

    def add_template(
        self,
        source_id: str,
        properties: dict[str, Any],
        children: list[Draft],
        *,
        default: bool = False,
    ) -> Record:
        """A template of a data source; its name is the title among the properties."""
        body = {"properties": properties, "icon": None, "cover": None}
        marked = body | {"template": {"default": default}}
        return self.add_page(Parent("data_source_id", source_id), marked, children)

    def apply_later(self, page_id: str, template_id: str) -> None:
        """Has a template applied to a page, `template_delay` seconds from now."""
        self._templates.append((self._clock() + self.template_delay, page_id, template_id))

    def due_templates(self) -> list[tuple[str, str]]:
        """The pages whose template is to be applied by now, each with it; told once."""
        now = self._clock()
        due = [(page, template) for at, page, template in self._templates if at <= now]
        self._templates = [each for each in self._templates if each[0] > now]
        return due

    def add_comment(self, parent: Parent, body: dict[str, Any]) -> Record:
        with self._transaction():
            comment_id = self._insert("comment", "comment", parent, body, 0)
        return self._must_get(comment_id)

    def add_data_source(
        self, title: str, properties: dict[str, Any], parent_page_id: str = ROOT_PAGE_ID
    ) -> Record:
        """A database with one data source, whose properties are as in `schema.NOTES_PROPERTIES`."""
        with self._transaction():
            source_id = self._add_data_source(
                title, properties, parent_page_id, (new_id(), new_id())
            )
        return self._must_get(source_id)

    def change(
        self, object_id: str, *, body: dict[str, Any] | None = None, in_trash: bool | None = None
    ) -> Record:
        """Stores a new body, or moves the object in or out of the trash."""
        with self._transaction():
            if body is not None:
                text = json.dumps(body, ensure_ascii=False)
                self._db.execute("UPDATE object SET body = ? WHERE id = ?", (text, object_id))
            if in_trash is not None:
                self._db.execute(
                    "UPDATE object SET in_trash = ? WHERE id = ?", (in_trash, object_id)
                )
            self._touch(object_id)
        return self._must_get(object_id)

    def erase_content(self, page_id: str) -> None:
        """Moves a page's own blocks to the trash; its sub-pages stay."""
        with self._transaction():
            self._db.execute(
                "UPDATE object SET in_trash = 1 WHERE parent_id = ? AND kind = 'block'", (page_id,)
            )
            self._touch(page_id)

    def _must_get(self, object_id: str) -> Record:
        record = self.get(object_id)
        if record is None:
            raise LookupError(object_id)
        return record

    def _rows(self, query: str, *values: object) -> Iterator[Record]:
        for row in self._db.execute(query, values).fetchall():
            yield Record(
                id=row[0],
                kind=row[1],
                type=row[2],
                parent=Parent(row[3], row[4]),
                body=json.loads(row[5]),
                created=row[6],
                edited=row[7],
                in_trash=bool(row[8]),
                has_children=bool(row[9]),
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _room(self, parent: Parent, count: int, after: str | None) -> int:
        """The first of `count` free positions, made by moving what follows."""
        if after is None:
            row = self._db.execute(
                "SELECT coalesce(max(position), 0) FROM object WHERE parent_id IS ?", (parent.id,)
            )
            return int(row.fetchone()[0]) + 1
        before = self._position(after)
        self._db.execute(
            "UPDATE object SET position = position + ? WHERE parent_id IS ? AND position > ?",
            (count, parent.id, before),
        )
        return before + 1

    def _position(self, object_id: str | None) -> int:
        """Where the object stands under its parent, from 1; 0 for none."""
        row = self._db.execute("SELECT position FROM object WHERE id = ?", (object_id,)).fetchone()
        return int(row[0]) if row else 0

    def _insert_drafts(self, drafts: list[Draft], parent: Parent, first: int) -> list[str]:
        ids = []
        for position, draft in enumerate(drafts, first):
            block_id = self._insert("block", draft.type, parent, draft.body, position)
            self._insert_drafts(draft.children, Parent("block_id", block_id), 1)
            ids.append(block_id)
        return ids

    def _insert(
        self,
        kind: Kind,
        block_type: str,
        parent: Parent,
        body: dict[str, Any],
        position: int,
        *,
        object_id: str | None = None,
    ) -> str:
        object_id = object_id or new_id()
        now = self._clock()
        text = json.dumps(body, ensure_ascii=False)
        self._db.execute(
            "INSERT INTO object (id, kind, type, parent_kind, parent_id, position, body, created,"
            " edited) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (object_id, kind, block_type, parent.kind, parent.id, position, text, now, now),
        )
        return object_id

    def _touch(self, object_id: str | None) -> None:
        """Marks the object, and the page it stands on, as edited now."""
        now = self._clock()
        while object_id is not None:
            self._db.execute("UPDATE object SET edited = ? WHERE id = ?", (now, object_id))
            row = self._db.execute(
                "SELECT parent_id FROM object WHERE id = ? AND kind = 'block'", (object_id,)
            ).fetchone()
            object_id = row[0] if row else None

    def _seed(self) -> None:
        title = {
            "title": {"id": "title", "type": "title", "title": [text_item("Notion Assistant")]}
        }
        icon = {"type": "icon", "icon": {"name": "document", "color": "gray"}}
        body = {"properties": title, "icon": icon, "cover": None}
        with self._transaction():
            workspace = Parent("workspace")
            self._insert("page", "child_page", workspace, body, 1, object_id=ROOT_PAGE_ID)
            ids = (NOTES_DATABASE_ID, NOTES_DATA_SOURCE_ID)
            self._add_data_source("Notes", NOTES_PROPERTIES, ROOT_PAGE_ID, ids)

    def _add_data_source(
        self, title: str, properties: dict[str, Any], page_id: str, ids: tuple[str, str]
    ) -> str:
        database_id, source_id = ids
        body = {"title": [text_item(title)]}
        parent = Parent("page_id", page_id)
        position = self._room(parent, 1, None)
        self._insert("database", "child_database", parent, body, position, object_id=database_id)
        body["properties"] = properties  # type: ignore[assignment]
        return self._insert(
            "data_source",
            "data_source",
            Parent("database_id", database_id),
            body,
            1,
            object_id=source_id,
        )
