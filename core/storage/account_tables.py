"""The tables of accounts: sessions, tokens, mailed links, the audit log, what was spent."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from core.storage.tables import UtcDateTime, metadata


def _owner() -> Column[Any]:
    return Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False)


def _whoever(name: str) -> Column[Any]:
    """A person, as long as they are there."""
    return Column(name, Uuid, ForeignKey("users.id", ondelete="SET NULL"))


def _created() -> Column[Any]:
    return Column("created_at", UtcDateTime, nullable=False)


# A login that goes on; its id is the family of its refresh tokens. The address is shortened.
sessions = Table(
    "sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    _owner(),
    Column("address", String(64), nullable=False),
    Column("agent", String(128), nullable=False),
    Column("last_used_at", UtcDateTime, nullable=False),
    _created(),
    Index(None, "user_id"),
    Index(None, "last_used_at"),
)

# Where a person logged in from before, as keyed hashes: others' wrong passwords do not hold them
# up there.
known_addresses = Table(
    "known_addresses",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("hash", String(64), primary_key=True),
    Column("seen_at", UtcDateTime, nullable=False),
)

# Tokens that people make for their programs, as hashes. `hint` is how one begins.
personal_tokens = Table(
    "personal_tokens",
    metadata,
    Column("id", Uuid, primary_key=True),
    _owner(),
    Column("hash", String(64), nullable=False, unique=True),
    Column("hint", String(16), nullable=False),
    Column("name", String(64), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime),
    _created(),
    Index(None, "user_id"),
)

# Links that were mailed, as hashes: for a new password, or to prove an address. Each works once.
mailed_links = Table(
    "mailed_links",
    metadata,
    Column("hash", String(64), primary_key=True),
    _owner(),
    Column("purpose", String(16), nullable=False),
    Column("email", String(320), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    _created(),
    Index(None, "user_id"),
)

# Who did what to whom, from where. Nobody is named here who was erased.
audit = Table(
    "audit",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("action", String(64), nullable=False),
    _whoever("actor_id"),
    _whoever("subject_id"),
    Column("target", String(256), nullable=False),
    Column("address", String(64), nullable=False),
    _created(),
    Index(None, "created_at", "id"),
    Index(None, "actor_id"),
    Index(None, "subject_id"),
)

# What was asked of each model on each day (UTC). What people delete stays counted, and what the
# erased spent, without a name.
spending = Table(
    "spending",
    metadata,
    Column("id", Uuid, primary_key=True),
    _whoever("user_id"),
    Column("day", String(10), nullable=False),
    Column("provider", String(32), nullable=False),
    Column("model", String(128), nullable=False),
    Column("requests", Integer, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    # Of the requests, those that were broken off: what they took is an estimate.
    Column("estimated", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("user_id", "day", "provider", "model"),
    Index(None, "day"),
)

# What an identity brought when it was linked, so that it can take it along again.
brought = Table(
    "brought",
    metadata,
    Column(
        "content_id",
        Uuid,
        ForeignKey("content_history.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("identity_id", Uuid, ForeignKey("identities.id", ondelete="CASCADE"), nullable=False),
    Index(None, "identity_id"),
)

# What admins chose for the whole server, by name.
instance = Table(
    "instance",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
)
