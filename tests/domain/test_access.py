"""The decision, over the full product of gates, readers and times, against a table written out here."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import cast

import pytest

from domain.access import Decision, Gate, Granted, Item, Reason, Requires, decide
from domain.people import ANONYMOUS, Person, Role

FROM = datetime(2026, 3, 1, tzinfo=UTC)
UNTIL = datetime(2026, 4, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
TIMES = (FROM - TICK, FROM, FROM + TICK, UNTIL - TICK, UNTIL, UNTIL + TICK)

# Whether a gate stands        just before, from, inside, just until, until, after
WINDOWS: dict[tuple[datetime | None, datetime | None], tuple[bool, ...]] = {
    (None, None): (True, True, True, True, True, True),
    (FROM, None): (False, True, True, True, True, True),
    (None, UNTIL): (True, True, True, True, False, False),
    (FROM, UNTIL): (False, True, True, True, False, False),
    (UNTIL, FROM): (False, False, False, False, False, False),
    (FROM, FROM): (False, False, False, False, False, False),
}
PLANS: tuple[tuple[str, ...], ...] = ((), ("gold",), ("gold", "print"))

# What a reader is told at a gate that stands: for the registered; for subscribers, to no plan, to gold, to either.
NOBODY = "registration_required subscription_required plan_required plan_required"
KNOWN = "registered            subscription_required plan_required plan_required"
NO_PLAN = "registered          subscriber            plan_required plan_required"
GOLD = "registered             subscriber            subscriber    subscriber"
PRINT = "registered            subscriber            plan_required subscriber"
STAFF = "staff                 staff                 staff         staff"

NONE, IN_GOLD, IN_PRINT, IN_BOTH, IN_OTHER = (
    set[str](),
    {"gold"},
    {"print"},
    {"gold", "print"},
    {"silver", "GOLD", ""},
)
TABLE: list[tuple[str, set[str], str]] = [
    ("", NONE, NOBODY),
    ("", IN_BOTH, NOBODY),
    ("reader", NONE, KNOWN),
    ("reader", IN_GOLD, KNOWN),
    ("reader", IN_BOTH, KNOWN),
    ("subscriber", NONE, NO_PLAN),
    ("subscriber", IN_OTHER, NO_PLAN),
    ("subscriber", IN_GOLD, GOLD),
    ("subscriber", IN_PRINT, PRINT),
    ("subscriber", IN_BOTH, GOLD),
    ("partner", NONE, NOBODY),
    ("partner", IN_BOTH, NOBODY),
    ("cashier", NONE, NOBODY),
    ("cashier", IN_BOTH, NOBODY),
    ("contributor", NONE, KNOWN),
    ("contributor", IN_BOTH, KNOWN),
    ("editor", NONE, STAFF),
    ("editor", IN_GOLD, STAFF),
    ("admin", NONE, STAFF),
    ("admin", IN_GOLD, STAFF),
    ("reader subscriber", NONE, NO_PLAN),
    ("reader subscriber", IN_GOLD, GOLD),
    ("reader partner", IN_GOLD, KNOWN),
    ("subscriber partner", IN_PRINT, PRINT),
    ("subscriber contributor", IN_GOLD, GOLD),
    ("reader cashier", IN_GOLD, KNOWN),
    ("partner cashier", IN_GOLD, NOBODY),
    ("partner contributor", NONE, KNOWN),
    ("reader editor", NONE, STAFF),
    ("subscriber editor", IN_GOLD, STAFF),
    ("partner admin", NONE, STAFF),
    ("editor admin", NONE, STAFF),
    ("reader subscriber partner contributor", IN_GOLD, GOLD),
    ("reader subscriber partner cashier contributor editor admin", IN_GOLD, STAFF),
]
FULL = {"registered", "subscriber", "staff"}


def roles(names: str) -> frozenset[Role]:
    return frozenset(map(Role, names.split()))


def expected(gate: Gate, told: str, *, stands: bool) -> Decision:
    if gate.requires is Requires.FREE or not stands:
        return Decision(Granted.FULL, Reason.FREE, Requires.FREE, ())
    of_registered, *of_subscribers = told.split()
    reason = of_registered if gate.requires is Requires.REGISTERED else of_subscribers[PLANS.index(gate.plans)]
    granted = Granted.FULL if reason in FULL else Granted.TEASER
    return Decision(granted, Reason(reason), gate.requires, gate.plans)


def check(person: Person, told: str) -> None:
    for requires, plans, (window, stands) in product(Requires, PLANS, WINDOWS.items()):
        gate = Gate(requires, plans, *window)
        for now, is_standing in zip(TIMES, stands, strict=True):
            decision = decide(Item(gate, frozenset()), person, now=now)
            assert decision == expected(gate, told, stands=is_standing), (gate, now)
            assert decision.opens_everything is (decision.granted is Granted.FULL)


@pytest.mark.parametrize(("names", "plans", "told"), TABLE)
def test_the_decision_is_the_one_of_the_table(names: str, plans: set[str], told: str) -> None:
    check(Person("account", roles(names), frozenset(plans)), told)


@pytest.mark.parametrize(("names", "plans", "told"), TABLE)
def test_without_an_account_roles_and_plans_open_nothing(names: str, plans: set[str], told: str) -> None:
    check(Person(None, roles(names), frozenset(plans)), NOBODY)


def test_the_anonymous_reader_has_nothing() -> None:
    assert Person() == ANONYMOUS
    check(ANONYMOUS, NOBODY)


def test_several_roles_open_what_one_of_them_opens_and_nothing_else() -> None:
    gates = [Gate(requires, plans) for requires, plans in product(Requires, PLANS)]
    for bits, plans in product(range(2 ** len(Role)), (NONE, IN_GOLD, IN_PRINT, IN_OTHER)):
        held = frozenset(role for at, role in enumerate(Role) if bits >> at & 1)
        for gate in gates:
            together, *single = (
                decide(
                    Item(gate, frozenset()), Person("account", some, frozenset(plans)), now=FROM
                ).opens_everything
                for some in (held, frozenset[Role](), *(frozenset({role}) for role in held))
            )
            assert together is any(single)


@pytest.mark.parametrize("requires", ["vip", "", "FREE", "Subscriber", "free ", "registered,free", "staff"])
@pytest.mark.parametrize(
    "person", [ANONYMOUS, *(Person("a", frozenset({role}), frozenset({"gold"})) for role in Role)]
)
@pytest.mark.parametrize("plans", PLANS)
def test_an_unknown_gate_denies_everybody(requires: str, person: Person, plans: tuple[str, ...]) -> None:
    gate = Gate(cast("Requires", requires), plans)
    decision = decide(Item(gate, frozenset()), person, now=FROM)
    assert decision == Decision(Granted.TEASER, Reason.PLAN_REQUIRED, cast("Requires", requires), plans)
    assert not decision.opens_everything


@pytest.mark.parametrize("role", ["owner", "", "Admin", "ADMIN", "editor ", "staff", "anonymous"])
@pytest.mark.parametrize("plans", PLANS)
def test_an_unknown_role_opens_nothing(role: str, plans: tuple[str, ...]) -> None:
    person = Person("account", frozenset({cast("Role", role)}), frozenset({"gold", "print"}))
    for requires in (Requires.REGISTERED, Requires.SUBSCRIBER):
        assert decide(Item(Gate(requires, plans), frozenset()), person, now=FROM).granted is Granted.TEASER


@pytest.mark.parametrize("plan", ["silver", "", "GOLD", "gold ", "gol", "golden"])
def test_an_unknown_plan_opens_nothing(plan: str) -> None:
    subscriber = frozenset({Role.SUBSCRIBER})
    in_another, in_gold = (Person("account", subscriber, frozenset({one})) for one in (plan, "gold"))
    for person, asked in ((in_another, "gold"), (in_gold, plan)):
        decision = decide(Item(Gate(Requires.SUBSCRIBER, (asked,)), frozenset()), person, now=FROM)
        assert (decision.granted, decision.reason) == (Granted.TEASER, Reason.PLAN_REQUIRED)
