"""The wall's decision: who gets the whole text of an article and who its teaser, and why.

Everything here is pure and total, and what it does not know it denies. It is asked once a request,
before any column that holds gated text is read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.headings import under
from domain.licences import Licence
from domain.meters import Meter
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
    """Why. The contract's closed list."""

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
    is_metered: bool = True
    """Whether readers may take the article out of their meter, where the publication has one."""

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
class Item:
    """An article as the decision knows it: what stands before it and what it is listed under, but no text."""

    gate: Gate
    headings: frozenset[str] = frozenset()
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """What lets one request read one article, besides who asks. Nothing of it is taken for granted."""

    is_taken: bool = False
    """It is written down that they have it: under their licence, or out of their meter."""
    meter: Meter | None = None
    """What is left of their quota or meter, where one counts."""
    is_gift: bool = False
    """They came by a link that somebody gave away for this very article."""


NO_LEAVE = Leave()


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer of the wall for one article and one reader at one moment."""

    granted: Granted
    reason: Reason
    requires: Requires
    plans: tuple[str, ...] = ()
    meter: Meter | None = None
    licence: Licence | None = None
    """The one that covers the article, gated or not: it says what of it a partner gets, and on what terms."""

    @property
    def opens_everything(self) -> bool:
        """Whether the reader gets the whole text."""
        return self.granted is Granted.FULL


GATES = frozenset({Requires.REGISTERED, Requires.SUBSCRIBER})
MAY_READ_REGISTERED = frozenset({Role.READER, Role.SUBSCRIBER, Role.CONTRIBUTOR})
MAY_READ_SUBSCRIBER = frozenset({Role.SUBSCRIBER})
MAY_SUBSCRIBE = MAY_READ_REGISTERED
"""Whose subscriptions open something by themselves: whoever is known as a reader."""
MAY_BE_METERED = MAY_READ_REGISTERED
MAY_BE_LICENSED = frozenset({Role.PARTNER})
_COUNTED = frozenset({Reason.LICENCE, Reason.METERED, Reason.METERED_AVAILABLE, Reason.METER_EXHAUSTED})


UNKNOWN_GATE = "unknown gate"  # stands for a plan that nobody can have, where a gate is not understood


class Way(StrEnum):
    """A way past the wall. They are tried in this order, and the first that opens is taken."""

    GATE = "gate"
    STAFF = "staff"
    REGISTRATION = "registration"
    SUBSCRIPTION = "subscription"
    LICENCE = "licence"
    GIFT = "gift"
    METER = "meter"


@dataclass(frozen=True, slots=True)
class Step:
    """What came of one way: whether it opens, and the reason, which none has that is not for such an article."""

    way: Way
    opens: bool
    reason: Reason | None


def decide(item: Item, person: Person, leave: Leave = NO_LEAVE, *, now: datetime) -> Decision:
    """Return what this person gets of an article, and why."""
    steps = tried(item, person, leave, now=now)
    reason = next(step.reason for step in reversed(steps) if step.reason)
    required = item.gate.required(now)
    licence = person.licence
    covers = licence is not None and licence.covers(item.headings, item.published_at, now=now)
    return Decision(
        Granted.FULL if steps[-1].opens else Granted.TEASER,
        reason,
        required,
        () if required is Requires.FREE else item.gate.plans,
        leave.meter if reason in _COUNTED else None,
        licence if covers else None,
    )


def tried(item: Item, person: Person, leave: Leave, *, now: datetime) -> list[Step]:
    """Return the ways that were tried, up to the first that opens. The last that gives a reason is right."""
    steps = []
    for way, judge in _WAYS.items():
        opens, reason = judge(item, person, leave, now)
        steps.append(Step(way, opens, reason))
        if opens or _ends(way, item):
            break
    return steps


def _ends(way: Way, item: Item) -> bool:
    """Whether nothing behind this way may open: a gate that is not understood is for staff at most."""
    if way is Way.GATE:
        return item.gate.requires not in GATES
    return way is Way.SUBSCRIPTION and UNKNOWN_GATE in item.gate.plans


Judged = tuple[bool, Reason | None]
_IS_NONE: Judged = (False, None)


def _gate(item: Item, person: Person, leave: Leave, now: datetime) -> Judged:  # noqa: ARG001
    """Let everybody in where nothing stands, and nobody where a gate of a newer version does."""
    required = item.gate.required(now)
    if required is Requires.FREE:
        return True, Reason.FREE
    return _IS_NONE if required in GATES else (False, Reason.PLAN_REQUIRED)


def _staff(item: Item, person: Person, leave: Leave, now: datetime) -> Judged:  # noqa: ARG001
    return (True, Reason.STAFF) if person.has_any(STAFF) else _IS_NONE


def _registration(item: Item, person: Person, leave: Leave, now: datetime) -> Judged:  # noqa: ARG001
    if item.gate.requires is not Requires.REGISTERED:
        return _IS_NONE
    is_known = person.has_any(MAY_READ_REGISTERED)
    return (True, Reason.REGISTERED) if is_known else (False, Reason.REGISTRATION_REQUIRED)


def _subscription(item: Item, person: Person, leave: Leave, now: datetime) -> Judged:  # noqa: ARG001
    """Look at the role, and at what subscriptions open: a plan that is named, or where none is, what it covers."""
    if item.gate.requires is not Requires.SUBSCRIBER:
        return _IS_NONE
    plans = item.gate.plans
    asked = frozenset(under("plan", plan) for plan in plans) if plans else item.headings
    by_role = person.has_any(MAY_READ_SUBSCRIBER) and (not plans or not person.plans.isdisjoint(plans))
    if by_role or (person.has_any(MAY_SUBSCRIBE) and not person.opens.isdisjoint(asked)):
        return True, Reason.SUBSCRIBER
    return False, Reason.PLAN_REQUIRED if plans else Reason.SUBSCRIPTION_REQUIRED


def _licence(item: Item, person: Person, leave: Leave, now: datetime) -> Judged:
    """Let a partner in where its licence covers the article and it is written down that it takes it."""
    licence = person.licence
    if licence is None or not person.is_client or not person.has_any(MAY_BE_LICENSED):
        return _IS_NONE
    if not licence.covers(item.headings, item.published_at, now=now):
        return _IS_NONE
    return (True, Reason.LICENCE) if leave.is_taken else _not_taken(leave.meter)


def _gift(item: Item, person: Person, leave: Leave, now: datetime) -> Judged:  # noqa: ARG001
    """Let in whom somebody has given the article, but no program of a partner's: it would read past its ledger."""
    return (True, Reason.GIFT) if leave.is_gift and not person.is_client else _IS_NONE


def _meter(item: Item, person: Person, leave: Leave, now: datetime) -> Judged:  # noqa: ARG001
    """Let a registered reader in where it is written down that they take the article out of their meter."""
    gate = item.gate
    is_metered = gate.is_metered and gate.requires is Requires.SUBSCRIBER
    is_reader = person.has_any(MAY_BE_METERED) and not person.is_client and person.licence is None
    if leave.meter is None or not is_metered or not is_reader:
        return _IS_NONE
    return (True, Reason.METERED) if leave.is_taken else _not_taken(leave.meter)


def _not_taken(meter: Meter | None) -> Judged:
    exhausted = meter is not None and meter.is_exhausted
    return False, Reason.METER_EXHAUSTED if exhausted else Reason.METERED_AVAILABLE


_WAYS: Mapping[Way, Callable[[Item, Person, Leave, datetime], Judged]] = {
    Way.GATE: _gate,
    Way.STAFF: _staff,
    Way.REGISTRATION: _registration,
    Way.SUBSCRIPTION: _subscription,
    Way.LICENCE: _licence,
    Way.GIFT: _gift,
    Way.METER: _meter,
}


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
