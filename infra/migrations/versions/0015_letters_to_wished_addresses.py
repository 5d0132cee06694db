"""Letters know whose wish they are, so that none is sent once its account is gone."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("letters", sa.Column("account_id", sa.String(length=36), nullable=True))


def downgrade() -> None:
    op.drop_column("letters", "account_id")
