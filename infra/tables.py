"""The tables. What everybody may read and what only some may read never share one.

Text behind the wall stands in two places only: `full_texts.body`, and `revisions.draft` of the newsroom.
Documents are JSON in text columns, in the shapes of `infra/documents.py`.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)


class Moment(TypeDecorator[datetime]):
    """A time in UTC on both databases; SQLite keeps it as text that sorts."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time as the driver takes it."""
        if value is None:
            return None
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the time with its zone."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_index",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

ID = String(36)
SLUG = String(200)
NAME = String(300)
LANGUAGE = String(35)


def _article_id() -> Column[str]:
    return Column("article_id", ID, ForeignKey("articles.id", ondelete="CASCADE"), nullable=False)


def _publication_id() -> Column[str]:
    return Column("publication_id", ID, ForeignKey("publications.id", ondelete="CASCADE"), primary_key=True)


accounts = Table(
    "accounts",
    metadata,
    Column("id", ID, primary_key=True),
    Column("email", String(320), nullable=False, unique=True),
    Column("name", NAME, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("roles", Text, nullable=False),  # separated by spaces, as in a token's scope
    Column("created_at", Moment, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("account_id", ID, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("plan", SLUG, nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("family", ID, nullable=False, index=True),
    Column("account_id", ID, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
)

tags = Table(
    "tags",
    metadata,
    Column("id", ID, primary_key=True),
    Column("slug", SLUG, nullable=False, unique=True),
    Column("name", NAME, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("names", Text, nullable=False),
    Column("version", Integer, nullable=False),
)

contributors = Table(
    "contributors",
    metadata,
    Column("id", ID, primary_key=True),
    Column("slug", SLUG, nullable=False, unique=True),
    Column("name", NAME, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("bio", Text),
    Column("version", Integer, nullable=False),
)

media = Table(
    "media",
    metadata,
    Column("id", ID, primary_key=True),
    Column("content_type", String(20), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("alt", Text, nullable=False),
    Column("caption", Text),
    Column("credit", Text),
    Column("licence", Text),
    Column("created_by", ID, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
)

articles = Table(
    "articles",
    metadata,
    Column("id", ID, primary_key=True),
    Column("group_id", ID, nullable=False, index=True),  # translations of one another share it
    Column("version", Integer, nullable=False),
    Column("revision", Integer, nullable=False),  # the working draft's
    Column("draft_state", String(20), nullable=False),
    Column("created_by", ID, nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False, index=True),
)

revisions = Table(
    "revisions",
    metadata,
    Column("article_id", ID, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("draft", Text, nullable=False),
    Column("created_by", ID, nullable=False),
    Column("created_at", Moment, nullable=False),
)

publications = Table(
    "publications",
    metadata,
    Column("id", ID, primary_key=True),
    _article_id(),
    Column("group_id", ID, nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("slug", SLUG, nullable=False),
    Column("language", LANGUAGE, nullable=False),
    Column("title", NAME, nullable=False),  # as in `front`; links to the article read no more than this
    Column("requires", String(20), nullable=False),
    Column("plans", Text, nullable=False),
    Column("holds_from", Moment),
    Column("holds_until", Moment),
    Column("published_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("live_from", Moment, nullable=False),
    Column("live_until", Moment),
    Column("public_note", Text),
    Column("remaining_percent", Integer, nullable=False),
    Column("front", Text, nullable=False),
    UniqueConstraint("article_id", "number"),
    CheckConstraint("remaining_percent BETWEEN 0 AND 100", name="remaining_percent"),
    Index(
        "publications_live_article_key",
        "article_id",
        unique=True,
        sqlite_where=text("state = 'live'"),
        postgresql_where=text("state = 'live'"),
    ),
    Index(
        "publications_live_slug_key",
        "slug",
        "language",
        unique=True,
        sqlite_where=text("state = 'live'"),
        postgresql_where=text("state = 'live'"),
    ),
    Index("publications_slug_index", "slug"),
    Index("publications_newest_index", "state", "published_at", "article_id"),
)

teasers = Table("teasers", metadata, _publication_id(), Column("body", Text, nullable=False))

full_texts = Table("full_texts", metadata, _publication_id(), Column("body", Text, nullable=False))

publication_tags = Table(
    "publication_tags",
    metadata,
    _publication_id(),
    Column("tag_id", ID, ForeignKey("tags.id"), primary_key=True, index=True),
)

publication_contributors = Table(
    "publication_contributors",
    metadata,
    _publication_id(),
    Column("contributor_id", ID, ForeignKey("contributors.id"), primary_key=True, index=True),
)

publication_media = Table(
    "publication_media",
    metadata,
    _publication_id(),
    Column("media_id", ID, ForeignKey("media.id"), primary_key=True, index=True),
    Column("in_teaser", Boolean, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", ID, primary_key=True),
    Column("subject", String(20), nullable=False),
    Column("subject_id", ID, nullable=False),
    Column("action", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("by", ID),
    Column("from_address", String(45)),
    Column("at", Moment, nullable=False),
    Index("events_subject_index", "subject", "subject_id", "at"),
)
