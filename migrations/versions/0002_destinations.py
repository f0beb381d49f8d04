"""Where people and channels want their pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "destinations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("platform", sa.String(length=32), nullable=True),
        sa.Column("place", sa.String(length=128), nullable=True),
        sa.Column("notion_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(user_id IS NULL) = (platform IS NOT NULL) AND (platform IS NULL) = (place IS NULL)",
            name="ck_destinations_one_holder",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_destinations_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destinations")),
        sa.UniqueConstraint("user_id", name=op.f("uq_destinations_user_id")),
        sa.UniqueConstraint("platform", "place", name=op.f("uq_destinations_platform_place")),
    )


def downgrade() -> None:
    op.drop_table("destinations")
