"""What answers took that were broken off: an estimate, and marked as one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "spending",
        sa.Column("estimated", sa.Integer(), nullable=False, server_default=sa.text("0")),
    )
    op.add_column(
        "content_history",
        sa.Column("estimated", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    op.drop_column("content_history", "estimated")
    op.drop_column("spending", "estimated")
