"""What is answered in JSON of other houses, as the contract says it: of their fields those that we give.

A field that has nothing to say is left out, and none is null.
"""

from typing import Annotated, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

_closed = with_config(ConfigDict(extra="forbid", use_attribute_docstrings=True))
_Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


@_closed
class NinjsStandard(TypedDict):
    """What this is written in."""

    name: Literal["ninjs"]
    version: Literal["3.1"]
    schema: str


@_closed
class NinjsText(TypedDict):
    """Words of the article, and what they are for."""

    role: str
    contentType: str
    value: str


@_closed
class NinjsConcept(TypedDict):
    """Somebody or something that the article is by or about; `literal` is the slug here."""

    name: str
    rel: str
    literal: str


@_closed
class NinjsGenre(TypedDict):
    """The article's kind."""

    name: str


@_closed
class NinjsAltId(TypedDict):
    """Another name of the article: its `slug`, or its `canonical` address."""

    role: Literal["slug", "canonical"]
    value: str


@_closed
class NinjsSource(TypedDict):
    """Where a republished article first appeared."""

    name: str
    role: Literal["originator"]
    uri: NotRequired[str]


@_closed
class NinjsRendition(TypedDict):
    """A form of a picture, or the page on the web."""

    name: str
    href: str
    contentType: str
    width: NotRequired[int]
    height: NotRequired[int]


@_closed
class NinjsAssociation(TypedDict):
    """What the article shows or leads to."""

    name: str
    uri: str
    rel: Literal["lead-image", "body-image", "read-also", "embed", "related", "translation"]
    type: NotRequired[Literal["picture", "text"]]
    """Not of what another site plays."""
    by: NotRequired[str]
    usageTerms: NotRequired[str]
    language: NotRequired[str]
    headlines: NotRequired[list[NinjsText]]
    descriptions: NotRequired[list[NinjsText]]
    renditions: NotRequired[list[NinjsRendition]]


@_closed
class NinjsItem(TypedDict):
    """A news item in ninjs 3.1 (IPTC)."""

    standard: NinjsStandard
    uri: str
    """`urn:uuid:` and the article's id."""
    type: Literal["text"]
    representationType: Literal["full", "partial"]
    """`partial` where the caller gets a teaser."""
    version: str
    firstCreated: _Moment
    versionCreated: _Moment
    pubStatus: Literal["usable"]
    language: str
    title: str
    slugline: str
    by: NotRequired[str]
    copyrightHolder: NotRequired[str]
    copyrightNotice: NotRequired[str]
    usageTerms: NotRequired[str]
    genres: list[NinjsGenre]
    altIds: list[NinjsAltId]
    people: NotRequired[list[NinjsConcept]]
    organisations: NotRequired[list[NinjsConcept]]
    places: NotRequired[list[NinjsConcept]]
    subjects: NotRequired[list[NinjsConcept]]
    infoSources: NotRequired[list[NinjsSource]]
    headlines: list[NinjsText]
    descriptions: NotRequired[list[NinjsText]]
    bodies: list[NinjsText]
    """The same text as HTML and as plain text."""
    renditions: list[NinjsRendition]
    associations: NotRequired[list[NinjsAssociation]]


_LinkedId = Annotated[str, Field(alias="@id")]


@_closed
class LinkedPage(TypedDict):
    """The page that shows the article."""

    kind: Annotated[Literal["WebPage"], Field(alias="@type")]
    id: _LinkedId


@_closed
class LinkedPart(TypedDict):
    """The part of the page that stands behind the gate."""

    kind: Annotated[Literal["WebPageElement"], Field(alias="@type")]
    isAccessibleForFree: Literal[False]
    cssSelector: str


@_closed
class LinkedMaker(TypedDict):
    """Somebody who made something or holds its rights."""

    kind: Annotated[Literal["Person", "Organization"], Field(alias="@type")]
    name: str


@_closed
class LinkedImage(TypedDict):
    """One form of the lead image."""

    kind: Annotated[Literal["ImageObject"], Field(alias="@type")]
    url: str
    width: int
    height: int
    encodingFormat: str
    caption: NotRequired[str]
    creditText: NotRequired[str]
    description: NotRequired[str]


@_closed
class LinkedSource(TypedDict):
    """What a republished article was first."""

    kind: Annotated[Literal["CreativeWork"], Field(alias="@type")]
    name: str
    url: NotRequired[str]
    inLanguage: NotRequired[str]
    datePublished: NotRequired[str]
    publisher: LinkedMaker


@_closed
class LinkedTranslation(TypedDict):
    """The article in another language."""

    kind: Annotated[Literal["NewsArticle"], Field(alias="@type")]
    id: _LinkedId
    url: str
    headline: str
    inLanguage: str


@_closed
class LinkedCorrection(TypedDict):
    """A public note on what was corrected."""

    kind: Annotated[Literal["CorrectionComment"], Field(alias="@type")]
    datePublished: _Moment
    text: str


@_closed
class LinkedArticle(TypedDict):
    """An article as schema.org's `NewsArticle` in JSON-LD."""

    context: Annotated[Literal["https://schema.org"], Field(alias="@context")]
    kind: Annotated[Literal["NewsArticle"], Field(alias="@type")]
    id: _LinkedId
    mainEntityOfPage: LinkedPage
    url: str
    headline: str
    alternativeHeadline: NotRequired[str]
    description: NotRequired[str]
    image: NotRequired[list[LinkedImage]]
    datePublished: _Moment
    dateModified: _Moment
    inLanguage: str
    articleSection: NotRequired[str]
    keywords: NotRequired[list[str]]
    timeRequired: str
    isAccessibleForFree: bool
    """Whether anybody may read all of it now."""
    hasPart: NotRequired[LinkedPart]
    """Only while a gate stands before the article."""
    articleBody: NotRequired[str]
    """As much as this caller may read."""
    publisher: LinkedMaker
    author: NotRequired[list[LinkedMaker]]
    translator: NotRequired[list[LinkedMaker]]
    editor: NotRequired[list[LinkedMaker]]
    contributor: NotRequired[list[LinkedMaker]]
    isBasedOn: NotRequired[LinkedSource]
    workTranslation: NotRequired[list[LinkedTranslation]]
    correction: NotRequired[list[LinkedCorrection]]
    copyrightHolder: NotRequired[LinkedMaker]
    copyrightNotice: NotRequired[str]


@_closed
class JsonFeedAuthor(TypedDict):
    """Who wrote an article."""

    name: str


@_closed
class JsonFeedItem(TypedDict):
    """An article in a JSON Feed."""

    id: str
    """`urn:uuid:` and the article's id."""
    url: str
    title: str
    summary: NotRequired[str]
    image: NotRequired[str]
    date_published: _Moment
    date_modified: _Moment
    authors: NotRequired[list[JsonFeedAuthor]]
    tags: NotRequired[list[str]]
    language: str
    content_html: str
    """As much as this caller may read."""


@_closed
class JsonFeed(TypedDict):
    """A JSON Feed 1.1."""

    version: Literal["https://jsonfeed.org/version/1.1"]
    title: str
    home_page_url: str
    feed_url: str
    language: NotRequired[str]
    """Of a feed of one language."""
    items: list[JsonFeedItem]
