"""Readers' own accounts: the letters that wait to be sent, their language, and what somebody did."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("language", sa.String(length=35)))
    op.create_index("events_by_index", "events", ["by"])
    op.create_table(
        "letters",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary()),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("letters_pkey")),
    )
    op.create_index("letters_due_at_index", "letters", ["due_at"])
    op.create_index("letters_topic_index", "letters", ["topic", "created_at"])


def downgrade() -> None:
    op.drop_table("letters")
    op.drop_index("events_by_index", "events")
    op.drop_column("accounts", "language")
