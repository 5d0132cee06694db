"""What leaves the house: the one type that everything for readers is rendered from.

A `Delivery` is built from named public fields and the one body that the decision allows; nothing is ever
taken out of a fuller object. A `Card` is the same without a body.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from domain.access import Decision, Gate, Offer, Step
from domain.articles import Publication
from domain.body import Body, article_ids, media_ids
from domain.credits import Contributor, Credit
from domain.editions import Front
from domain.media import Rendition
from domain.tags import Tag

Named = TypeVar("Named")


@dataclass(frozen=True, slots=True)
class ArticleName:
    """Another article as a link to it shows it."""

    id: str
    slug: str
    title: str
    language: str
    gate: Gate
    until: datetime | None = None
    """When it ends or is replaced, if that is known."""

    def next_change(self, now: datetime) -> datetime | None:
        """Return the next moment at which a link to it changes by itself."""
        moments = (self.until, self.gate.next_change(now))
        return min((moment for moment in moments if moment and moment > now), default=None)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as readers see it: what the file is, and what the library says of it."""

    id: str
    content_type: str
    width: int
    height: int
    alt: str
    caption: str | None
    credit: str | None
    licence: str | None
    renditions: tuple[Rendition, ...] = ()
    placeholder: str | None = None


def article_key(article_id: str) -> str:
    """Return the key of an article among those of what an answer shows."""
    return f"article:{article_id}"


def _of(named: Mapping[str, Named], ids: Iterable[str]) -> Mapping[str, Named]:
    return {one: named[one] for one in ids if one in named}


@dataclass(frozen=True, slots=True)
class Names:
    """Everything that ids in fronts and bodies stand for, as far as it is public, each by its id.

    What was merged stands there by its own id too, as what it was merged into.
    """

    tags: Mapping[str, Tag] = field(default_factory=dict)
    contributors: Mapping[str, Contributor] = field(default_factory=dict)
    media: Mapping[str, Picture] = field(default_factory=dict)
    articles: Mapping[str, ArticleName] = field(default_factory=dict)
    translations: Mapping[str, tuple[ArticleName, ...]] = field(default_factory=dict)
    """The live articles of each group of translations, by language."""

    @property
    def keys(self) -> frozenset[str]:
        """A key for everything that is named, such as `tag:sea`."""
        return frozenset(
            {
                *(f"tag:{tag.slug}" for tag in self.tags.values()),
                *(f"contributor:{maker.slug}" for maker in self.contributors.values()),
                *(f"media:{picture.id}" for picture in self.media.values()),
                *(article_key(one.id) for one in self.articles.values()),
                *(article_key(one.id) for group in self.translations.values() for one in group),
            }
        )

    def tags_of(self, tag_ids: Iterable[str]) -> tuple[Tag, ...]:
        """Return the tags that these ids stand for, each once."""
        found = (self.tags[tag_id] for tag_id in tag_ids if tag_id in self.tags)
        return tuple({tag.id: tag for tag in found}.values())

    def only(self, wanted: "Wanted") -> "Names":
        """Return the names of these ids alone, so that what stands for one article tells nothing of another."""
        return Names(
            tags=_of(self.tags, wanted.tags),
            contributors=_of(self.contributors, wanted.contributors),
            media=_of(self.media, wanted.media),
            articles=_of(self.articles, wanted.articles),
            translations=_of(self.translations, wanted.translations_of),
        )

    def signed_by(self, credits_: Iterable[Credit]) -> tuple[tuple[Credit, Contributor], ...]:
        """Return the credits with whom they name; what is said twice of the same contributor once."""
        named = (
            (one, self.contributors[one.contributor_id])
            for one in credits_
            if one.contributor_id in self.contributors
        )
        return tuple({(one.role, maker.id, one.note): (one, maker) for one, maker in named}.values())


@dataclass(frozen=True, slots=True)
class Wanted:
    """The ids whose names a delivery needs; only of what is shown."""

    tags: frozenset[str] = frozenset()
    contributors: frozenset[str] = frozenset()
    media: frozenset[str] = frozenset()
    articles: frozenset[str] = frozenset()
    translations_of: frozenset[str] = frozenset()

    def __or__(self, other: "Wanted") -> "Wanted":
        """Return what both need."""
        return Wanted(
            self.tags | other.tags,
            self.contributors | other.contributors,
            self.media | other.media,
            self.articles | other.articles,
            self.translations_of | other.translations_of,
        )


def wanted_by_card(front: Front) -> Wanted:
    """Return the ids that a card shows."""
    return Wanted(
        tags=front.all_tag_ids,
        contributors=frozenset(credit.contributor_id for credit in front.credits),
        media=frozenset({front.lead_image.media_id} if front.lead_image else ()),
    )


def wanted_by_article(front: Front, body: Body, group_id: str) -> Wanted:
    """Return the ids that an article shows with this body, and no others."""
    return wanted_by_card(front) | Wanted(
        media=media_ids(body),
        articles=article_ids(body) | frozenset(front.related_ids),
        translations_of=frozenset({group_id}),
    )


@dataclass(frozen=True, slots=True)
class Card:
    """An article in a list: its front, and what the caller would get."""

    publication: Publication
    front: Front
    decision: Decision
    remaining_percent: int
    names: Names


@dataclass(frozen=True, slots=True)
class Delivery:
    """An article as one reader gets it: the front, the body that they may read, and why."""

    publication: Publication
    front: Front
    body: Body
    decision: Decision
    remaining_percent: int
    offers: tuple[Offer, ...]
    names: Names
    read_at: datetime
    is_preview: bool = False
    """Shown to a guest of the newsroom: its pictures may be public nowhere."""

    def next_change(self, now: datetime) -> datetime | None:
        """Return the next moment at which what is shown changes by itself: the article, or a link in it."""
        links = (*self.names.articles.values(), *self.translations)
        moments = (self.publication.next_change(now), *(link.next_change(now) for link in links))
        return min((moment for moment in moments if moment), default=None)

    @property
    def keys(self) -> frozenset[str]:
        """A key for everything that it shows, itself among them."""
        return self.names.keys | {article_key(self.publication.article_id)}

    @property
    def translations(self) -> tuple[ArticleName, ...]:
        """The same article in other languages, as far as they are live."""
        group = self.names.translations.get(self.publication.group_id, ())
        return tuple(one for one in group if one.id != self.publication.article_id)

    @property
    def signs_media(self) -> bool:
        """Whether pictures in the body are behind the gate, so that their addresses must be signed."""
        return self.decision.opens_everything and self.publication.gate.holds(self.read_at)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why somebody gets an article whole or not: the decision, and the ways that were tried. It holds no text."""

    decision: Decision
    steps: tuple[Step, ...]
    remaining_percent: int
    offers: tuple[Offer, ...]
