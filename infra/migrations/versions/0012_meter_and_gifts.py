"""What readers take out of their meters, gifts, and articles that no meter opens."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "publications", sa.Column("is_metered", sa.Boolean(), nullable=False, server_default=sa.text("true"))
    )
    op.create_table(
        "meter_readings",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.Column("read_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("meter_readings_account_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "article_id", name=op.f("meter_readings_pkey")),
    )
    op.create_index("meter_readings_read_at_index", "meter_readings", ["read_at"])
    _create_gifts()


def _create_gifts() -> None:
    op.create_table(
        "gifts",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("gifts_account_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("gifts_article_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("gifts_pkey")),
        sa.UniqueConstraint("digest", name=op.f("gifts_digest_key")),
    )
    op.create_index("gifts_account_index", "gifts", ["account_id", "created_at", "id"])
    op.create_index("gifts_article_index", "gifts", ["article_id"])


def downgrade() -> None:
    op.drop_table("gifts")
    op.drop_table("meter_readings")
    op.drop_column("publications", "is_metered")
