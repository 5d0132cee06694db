"""Subscriptions: who has which plan, from when and until when. What one is at a moment is asked, never written."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.errors import Flaw, Unfit

ADMIN = "admin"  # the source of what was not sold by any payment system


class State(StrEnum):
    """What a subscription is at a moment."""

    UPCOMING = "upcoming"
    TRIAL = "trial"
    ACTIVE = "active"
    GRACE = "grace"
    ENDED = "ended"
    REVOKED = "revoked"


OPENING = frozenset({State.TRIAL, State.ACTIVE, State.GRACE})
"""Those in which it opens something. A state that is not here opens nothing."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A plan of an account's, from `starts_at` until before `ends_at`, or without an end.

    In its grace time, after the end, it opens as much as before: somebody's card may have run out.
    """

    id: str
    account_id: str
    plan: str
    starts_at: datetime
    ends_at: datetime | None = None
    trial_until: datetime | None = None
    grace_until: datetime | None = None
    revoked_at: datetime | None = None
    source: str = ADMIN
    external_id: str | None = None
    version: int = 1

    def state(self, now: datetime) -> State:
        """Return what it is at this moment."""
        if self.revoked_at is not None:
            return State.REVOKED
        if now < self.starts_at:
            return State.UPCOMING
        if self.ends_at is None or now < self.ends_at:
            is_trial = self.trial_until is not None and now < self.trial_until
            return State.TRIAL if is_trial else State.ACTIVE
        return State.GRACE if self.grace_until is not None and now < self.grace_until else State.ENDED

    def opens(self, now: datetime) -> bool:
        """Whether its plan is the account's at this moment."""
        return self.state(now) in OPENING


def check_times(one: Subscription) -> None:
    """Refuse times that contradict one another; every flaw is told."""
    flaws = []
    if one.ends_at is not None and one.ends_at <= one.starts_at:
        flaws.append(Flaw("/ends_at", "It must be after `starts_at`."))
    if one.trial_until is not None and one.trial_until <= one.starts_at:
        flaws.append(Flaw("/trial_until", "It must be after `starts_at`."))
    if one.trial_until is not None and one.ends_at is not None and one.trial_until > one.ends_at:
        flaws.append(Flaw("/trial_until", "It may not be after `ends_at`."))
    if one.grace_until is not None and (one.ends_at is None or one.grace_until < one.ends_at):
        flaws.append(Flaw("/grace_until", "It needs an `ends_at`, and may not be before that."))
    if flaws:
        raise Unfit(*flaws)
