"""Editions: what readers get of an article, made when it is published.

The front (all that is public), the teaser's body and the whole body are stored apart and never meet again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain import teaser, words
from domain.access import Requires
from domain.articles import Article, Draft, LeadImage, Publication, Seo
from domain.body import Body, media_ids, without_paywall
from domain.credits import Credit, Rights, Source
from domain.errors import Flaw, Unfit
from domain.headings import EVERYTHING, from_source, under
from domain.media import Medium, flaws_of_pictures
from domain.teaser import Measure, Policy, Teaser, TeaserSettings

WORDS_A_MINUTE = 220
MINUTES_STEP_WHEN_GATED = 5


@dataclass(frozen=True, slots=True)
class Front:
    """All of an edition that is public whatever its gate: everything but the body."""

    title: str
    kind: str
    standfirst: str
    section_id: str | None
    tag_ids: tuple[str, ...]
    credits: tuple[Credit, ...]
    source: Source | None
    lead_image: LeadImage | None
    related_ids: tuple[str, ...]
    rights: Rights | None
    seo: Seo
    extensions: Mapping[str, Any]
    reading_minutes: int

    @property
    def all_tag_ids(self) -> frozenset[str]:
        """Its tags, the section among them."""
        return frozenset(self.tag_ids) | ({self.section_id} if self.section_id else frozenset())

    @property
    def headings(self) -> frozenset[str]:
        """What it is listed under, as far as plans and licences may open that."""
        return frozenset(
            {
                EVERYTHING,
                *([under("section", self.section_id)] if self.section_id else []),
                *(under("tag", tag_id) for tag_id in self.all_tag_ids),
                *(under("contributor", credit.contributor_id) for credit in self.credits),
                from_source(self.source.name if self.source else None),
            }
        )


@dataclass(frozen=True, slots=True)
class Edition:
    """What publishing makes: stored as four separate things."""

    publication: Publication
    front: Front
    teaser: Teaser
    full: Body

    @property
    def media_in_teaser(self) -> frozenset[str]:
        """The media that everybody may see."""
        lead = {self.front.lead_image.media_id} if self.front.lead_image else frozenset[str]()
        return media_ids(self.teaser.body) | lead


def check_publishable(draft: Draft, pictures: Mapping[str, Medium]) -> None:
    """Refuse to publish what readers could not make sense of, or pictures that too little is said of."""
    flaws: list[Flaw] = []
    if not without_paywall(draft.body):
        flaws.append(Flaw("/body", "There is nothing to read yet."))
    if draft.gate.requires is not Requires.FREE and _marker_is_missing(draft):
        flaws.append(Flaw("/teaser", "The teaser ends at the paywall block, and the body has none."))
    flaws += flaws_of_pictures(draft, pictures)
    if flaws:
        raise Unfit(*flaws)


def _marker_is_missing(draft: Draft) -> bool:
    asks = draft.teaser is not None and draft.teaser.measure is teaser.Measure.MARKER
    return asks and without_paywall(draft.body) == draft.body


def make_edition(
    article: Article,
    *,
    publication_id: str,
    live_from: datetime,
    live_until: datetime | None,
    style: TeaserSettings,
) -> Edition:
    """Return what readers would get of the draft from a moment on."""
    draft, before = article.draft, article.publication
    publication = Publication(
        id=publication_id,
        article_id=article.id,
        group_id=article.group_id,
        number=before.number + 1 if before else 1,
        revision=article.revision,
        slug=draft.slug,
        language=draft.language,
        gate=draft.gate,
        published_at=before.published_at if before else live_from,
        updated_at=live_from,
        live_from=live_from,
        live_until=live_until,
        corrections=before.corrections if before else (),
    )
    return Edition(publication, front_of(draft), cut_teaser(draft, style), without_paywall(draft.body))


def cut_teaser(draft: Draft, style: TeaserSettings) -> Teaser:
    """Return what everybody may read of a draft: for a free article the whole of it."""
    if draft.gate.requires is Requires.FREE:
        return Teaser(without_paywall(draft.body), 0)
    return teaser.cut(draft.standfirst, draft.body, draft.teaser or _default_policy(draft, style), style)


def _default_policy(draft: Draft, style: TeaserSettings) -> Policy:
    """Return how long a teaser is if the writer says nothing: up to their paywall block, if there is one."""
    if without_paywall(draft.body) != draft.body:
        return Policy(Measure.MARKER, 0, style.policy.boundary)
    return style.policy


def front_of(draft: Draft) -> Front:
    """Return the public part of a draft."""
    return Front(
        title=draft.title,
        kind=draft.kind,
        standfirst=draft.standfirst,
        section_id=draft.section_id,
        tag_ids=draft.tag_ids,
        credits=draft.credits,
        source=draft.source,
        lead_image=draft.lead_image,
        related_ids=draft.related_ids,
        rights=draft.rights,
        seo=draft.seo,
        extensions=draft.extensions,
        reading_minutes=reading_minutes(draft),
    )


def reading_minutes(draft: Draft) -> int:
    """Return how long the whole takes to read: to the minute, or to five of them behind a gate."""
    total = words.count(draft.standfirst) + teaser.words_of(draft.body)
    step = 1 if draft.gate.requires is Requires.FREE else MINUTES_STEP_WHEN_GATED
    return max(1, -(-total // (WORDS_A_MINUTE * step))) * step
