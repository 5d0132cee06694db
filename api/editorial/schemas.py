"""What the newsroom sends and gets back."""

import json
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StrictBool, StringConstraints, field_validator, model_validator

from api.editorial.blocks import MAX_BLOCKS, Block
from api.types import (
    ArticleKind,
    Id,
    KnownId,
    Language,
    Line,
    Model,
    Moment,
    Note,
    Sent,
    Slug,
    Time,
    WebAddress,
    is_none,
)
from domain import teaser
from domain.access import Requires
from domain.credits import CreditRole
from domain.desk import Order
from domain.diffs import Diff as Differences
from domain.teaser import Boundary
from domain.workflow import Action, DraftState

MAX_EXTENSIONS_BYTES = 20_000
MAX_MARKUP = 200_000

ExtensionName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.-]+$", max_length=60)]


class Gate(Sent):
    """What the article asks of its readers, and when: it is free before `from` and after `until`."""

    requires: Requires = Requires.FREE
    plans: list[Slug] = Field(default=[], max_length=20)
    """Only these plans open it."""
    holds_from: Moment | None = Field(default=None, alias="from")
    holds_until: Moment | None = Field(default=None, alias="until")
    metered: StrictBool = True
    """Whether registered readers may take the article out of their meter, where the publication has one."""

    @model_validator(mode="after")
    def _makes_sense(self) -> "Gate":
        if self.plans and self.requires is not Requires.SUBSCRIBER:
            raise ValueError("Only an article for subscribers can name plans.")
        if self.holds_from and self.holds_until and self.holds_from >= self.holds_until:
            raise ValueError("`until` must come after `from`.")
        return self


class Teaser(Model):
    """How much everybody may read: exactly one of `words`, `percent`, `blocks` and `marker`."""

    words: Annotated[int, Field(strict=True, ge=0, le=100_000)] | None = Field(default=None, exclude_if=is_none)
    percent: Annotated[int, Field(strict=True, ge=0, le=100)] | None = Field(default=None, exclude_if=is_none)
    blocks: Annotated[int, Field(strict=True, ge=0, le=MAX_BLOCKS)] | None = Field(
        default=None, exclude_if=is_none
    )
    marker: Literal[True] | None = Field(default=None, exclude_if=is_none)
    boundary: Boundary | None = None
    """Where the cut may fall; the publication's default if it is left out."""

    @field_validator("marker", mode="before")
    @classmethod
    def _is_no_number(cls, value: object) -> object:
        if value is not None and value is not True:  # a Literal takes 1 for True
            raise ValueError("It can only be `true`.")
        return value

    @model_validator(mode="after")
    def _is_one(self) -> "Teaser":
        if sum(value is not None for value in (self.words, self.percent, self.blocks, self.marker)) != 1:
            raise ValueError("It takes exactly one of `words`, `percent`, `blocks` and `marker`.")
        return self

    def as_policy(self, house: teaser.Policy) -> teaser.Policy:
        """Return the policy; the house's says where cuts fall unless this does."""
        boundary = self.boundary or house.boundary
        for measure in (teaser.Measure.WORDS, teaser.Measure.PERCENT, teaser.Measure.BLOCKS):
            amount = getattr(self, measure)
            if amount is not None:
                return teaser.Policy(measure, amount, boundary)
        return teaser.Policy(teaser.Measure.MARKER, 0, boundary)

    @classmethod
    def of(cls, policy: teaser.Policy) -> "Teaser":
        """Return a policy as writers send it."""
        amount = True if policy.measure is teaser.Measure.MARKER else policy.amount
        return cls(**{policy.measure: amount}, boundary=policy.boundary)


class Credit(Model):
    """A contributor's part in the article."""

    role: CreditRole
    contributor: Slug
    note: Note | None = None


class Source(Model):
    """Where a republished piece first appeared."""

    name: Line
    url: WebAddress | None = None
    title: Line | None = None
    language: Language | None = None
    published_at: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}(T[0-9:.]+Z)?$")] | None = None


class LeadImage(Model):
    """The picture above the text; it is always public. What is not said here is told by the medium."""

    media_id: Id
    caption: Note | None = None
    credit: Note | None = None
    alt: Note | None = None


class Rights(Model):
    """Who holds the rights, and on what terms the article may be used."""

    holder: Note | None = None
    notice: Note | None = None
    usage_terms: Note | None = None


class Seo(Model):
    """What search engines are told instead of title and standfirst."""

    title: Line | None = None
    description: Note | None = None


