"""What readers can see, as SQL: the only predicates that a public read may find anything by."""

import re
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    and_,
    bindparam,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)

from domain.access import (
    GATES,
    MAY_BE_LICENSED,
    MAY_READ_REGISTERED,
    MAY_READ_SUBSCRIBER,
    MAY_SUBSCRIBE,
    Requires,
)
from domain.headings import EVERYTHING, under
from domain.people import STAFF, Person
from domain.workflow import PublicationState
from infra.tables import Moment, ledger, listings, publications

SUPERSEDED = "superseded"
Now = datetime | BindParameter[datetime]
NOW: BindParameter[datetime] = bindparam("now", type_=Moment)  # for statements that are made once and often asked
_SLUG = re.compile("[a-z0-9-]+")  # what is none is no plan, and nothing in it needs escaping


def is_one_of(column: ColumnElement[str], words: Iterable[StrEnum]) -> ColumnElement[bool]:
    """Whether a column holds one of our own words. They stand in the SQL itself.

    A list of parameters would be written out anew at each execution, which takes longer than most statements do.
    """
    return column.in_([literal_column(f"'{word.value}'") for word in words])


def holds(editions: FromClause = publications) -> ColumnElement[bool]:
    """Whether a publication is, will be or was in front of readers until a time, as far as its state tells."""
    return is_one_of(editions.c.state, (PublicationState.LIVE, PublicationState.SCHEDULED))


def is_live(now: Now, editions: FromClause = publications) -> ColumnElement[bool]:
    """Whether a publication is in front of readers at this moment (`Publication.is_live` in SQL)."""
    return and_(
        holds(editions),
        editions.c.live_from <= now,
        or_(editions.c.live_until.is_(None), editions.c.live_until > now),
        or_(editions.c.replaced_at.is_(None), editions.c.replaced_at > now),
    )


def was_public(now: Now, editions: FromClause = publications) -> ColumnElement[bool]:
    """Whether a publication is in front of readers, or ever was."""
    return or_(editions.c.state != PublicationState.SCHEDULED, editions.c.live_from <= now)


def was_replaced(now: datetime) -> ColumnElement[bool]:
    """Whether another edition has taken a publication's place, be it written down by now or not."""
    is_due = and_(publications.c.replaced_at.is_not(None), publications.c.replaced_at <= now)
    return or_(publications.c.state == SUPERSEDED, is_due)


def gate_is_open(now: Now) -> ColumnElement[bool]:
    """Whether nothing is asked of a reader at this moment (`not Gate.holds` in SQL); an unknown gate stands."""
    return or_(
        publications.c.requires == Requires.FREE,
        and_(
            is_one_of(publications.c.requires, sorted(GATES)),
            or_(
                and_(publications.c.holds_from.is_not(None), publications.c.holds_from > now),
                and_(publications.c.holds_until.is_not(None), publications.c.holds_until <= now),
            ),
        ),
    )


_PASSING = MAY_READ_REGISTERED | MAY_READ_SUBSCRIBER | STAFF


def may_pass(person: Person) -> bool:
    """Tell whether there is any gate that lets this person through."""
    return person.has_any(_PASSING) or _is_licensed(person)


def _is_licensed(person: Person) -> bool:
    return person.is_client and person.licence is not None and person.has_any(MAY_BE_LICENSED)


def passes(
    person: Person, editions: FromClause = publications, *, now: datetime, is_searched: bool = False
) -> ColumnElement[bool]:
    """Whether a gate lets this person through while it stands.

    Where texts are searched, a partner's licence does so only for editions that it has taken.
    """
    if person.has_any(STAFF):
        return true()
    passed = []
    if _is_licensed(person):
        given = _is_taken(person, editions.c.publication_id) if is_searched else _may_be_taken(person, editions)
        gated = is_one_of(editions.c.requires, sorted(GATES))
        passed.append(and_(gated, is_covered(person, editions, now=now), given))
    if person.has_any(MAY_READ_REGISTERED):
        passed.append(editions.c.requires == Requires.REGISTERED)
    if person.has_any(MAY_READ_SUBSCRIBER):
        plans = (names_plan(editions, plan) for plan in sorted(person.plans) if _SLUG.fullmatch(plan))
        passed.append(and_(editions.c.requires == Requires.SUBSCRIBER, or_(editions.c.plans == "[]", *plans)))
    if person.has_any(MAY_SUBSCRIBE) and person.opens:
        passed.append(and_(editions.c.requires == Requires.SUBSCRIBER, _is_subscribed(person, editions)))
    return or_(*passed) if passed else false()


def _is_subscribed(person: Person, editions: FromClause) -> ColumnElement[bool]:
    """Whether a gate names a plan that the person has, or names none and a plan covers what stands behind it."""
    plan = under("plan", "")
    slugs = (one.removeprefix(plan) for one in sorted(person.opens) if one.startswith(plan))
    named = (names_plan(editions, slug) for slug in slugs if _SLUG.fullmatch(slug))
    covering = sorted(one for one in person.opens if not one.startswith(plan))
    return or_(and_(editions.c.plans == "[]", _is_under_one(covering, editions)), *named)


def is_covered(person: Person, editions: FromClause = publications, *, now: datetime) -> ColumnElement[bool]:
    """Whether a client's licence is about what is live, gated or not, and whatever was taken by now."""
    licence = person.licence
    if licence is None or not _is_licensed(person) or not licence.headings or not licence.is_running(now):
        return false()
    of_each = (_is_under_one(sorted(some), editions) for some in licence.headings)
    return and_(editions.c.published_at <= now - licence.delay, *of_each)


def _may_be_taken(person: Person, editions: FromClause) -> ColumnElement[bool]:
    """Whether a client may take more, or has had the article before."""
    if person.quota is None or not person.quota.is_exhausted:
        return true()
    same = and_(ledger.c.client_id == person.account_id, ledger.c.article_id == editions.c.article_id)
    return select(literal(1)).select_from(ledger).where(same).correlate(editions).exists()


def _is_taken(person: Person, publication_id: ColumnElement[str]) -> ColumnElement[bool]:
    same = and_(ledger.c.client_id == person.account_id, ledger.c.publication_id == publication_id)
    return select(literal(1)).select_from(ledger).where(same).correlate_except(ledger).exists()


def _is_under_one(headings: list[str], editions: FromClause) -> ColumnElement[bool]:
    """Whether an edition that is live is listed under one of these headings. Everything is under that of all."""
    if EVERYTHING in headings or not headings:
        return literal(EVERYTHING in headings)
    of = editions.c.get("publication_id", editions.c.get("id"))
    listed = listings.alias()
    same = and_(listed.c.publication_id == of, listed.c.heading.in_(headings))
    return select(literal(1)).select_from(listed).where(same).correlate(editions).exists()


def names_plan(editions: FromClause, plan: str) -> ColumnElement[bool]:
    """Whether a gate names a plan: without it the text is another. `LIKE` would not tell letters' case apart."""
    return func.replace(editions.c.plans, f'"{plan}"', "") != editions.c.plans


def opens(person: Person, now: datetime) -> ColumnElement[bool]:
    """Whether this person gets the whole text at this moment (`decide(…).opens_everything` in SQL)."""
    return or_(gate_is_open(now), passes(person, now=now))


def requires_now(requires: Requires, now: datetime) -> ColumnElement[bool]:
    """Whether this is what is asked of a reader at this moment (`Gate.required` in SQL)."""
    if requires is Requires.FREE:
        return gate_is_open(now)
    return and_(publications.c.requires == requires, ~gate_is_open(now))
