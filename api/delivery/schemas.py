"""What readers get, as the contract says it. Every field is always there unless its description says otherwise."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, create_model
from typing_extensions import TypeAliasType, TypedDict

from api.types import KnownId, Model, Time, is_none
from domain.access import Granted, Reason, Requires, Way
from domain.body import ListItem, Style
from domain.credits import ContributorKind, CreditRole
from domain.tags import TagKind


class Span(Model):
    """A run of text with the same marks."""

    type: Literal["span"] = Field(alias="_type")
    key: str = Field(alias="_key")
    text: str
    marks: list[str]


class LinkMark(Model):
    """Where the spans marked with its key lead."""

    type: Literal["link"] = Field(alias="_type")
    key: str = Field(alias="_key")
    href: str


class TextBlock(Model):
    """A paragraph, heading, quote or list item (Portable Text)."""

    type: Literal["block"] = Field(alias="_type")
    key: str = Field(alias="_key")
    style: Style
    list_item: ListItem | None = Field(default=None, alias="listItem", exclude_if=is_none)
    """Only on list items."""
    level: int | None = Field(default=None, exclude_if=is_none)
    """Only on list items."""
    children: list[Span]
    mark_defs: list[LinkMark] = Field(alias="markDefs")


class Rendition(Model):
    """One form of a picture: `original`, a named width, or a crop around what matters (`square`, `wide`)."""

    name: str
    url: str
    width: int
    height: int
    content_type: str


class Media(Model):
    """A picture's file. Behind a gate, the addresses are signed and good for some minutes."""

    id: KnownId
    url: str
    width: int
    height: int
    alt: str
    content_type: str
    licence: str | None
    renditions: list[Rendition]
    """The original first. Widths that are larger than the picture are missing."""
    placeholder: str | None
    """A `data:` address of a few pixels, to be shown until the picture is there."""


class LeadImage(Model):
    """The picture above the text."""

    media: Media
    caption: str | None
    credit: str | None


class ImageBlock(Model):
    """A picture in the text."""

    type: Literal["image"] = Field(alias="_type")
    key: str = Field(alias="_key")
    media: Media
    caption: str | None
    credit: str | None


class RequiredAccess(Model):
    """What another article asks of its readers now."""

    requires: Requires


class ArticleLink(Model):
    """A link to another article."""

    id: KnownId
    slug: str
    title: str
    language: str
    access: RequiredAccess


class RelatedBlock(Model):
    """A "read also" link in the text."""

    type: Literal["related"] = Field(alias="_type")
    key: str = Field(alias="_key")
    article: ArticleLink


class EmbedBlock(Model):
    """Something that another site plays."""

    type: Literal["embed"] = Field(alias="_type")
    key: str = Field(alias="_key")
    url: str
    provider: str | None
    title: str | None


class DividerBlock(Model):
    """A line between two parts."""

    type: Literal["divider"] = Field(alias="_type")
    key: str = Field(alias="_key")


Block = TypeAliasType(  # so that generated code has a name for it
    "Block",
    Annotated[TextBlock | ImageBlock | RelatedBlock | EmbedBlock | DividerBlock, Field(discriminator="type")],
)


class SectionName(Model):
    """The primary tag."""

    slug: str
    name: str


class TagName(SectionName):
    """A tag of an article, named in the article's language."""

    kind: TagKind


class Credit(Model):
    """Somebody's part in an article."""

    role: CreditRole
    name: str
    slug: str
    note: str | None


class Source(Model):
    """Where a republished piece first appeared."""

    name: str
    url: str | None
    title: str | None
    language: str | None
    published_at: str | None


class Translation(Model):
    """The same article in another language."""

    language: str
    slug: str
    title: str


class Correction(Model):
    """A public note on what was corrected."""

    at: Time
    text: str


class Rights(Model):
    """Who holds the rights, and on what terms the article may be used."""

    holder: str | None
    notice: str | None
    usage_terms: str | None


class Seo(Model):
    """What search engines are told instead of title and standfirst."""

    title: str | None
    description: str | None


class Money(Model):
    """A price."""

    amount: str
    currency: str


class Offer(Model):
    """Something that a reader can buy to get past the gate; `period` is an ISO 8601 duration."""

    plan: str
    name: str
    price: Money
    period: str
    url: str
    trial: str | None = Field(default=None, exclude_if=is_none)
    """How long the first subscription costs nothing, where it does: an ISO 8601 duration."""


class CardAccess(Model):
    """What the article asks for, what this caller would get of it, and why."""

    requires: Requires
    plans: list[str]
    granted: Granted
    reason: Reason
    remaining_percent: int
    """Share of the words not shown; 0 when `granted` is `full`."""


class Meter(Model):
    """How many whole articles a reader has had, of how many, until when."""

    limit: int
    used: int
    resets_at: Time


class Access(CardAccess):
    """The wall's decision, with what would open the article."""

    meter: Meter | None
    offers: list[Offer]


