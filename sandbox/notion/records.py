"""Objects as they are stored."""

from dataclasses import dataclass
from typing import Any, Literal

from sandbox.notion.rich_text import plain_text

Kind = Literal["page", "block", "database", "data_source", "comment"]
ParentKind = Literal["page_id", "block_id", "database_id", "data_source_id", "workspace"]


@dataclass(frozen=True, slots=True)
class Parent:
    kind: ParentKind
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """An object as stored. Times are Unix seconds."""

    id: str
    kind: Kind
    type: str
    parent: Parent
    body: dict[str, Any]
    created: float
    edited: float
    in_trash: bool
    has_children: bool

    @property
    def title(self) -> str:
        """A page's, a database's or a data source's title as plain text."""
        if self.kind != "page":
            return plain_text(self.body.get("title", []))
        values = self.body["properties"].values()
        return next((plain_text(v["title"]) for v in values if v["type"] == "title"), "")
