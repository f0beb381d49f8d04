"""Connections to Notion by OAuth, and the codes by which they are made from chat."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "notion_connections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("platform", sa.String(length=32), nullable=True),
        sa.Column("workspace", sa.String(length=64), nullable=True),
        sa.Column("bot_id", sa.String(length=64), nullable=False),
        sa.Column("notion_workspace", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("connected_by", sa.String(length=128), nullable=False),
        sa.Column("access_token", sa.Text(), nullable=False),
        sa.Column("refresh_token", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("refreshing_until", MOMENT, nullable=True),
        sa.Column("lost_at", MOMENT, nullable=True),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "(user_id IS NULL) = (platform IS NOT NULL) "
            "AND (platform IS NULL) = (workspace IS NULL)",
            name="ck_notion_connections_one_holder",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_notion_connections_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notion_connections")),
        sa.UniqueConstraint("user_id", name=op.f("uq_notion_connections_user_id")),
        sa.UniqueConstraint(
            "platform", "workspace", name=op.f("uq_notion_connections_platform_workspace")
        ),
    )
    op.create_table(
        "connect_codes",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("browser", sa.String(length=64), nullable=True),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["identity_id"],
            ["identities.id"],
            name=op.f("fk_connect_codes_identity_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_connect_codes")),
    )
    op.create_index("ix_connect_codes_expires_at", "connect_codes", ["expires_at"])


def downgrade() -> None:
    op.drop_index("ix_connect_codes_expires_at", "connect_codes")
    op.drop_table("connect_codes")
    op.drop_table("notion_connections")
