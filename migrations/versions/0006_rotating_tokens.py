"""Tokens of workspaces that end and are renewed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("installations", sa.Column("refresh", sa.Text(), nullable=True))
    op.add_column("installations", sa.Column("expires_at", MOMENT, nullable=True))
    op.add_column("installations", sa.Column("renewing_until", MOMENT, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("installations") as table:
        for name in ("renewing_until", "expires_at", "refresh"):
            table.drop_column(name)