class ArticleForm(Model):
    """What a writer sets of an article."""

    title: Line
    slug: Slug | None = None
    """Made from the title if it is left out. It becomes public with the next publication."""
    language: Language
    kind: ArticleKind = "news"
    standfirst: Note = ""
    """Always public; counts as the first words of the teaser."""
    body: list[Block] = Field(default=[], max_length=MAX_BLOCKS)
    """Portable Text. Instead of it, `body_html` or `body_markdown` can be sent."""
    access: Gate = Gate()
    teaser: Teaser | None = None
    """The publication's default if it is left out."""
    section: Slug | None = None
    tags: list[Slug] = Field(default=[], max_length=50)
    credits: list[Credit] = Field(default=[], max_length=50)
    source: Source | None = None
    lead_image: LeadImage | None = None
    related: list[Id] = Field(default=[], max_length=50)
    translation_of: Id | None = None
    rights: Rights | None = None
    seo: Seo = Seo()
    extensions: dict[ExtensionName, JsonValue] = Field(default={}, max_length=50)
    """Fields of your own, public whatever the gate."""

    @field_validator("body")
    @classmethod
    def _keys_are_unique(cls, value: list[Block]) -> list[Block]:
        keys = [block.key for block in value if block.key]
        if len(keys) != len(set(keys)):
            raise ValueError("Two blocks have the same `_key`.")
        return value

    @field_validator("extensions")
    @classmethod
    def _extensions_are_small(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if len(json.dumps(value)) > MAX_EXTENSIONS_BYTES:
            raise ValueError(f"Together they may have {MAX_EXTENSIONS_BYTES} bytes.")
        return value


_CALLED = {
    "gate": "access",
    "section_id": "section",
    "tag_ids": "tags",
    "related_ids": "related",
}


def field_names(differences: Differences) -> tuple[str, ...]:
    """Return the fields of a draft that differ, as the contract calls them."""
    return tuple(_CALLED.get(name, name) for name in differences.fields)


class WrittenForm(ArticleForm):
    """What a writer sends: the body in one of three forms."""

    body_html: Annotated[str, Field(max_length=MAX_MARKUP)] | None = None
    body_markdown: Annotated[str, Field(max_length=MAX_MARKUP)] | None = None
    note: Note | None = None
    """For the newsroom: what this save is about. It stays with the revision."""

    @model_validator(mode="after")
    def _has_one_body(self) -> "WrittenForm":
        written = (self.body or None, self.body_html, self.body_markdown)
        if sum(one is not None for one in written) > 1:
            raise ValueError("Send one of `body`, `body_html` and `body_markdown`.")
        return self


Standing = Literal["none", "scheduled", "live", "expired", "unpublished", "withdrawn"]


class Correction(Model):
    """What was wrong, as the public is told."""

    at: Time
    text: str


class Scheduled(Model):
    """An edition that takes over at its time: fixed, whatever is edited meanwhile."""

    revision: int
    """Number of the publication that it will be."""
    draft_revision: int
    slug: str
    live_from: Time
    live_until: Time | None


class Publication(Scheduled):
    """What has become of the latest publication, or of the first one if it is yet to come."""

    state: Literal["scheduled", "live", "expired", "unpublished", "withdrawn"]
    revision: int
    """Number of the publication."""
    draft_revision: int
    """Number of the draft that it was made of."""
    has_newer_draft: bool
    public_note: str | None
    """Why it was withdrawn."""
    corrections: list[Correction]
    scheduled: Scheduled | None
    """What takes over while this one is live."""


class Linking(Model):
    """An article that links to this one."""

    id: KnownId
    title: str
    language: str
    in_draft: bool
    """Whether its working draft does."""
    in_publication: bool
    """Whether what readers have of it, or will have, does."""


class Warned(Model):
    """Something that an action leads to elsewhere."""

    rule: str
    detail: str
    articles: list[Linking]


class Article(ArticleForm):
    """An article in the newsroom: the working draft, which readers don't see, and where it stands."""

    id: KnownId
    version: int
    """Goes into `If-Match`; also the `ETag`."""
    revision: int
    """Number of the draft."""
    state: DraftState
    publication: Publication | None
    allowed_actions: list[Action]
    created_by: KnownId
    edited_by: KnownId
    """Whose the last revision is."""
    created_at: Time
    updated_at: Time
    warnings: list[Warned] = Field(default=[])
    """What the write that this answers leads to besides: a schedule that ended, links to an article taken back."""


class BodyFormat(StrEnum):
    """The forms in which a body is written."""

    BLOCKS = "blocks"
    HTML = "html"
    MARKDOWN = "markdown"


class HtmlArticle(Article):
    """An article in the newsroom with its body as HTML."""

    body: None = Field(default=None, exclude=True)  # type: ignore[assignment]
    body_html: str
    """The whole body; what was not changed keeps its keys when it is sent back."""


class MarkdownArticle(Article):
    """An article in the newsroom with its body as Markdown."""

    body: None = Field(default=None, exclude=True)  # type: ignore[assignment]
    body_markdown: str
    """The whole body; what was not changed keeps its keys when it is sent back."""


class ArticlePage(Model):
    """A page of articles."""

    items: list[Article]
    next_cursor: str | None


class TeaserCut(Model):
    """What everybody would be able to read."""

    body: list[Block]
    remaining_percent: int


class DryRun(Model):
    """What saving would give, without saving."""

    article: ArticleForm
    teaser: TeaserCut


class ActionForm(Model):
    """What goes with an action."""

    at: Moment | None = None
    """When it is to go live; required to schedule."""
    until: Moment | None = None
    """When it ends. Left out, the end of the edition before holds; `null` takes it away."""
    note: Note | None = None
    """For the newsroom; it stands beside the event."""
    public_note: Note | None = None
    """What the public reads; required to correct and to withdraw."""

    def as_order(self) -> Order:
        """Return what is said with the action."""
        return Order(self.at, self.until, self.public_note, frozenset(self.model_fields_set) & {"at", "until"})

    @property
    def told(self) -> str | None:
        """What the newsroom keeps beside the event."""
        return "\n".join(filter(None, (self.note, self.public_note))) or None
