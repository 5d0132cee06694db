"""Every way past the wall at once: gates, subscriptions, licences, gifts, meters and times in one product.

What is expected is said here of names alone, and nothing of the domain is asked for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, cast

import pytest

from domain.access import (
    UNKNOWN_GATE,
    Decision,
    Gate,
    Item,
    Leave,
    Requires,
    Way,
    decide,
    tried,
)
from domain.licences import Licence, Reach
from domain.meters import Meter
from domain.people import Person, Role
from domain.subscriptions import Subscription

NOW = datetime(2026, 3, 15, tzinfo=UTC)
DAY = timedelta(days=1)
HEADINGS = frozenset({"all", "tag:sea", "language:en"})

# What a gate asks for: `requires`, and its plans.
GATES: dict[str, tuple[str, tuple[str, ...]]] = {
    "free": ("free", ()),
    "registered": ("registered", ()),
    "subscriber": ("subscriber", ()),
    "gold": ("subscriber", ("gold",)),
    "gold or tin": ("subscriber", ("gold", "tin")),
    "of a newer version": ("subscriber", (UNKNOWN_GATE,)),
    "unheard of": ("vip", ()),
}
WINDOWS: dict[str, tuple[datetime | None, datetime | None]] = {
    "always": (None, None),
    "by now": (NOW, NOW + DAY),
    "not yet": (NOW + timedelta.resolution, None),
    "no more": (None, NOW),
}
STANDING = {"always", "by now"}
WHO = (
    "nobody",
    "reader",
    "subscriber",
    "contributor",
    "partner",
    "cashier",
    "editor",
    "admin",
    "reader partner",
    "owner",
    "",
)
OPENS: dict[str, frozenset[str]] = {
    "gold": frozenset({"plan:gold"}),
    "sea": frozenset({"plan:sea", "tag:sea"}),
    "land": frozenset({"plan:land", "tag:land"}),
    "all": frozenset({"plan:all", "all"}),
}
# What a subscription's times are, and whether it opens anything with them.
TIMES: dict[str, tuple[bool, dict[str, datetime]]] = {
    "upcoming": (False, {"starts_at": NOW + DAY}),
    "trial": (True, {"starts_at": NOW - DAY, "trial_until": NOW + DAY}),
    "active": (True, {"starts_at": NOW}),
    "grace": (True, {"starts_at": NOW - DAY, "ends_at": NOW, "grace_until": NOW + DAY}),
    "ended": (False, {"starts_at": NOW - DAY, "ends_at": NOW, "grace_until": NOW}),
    "revoked": (False, {"starts_at": NOW - DAY, "revoked_at": NOW}),
}
SUBSCRIPTIONS = [("", ""), *product(OPENS, TIMES)]
SOME = [("", ""), ("gold", "active"), ("sea", "trial"), ("land", "grace"), ("all", "ended"), ("all", "revoked")]
COVERING = {"starts_at": NOW, "headings": (frozenset({"tag:sea", "tag:land"}), frozenset({"language:en"}))}
LICENCES: dict[str, dict[str, object] | None] = {
    "none": None,
    "covering": COVERING,
    "of other things": {**COVERING, "headings": (frozenset({"tag:land"}),)},
    "of half": {**COVERING, "headings": (frozenset({"tag:sea"}), frozenset({"language:fr"}))},
    "of nothing": {**COVERING, "headings": ()},
    "upcoming": {**COVERING, "starts_at": NOW + DAY},
    "over": {**COVERING, "starts_at": NOW - DAY, "ends_at": NOW},
    "delayed": {**COVERING, "delay": timedelta(days=3)},
}
METERS = {
    "none": None,
    "left": Meter(3, 2, NOW + DAY),
    "exhausted": Meter(3, 3, NOW + DAY),
    "off": Meter(0, 0, NOW),
}
FULL = {"free", "registered", "subscriber", "metered", "gift", "licence", "staff"}
STAFF, KNOWN = {"editor", "admin"}, {"reader", "subscriber", "contributor"}


@dataclass(frozen=True)
class Case:
    """One of the product, by its names."""

    gate: str
    window: str
    is_metered: bool
    who: str
    is_client: bool
    subscription: tuple[str, str]
    licence: str
    meter: str
    is_taken: bool
    is_gift: bool

    @property
    def item(self) -> Item:
        requires, plans = GATES[self.gate]
        known = requires in set(Requires)
        gate = Gate(
            Requires(requires) if known else cast("Requires", requires),
            plans,
            *WINDOWS[self.window],
            is_metered=self.is_metered,
        )
        return Item(gate, HEADINGS, NOW - 2 * DAY)

    @property
    def person(self) -> Person:
        plan, state = self.subscription
        held = Subscription("s", "a", plan, **TIMES[state][1]) if plan else None  # type: ignore[arg-type]
        opens = held is not None and held.opens(NOW)
        said = LICENCES[self.licence]
        return Person(
            None if self.who == "nobody" else "a",
            frozenset(cast("Role", role) for role in self.who.split() if self.who != "nobody"),
            plans=frozenset({plan} if opens else ()),
            opens=OPENS[plan] if opens else frozenset(),
            is_client=self.is_client,
            licence=Licence("l", "a", Reach(everything=True), **said) if said else None,  # type: ignore[arg-type]
        )

    @property
    def leave(self) -> Leave:
        return Leave(self.is_taken, METERS[self.meter], is_gift=self.is_gift)

    def expected(self) -> str:
        """The reason, from names alone: the first way that opens says why, or else the last that refuses."""
        if self.gate == "free" or self.window not in STANDING:
            return "free"
        if self.gate == "unheard of":
            return "plan_required"
        roles = set(self.who.split())
        if roles & STAFF:
            return "staff"
        if self.gate == "of a newer version":
            return "plan_required"
        return self._beyond(self._as_a_reader(roles), roles)

    def _beyond(self, refused: str, roles: set[str]) -> str:
        if refused in FULL:
            return refused
        if "partner" in roles and self.is_client and self.licence == "covering":
            if self.is_taken:
                return "licence"
            refused = "meter_exhausted" if self.meter in {"exhausted", "off"} else "metered_available"
        if self.is_gift and not self.is_client:
            return "gift"
        counts = self.gate != "registered" and self.is_metered and self.meter != "none"
        if counts and roles & KNOWN and not self.is_client and self.licence == "none":
            if self.is_taken:
                return "metered"
            return "meter_exhausted" if self.meter in {"exhausted", "off"} else "metered_available"
        return refused

    def _as_a_reader(self, roles: set[str]) -> str:
        if self.gate == "registered":
            return "registered" if roles & KNOWN else "registration_required"
        plan, state = self.subscription
        has = plan if plan and TIMES[state][0] else ""
        if self.gate == "subscriber":
            covered = has in {"sea", "all"} and roles & KNOWN
            return "subscriber" if "subscriber" in roles or covered else "subscription_required"
        return "subscriber" if has == "gold" and roles & KNOWN else "plan_required"


def check(case: Case) -> None:
    decision = decide(case.item, case.person, case.leave, now=NOW)
    reason = case.expected()
    requires, plans = GATES[case.gate]
    told = ("free", ()) if reason == "free" else (requires, plans)
    assert (decision.reason, decision.granted) == (reason, "full" if reason in FULL else "teaser"), case
    assert (decision.requires, decision.plans) == told, case
    counted = reason in {"metered", "licence", "meter_exhausted", "metered_available"}
    assert decision.meter == (METERS[case.meter] if counted else None), case
    assert (decision.licence is not None) is (case.licence == "covering"), case
    check_steps(case, decision)


def check_steps(case: Case, decision: Decision) -> None:
    """The steps that are shown say what was decided."""
    steps = tried(case.item, case.person, case.leave, now=NOW)
    assert [one.way for one in steps] == list(Way)[: len(steps)]
    assert [one.opens for one in steps[:-1]] == [False] * (len(steps) - 1)
    assert steps[-1].opens is decision.opens_everything
    assert [one.reason for one in steps if one.reason][-1] == decision.reason
    assert len(steps) == len(Way) or steps[-1].opens or case.gate in {"of a newer version", "unheard of"}


def check_all(gate: str, who: str, *others: Iterable[Any]) -> None:
    switches = (True, False)
    windows, subscriptions, licences, meters = others
    for window, metered, client, subscription, licence, meter, taken, gift in product(
        windows, switches, switches, subscriptions, licences, meters, switches, switches
    ):
        check(Case(gate, window, metered, who, client, subscription, licence, meter, taken, gift))


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("gate", GATES)
def test_of_all_ways_the_first_that_opens_is_taken(gate: str, who: str) -> None:
    check_all(
        gate, who, ("by now", "no more"), SOME, ("none", "covering", "delayed"), ("none", "left", "exhausted")
    )


@pytest.mark.deep
@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("gate", GATES)
def test_so_it_is_at_every_time_and_with_every_licence(gate: str, who: str) -> None:
    check_all(gate, who, WINDOWS, SUBSCRIPTIONS, LICENCES, METERS)


def test_the_product_knows_every_reason() -> None:
    told = {
        Case(gate, "always", True, who, client, ("gold", "active"), licence, meter, taken, gift).expected()
        for gate, who, client, licence, meter, taken, gift in product(
            GATES, WHO, (True, False), LICENCES, METERS, (True, False), (True, False)
        )
    }
    assert told == {
        "free",
        "registered",
        "subscriber",
        "metered",
        "gift",
        "licence",
        "staff",
        "registration_required",
        "subscription_required",
        "plan_required",
        "meter_exhausted",
        "metered_available",
    }
