"""Gifts: a link that a subscriber gives away, by which anybody reads one article whole for a while."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.access import Decision, Reason
from domain.errors import NotAllowed, WrongState


class GiftState(StrEnum):
    """What a gift is at a moment."""

    OPEN = "open"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Gift:
    """A gift as its giver sees it. Its token is known to whoever was given it, and to nobody here."""

    id: str
    account_id: str
    article_id: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def state(self, now: datetime) -> GiftState:
        """Return what it is at this moment."""
        if self.revoked_at is not None:
            return GiftState.REVOKED
        return GiftState.OPEN if now < self.expires_at else GiftState.EXPIRED


@dataclass(frozen=True, slots=True)
class Giving:
    """What the publisher lets subscribers give: so many articles a calendar month (UTC), each for so long."""

    a_month: int
    lasts: timedelta


_GIVERS = frozenset({Reason.SUBSCRIBER, Reason.STAFF})


def check_may_give(decision: Decision) -> None:
    """Refuse to give what needs no gift, and what somebody does not have as a subscriber or as staff."""
    if decision.reason is Reason.FREE:
        raise WrongState("Everybody may read it; send its address.", rule="gift-free")
    if not decision.opens_everything or decision.reason not in _GIVERS:
        raise NotAllowed("Who gives an article away reads it as a subscriber.", rule="gift")


def check_budget(given: int, giving: Giving) -> None:
    """Refuse one more gift in a month in which so many were given, be they revoked or not."""
    if given >= giving.a_month:
        raise WrongState(f"You may give {giving.a_month} articles in a calendar month.", rule="gift-budget")
