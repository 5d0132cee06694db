"""Articles: the working draft, its state, and the header of what was published.

A draft is saved as a revision and never shown to readers; `editions.py` makes of it what they see.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from domain.access import Gate
from domain.body import Body, article_ids, media_ids
from domain.credits import Credit, Rights, Source
from domain.errors import NotThere, WrongState
from domain.events import Event, Subject
from domain.people import Person
from domain.permissions import Permission, may, may_see_article
from domain.teaser import Policy
from domain.workflow import DraftState, PublicationState, State


@dataclass(frozen=True, slots=True)
class LeadImage:
    """The picture above the text; it is always public. What is None here is told by the medium."""

    media_id: str
    caption: str | None = None
    credit: str | None = None
    alt: str | None = None


@dataclass(frozen=True, slots=True)
class Seo:
    """What search engines are told instead of title and standfirst."""

    title: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """All that a writer sets. Tags, contributors, media and other articles are named by id."""

    title: str
    slug: str
    language: str
    kind: str = "news"
    standfirst: str = ""
    body: Body = ()
    gate: Gate = Gate()
    teaser: Policy | None = None
    section_id: str | None = None
    tag_ids: tuple[str, ...] = ()
    credits: tuple[Credit, ...] = ()
    source: Source | None = None
    lead_image: LeadImage | None = None
    related_ids: tuple[str, ...] = ()
    translation_of: str | None = None
    rights: Rights | None = None
    seo: Seo = Seo()
    extensions: Mapping[str, Any] = field(default_factory=dict)

    @property
    def media_ids(self) -> frozenset[str]:
        """The media that the article would show."""
        return media_ids(self.body) | ({self.lead_image.media_id} if self.lead_image else frozenset())

    @property
    def all_tag_ids(self) -> frozenset[str]:
        """Its tags, the section among them."""
        return frozenset(self.tag_ids) | ({self.section_id} if self.section_id else frozenset())

    @property
    def article_ids(self) -> frozenset[str]:
        """The articles that it sends readers to or was translated from."""
        translated = {self.translation_of} if self.translation_of else frozenset[str]()
        return article_ids(self.body) | set(self.related_ids) | translated


@dataclass(frozen=True, slots=True)
class Correction:
    """What was wrong in an edition, as the public is told; it stays with the article for ever."""

    at: datetime
    text: str


_SHOWN = frozenset({PublicationState.LIVE, PublicationState.SCHEDULED})


@dataclass(frozen=True, slots=True)
class Publication:
    """The header of an edition: enough to find it and to decide about it, and no text of the article.

    It is live from `live_from` until before `live_until`, or until `replaced_at`, when a scheduled edition takes
    over. `number` counts the article's publications; `published_at` is the first one's time and `updated_at`
    this one's; `revision` is the draft's. Its `state` is what was decided (live, scheduled, unpublished or
    withdrawn); what that means at a moment is `is_live`.
    """

    id: str
    article_id: str
    group_id: str
    number: int
    revision: int
    slug: str
    language: str
    gate: Gate
    published_at: datetime
    updated_at: datetime
    live_from: datetime
    live_until: datetime | None = None
    replaced_at: datetime | None = None
    state: PublicationState = PublicationState.LIVE
    public_note: str | None = None
    corrections: tuple[Correction, ...] = ()

    def is_live(self, now: datetime) -> bool:
        """Whether readers can see it at this moment."""
        if self.state not in _SHOWN or now < self.live_from:
            return False
        return all(end is None or now < end for end in (self.live_until, self.replaced_at))

    def next_change(self, now: datetime) -> datetime | None:
        """Return the next moment at which what readers see of it changes by itself."""
        moments = (self.live_from, self.live_until, self.replaced_at, self.gate.next_change(now))
        return min((moment for moment in moments if moment and moment > now), default=None)


@dataclass(frozen=True, slots=True)
class Article:
    """An article in the newsroom: its working draft, its state, its latest publication and a scheduled one.

    `edited_by` is whose draft it is now: the account that saved the last revision.
    """

    id: str
    group_id: str
    version: int
    revision: int
    draft: Draft
    draft_state: DraftState
    created_by: str
    edited_by: str
    created_at: datetime
    updated_at: datetime
    publication: Publication | None = None
    coming: Publication | None = None

    def is_seen_otherwise(self, before: "Article", now: datetime) -> bool:
        """Whether readers get another edition of it than before at this moment, or none, or one at last."""
        was, is_ = (
            one.publication if one.publication is not None and one.publication.is_live(now) else None
            for one in (before, self)
        )
        return (was and was.id) != (is_ and is_.id)

    def state(self, now: datetime) -> State:
        """Return where it stands in the workflow."""
        return State(self.draft_state, self._publication_state(now))

    def _publication_state(self, now: datetime) -> PublicationState:
        if self.publication is not None and self.publication.is_live(now):
            return PublicationState.LIVE_SCHEDULED if self.coming else PublicationState.LIVE
        if self.coming is not None:
            return PublicationState.SCHEDULED
        if self.publication is None:
            return PublicationState.NONE
        return PublicationState.EXPIRED if self.publication.state in _SHOWN else self.publication.state

    def event(self, action: str, by: Person, now: datetime) -> Event:
        """Return the event that tells of a change that led to this state."""
        return Event(Subject.ARTICLE, self.id, action, by.account_id, now, self.version, self.revision)


def check_may_edit(article: Article, by: Person) -> None:
    """Refuse an edit of a draft that its writer has handed in. Whose it is has been asked before."""
    if article.draft_state is DraftState.SUBMITTED and not may(by, Permission.EDIT_ALL_ARTICLES):
        raise WrongState("The draft has been submitted; an editor can return it.", rule="edit-submitted")


def edit(article: Article, draft: Draft, *, by: Person, now: datetime) -> Article:
    """Return the article with another draft, as a new revision. Readers see nothing of it."""
    check_may_edit(article, by)
    return replace(
        article,
        draft=draft,
        version=article.version + 1,
        revision=article.revision + 1,
        edited_by=by.account_id or "",
        updated_at=now,
    )


def check_may_delete(article: Article, by: Person) -> None:
    """Refuse to delete what was ever public; a withdrawal is the way for that."""
    check_may_edit(article, by)
    if article.publication is not None or article.coming is not None:
        raise WrongState("It has been published or scheduled; withdraw or unschedule it.", rule="delete-published")


def check_may_see(article: Article | None, by: Person) -> Article:
    """Return the article, or refuse as if it did not exist."""
    if article is None or not may_see_article(by, article.created_by):
        raise NotThere
    return article
