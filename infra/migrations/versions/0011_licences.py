"""Licences, the ledger of what partners take under them, and the headings of articles' sources."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
MOMENT = sa.DateTime(timezone=True)
AT_ONCE = 500
COPIED = ("publication_id", "article_id", "title_key", "published_at", "updated_at", "shown_from", "shown_until")


def upgrade() -> None:
    _create_licences()
    _create_ledger()
    _list_sources()


def _create_licences() -> None:
    op.create_table(
        "licences",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("everything", sa.Boolean(), nullable=False),
        sa.Column("languages", sa.Text(), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("delay_minutes", sa.Integer(), nullable=False),
        sa.Column("usage_terms", sa.Text()),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT),
        sa.Column("quota", sa.Integer()),
        sa.Column("lifted_to", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("licences_client_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("licences_pkey")),
        sa.UniqueConstraint("client_id", name=op.f("licences_client_id_key")),
    )
    for word in ("tag", "contributor"):
        table, column = f"licence_{word}s", f"{word}_id"
        op.create_table(
            table,
            sa.Column("licence_id", ID, nullable=False),
            sa.Column(column, ID, nullable=False),
            sa.ForeignKeyConstraint(
                ["licence_id"], ["licences.id"], name=op.f(f"{table}_licence_id_fkey"), ondelete="CASCADE"
            ),
            sa.ForeignKeyConstraint([column], [f"{word}s.id"], name=op.f(f"{table}_{column}_fkey")),
            sa.PrimaryKeyConstraint("licence_id", column, name=op.f(f"{table}_pkey")),
        )
        op.create_index(f"{table}_{column}_index", table, [column])


def _create_ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("client_id", ID, nullable=False),
        sa.Column("publication_id", ID, nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.Column("licence_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["licence_id"], ["licences.id"], name=op.f("ledger_licence_id_fkey")),
        sa.PrimaryKeyConstraint("client_id", "publication_id", name=op.f("ledger_pkey")),
    )
    op.create_index("ledger_article_index", "ledger", ["client_id", "article_id"])
    op.create_index("ledger_first_index", "ledger", ["client_id", "is_first", "taken_at"])
    op.create_index("ledger_licence_index", "ledger", ["licence_id", "taken_at", "publication_id"])
    op.create_table(
        "acknowledgements",
        sa.Column("client_id", ID, nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("client_id", "article_id", name=op.f("acknowledgements_pkey")),
    )


def _list_sources() -> None:
    """List what is listed under its source too, so that a licence can be about it."""
    connection = op.get_bind()
    listings = sa.table("listings", *(sa.column(name) for name in ("heading", *COPIED)))
    publications = sa.table("publications", sa.column("id"), sa.column("front"))
    listed = (
        sa.select(*(listings.c[name] for name in COPIED), publications.c.front)
        .join_from(listings, publications, publications.c.id == listings.c.publication_id)
        .where(listings.c.heading == "all")
    )
    rows = connection.execute(listed).mappings()
    for some in _some_at_once(rows):
        connection.execute(sa.insert(listings), some)


def _some_at_once(rows: Any) -> Iterator[list[dict[str, Any]]]:  # noqa: ANN401
    found = rows.fetchmany(AT_ONCE)
    while found:
        yield [
            {"heading": _heading(json.loads(row["front"])), **{name: row[name] for name in COPIED}}
            for row in found
        ]
        found = rows.fetchmany(AT_ONCE)


def _heading(front: dict[str, Any]) -> str:
    told = " ".join(((front.get("source") or {}).get("name") or "").split()).casefold()
    return "source:" + (sha256(told.encode()).hexdigest()[:32] if told else "")


def downgrade() -> None:
    op.execute("DELETE FROM listings WHERE heading LIKE 'source:%'")
    op.drop_table("acknowledgements")
    op.drop_table("ledger")
    for name in ("licence_contributors", "licence_tags", "licences"):
        op.drop_table(name)
