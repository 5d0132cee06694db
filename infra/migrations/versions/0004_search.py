"""Search: two documents of each article that is live, one of what everybody may read and one of gated texts.

What is live already can be found at once. A later migration that adds a column which `index.follow` reads takes that
step over from this one.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from infra.search import index

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

AT_ONCE = 200
COLUMNS = ("title", "standfirst", "prominent", "text")


def upgrade() -> None:
    place = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "search_articles",
        sa.Column("place", place, nullable=False, autoincrement=False),
        sa.Column("article_id", sa.String(length=36), nullable=False),
        sa.Column("publication_id", sa.String(length=36), nullable=False),
        sa.Column("stemmer", sa.String(length=2), nullable=False),
        sa.Column("requires", sa.String(length=20), nullable=False),
        sa.Column("plans", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("search_articles_pkey")),
        sa.UniqueConstraint("article_id", name=op.f("search_articles_article_id_key")),
    )
    op.create_table(
        "search_languages",
        sa.Column("stemmer", sa.String(length=2), nullable=False),
        sa.Column("articles", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("stemmer", name=op.f("search_languages_pkey")),
    )
    for name in ("search_public", "search_whole"):
        _create_documents(name)
    _find_what_is_live(op.get_bind(), datetime.now(UTC))


def _create_documents(name: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE VIRTUAL TABLE {name} USING fts5({', '.join(COLUMNS)}, tokenize = \"ascii tokenchars '_'\")"
        )
        return
    op.create_table(
        name,
        sa.Column("rowid", sa.BigInteger(), nullable=False, autoincrement=False),
        *(sa.Column(column, TSVECTOR(), nullable=False) for column in COLUMNS),
        sa.PrimaryKeyConstraint("rowid", name=op.f(f"{name}_pkey")),
    )
    op.create_index(f"{name}_text_index", name, ["text"], postgresql_using="gin")


def _find_what_is_live(connection: sa.Connection, now: datetime) -> None:
    live = sa.text(
        "SELECT DISTINCT article_id FROM listings WHERE article_id > :after ORDER BY article_id LIMIT :most"
    )
    after = ""
    while ids := connection.scalars(live, {"after": after, "most": AT_ONCE}).all():
        index.follow(connection, ids, now=now)
        after = ids[-1]


def downgrade() -> None:
    for table in ("search_whole", "search_public", "search_languages", "search_articles"):
        op.drop_table(table)
