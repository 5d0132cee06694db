"""Sessions: what one sign-in led to has a row of its own, and its refresh tokens belong to that."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from infra.tables import Moment

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# As in 0003, but for each row: whoever signs in ends no session, and is not to end what is kept of everybody.
COUNT_RIGHTS = (
    "INSERT INTO counters (name, value, at) VALUES ('rights', 1, '1970-01-01 00:00:00') "
    "ON CONFLICT (name) DO UPDATE SET value = counters.value + 1"
)
ID, TIME = sa.String(length=36), sa.DateTime(timezone=True)
AT_ONCE = 1_000


def upgrade() -> None:
    kept = _all_of("refresh_tokens", "digest", "family", "account_id", expires_at=Moment, used_at=Moment)
    op.drop_table("refresh_tokens")
    op.create_table(
        "sessions",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("client", sa.String(length=200), nullable=True),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("sessions_account_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("sessions_pkey")),
    )
    op.create_index("sessions_account_id_index", "sessions", ["account_id"])
    op.create_index("sessions_expires_at_index", "sessions", ["expires_at"])
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("session_id", ID, nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.Column("successor", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("refresh_tokens_session_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("refresh_tokens_pkey")),
    )
    op.create_index("refresh_tokens_session_id_index", "refresh_tokens", ["session_id"])
    _keep(kept)
    _count_rights()


def _all_of(table: str, *names: str, **times: type[Moment]) -> list[dict[str, object]]:
    columns: list[sa.ColumnClause[object]] = [sa.column(name) for name in names] + [
        sa.column(name, type_()) for name, type_ in times.items()
    ]
    rows = op.get_bind().execute(sa.select(*columns).select_from(sa.table(table, *columns)))
    return [dict(row) for row in rows.mappings()]


def _keep(tokens: list[dict[str, object]]) -> None:
    """Make a session of each family of tokens: nobody has to sign in again."""
    now, families = datetime.now(UTC), {}
    for token in sorted(tokens, key=lambda one: str(one["expires_at"])):
        families[token["family"]] = {
            "id": token["family"],
            "account_id": token["account_id"],
            "started_at": now,
            "last_used_at": now,
            "expires_at": token["expires_at"],
        }
    times = [sa.column(name, Moment()) for name in ("started_at", "last_used_at", "expires_at")]
    sessions = sa.table("sessions", sa.column("id"), sa.column("account_id"), *times)
    _insert(sessions, list(families.values()))
    refresh = sa.table(
        "refresh_tokens", sa.column("digest"), sa.column("session_id"), sa.column("used_at", Moment())
    )
    _insert(
        refresh,
        [{"digest": one["digest"], "session_id": one["family"], "used_at": one["used_at"]} for one in tokens],
    )


def _insert(table: sa.TableClause, rows: list[dict[str, object]]) -> None:
    for start in range(0, len(rows), AT_ONCE):
        op.get_bind().execute(sa.insert(table), rows[start : start + AT_ONCE])


def _count_rights() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    what = f"BEGIN {COUNT_RIGHTS}; END" if is_sqlite else "EXECUTE FUNCTION count_rights()"
    op.execute(f"CREATE TRIGGER sessions_delete_rights AFTER DELETE ON sessions FOR EACH ROW {what}")


def downgrade() -> None:
    tokens = _all_of("refresh_tokens", "digest", "session_id", used_at=Moment)
    sessions = {one["id"]: one for one in _all_of("sessions", "id", "account_id", expires_at=Moment)}
    op.drop_table("refresh_tokens")
    op.drop_table("sessions")
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("family", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("refresh_tokens_account_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("refresh_tokens_pkey")),
    )
    op.create_index("refresh_tokens_account_id_index", "refresh_tokens", ["account_id"])
    op.create_index("refresh_tokens_family_index", "refresh_tokens", ["family"])
    times = [sa.column(name, Moment()) for name in ("expires_at", "used_at")]
    before = sa.table("refresh_tokens", sa.column("digest"), sa.column("family"), sa.column("account_id"), *times)
    _insert(
        before,
        [
            {
                "digest": token["digest"],
                "family": token["session_id"],
                "account_id": sessions[token["session_id"]]["account_id"],
                "expires_at": sessions[token["session_id"]]["expires_at"],
                "used_at": token["used_at"],
            }
            for token in tokens
        ],
    )
