"""The tables of places that were chosen beside those of people and channels, and of additions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Column, String, Table, Text, Uuid

from core.storage.tables import UtcDateTime, metadata


def _created() -> Column[Any]:
    return Column("created_at", UtcDateTime, nullable=False)


def _place() -> tuple[Column[Any], ...]:
    """A page or data source."""
    return (
        Column("notion_id", String(36), nullable=False),
        Column("kind", String(16), nullable=False),
        Column("title", Text, nullable=False),
        Column("url", Text, nullable=False),
    )


# The same for everybody in a workspace or server, where neither person nor channel chose.
workspace_destinations = Table(
    "workspace_destinations",
    metadata,
    Column("platform", String(32), primary_key=True),
    Column("workspace", String(64), primary_key=True),
    *_place(),
    _created(),
)

# Where an emoji on a message of a channel saves it; `template` is one of Notion's, `given` are
# property names and values as typed: [["Status", "To do"], …]
emoji_destinations = Table(
    "emoji_destinations",
    metadata,
    Column("platform", String(32), primary_key=True),
    Column("place", String(128), primary_key=True),
    Column("emoji", String(128), primary_key=True),
    Column("shown", String(128), nullable=False),
    *_place(),
    Column("template", String(128), nullable=False),
    Column("given", JSON, nullable=False),
    _created(),
)

# What was added to a page that was there before: `id` names what and where, so that it is done
# once. `begun_by` is the request that does it; the page's address is known when it is done.
additions = Table(
    "additions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("page_id", String(36), nullable=False),
    Column("begun_by", Uuid, nullable=False),
    Column("url", Text),
    _created(),
)
