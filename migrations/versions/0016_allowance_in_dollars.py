"""An account's own allowance in US dollars, beside the one in tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("allowance_dollars", sa.Double()))


def downgrade() -> None:
    # Not in a batch: that would not understand the indexes of `users`.
    op.drop_column("users", "allowance_dollars")
