"""The tables. What everybody may read and what only some may read never share one.

Text behind the wall stands in two places only: `full_texts.body`, and `revisions.draft` of the newsroom.
(`notes.text` and answers kept in `idempotency_keys` are the newsroom's own, and no public read names them.)
Documents are JSON in text columns, in the shapes of `infra/documents.py`.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
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

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """Return what makes of a time what the driver takes; SQLAlchemy's own takes its time for text."""
        return _as_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time as the driver takes it."""
        if value is None:
            return None
        in_utc = value if value.tzinfo is UTC else value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the time with its zone."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


def _as_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    in_utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return in_utc.isoformat(" ", "microseconds").removesuffix("+00:00")


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
_SORTED = String(100).with_variant(String(100, collation="C"), "postgresql")  # as SQLite sorts: by code points


def _article_id() -> Column[str]:
    return Column("article_id", ID, ForeignKey("articles.id", ondelete="CASCADE"), nullable=False)


def _publication_id() -> Column[str]:
    return Column("publication_id", ID, ForeignKey("publications.id", ondelete="CASCADE"), primary_key=True)


accounts = Table(
    "accounts",
    metadata,
    Column("id", ID, primary_key=True),
    Column("email", String(320), nullable=False, unique=True),  # where there is none, the id
    Column("name", NAME, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("roles", Text, nullable=False),  # separated by spaces, as in a token's scope
    Column("language", LANGUAGE),  # that its letters are written in
    Column("created_at", Moment, nullable=False),
    Column("is_blocked", Boolean, nullable=False, server_default=text("false")),
    Column("version", Integer, nullable=False, server_default="1"),
)

identities = Table(
    "identities",  # who accounts are elsewhere: what an outside issuer calls them, and nothing else of them
    metadata,
    Column("issuer", String(255), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("account_id", ID, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
)

departures = Table(
    "departures",  # who from outside has deleted their account, until the tokens that they had then have run out
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
)

plans = Table(
    "plans",
    metadata,
    Column("id", ID, primary_key=True),
    Column("slug", SLUG, nullable=False, unique=True),  # what gates and subscriptions name; it never changes
    Column("names", Text, nullable=False),
    Column("amount", String(20), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("period", String(20), nullable=False),
    Column("trial", String(20)),
    Column("url", Text, nullable=False),
    Column("opens_everything", Boolean, nullable=False),
    Column("is_offered", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    Column("version", Integer, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("account_id", ID, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("plan", SLUG, nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment),
    Column("trial_until", Moment),
    Column("grace_until", Moment),
    Column("revoked_at", Moment),
    Column("source", String(40), nullable=False, server_default="admin"),
    Column("external_id", String(200)),
    Column("sent_digest", String(64)),  # of what its source sent, to know the same when it comes again
    Column("version", Integer, nullable=False, server_default="1"),
    Index("subscriptions_external_id_key", "source", "external_id", unique=True),
    Index("subscriptions_plan_index", "plan"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("account_id", ID, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("client", String(200)),
    Column("address", String(45)),
    Column("started_at", Moment, nullable=False),
    Column("last_used_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("session_id", ID, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("used_at", Moment),
    Column("successor", LargeBinary),  # sealed: the token that it stands beside opens it, and nothing else does
)

clients = Table(
    "clients",
    metadata,
    Column("id", ID, primary_key=True),
    Column("role", String(20), nullable=False, server_default="partner"),
    Column("name", NAME, nullable=False),
    Column("networks", Text, nullable=False),  # separated by spaces; none means from anywhere
    Column("is_blocked", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
)

client_secrets = Table(
    "client_secrets",
    metadata,
    Column("id", ID, primary_key=True),
    Column("client_id", ID, ForeignKey("clients.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("prefix", String(20), nullable=False),  # the first characters, to recognise it by
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment),
)

tags = Table(
    "tags",
    metadata,
    Column("id", ID, primary_key=True),
    Column("slug", SLUG, nullable=False, unique=True),
    Column("name", NAME, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("names", Text, nullable=False),
    Column("merged_into", ID, index=True),  # the tag that it became a name of; that one is never merged itself
    Column("version", Integer, nullable=False),
)

tag_slugs = Table(
    "tag_slugs",  # slugs that tags had before
    metadata,
    Column("slug", SLUG, primary_key=True),
    Column("tag_id", ID, ForeignKey("tags.id", ondelete="CASCADE"), nullable=False, index=True),
)

plan_tags = Table(
    "plan_tags",  # what plans open: articles with a tag, or with a section, whatever it was merged with
    metadata,
    Column("plan_id", ID, ForeignKey("plans.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("tag_id", ID, ForeignKey("tags.id"), primary_key=True, index=True),
)

contributors = Table(
    "contributors",
    metadata,
    Column("id", ID, primary_key=True),
    Column("slug", SLUG, nullable=False, unique=True),
    Column("name", NAME, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("bio", Text),
    Column("media_id", ID, index=True),
    Column("links", Text, nullable=False, server_default="[]"),
    Column("merged_into", ID, index=True),
    Column("version", Integer, nullable=False),
)

contributor_slugs = Table(
    "contributor_slugs",  # slugs that contributors had before
    metadata,
    Column("slug", SLUG, primary_key=True),
    Column("contributor_id", ID, ForeignKey("contributors.id", ondelete="CASCADE"), nullable=False, index=True),
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
    Column("uploaded_digest", String(64)),  # of the file as it came, before metadata was taken out
    Column("placeholder", Text),
    Column("renditions", Text, nullable=False, server_default="[]"),
    Column("focal_x", Float),
    Column("focal_y", Float),
    Column("suggested_credit", Text),  # from the file's own metadata
    Column("alt", Text, nullable=False),
    Column("caption", Text),
    Column("credit", Text),
    Column("licence", Text),
    Column("may_be_syndicated", Boolean, nullable=False, server_default=text("true")),
    Column("created_by", ID, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    Index("media_uploaded_digest_key", "uploaded_digest", unique=True),
)

articles = Table(
    "articles",
    metadata,
    Column("id", ID, primary_key=True),
    Column("group_id", ID, nullable=False, index=True),  # translations of one another share it
    Column("version", Integer, nullable=False),
    Column("revision", Integer, nullable=False),  # the working draft's
    Column("draft_state", String(20), nullable=False),
    Column(
        "title_key", Text, nullable=False, server_default=text("''")
    ),  # the draft's title, folded, to be found by
    Column("language", LANGUAGE, nullable=False, server_default=text("''")),  # the draft's
    Column("created_by", ID, nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False, index=True),
)

revisions = Table(
    "revisions",
    metadata,
    Column("article_id", ID, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("version", Integer, nullable=False, server_default="0"),  # what the article's became by it
    Column("draft", Text, nullable=False),
    Column("note", Text),
    Column("created_by", ID, nullable=False),
    Column("created_at", Moment, nullable=False),
)

draft_links = Table(
    "draft_links",  # what working drafts name by id: tags, contributors, media, articles
    metadata,
    Column("article_id", ID, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("target_id", ID, primary_key=True),
    Index("draft_links_target_index", "target_id", "kind"),
)

slugs = Table(
    "slugs",  # who holds a public address: the article that is live or scheduled under it
    metadata,
    Column("slug", SLUG, primary_key=True),
    Column("language", LANGUAGE, primary_key=True),
    Column("article_id", ID, ForeignKey("articles.id", ondelete="CASCADE"), nullable=False, index=True),
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
    Column("is_metered", Boolean, nullable=False, server_default=text("true")),
    Column("published_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("live_from", Moment, nullable=False),
    Column("live_until", Moment),
    Column("replaced_at", Moment),  # when the scheduled edition takes over
    Column("public_note", Text),
    Column("corrections", Text, nullable=False, server_default="[]"),
    Column("next_change", Moment, index=True),  # by itself; it stands until `changes` has announced it
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
        "publications_scheduled_article_key",
        "article_id",
        unique=True,
        sqlite_where=text("state = 'scheduled'"),
        postgresql_where=text("state = 'scheduled'"),
    ),
    Index("publications_slug_index", "slug"),
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

publication_articles = Table(
    "publication_articles",  # where it sends readers, by "read also" links and lists
    metadata,
    _publication_id(),
    Column("article_id", ID, primary_key=True, index=True),
    Column("in_teaser", Boolean, nullable=False, server_default=text("false")),
)

listings = Table(
    "listings",  # what is live or scheduled, under each heading that readers' lists have: a tag, a language …
    metadata,
    Column("heading", String(100), primary_key=True),
    _publication_id(),
    _article_id(),
    Column("published_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("title_key", _SORTED, nullable=False),
    Column("shown_from", Moment, nullable=False),
    Column("shown_until", Moment),
    *(
        Index(f"listings_{name}_index", "heading", name, "article_id")
        for name in ("published_at", "updated_at", "title_key")
    ),
    Index("listings_article_index", "article_id"),
    Index("listings_publication_index", "publication_id"),
    sqlite_with_rowid=False,
)

counters = Table(
    "counters",  # what caches and followers look at: of what readers see; of what accounts may (by triggers)
    metadata,
    Column("name", String(20), primary_key=True),
    Column("value", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),  # no change has been counted that is later
)

changes = Table(
    "changes",  # when each article that ever was public last changed for readers: its teaser, its whole text
    metadata,
    Column("article_id", ID, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("public_seq", BigInteger, nullable=False),
    Column("whole_seq", BigInteger, nullable=False),
    Index("changes_public_index", "public_seq", "article_id"),
    Index("changes_whole_index", "whole_seq", "article_id"),
)

previews = Table(
    "previews",
    metadata,
    Column("id", ID, primary_key=True),
    _article_id(),
    Column("revision", Integer, nullable=False),
    Column("kind", String(20), nullable=False),  # of the reader that it shows the article as
    Column("plans", Text, nullable=False),
    Column("created_by", ID, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Index("previews_article_index", "article_id"),
)

events = Table(
    "events",
    metadata,
    Column("id", ID, primary_key=True),
    Column("subject", String(20), nullable=False),
    Column("subject_id", ID, nullable=False),
    Column("action", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("revision", Integer),
    Column("by", ID),
    Column("from_address", String(45)),
    Column("at", Moment, nullable=False),
    Index("events_subject_index", "subject", "subject_id", "at"),
    Index("events_by_index", "by"),
    Index("events_at_index", "at", "id"),
)

notes = Table(
    "notes",  # what the newsroom said with an action; the audit log itself holds no text
    metadata,
    Column("event_id", ID, ForeignKey("events.id", ondelete="CASCADE"), primary_key=True),
    Column("text", Text, nullable=False),
)

letters = Table(
    "letters",  # e-mail that waits to be sent; of what is sent or given up, that there was one
    metadata,
    Column("id", ID, primary_key=True),
    Column("topic", String(64), nullable=False),  # digest, by a secret, of the address and what it is about
    Column("account_id", ID),  # who wants this address to be theirs, while it waits
    Column("content", LargeBinary),  # sealed: it holds a token that opens an account. NULL once it is gone
    Column("due_at", Moment, index=True),  # when to try (again); NULL once it is gone
    Column("attempts", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),  # after that it is of no use to anybody
    Index("letters_topic_index", "topic", "created_at"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("account_id", ID, primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("request_digest", String(64), nullable=False),  # of method, path, query and body
    Column("claim", ID, nullable=False),  # whose request is running; a later one may take over after a while
    Column("claimed_at", Moment, nullable=False),
    Column("created_at", Moment, nullable=False, index=True),
    Column("progress", Text),  # of many rows, what has been answered so far
    Column("status", Integer),  # NULL while it is running
    Column("headers", Text),
    Column("body", LargeBinary),
)

external_ids = Table(
    "external_ids",  # what imported things are called where they come from
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("external_id", String(200), primary_key=True),
    Column("target_id", ID, nullable=False),
    Column("digest", String(64), nullable=False, index=True),  # of the line as it was taken last
    Index("external_ids_target_index", "kind", "target_id"),
)

licences = Table(
    "licences",
    metadata,
    Column("id", ID, primary_key=True),
    Column("client_id", ID, ForeignKey("clients.id"), nullable=False, unique=True),
    Column("everything", Boolean, nullable=False),
    Column("languages", Text, nullable=False),
    Column("sources", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("delay_minutes", Integer, nullable=False),
    Column("usage_terms", Text),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment),
    Column("quota", Integer),
    Column("lifted_to", Moment, nullable=False),  # of what was published until then, the delay's end was announced
    Column("version", Integer, nullable=False),
)

licence_tags = Table(
    "licence_tags",
    metadata,
    Column("licence_id", ID, ForeignKey("licences.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ID, ForeignKey("tags.id"), primary_key=True, index=True),
)

licence_contributors = Table(
    "licence_contributors",
    metadata,
    Column("licence_id", ID, ForeignKey("licences.id", ondelete="CASCADE"), primary_key=True),
    Column("contributor_id", ID, ForeignKey("contributors.id"), primary_key=True, index=True),
)

ledger = Table(
    "ledger",  # which editions partners have taken whole, and when; written before they get them
    metadata,
    Column("client_id", ID, primary_key=True),
    Column("publication_id", ID, primary_key=True),
    Column("article_id", ID, nullable=False),
    Column("licence_id", ID, ForeignKey("licences.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("taken_at", Moment, nullable=False),
    Column("is_first", Boolean, nullable=False),  # of the article: what a quota counts
    Index("ledger_article_index", "client_id", "article_id"),
    Index("ledger_first_index", "client_id", "is_first", "taken_at"),
    Index("ledger_licence_index", "licence_id", "taken_at", "publication_id"),
)

acknowledgements = Table(
    "acknowledgements",  # partners' word that they have removed what is gone
    metadata,
    Column("client_id", ID, primary_key=True),
    Column("article_id", ID, primary_key=True),
    Column("seq", BigInteger, nullable=False),  # of the change that it is gone by
    Column("at", Moment, nullable=False),
)

meter_readings = Table(
    "meter_readings",  # what readers have taken out of their meters, and when; written before they get it
    metadata,
    Column("account_id", ID, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("article_id", ID, primary_key=True),
    Column("read_at", Moment, nullable=False, index=True),
)

gifts = Table(
    "gifts",  # links by which somebody's guests read one article whole
    metadata,
    Column("id", ID, primary_key=True),
    Column("account_id", ID, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    _article_id(),
    Column("digest", String(64), nullable=False, unique=True),  # of the token, which nobody keeps
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Index("gifts_account_index", "account_id", "created_at", "id"),
    Index("gifts_article_index", "article_id"),
)
