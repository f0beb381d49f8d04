"""What was said in threads, and the order in which it is answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=128), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=False),
        sa.Column("thread", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("to_us", sa.Boolean(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("platform", "place", "external_id", name=op.f("pk_messages")),
    )
    op.create_index(
        "ix_messages_platform_place_thread", "messages", ["platform", "place", "thread"]
    )
    op.create_index("ix_messages_created_at", "messages", ["created_at"])
    op.add_column("requests", sa.Column("queue", sa.String(length=256), nullable=True))
    op.create_index("ix_requests_queue", "requests", ["queue"])


def downgrade() -> None:
    op.drop_index("ix_requests_queue", "requests")
    op.drop_column("requests", "queue")
    op.drop_index("ix_messages_created_at", "messages")
    op.drop_index("ix_messages_platform_place_thread", "messages")
    op.drop_table("messages")
