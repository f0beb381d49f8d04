"""Requests to Notion, counted for all processes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notion_pace",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("second", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "second", name=op.f("pk_notion_pace")),
    )


def downgrade() -> None:
    op.drop_table("notion_pace")
