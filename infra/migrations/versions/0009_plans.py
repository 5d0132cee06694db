"""Plans with what they open, subscriptions with trial, grace and source, accounts that can be blocked."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# As in 0003: whatever changes what somebody may read ends what is kept of their rights.
COUNT_RIGHTS = (
    "INSERT INTO counters (name, value, at) VALUES ('rights', 1, '1970-01-01 00:00:00') "
    "ON CONFLICT (name) DO UPDATE SET value = counters.value + 1"
)
RIGHTS = {
    **{
        f"{table}_{verb.lower()}": (table, verb)
        for table in ("plans", "plan_tags")
        for verb in ("INSERT", "UPDATE", "DELETE")
    },
    "tags_merge": ("tags", "UPDATE OF merged_into"),
}


def upgrade() -> None:
    op.add_column(
        "accounts", sa.Column("is_blocked", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
    op.add_column("accounts", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    _create_plans()
    _widen_subscriptions()
    op.create_index("events_at_index", "events", ["at", "id"])
    _count_rights()


def _create_plans() -> None:
    op.create_table(
        "plans",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("slug", sa.String(length=200), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("amount", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("period", sa.String(length=20), nullable=False),
        sa.Column("trial", sa.String(length=20)),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("opens_everything", sa.Boolean(), nullable=False),
        sa.Column("is_offered", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("plans_pkey")),
        sa.UniqueConstraint("slug", name=op.f("plans_slug_key")),
    )
    op.create_table(
        "plan_tags",
        sa.Column("plan_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("tag_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("plan_tags_plan_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("plan_tags_tag_id_fkey")),
        sa.PrimaryKeyConstraint("plan_id", "kind", "tag_id", name=op.f("plan_tags_pkey")),
    )
    op.create_index("plan_tags_tag_id_index", "plan_tags", ["tag_id"])


def _widen_subscriptions() -> None:
    for name in ("trial_until", "grace_until", "revoked_at"):
        op.add_column("subscriptions", sa.Column(name, sa.DateTime(timezone=True)))
    op.add_column(
        "subscriptions", sa.Column("source", sa.String(length=40), nullable=False, server_default="admin")
    )
    op.add_column("subscriptions", sa.Column("external_id", sa.String(length=200)))
    op.add_column("subscriptions", sa.Column("sent_digest", sa.String(length=64)))
    op.add_column("subscriptions", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.create_index("subscriptions_external_id_key", "subscriptions", ["source", "external_id"], unique=True)
    op.create_index("subscriptions_plan_index", "subscriptions", ["plan"])


def _count_rights() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    what = (
        f"FOR EACH ROW BEGIN {COUNT_RIGHTS}; END"
        if is_sqlite
        else "FOR EACH STATEMENT EXECUTE FUNCTION count_rights()"
    )
    for name, (table, verb) in RIGHTS.items():
        op.execute(f"CREATE TRIGGER {name}_rights AFTER {verb} ON {table} {what}")


def _keep_shut() -> None:
    """Leave nothing open that an older program would take for open: it knows neither revoked nor blocked."""
    op.execute("DELETE FROM subscriptions WHERE revoked_at IS NOT NULL")
    op.execute("DELETE FROM sessions WHERE account_id IN (SELECT id FROM accounts WHERE is_blocked)")
    op.execute("UPDATE accounts SET password_hash = '!', roles = '' WHERE is_blocked")


def downgrade() -> None:
    _keep_shut()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for name, (table, _) in RIGHTS.items():
        op.execute(f"DROP TRIGGER {name}_rights" + ("" if is_sqlite else f" ON {table}"))
    op.drop_index("events_at_index", "events")
    for index in ("subscriptions_plan_index", "subscriptions_external_id_key"):
        op.drop_index(index, "subscriptions")
    for name in ("version", "sent_digest", "external_id", "source", "revoked_at", "grace_until", "trial_until"):
        op.drop_column("subscriptions", name)
    op.drop_table("plan_tags")
    op.drop_table("plans")
    for name in ("version", "is_blocked"):
        op.drop_column("accounts", name)
