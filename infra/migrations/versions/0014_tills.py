"""Clients are a partner's or a till's."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clients", sa.Column("role", sa.String(length=20), nullable=False, server_default="partner"))


def downgrade() -> None:
    # A till would be a partner without this column, so it goes with it.
    op.execute("DELETE FROM client_secrets WHERE client_id IN (SELECT id FROM clients WHERE role <> 'partner')")
    op.execute("DELETE FROM clients WHERE role <> 'partner'")
    op.drop_column("clients", "role")
