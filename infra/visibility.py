"""What readers can see, as SQL: the only predicates that a public read may find anything by."""

from datetime import datetime

from sqlalchemy import ColumnElement, FromClause, and_, or_

from domain.access import Requires
from domain.workflow import PublicationState
from infra.tables import publications

SUPERSEDED = "superseded"


def is_live(now: datetime, editions: FromClause = publications) -> ColumnElement[bool]:
    """Whether a publication is in front of readers at this moment (`Publication.is_live` in SQL)."""
    return and_(
        editions.c.state.in_((PublicationState.LIVE, PublicationState.SCHEDULED)),
        editions.c.live_from <= now,
        or_(editions.c.live_until.is_(None), editions.c.live_until > now),
        or_(editions.c.replaced_at.is_(None), editions.c.replaced_at > now),
    )


def was_public(now: datetime, editions: FromClause = publications) -> ColumnElement[bool]:
    """Whether a publication is in front of readers, or ever was."""
    return or_(editions.c.state != PublicationState.SCHEDULED, editions.c.live_from <= now)


def was_replaced(now: datetime) -> ColumnElement[bool]:
    """Whether another edition has taken a publication's place, be it written down by now or not."""
    is_due = and_(publications.c.replaced_at.is_not(None), publications.c.replaced_at <= now)
    return or_(publications.c.state == SUPERSEDED, is_due)


def gate_is_open(now: datetime) -> ColumnElement[bool]:
    """Whether nothing is asked of a reader at this moment (`not Gate.holds` in SQL)."""
    return or_(
        publications.c.requires == Requires.FREE,
        and_(publications.c.holds_from.is_not(None), publications.c.holds_from > now),
        and_(publications.c.holds_until.is_not(None), publications.c.holds_until <= now),
    )


def requires_now(requires: Requires, now: datetime) -> ColumnElement[bool]:
    """Whether this is what is asked of a reader at this moment (`Gate.required` in SQL)."""
    if requires is Requires.FREE:
        return gate_is_open(now)
    return and_(publications.c.requires == requires, ~gate_is_open(now))
