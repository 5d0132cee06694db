"""The desk: what an action of the workflow makes of an article. One function an action; all are pure.

What is in front of readers is changed here and nowhere else. A scheduled edition is made when it is scheduled,
so later edits do not slip into it; publishing or correcting meanwhile puts it aside, because it would bring an
older text back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.articles import Article, Correction, Publication
from domain.editions import Edition, check_publishable, make_edition
from domain.errors import Flaw, Unfit
from domain.media import Medium
from domain.people import Person
from domain.teaser import TeaserSettings
from domain.workflow import Action, PublicationState, Rule, check


@dataclass(frozen=True, slots=True)
class House:
    """What the publisher has decided for all articles."""

    style: TeaserSettings
    four_eyes: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What is said with an action. `said` names the times that were, be it to say that there is none."""

    at: datetime | None = None
    until: datetime | None = None
    public_note: str | None = None
    said: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Step:
    """An action on its way: by whom, when, what an edition that it makes is called, and the draft's pictures."""

    order: Order
    by: Person
    now: datetime
    publication_id: str
    house: House
    pictures: Mapping[str, Medium] = field(default_factory=dict)


Outcome = tuple[Article, Edition | None]


def act(article: Article, action: Action, step: Step) -> Outcome:
    """Return what an action makes of an article, and the edition that it makes, or refuse it."""
    article = _settled(article)
    last_editor = article.edited_by if step.house.four_eyes else None
    rule = check(article.state(step.now), action, step.by, last_editor=last_editor)
    _check_order(rule, action, step)
    is_only_moved = action is Action.SCHEDULE and article.coming is not None
    moved = replace(
        article,
        draft_state=article.draft_state if is_only_moved else rule.leads_to or article.draft_state,
        version=article.version + 1,
        updated_at=step.now,
    )
    return _ACTS[action](moved, step)


def _settled(article: Article) -> Article:
    """Return the article with an edition whose time has come as what it is by now: the live one."""
    before = article.publication
    if before is None or before.state is not PublicationState.SCHEDULED:
        return article
    return replace(article, publication=replace(before, state=PublicationState.LIVE))


def _check_order(rule: Rule, action: Action, step: Step) -> None:
    order = step.order
    flaws = [Flaw(f"/{name}", f"`{action}` takes no such time.") for name in sorted(order.said - rule.takes)]
    flaws += [Flaw(f"/{name}", f"`{action}` needs it.") for name in sorted(rule.needs) if not getattr(order, name)]
    if order.at is not None and order.at <= step.now:
        flaws.append(Flaw("/at", "It must lie in the future; to publish now, use `publish`."))
    if order.until is not None and order.until <= (order.at or step.now):
        flaws.append(Flaw("/until", "The article must be live for some time before it ends."))
    if flaws:
        raise Unfit(*flaws)


def _move(article: Article, _: Step) -> Outcome:
    """Submit or return: the draft's state alone changes."""
    return article, None


def _publish(article: Article, step: Step) -> Outcome:
    return _released(article, step)


def _correct(article: Article, step: Step) -> Outcome:
    return _released(article, step, Correction(step.now, step.order.public_note or ""))


def _released(article: Article, step: Step, *corrections: Correction) -> Outcome:
    """Make an edition that is live from now on, and without a gap where one was live, by any reader's clock."""
    edition, before = _edition(article, step, step.now), article.publication
    header = replace(
        edition.publication,
        live_from=before.live_from if before is not None and before.is_live(step.now) else step.now,
        corrections=(*edition.publication.corrections, *corrections),
    )
    return replace(article, publication=header, coming=None), replace(edition, publication=header)


def _schedule(article: Article, step: Step) -> Outcome:
    at = step.order.at or step.now
    if article.coming is not None:
        return _reschedule(article, article.coming, step, at), None
    edition = _edition(article, step, at)
    header = replace(edition.publication, state=PublicationState.SCHEDULED)
    edition = replace(edition, publication=header)
    return replace(article, publication=_ending(article.publication, at), coming=header), edition


def _reschedule(article: Article, coming: Publication, step: Step, at: datetime) -> Article:
    """Move what is scheduled to another time. It stays the revision that it was."""
    until = step.order.until if "until" in step.order.said else coming.live_until
    if until is not None and until <= at:
        raise Unfit(Flaw("/until", "The article must be live for some time before it ends."))
    moved = replace(
        coming,
        live_from=at,
        live_until=until,
        updated_at=at,
        published_at=article.publication.published_at if article.publication else at,
    )
    return replace(article, publication=_ending(article.publication, at), coming=moved)


def _ending(publication: Publication | None, at: datetime | None) -> Publication | None:
    """Return the header of an edition that another one replaces at a time, or none does any more."""
    return publication and replace(publication, replaced_at=at)


def _unschedule(article: Article, _: Step) -> Outcome:
    return replace(article, publication=_ending(article.publication, None), coming=None), None


def _unpublish(article: Article, _: Step) -> Outcome:
    return _taken_back(article, PublicationState.UNPUBLISHED, None), None


def _withdraw(article: Article, step: Step) -> Outcome:
    return _taken_back(article, PublicationState.WITHDRAWN, step.order.public_note), None


def _taken_back(article: Article, state: PublicationState, reason: str | None) -> Article:
    """Return the article out of readers' sight, now and at any time that was planned."""
    before = article.publication
    after = before and replace(before, state=state, public_note=reason, replaced_at=None)
    return replace(article, publication=after, coming=None)


def _edition(article: Article, step: Step, start: datetime) -> Edition:
    check_publishable(article.draft, step.pictures)
    return make_edition(
        article,
        publication_id=step.publication_id,
        live_from=start,
        live_until=_end(article.publication, step.order, start),
        style=step.house.style,
    )


def _end(before: Publication | None, order: Order, start: datetime) -> datetime | None:
    """Return when an edition ends: as it was said, or else when the one before was going to."""
    if "until" in order.said or before is None or before.live_until is None:
        return order.until
    return before.live_until if before.live_until > start else None


_ACTS: Mapping[Action, Callable[[Article, Step], Outcome]] = {
    Action.SUBMIT: _move,
    Action.RETURN: _move,
    Action.PUBLISH: _publish,
    Action.SCHEDULE: _schedule,
    Action.UNSCHEDULE: _unschedule,
    Action.UNPUBLISH: _unpublish,
    Action.CORRECT: _correct,
    Action.WITHDRAW: _withdraw,
}
