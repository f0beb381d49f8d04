"""Who in Notion agreed to a connection, so that chat can mention them there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notion_connections", sa.Column("owner_id", sa.String(length=64)))
    op.add_column("notion_connections", sa.Column("agreed_as", sa.String(length=128)))


def downgrade() -> None:
    # Not in a batch: that would reflect `users` too, whose indexes it does not understand.
    op.drop_column("notion_connections", "agreed_as")
    op.drop_column("notion_connections", "owner_id")
