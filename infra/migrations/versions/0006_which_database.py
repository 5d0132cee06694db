"""A name for this database, so that whoever kept something of another one notices."""

import secrets
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COUNTERS = sa.table(
    "counters",
    sa.column("name", sa.String),
    sa.column("value", sa.BigInteger),
    sa.column("at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    named = {"name": "database", "value": secrets.randbits(62), "at": datetime(1970, 1, 1, tzinfo=UTC)}
    op.execute(sa.insert(_COUNTERS).values(named))


def downgrade() -> None:
    op.execute(sa.delete(_COUNTERS).where(_COUNTERS.c.name == "database"))
