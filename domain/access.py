"""The wall's decision: who gets the whole text of an article and who its teaser, and why.

Everything here is pure and total, and what it does not know it denies. It is asked once a request,
before any column that holds gated text is read.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.headings import under
from domain.people import STAFF, Person, Role


class Requires(StrEnum):
    """What a gate asks of a reader."""

    FREE = "free"
    REGISTERED = "registered"
    SUBSCRIBER = "subscriber"


class Granted(StrEnum):
    """How much of an article a reader gets."""

    FULL = "full"
    TEASER = "teaser"


class Reason(StrEnum):
    """Why. The contract's closed list; some of them wait for meters, gifts and licences."""

    FREE = "free"
    REGISTERED = "registered"
    SUBSCRIBER = "subscriber"
    METERED = "metered"
    GIFT = "gift"
    LICENCE = "licence"
    STAFF = "staff"
    REGISTRATION_REQUIRED = "registration_required"
    SUBSCRIPTION_REQUIRED = "subscription_required"
    PLAN_REQUIRED = "plan_required"
    METER_EXHAUSTED = "meter_exhausted"
    METERED_AVAILABLE = "metered_available"


@dataclass(frozen=True, slots=True)
class Gate:
    """What an article asks for, from `holds_from` until before `holds_until`; outside, it is free."""

    requires: Requires = Requires.FREE
    plans: tuple[str, ...] = ()
    holds_from: datetime | None = None
    holds_until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether the gate stands at this moment."""
        if self.requires is Requires.FREE:
            return False
        if self.holds_from is not None and now < self.holds_from:
            return False
        return self.holds_until is None or now < self.holds_until

    def required(self, now: datetime) -> Requires:
        """Return what is asked of a reader at this moment."""
        return self.requires if self.holds(now) else Requires.FREE

    def next_change(self, now: datetime) -> datetime | None:
        """Return the next moment at which the gate opens or closes, if there is one."""
        if self.requires is Requires.FREE:
            return None
        coming = [moment for moment in (self.holds_from, self.holds_until) if moment and moment > now]
        return min(coming, default=None)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer of the wall for one article and one reader at one moment."""

    granted: Granted
    reason: Reason
    requires: Requires
    plans: tuple[str, ...] = ()

    @property
    def opens_everything(self) -> bool:
        """Whether the reader gets the whole text."""
        return self.granted is Granted.FULL


GATES = frozenset({Requires.REGISTERED, Requires.SUBSCRIBER})
MAY_READ_REGISTERED = frozenset({Role.READER, Role.SUBSCRIBER, Role.CONTRIBUTOR})
MAY_READ_SUBSCRIBER = frozenset({Role.SUBSCRIBER})
MAY_SUBSCRIBE = MAY_READ_REGISTERED
"""Whose subscriptions open something by themselves: whoever is known as a reader."""


def decide(gate: Gate, person: Person, headings: frozenset[str], *, now: datetime) -> Decision:
    """Return what this person gets of an article behind this gate, listed under these headings, and why."""
    required = gate.required(now)
    granted, reason = _judge(required, gate.plans, headings, person)
    return Decision(granted, reason, required, () if required is Requires.FREE else gate.plans)


def _judge(
    required: Requires, plans: tuple[str, ...], headings: frozenset[str], person: Person
) -> tuple[Granted, Reason]:
    if required is Requires.FREE:
        return Granted.FULL, Reason.FREE
    if required not in GATES:  # a gate of a newer version, read by an older one
        return Granted.TEASER, Reason.PLAN_REQUIRED
    if person.has_any(STAFF):
        return Granted.FULL, Reason.STAFF
    if required is Requires.REGISTERED:
        return _judge_registered(person)
    return _judge_subscriber(plans, headings, person)


def _judge_registered(person: Person) -> tuple[Granted, Reason]:
    if person.has_any(MAY_READ_REGISTERED):
        return Granted.FULL, Reason.REGISTERED
    return Granted.TEASER, Reason.REGISTRATION_REQUIRED


def _judge_subscriber(plans: tuple[str, ...], headings: frozenset[str], person: Person) -> tuple[Granted, Reason]:
    """Look at the role, and at what subscriptions open: a plan that is named, or where none is, what it covers."""
    asked = frozenset(under("plan", plan) for plan in plans) if plans else headings
    by_role = person.has_any(MAY_READ_SUBSCRIBER) and (not plans or not person.plans.isdisjoint(plans))
    if by_role or (person.has_any(MAY_SUBSCRIBE) and not person.opens.isdisjoint(asked)):
        return Granted.FULL, Reason.SUBSCRIBER
    return Granted.TEASER, Reason.PLAN_REQUIRED if plans else Reason.SUBSCRIPTION_REQUIRED


@dataclass(frozen=True, slots=True)
class Money:
    """An amount, kept as the decimal text that the publisher wrote, in an ISO 4217 currency."""

    amount: str
    currency: str


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that a reader can buy to get past a gate; `period` is an ISO 8601 duration."""

    plan: str
    name: str
    price: Money
    period: str
    url: str
    trial: str | None = None


def offers_for(decision: Decision, offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
    """Return the offers that would open what was refused: none when nothing was."""
    if decision.opens_everything:
        return ()
    return tuple(offer for offer in offers if not decision.plans or offer.plan in decision.plans)
