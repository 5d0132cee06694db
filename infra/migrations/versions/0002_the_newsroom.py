"""The newsroom: schedules, corrections, revisions' notes, slugs' holders, links, previews, merges, renditions, idempotency."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from anyascii import anyascii

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ADDED: dict[str, list[tuple[str, Any, dict[str, Any]]]] = {
    "articles": [
        ("title_key", sa.Text(), {"nullable": False, "server_default": sa.text("''")}),
        ("language", sa.String(length=35), {"nullable": False, "server_default": sa.text("''")}),
    ],
    "contributors": [
        ("media_id", sa.String(length=36), {}),
        ("links", sa.Text(), {"nullable": False, "server_default": "[]"}),
        ("merged_into", sa.String(length=36), {}),
    ],
    "events": [("revision", sa.Integer(), {})],
    "media": [
        ("uploaded_digest", sa.String(length=64), {}),
        ("placeholder", sa.Text(), {}),
        ("renditions", sa.Text(), {"nullable": False, "server_default": "[]"}),
        ("focal_x", sa.Float(), {}),
        ("focal_y", sa.Float(), {}),
        ("suggested_credit", sa.Text(), {}),
    ],
    "publications": [
        ("replaced_at", sa.DateTime(timezone=True), {}),
        ("corrections", sa.Text(), {"nullable": False, "server_default": "[]"}),
    ],
    "revisions": [
        ("version", sa.Integer(), {"nullable": False, "server_default": "0"}),
        ("note", sa.Text(), {}),
    ],
    "tags": [("merged_into", sa.String(length=36), {})],
}


def upgrade() -> None:
    for table, columns in ADDED.items():
        for name, type_, options in columns:
            op.add_column(table, sa.Column(name, type_, **options))
    op.create_index("media_uploaded_digest_key", "media", ["uploaded_digest"], unique=True)
    op.create_index("tags_merged_into_index", "tags", ["merged_into"])
    op.create_index("contributors_merged_into_index", "contributors", ["merged_into"])
    op.create_index("contributors_media_id_index", "contributors", ["media_id"])
    op.drop_index("publications_live_slug_key", "publications")
    op.create_index(
        "publications_scheduled_article_key",
        "publications",
        ["article_id"],
        unique=True,
        sqlite_where=sa.text("state = 'scheduled'"),
        postgresql_where=sa.text("state = 'scheduled'"),
    )
    _create_tables()
    op.execute(
        "UPDATE revisions SET version = COALESCE((SELECT MIN(events.version) FROM events WHERE events.subject = 'article' "
        "AND events.subject_id = revisions.article_id AND events.at = revisions.created_at), revisions.number)"
    )
    op.execute(
        "INSERT INTO slugs (slug, language, article_id) SELECT slug, language, article_id FROM publications WHERE state = 'live'"
    )
    _look_into_drafts(op.get_bind())
    _look_into_editions(op.get_bind())


def _look_into_drafts(connection: sa.Connection) -> None:
    """Write beside each article what its working draft is found by, and what it names."""
    drafts = connection.execute(
        sa.text(
            "SELECT articles.id, revisions.draft FROM articles JOIN revisions "
            "ON revisions.article_id = articles.id AND revisions.number = articles.revision"
        )
    ).all()
    for article_id, text in drafts:
        draft = json.loads(text)
        connection.execute(
            sa.text("UPDATE articles SET title_key = :title_key, language = :language WHERE id = :id"),
            {
                "id": article_id,
                "title_key": anyascii(draft["title"]).lower(),
                "language": draft["language"],
            },
        )
        links = [
            {"article_id": article_id, "kind": kind, "target_id": id_} for kind, id_ in sorted(set(_named(draft)))
        ]
        if links:
            connection.execute(sa.text("INSERT INTO draft_links VALUES (:article_id, :kind, :target_id)"), links)


def _look_into_editions(connection: sa.Connection) -> None:
    """Write beside each edition where it sends readers."""
    editions = connection.execute(
        sa.text(
            "SELECT publications.id, publications.front, full_texts.body FROM publications "
            "JOIN full_texts ON full_texts.publication_id = publications.id"
        )
    ).all()
    for publication_id, front, body in editions:
        inline = [block["article_id"] for block in json.loads(body) if block.get("article_id")]
        links = [
            {"publication_id": publication_id, "article_id": article_id}
            for article_id in sorted({*json.loads(front)["related_ids"], *inline})
        ]
        if links:
            connection.execute(
                sa.text("INSERT INTO publication_articles VALUES (:publication_id, :article_id)"), links
            )


def _named(draft: dict[str, Any]) -> Iterator[tuple[str, str]]:
    found = [
        *(("tag", id_) for id_ in (draft["section_id"], *draft["tag_ids"])),
        *(("contributor", credit["contributor_id"]) for credit in draft["credits"]),
        *(("medium", image.get("media_id")) for image in ((draft["lead_image"] or {}), *draft["body"])),
        *(("article", block.get("article_id")) for block in draft["body"]),
        *(("article", id_) for id_ in (*draft["related_ids"], draft["translation_of"])),
    ]
    return ((kind, id_) for kind, id_ in found if id_)


def _create_tables() -> None:
    op.create_table(
        "tag_slugs",
        sa.Column("slug", sa.String(length=200), nullable=False),
        sa.Column("tag_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("tag_slugs_tag_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("slug", name=op.f("tag_slugs_pkey")),
    )
    op.create_index("tag_slugs_tag_id_index", "tag_slugs", ["tag_id"])
    op.create_table(
        "contributor_slugs",
        sa.Column("slug", sa.String(length=200), nullable=False),
        sa.Column("contributor_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["contributor_id"],
            ["contributors.id"],
            name=op.f("contributor_slugs_contributor_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("contributor_slugs_pkey")),
    )
    op.create_index("contributor_slugs_contributor_id_index", "contributor_slugs", ["contributor_id"])
    op.create_table(
        "draft_links",
        sa.Column("article_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("target_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("draft_links_article_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "kind", "target_id", name=op.f("draft_links_pkey")),
    )
    op.create_index("draft_links_target_index", "draft_links", ["target_id", "kind"])
    op.create_table(
        "slugs",
        sa.Column("slug", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("article_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("slugs_article_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("slug", "language", name=op.f("slugs_pkey")),
    )
    op.create_index("slugs_article_id_index", "slugs", ["article_id"])
    op.create_table(
        "publication_articles",
        sa.Column("publication_id", sa.String(length=36), nullable=False),
        sa.Column("article_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.id"],
            name=op.f("publication_articles_publication_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("publication_id", "article_id", name=op.f("publication_articles_pkey")),
    )
    op.create_index("publication_articles_article_id_index", "publication_articles", ["article_id"])
    op.create_table(
        "previews",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("article_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("plans", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("previews_article_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("previews_pkey")),
    )
    op.create_index("previews_article_index", "previews", ["article_id"])
    op.create_table(
        "notes",
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("notes_event_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("event_id", name=op.f("notes_pkey")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("claim", sa.String(length=36), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("progress", sa.Text(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("idempotency_keys_pkey")),
    )
    op.create_index("idempotency_keys_created_at_index", "idempotency_keys", ["created_at"])


def downgrade() -> None:
    # The older program knows one edition an article: what is scheduled goes, and what has taken over is the live one.
    op.execute(
        "UPDATE publications SET state = 'superseded' WHERE state = 'live' AND replaced_at <= CURRENT_TIMESTAMP"
    )
    op.execute(
        "UPDATE publications SET state = 'live' WHERE state = 'scheduled' AND live_from <= CURRENT_TIMESTAMP"
    )
    op.execute("DELETE FROM publications WHERE state = 'scheduled'")
    for table in (
        "idempotency_keys",
        "notes",
        "previews",
        "publication_articles",
        "slugs",
        "draft_links",
        "contributor_slugs",
        "tag_slugs",
    ):
        op.drop_table(table)
    op.drop_index("publications_scheduled_article_key", "publications")
    op.create_index(
        "publications_live_slug_key",
        "publications",
        ["slug", "language"],
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    )
    for index, table in (
        ("contributors_media_id_index", "contributors"),
        ("contributors_merged_into_index", "contributors"),
        ("tags_merged_into_index", "tags"),
        ("media_uploaded_digest_key", "media"),
    ):
        op.drop_index(index, table)
    for table, columns in ADDED.items():
        for name, _, _ in columns:
            op.drop_column(table, name)
