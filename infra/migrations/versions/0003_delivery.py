"""Delivery: what is listed under each heading, the order of changes, and the moments of change."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from anyascii import anyascii

from infra.tables import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SORTED = sa.String(length=100).with_variant(sa.String(length=100, collation="C"), "postgresql")
# Whatever writes to these, be it by hand, ends what is kept of somebody's rights.
COUNT_RIGHTS = (
    "INSERT INTO counters (name, value, at) VALUES ('rights', 1, '1970-01-01 00:00:00') "
    "ON CONFLICT (name) DO UPDATE SET value = counters.value + 1"
)
RIGHTS = (
    ("accounts", "UPDATE"),
    ("accounts", "DELETE"),
    *(("subscriptions", verb) for verb in ("INSERT", "UPDATE", "DELETE")),
)
MOMENTS = ("published_at", "updated_at", "live_from", "live_until", "replaced_at", "holds_from", "holds_until")


def upgrade() -> None:
    op.drop_index("publications_newest_index", "publications")
    op.add_column("publications", sa.Column("next_change", sa.DateTime(timezone=True)))
    op.create_index("publications_next_change_index", "publications", ["next_change"])
    op.add_column(
        "publication_articles",
        sa.Column("in_teaser", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )
    _create_tables()
    _count_rights()
    _look_into_editions(op.get_bind(), datetime.now(UTC))


def _create_tables() -> None:
    op.create_table(
        "listings",
        sa.Column("heading", sa.String(length=100), nullable=False),
        sa.Column("publication_id", sa.String(length=36), nullable=False),
        sa.Column("article_id", sa.String(length=36), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title_key", SORTED, nullable=False),
        sa.Column("shown_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shown_until", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.id"],
            name=op.f("listings_publication_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("listings_article_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("heading", "publication_id", name=op.f("listings_pkey")),
        sqlite_with_rowid=False,
    )
    for name in ("published_at", "updated_at", "title_key"):
        op.create_index(f"listings_{name}_index", "listings", ["heading", name, "article_id"])
    op.create_index("listings_article_index", "listings", ["article_id"])
    op.create_index("listings_publication_index", "listings", ["publication_id"])
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("counters_pkey")),
    )
    op.create_table(
        "changes",
        sa.Column("article_id", sa.String(length=36), nullable=False),
        sa.Column("public_seq", sa.BigInteger(), nullable=False),
        sa.Column("whole_seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("changes_article_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("changes_pkey")),
    )
    op.create_index("changes_public_index", "changes", ["public_seq", "article_id"])
    op.create_index("changes_whole_index", "changes", ["whole_seq", "article_id"])


def _count_rights() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if not is_sqlite:
        op.execute(
            f"CREATE FUNCTION count_rights() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {COUNT_RIGHTS}; RETURN NULL; END $$"
        )
    what = (
        f"FOR EACH ROW BEGIN {COUNT_RIGHTS}; END"
        if is_sqlite
        else "FOR EACH STATEMENT EXECUTE FUNCTION count_rights()"
    )
    for table, verb in RIGHTS:
        op.execute(f"CREATE TRIGGER {table}_{verb.lower()}_rights AFTER {verb} ON {table} {what}")


def _look_into_editions(connection: sa.Connection, now: datetime) -> None:
    """Write beside each edition what it is listed under, when it changes, and which links everybody sees."""
    editions = sa.table(
        "publications",
        *(sa.column(name) for name in ("id", "article_id", "state", "language", "title", "requires", "front")),
        *(sa.column(name, Moment) for name in (*MOMENTS, "next_change")),
    )
    teasers = sa.table("teasers", sa.column("publication_id"), sa.column("body"))
    query = sa.select(editions, teasers.c.body).outerjoin(teasers, teasers.c.publication_id == editions.c.id)
    public: dict[str, datetime] = {}
    for row in connection.execute(query).mappings().all():
        if row["state"] != "scheduled" or row["live_from"] <= now:
            public[row["article_id"]] = max(row["live_from"], public.get(row["article_id"], row["live_from"]))
        _show_links(connection, row)
        if row["state"] in {"live", "scheduled"}:
            _list(connection, row)
            coming = [at for at in (row[name] for name in MOMENTS[2:]) if at is not None and at > now]
            connection.execute(
                sa.update(editions).where(editions.c.id == row["id"]).values(next_change=min(coming, default=None))
            )
    rows = [{"id": article_id} for article_id in sorted(public)]
    if rows:
        connection.execute(sa.text("INSERT INTO changes VALUES (:id, 1, 1)"), rows)
        counters = sa.table("counters", sa.column("name"), sa.column("value"), sa.column("at", Moment))
        connection.execute(sa.insert(counters).values(name="public", value=1, at=max(public.values())))


def _show_links(connection: sa.Connection, row: sa.RowMapping) -> None:
    related = json.loads(row["front"] or "{}").get("related_ids", [])
    inline = [block["article_id"] for block in json.loads(row["body"] or "[]") if block.get("article_id")]
    shown = [{"id": row["id"], "linked": linked} for linked in sorted({*related, *inline})]
    if shown:
        connection.execute(
            sa.text(
                "UPDATE publication_articles SET in_teaser = true WHERE publication_id = :id AND article_id = :linked"
            ),
            shown,
        )


def _list(connection: sa.Connection, row: sa.RowMapping) -> None:
    listings = sa.table(
        "listings",
        *(sa.column(name) for name in ("heading", "publication_id", "article_id", "title_key")),
        *(sa.column(name, Moment) for name in ("published_at", "updated_at", "shown_from", "shown_until")),
    )
    ends = [at for at in (row["live_until"], row["replaced_at"]) if at is not None]
    same = {
        "publication_id": row["id"],
        "article_id": row["article_id"],
        "published_at": row["published_at"],
        "updated_at": row["updated_at"],
        "title_key": anyascii(row["title"]).lower()[:100],
        "shown_from": row["live_from"],
        "shown_until": min(ends, default=None),
    }
    named = {
        "tag": connection.scalars(
            sa.text("SELECT tag_id FROM publication_tags WHERE publication_id = :id"), {"id": row["id"]}
        ).all(),
        "contributor": connection.scalars(
            sa.text("SELECT contributor_id FROM publication_contributors WHERE publication_id = :id"),
            {"id": row["id"]},
        ).all(),
    }
    connection.execute(
        sa.insert(listings), [{"heading": heading, **same} for heading in sorted(set(_headings(row, named)))]
    )


def _headings(row: sa.RowMapping, named: dict[str, Any]) -> Iterator[str]:
    front = json.loads(row["front"] or "{}")
    yield "all"
    yield f"language:{row['language']}"
    yield f"kind:{front.get('kind', '')}"
    yield f"requires:{row['requires']}"
    if row["requires"] == "free" or row["holds_from"] or row["holds_until"]:
        yield "may-be-free"
    if front.get("section_id"):
        yield f"section:{front['section_id']}"
    for kind, ids in named.items():
        yield from (f"{kind}:{id_}" for id_ in ids)


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table, verb in RIGHTS:
        op.execute(f"DROP TRIGGER {table}_{verb.lower()}_rights" + ("" if is_sqlite else f" ON {table}"))
    if not is_sqlite:
        op.execute("DROP FUNCTION count_rights")
    for table in ("changes", "counters", "listings"):
        op.drop_table(table)
    op.drop_column("publication_articles", "in_teaser")
    op.drop_index("publications_next_change_index", "publications")
    op.drop_column("publications", "next_change")
    op.create_index("publications_newest_index", "publications", ["state", "published_at", "article_id"])
