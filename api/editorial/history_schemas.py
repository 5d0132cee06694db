"""What the newsroom sends and gets of revisions, previews, events and links."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from api.delivery.schemas import Article as Delivered
from api.delivery.schemas import Step
from api.editorial.blocks import Block
from api.editorial.schemas import ArticleForm, Linking
from api.types import KnownId, Model, Moment, Sent, Slug, Time
from domain.diffs import Change
from domain.previews import ReaderKind


class RevisionNote(Model):
    """A save: who, when, and what they said of it."""

    number: int
    note: str | None
    created_by: KnownId
    created_at: Time


class RevisionPage(Model):
    """A page of an article's revisions, newest first."""

    items: list[RevisionNote]
    next_cursor: str | None


class Revision(ArticleForm, RevisionNote):
    """The draft as it was saved."""


class FieldChange(Model):
    """A field that differs."""

    name: str
    before: JsonValue
    after: JsonValue


class BlockChange(Sent):
    """A block and its fate; `before` is null where it is new, `after` where it is gone."""

    key: str = Field(alias="_key")
    change: Change
    before: Block | None
    after: Block | None


class Diff(Model):
    """What makes one revision of another."""

    before: int
    """Number of the one revision."""
    after: int
    """Number of the other."""
    fields: list[FieldChange]
    """Those that differ."""
    blocks: list[BlockChange]
    """Every block, in reading order; those that are gone stand where they stood."""


class PreviewForm(Model):
    """A link to one revision for somebody outside."""

    revision: Annotated[int, Field(strict=True, ge=1, le=10**9)] | None = None
    """Number of the draft; the present one if it is left out."""
    role: ReaderKind = ReaderKind.ANONYMOUS
    """Whom the article is shown as."""
    plan: Slug | None = None
    """A plan that this reader has."""
    expires_at: Moment | None = None
    """A day from now if it is left out; between a minute and thirty days."""


class Preview(Model):
    """A preview that can be read."""

    id: KnownId
    article_id: KnownId
    revision: int
    role: ReaderKind
    plan: str | None
    created_by: KnownId
    created_at: Time
    expires_at: Time
    version: int
    """Goes into `If-Match` to revoke it."""


class PreviewLink(Preview):
    """A new preview, with its link: it is told this once."""

    token: str
    url: str


class PreviewList(Model):
    """The previews of an article that can still be read."""

    items: list[Preview]


class ReadableAs(Model):
    """What some reader would get at a time."""

    role: ReaderKind
    plan: str | None
    at: Time
    meter_used: int
    """How many other articles they would have taken out of their meter or quota."""
    licence: KnownId | None
    status: Literal[200, 404, 410]
    detail: str | None
    """Why there would be nothing."""
    article: Delivered | None
    """The article as they would get it."""
    steps: list[Step]
    """Why, in the order in which it is decided; none where there would be nothing."""


class Event(Model):
    """Something that was done to an article."""

    id: KnownId
    action: str
    by: KnownId | None
    at: Time
    version: int
    revision: int | None
    from_address: str | None
    """For editors."""
    note: str | None


class EventPage(Model):
    """A page of what was done to an article, newest first."""

    items: list[Event]
    next_cursor: str | None


class LinkingPage(Model):
    """A page of the articles that link to this one."""

    items: list[Linking]
    next_cursor: str | None
