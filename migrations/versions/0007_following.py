"""What is known of items, and messages whose pages follow what becomes of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("content_history", sa.Column("facts", sa.JSON(), nullable=True))
    op.create_table(
        "followed",
        sa.Column("content_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=128), nullable=False),
        sa.Column("thread", sa.String(length=64), nullable=False),
        sa.Column("shape", sa.String(length=16), nullable=False),
        sa.Column("address", sa.JSON(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("running", sa.Uuid(), nullable=True),
        sa.Column("rounds", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("taken", sa.JSON(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["content_history.id"],
            name=op.f("fk_followed_content_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk_followed")),
    )
    op.create_index(
        "ix_followed_platform_place_thread", "followed", ["platform", "place", "thread"]
    )
    op.create_index("ix_followed_due_at", "followed", ["due_at"])
    op.create_index("ix_followed_until", "followed", ["until"])
    op.create_table(
        "followed_messages",
        sa.Column("content_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=True),
        sa.Column("wanted", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["followed.content_id"],
            name=op.f("fk_followed_messages_content_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("content_id", "external_id", name=op.f("pk_followed_messages")),
    )
    op.create_index("ix_followed_messages_external_id", "followed_messages", ["external_id"])


def downgrade() -> None:
    op.drop_table("followed_messages")
    op.drop_table("followed")
    op.drop_column("content_history", "facts")
