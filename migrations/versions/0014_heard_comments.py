"""Comments that Notion's webhook named and that were not told yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # SQLite adds no column that may not be empty, and an empty one is none.
    op.add_column("announced", sa.Column("heard", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("announced", "heard")
