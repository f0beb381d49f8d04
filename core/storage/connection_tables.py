"""The tables of connections to Notion. `core.storage.tables` has those of all else."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from core.storage.tables import UtcDateTime, metadata


def _created() -> Column[Any]:
    return Column("created_at", UtcDateTime, nullable=False)


# Connections to Notion by OAuth, a person's or a chat workspace's. The tokens are encrypted.
# `version` counts them: who trades a refresh token holds `refreshing_until`, and keeps what came
# of it only where the version is still the one it was got for.
notion_connections = Table(
    "notion_connections",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE")),
    Column("platform", String(32)),
    Column("workspace", String(64)),
    Column("bot_id", String(64), nullable=False),
    Column("notion_workspace", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("connected_by", String(128), nullable=False),
    Column("owner_id", String(64)),
    Column("agreed_as", String(128)),
    Column("access_token", Text, nullable=False),
    Column("refresh_token", Text),
    Column("version", Integer, nullable=False),
    Column("refreshing_until", UtcDateTime),
    Column("lost_at", UtcDateTime),
    Column("updated_at", UtcDateTime, nullable=False),
    _created(),
    CheckConstraint(
        "(user_id IS NULL) = (platform IS NOT NULL) AND (platform IS NULL) = (workspace IS NULL)",
        name="ck_notion_connections_one_holder",
    ),
    UniqueConstraint("user_id"),
    UniqueConstraint("platform", "workspace"),
)

# One-time codes by which a chat identity connects Notion in a browser, as hashes.
connect_codes = Table(
    "connect_codes",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("identity_id", Uuid, ForeignKey("identities.id", ondelete="CASCADE"), nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("request", JSON, nullable=False),
    Column("browser", String(64)),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    _created(),
    Index(None, "expires_at"),
)

# Where in chat a page came from, so that it can be told there what becomes of the page. `address`
# is the platform's, `sender` who saved it; `page_id` has no hyphens.
announced = Table(
    "announced",
    metadata,
    Column(
        "content_id",
        Uuid,
        ForeignKey("content_history.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("page_id", String(36), nullable=False),
    Column("platform", String(32), nullable=False),
    Column("place", String(128), nullable=False),
    Column("sender", JSON, nullable=False),
    Column("address", JSON, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("first_at", UtcDateTime),
    Column("due_at", UtcDateTime),
    Column("authors", JSON, nullable=False),
    Column("comments", JSON, nullable=False),
    Column("polled_at", UtcDateTime),
    Column("heard", JSON),
    _created(),
    Index(None, "page_id"),
    Index(None, "due_at"),
    Index(None, "created_at"),
)

# Channels that want to hear of it.
announcing = Table(
    "announcing",
    metadata,
    Column("platform", String(32), primary_key=True),
    Column("place", String(128), primary_key=True),
    _created(),
)

# Tokens by which Notion signs what it sends to the webhook, encrypted.
notion_webhooks = Table(
    "notion_webhooks",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("token", Text, nullable=False),
    Column("used_at", UtcDateTime),
    _created(),
)

# Requests to Notion of the last minute, by budget and second.
notion_pace = Table(
    "notion_pace",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("second", BigInteger, primary_key=True, autoincrement=False),
    Column("used", Integer, nullable=False),
)
