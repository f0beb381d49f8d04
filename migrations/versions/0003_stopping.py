"""Answers that are ended before their end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("requests", sa.Column("stop_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "content_history",
        sa.Column("stopped", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("content_history", "stopped")
    op.drop_column("requests", "stop_at")
