"""Taking an article over: what had become of it elsewhere becomes its publications, by the desk's own rules."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from domain.articles import Article, Correction, edit
from domain.desk import Order, Step, act
from domain.editions import Edition, check_publishable, make_edition
from domain.errors import Flaw, Unfit
from domain.people import Person, Role
from domain.workflow import Action, PublicationState

IMPORTER = Person("import", frozenset({Role.EDITOR}))  # whoever may use the command; no account is called so


@dataclass(frozen=True, slots=True)
class Release:
    """What had become of an article where it comes from; `public_note` says why it was withdrawn.

    `old_slugs` are those that it had before. A time of publication that lies ahead is a schedule.
    """

    published_at: datetime | None = None
    updated_at: datetime | None = None
    until: datetime | None = None
    corrections: tuple[Correction, ...] = ()
    public_note: str | None = None
    old_slugs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """An article that was taken over, the editions that it has now, and superseded ones, kept for their slugs."""

    article: Article
    editions: tuple[Edition, ...] = ()
    superseded: tuple[Edition, ...] = ()


def take(article: Article, release: Release | None, step: Step, new_id: Callable[[], str]) -> Taken:
    """Return a new article with the publications that it had."""
    if release is None:
        return Taken(article)
    at = release.published_at or step.now
    if at > step.now:
        return _scheduled(article, release, replace(step, order=Order(at, release.until, said=_said(release))))
    step = replace(step, now=at, order=Order(None, release.until, said=_said(release)))
    superseded = []
    for slug in release.old_slugs:
        article, before = _before(article, slug, step, new_id())
        superseded.append(before)
    article, edition = act(article, Action.PUBLISH, step)
    return replace(_told(article, edition, release, step), superseded=tuple(superseded))


def take_again(article: Article, draft_of: Article, release: Release | None, step: Step) -> Taken:
    """Return an article that is here already as its record says now; the same one if it says the same.

    What was changed here meanwhile stays as a revision. A record that tells of no publication takes none back.
    """
    before = article
    if draft_of.draft != article.draft:
        article = edit(article, draft_of.draft, by=step.by, now=step.now)
    if release is None:
        return Taken(article)
    if release.public_note and before.publication and before.publication.state is PublicationState.WITHDRAWN:
        return Taken(article)
    if article is before and _says_the_same(before, release):
        return Taken(article)
    if (at := release.published_at or step.now) > step.now:
        return _scheduled(article, release, replace(step, order=Order(at, release.until, said=_said(release))))
    article, edition = act(
        article, Action.PUBLISH, replace(step, order=Order(until=release.until, said=_said(release)))
    )
    return _told(article, edition, release, step)


def _said(release: Release) -> frozenset[str]:
    return frozenset({"until"} if release.until else ())


def _before(article: Article, slug: str, step: Step, publication_id: str) -> tuple[Article, Edition]:
    """Return an article after an edition that it had under an old slug; only the slug is known of that one."""
    check_publishable(article.draft, step.pictures)
    edition = make_edition(
        replace(article, draft=replace(article.draft, slug=slug)),
        publication_id=publication_id,
        live_from=step.now,
        live_until=None,
        style=step.house.style,
    )
    gone = replace(edition.publication, state=PublicationState.UNPUBLISHED)
    return replace(article, publication=gone), edition


def _scheduled(article: Article, release: Release, step: Step) -> Taken:
    past = {"old_slugs": release.old_slugs, "withdrawn": release.public_note, "corrections": release.corrections}
    flaws = [Flaw(f"/{name}", "It has not been published yet.") for name, value in past.items() if value]
    if flaws:
        raise Unfit(*flaws)
    article, edition = act(article, Action.SCHEDULE, step)
    return Taken(article, (edition,) if edition else ())


def _told(article: Article, edition: Edition | None, release: Release, step: Step) -> Taken:
    """Return an article whose new edition has the times and corrections that it had elsewhere."""
    edition = cast("Edition", edition)  # publishing makes one
    header = edition.publication
    header = replace(
        header,
        published_at=release.published_at or header.published_at,
        updated_at=max(filter(None, (release.updated_at, release.published_at)), default=header.updated_at),
        corrections=release.corrections,
    )
    article = replace(article, publication=header, updated_at=max(article.updated_at, header.updated_at))
    if release.public_note:
        withdrawn = replace(step, now=article.updated_at, order=Order(public_note=release.public_note))
        article, _ = act(article, Action.WITHDRAW, withdrawn)
    return Taken(article, (replace(edition, publication=article.publication or header),))


def _says_the_same(article: Article, release: Release) -> bool:
    header = article.publication
    if header is None or header.state is not PublicationState.LIVE or release.public_note:
        return False
    return (header.published_at, header.live_until, header.corrections) == (
        release.published_at or header.published_at,
        release.until,
        release.corrections,
    ) and release.updated_at in {None, header.updated_at}
