"""Sessions, personal tokens, mailed links, roles, the audit log, what was spent."""

from __future__ import annotations

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for column in (
        sa.Column("role", sa.String(length=16), server_default="member", nullable=False),
        sa.Column("disabled_at", MOMENT, nullable=True),
        sa.Column("email_verified_at", MOMENT, nullable=True),
        sa.Column("allowance", sa.BigInteger(), nullable=True),
    ):
        op.add_column("users", column)
    op.add_column("identities", sa.Column("linked_at", MOMENT, nullable=True))
    _logins()
    _tokens()
    _records()
    _fill_sessions()
    _fill_spending()


def _user(table: str, name: str = "user_id", *, gone: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [name], ["users.id"], name=op.f(f"fk_{table}_{name}"), ondelete=gone
    )


def _logins() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=128), nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _user("sessions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_index("ix_sessions_last_used_at", "sessions", ["last_used_at"])
    op.create_table(
        "known_addresses",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        _user("known_addresses"),
        sa.PrimaryKeyConstraint("user_id", "hash", name=op.f("pk_known_addresses")),
    )


def _tokens() -> None:
    op.create_table(
        "personal_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        _user("personal_tokens"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_tokens")),
        sa.UniqueConstraint("hash", name=op.f("uq_personal_tokens_hash")),
    )
    op.create_index("ix_personal_tokens_user_id", "personal_tokens", ["user_id"])
    op.create_table(
        "mailed_links",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _user("mailed_links"),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_mailed_links")),
    )
    op.create_index("ix_mailed_links_user_id", "mailed_links", ["user_id"])


def _records() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("target", sa.String(length=256), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        _user("audit", "actor_id", gone="SET NULL"),
        _user("audit", "subject_id", gone="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_created_at_id", "audit", ["created_at", "id"])
    op.create_index("ix_audit_actor_id", "audit", ["actor_id"])
    op.create_index("ix_audit_subject_id", "audit", ["subject_id"])
    op.create_table(
        "spending",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        _user("spending", gone="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spending")),
        sa.UniqueConstraint(
            "user_id",
            "day",
            "provider",
            "model",
            name=op.f("uq_spending_user_id_day_provider_model"),
        ),
    )
    op.create_index("ix_spending_day", "spending", ["day"])
    op.create_table(
        "brought",
        sa.Column("content_id", sa.Uuid(), nullable=False),
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["content_history.id"],
            name=op.f("fk_brought_content_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"],
            ["identities.id"],
            name=op.f("fk_brought_identity_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk_brought")),
    )
    op.create_index("ix_brought_identity_id", "brought", ["identity_id"])
    op.create_table(
        "instance",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_instance")),
    )


def _fill_sessions() -> None:
    """Whoever is logged in stays so: each family of refresh tokens is a session."""
    op.execute(
        "INSERT INTO sessions (id, user_id, address, agent, last_used_at, created_at) "
        "SELECT family, user_id, '', '', max(created_at), min(created_at) "
        "FROM refresh_tokens GROUP BY family, user_id"
    )


def _fill_spending() -> None:
    connection = op.get_bind()
    content = sa.table(
        "content_history",
        *(sa.column(name) for name in ("provider", "model", "generated_content", "created_at")),
        sa.column("user_id", sa.Uuid()),
        sa.column("input_tokens", sa.Integer()),
        sa.column("output_tokens", sa.Integer()),
    )
    day = (
        sa.func.date(content.c.created_at)
        if connection.dialect.name == "sqlite"
        else sa.func.to_char(sa.func.timezone("UTC", content.c.created_at), "YYYY-MM-DD")
    ).label("day")
    keys = (content.c.user_id, day, content.c.provider, content.c.model)
    query = (
        sa.select(
            *keys,
            sa.func.count().label("requests"),
            sa.func.sum(content.c.input_tokens).label("input_tokens"),
            sa.func.sum(content.c.output_tokens).label("output_tokens"),
        )
        .where(
            content.c.generated_content.is_not(None),
            content.c.provider.is_not(None),
            content.c.model.is_not(None),
        )
        .group_by(content.c.user_id, sa.text("day"), content.c.provider, content.c.model)
    )
    spending = sa.table(
        "spending",
        sa.column("id", sa.Uuid()),
        sa.column("user_id", sa.Uuid()),
        *(sa.column(name) for name in ("day", "provider", "model")),
        *(sa.column(name) for name in ("requests", "input_tokens", "output_tokens")),
    )
    rows = [{"id": uuid4(), **row} for row in connection.execute(query).mappings()]
    if rows:
        op.bulk_insert(spending, rows)


def downgrade() -> None:
    for table in (
        "instance",
        "brought",
        "spending",
        "audit",
        "mailed_links",
        "personal_tokens",
        "known_addresses",
        "sessions",
    ):
        op.drop_table(table)
    op.drop_column("identities", "linked_at")
    for column in ("allowance", "email_verified_at", "disabled_at", "role"):
        op.drop_column("users", column)
