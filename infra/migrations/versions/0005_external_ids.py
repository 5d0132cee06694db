"""What imported things are called where they come from."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "external_ids",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("target_id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("kind", "external_id", name=op.f("external_ids_pkey")),
    )
    op.create_index("external_ids_digest_index", "external_ids", ["digest"])
    op.create_index("external_ids_target_index", "external_ids", ["kind", "target_id"])


def downgrade() -> None:
    op.drop_table("external_ids")
