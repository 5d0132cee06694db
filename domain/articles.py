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
from domain.errors import Flaw, NotThere, Unfit, WrongState
from domain.events import Event, Subject
from domain.people import Person
from domain.permissions import Permission, may, may_see_article
from domain.teaser import Policy
from domain.workflow import Action, DraftState, PublicationState, State, apply


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
class Publication:
    """The header of an edition: enough to find it and to decide about it, and no text.

    It is live from `live_from` until before `live_until`. `number` counts the article's publications;
    `published_at` is the first one's time and `updated_at` this one's; `revision` is the draft's.
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
    state: PublicationState = PublicationState.LIVE
    public_note: str | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether readers can see it at this moment."""
        if self.state is not PublicationState.LIVE or now < self.live_from:
            return False
        return self.live_until is None or now < self.live_until

    def next_change(self, now: datetime) -> datetime | None:
        """Return the next moment at which what readers see of it changes by itself."""
        moments = (self.live_from, self.live_until, self.gate.next_change(now))
        return min((moment for moment in moments if moment and moment > now), default=None)


@dataclass(frozen=True, slots=True)
class Article:
    """An article in the newsroom: its working draft, its state, and its latest publication."""

    id: str
    group_id: str
    version: int
    revision: int
    draft: Draft
    draft_state: DraftState
    created_by: str
    created_at: datetime
    updated_at: datetime
    publication: Publication | None = None

    @property
    def state(self) -> State:
        """Where it stands in the workflow."""
        published = self.publication.state if self.publication else PublicationState.NONE
        return State(self.draft_state, published)

    @property
    def has_newer_draft(self) -> bool:
        """Whether the draft was saved again after the latest publication."""
        return self.publication is not None and self.revision > self.publication.revision

    def event(self, action: str, by: Person, now: datetime) -> Event:
        """Return the event that tells of a change that led to this state."""
        return Event(Subject.ARTICLE, self.id, action, by.account_id, now, self.version)


def check_may_edit(article: Article, by: Person) -> None:
    """Refuse an edit of a draft that its writer has handed in. Whose it is has been asked before."""
    if article.draft_state is DraftState.SUBMITTED and not may(by, Permission.EDIT_ALL_ARTICLES):
        raise WrongState("The draft has been submitted; an editor can return it.", rule="edit-submitted")


def edit(article: Article, draft: Draft, *, by: Person, now: datetime) -> Article:
    """Return the article with another draft, as a new revision. Readers see nothing of it."""
    check_may_edit(article, by)
    return replace(
        article, draft=draft, version=article.version + 1, revision=article.revision + 1, updated_at=now
    )


def move(article: Article, action: Action, *, by: Person, now: datetime) -> Article:
    """Return the article after an action that leaves its publication as it is: submit or return."""
    target = apply(article.state, action, by)
    return replace(article, draft_state=target.draft, version=article.version + 1, updated_at=now)


def take_back(article: Article, action: Action, *, by: Person, now: datetime, public_note: str | None) -> Article:
    """Return the article out of readers' sight: unpublished without a trace, or withdrawn with a reason."""
    target = apply(article.state, action, by)
    if action is Action.WITHDRAW and not public_note:
        raise Unfit(Flaw("/public_note", "A withdrawal needs a reason that the public can read."))
    before, reason = article.publication, public_note if action is Action.WITHDRAW else None
    return replace(
        article,
        draft_state=target.draft,
        publication=before and replace(before, state=target.publication, public_note=reason),
        version=article.version + 1,
        updated_at=now,
    )


def check_may_delete(article: Article, by: Person) -> None:
    """Refuse to delete what was ever public; a withdrawal is the way for that."""
    check_may_edit(article, by)
    if article.publication is not None:
        raise WrongState("It has been published; withdraw it instead.", rule="delete-published")


def check_may_see(article: Article | None, by: Person) -> Article:
    """Return the article, or refuse as if it did not exist."""
    if article is None or not may_see_article(by, article.created_by):
        raise NotThere
    return article
