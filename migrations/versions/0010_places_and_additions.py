"""Places of workspaces and emoji, and what was added to pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def _place() -> list[sa.Column[str]]:
    return [
        sa.Column("notion_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "workspace_destinations",
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        *_place(),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("platform", "workspace", name=op.f("pk_workspace_destinations")),
    )
    op.create_table(
        "emoji_destinations",
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=128), nullable=False),
        sa.Column("emoji", sa.String(length=128), nullable=False),
        sa.Column("shown", sa.String(length=128), nullable=False),
        *_place(),
        sa.Column("template", sa.String(length=128), nullable=False),
        sa.Column("given", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("platform", "place", "emoji", name=op.f("pk_emoji_destinations")),
    )
    op.create_table(
        "additions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("page_id", sa.String(length=36), nullable=False),
        sa.Column("begun_by", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_additions")),
    )


def downgrade() -> None:
    op.drop_table("additions")
    op.drop_table("emoji_destinations")
    op.drop_table("workspace_destinations")