class Step(Model):
    """A way past the wall, and what came of it."""

    way: Way
    opens: bool
    reason: Reason | None
    """What would be the article's, if no later step had one; none where the way is not for this article."""
    detail: str
    """The same in a sentence."""


class Explanation(Model):
    """Why an article is whole or not, in the order in which it is decided, up to the first step that opens."""

    access: Access
    """As the article itself shows it."""
    at: Time
    steps: list[Step]


class Front(Model):
    """All of an article that is public whatever its gate."""

    id: KnownId
    slug: str
    language: str
    kind: str
    title: str
    standfirst: str
    section: SectionName | None
    published_at: Time
    """First publication."""
    updated_at: Time
    """Latest publication."""
    revision: int
    """Number of the publication."""
    reading_minutes: int
    credits: list[Credit]
    source: Source | None
    tags: list[TagName]
    lead_image: LeadImage | None


class Card(Front):
    """An article in a list."""

    access: CardAccess
    canonical_url: str


class ArticleContent(Front):
    """What of an article this caller may read."""

    body: list[Block] | str
    """The blocks that the caller may read, and no others; with `body_format`, the same as one text."""
    related: list[ArticleLink]
    translations: list[Translation]
    corrections: list[Correction]
    rights: Rights | None
    seo: Seo
    extensions: dict[str, Any]
    canonical_url: str

    @property
    def blocks(self) -> list[Block]:
        """The body's blocks, as long as it has not been written as one text."""
        return [] if isinstance(self.body, str) else self.body


class Article(ArticleContent):
    """An article as this caller may read it. The wall is `access.granted`, not a status code."""

    access: Access


class SyncedArticle(ArticleContent):
    """An article as this caller may read it, to be kept."""

    body: list[Block]
    access: CardAccess


class Upserted(Model):
    """An article that is new, or not what it was."""

    type: Literal["upsert"]
    article: SyncedArticle


class Deleted(Model):
    """An article that is gone, or no longer what is followed. It may be one that you never had."""

    type: Literal["delete"]
    id: str


class SyncPage(Model):
    """What changed, oldest change first."""

    items: list[Annotated[Upserted | Deleted, Field(discriminator="type")]]
    next_cursor: str
    """Where to go on; always there."""
    has_more: bool
    """Whether there is more already."""


class CardPage(Model):
    """A page of cards."""

    items: list[Card]
    next_cursor: str | None


_typed_dict: Any = TypedDict  # which the type checker knows with literal fields alone


class _Partial(Model):
    """A base of what holds things that may lack any field; elsewhere every field is always there."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)


def _partial(item: type[Model], page: type[Model]) -> tuple[Any, Any]:
    """Return a list's item and page with no more than the `fields` that were asked for."""
    partial = _typed_dict(
        f"Partial{item.__name__}",
        {name: Annotated[field.annotation, field] for name, field in item.model_fields.items()},
        total=False,
    )
    partial.__pydantic_config__ = ConfigDict(extra="forbid")
    partial.__doc__ = f"{(item.__doc__ or '').rstrip('.')}, with those fields alone that were asked for."
    made = create_model(
        f"Partial{page.__name__}",
        __base__=_Partial,
        __doc__=f"{(page.__doc__ or '').rstrip('.')}, with no more than the `fields` that were asked for.",
        items=(list[partial], ...),  # type: ignore[valid-type]
        next_cursor=(str | None, ...),
    )
    return partial, made


PartialCard, PartialCardPage = _partial(Card, CardPage)


class HighlightPart(Model):
    """A run of text, and whether it is what was looked for."""

    text: str
    match: bool


class Highlight(Model):
    """A piece of text around what was looked for: the texts of its parts, one after the other."""

    field: Literal["title", "standfirst", "body"]
    parts: list[HighlightPart]


class Hit(Card):
    """An article that was found."""

    highlights: list[Highlight]
    """Where it says what was looked for, in text that this caller may read; one for each field at most."""


class HitPage(Model):
    """A page of what was found, the best first."""

    items: list[Hit]
    next_cursor: str | None


PartialHit, PartialHitPage = _partial(Hit, HitPage)


class Tag(TagName):
    """A tag with the number of articles under it that are live now."""

    names: dict[str, str]
    """The tag's name by language, where it differs from `name`."""
    articles: int


class TagPage(Model):
    """A page of tags."""

    items: list[Tag]
    next_cursor: str | None


class WebLink(Model):
    """A place on the web where somebody is found."""

    url: str
    label: str | None


class Contributor(Model):
    """A byline with the number of articles under it that are live now."""

    slug: str
    name: str
    kind: ContributorKind
    bio: str | None
    picture: Media | None
    links: list[WebLink]
    articles: int


class ContributorPage(Model):
    """A page of contributors."""

    items: list[Contributor]
    next_cursor: str | None
