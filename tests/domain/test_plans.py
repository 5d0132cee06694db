"""What plans open: the full product of gates, plans, subscriptions, roles and times; and what is offered."""

from datetime import UTC, datetime, timedelta
from itertools import combinations, product

import pytest

from domain.access import Decision, Gate, Granted, Item, Money, Offer, Reason, Requires, decide, offers_for
from domain.headings import EVERYTHING
from domain.people import Account, Person, Role
from domain.plans import Plan, openings, plans_offered
from domain.subscriptions import State, Subscription

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ARTICLE = frozenset({EVERYTHING, "tag:sea", "tag:land", "section:sea"})
SCOPES: dict[str, tuple[set[str], bool, bool]] = {  # headings, everything; and whether the article is among them
    "everything": (set(), True, True),
    "its tag": ({"tag:sea"}, False, True),
    "its other tag": ({"tag:land", "tag:air"}, False, True),
    "another tag": ({"tag:air"}, False, False),
    "its section": ({"section:sea"}, False, True),
    "a section that is its tag only": ({"section:land"}, False, False),
    "a tag that is its section's": ({"tag:sea", "section:air"}, False, True),
    "nothing": (set(), False, False),
}
GATES = [
    Gate(requires, plans, *window)
    for requires in Requires
    for plans in ((), ("gold",), ("gold", "print"), ("print",))
    for window in ((None, None), (NOW + DAY, None), (None, NOW), (NOW, NOW + DAY))
]
SUBSCRIPTIONS = {
    State.UPCOMING: Subscription("s", "a", "gold", NOW + DAY),
    State.TRIAL: Subscription("s", "a", "gold", NOW - DAY, trial_until=NOW + DAY),
    State.ACTIVE: Subscription("s", "a", "gold", NOW - DAY),
    State.GRACE: Subscription("s", "a", "gold", NOW - 2 * DAY, ends_at=NOW - DAY, grace_until=NOW + DAY),
    State.ENDED: Subscription("s", "a", "gold", NOW - 2 * DAY, ends_at=NOW),
    State.REVOKED: Subscription("s", "a", "gold", NOW - DAY, revoked_at=NOW - DAY),
}
ROLES = [frozenset(some) for count in range(4) for some in combinations(Role, count)]


def oracle(gate: Gate, roles: frozenset[Role], *, is_open: bool, covers: bool) -> tuple[str, str]:
    """What the contract says, in a sentence a line; `is_open` tells of the subscription to gold."""
    stands = (gate.holds_from is None or gate.holds_from <= NOW) and (
        gate.holds_until is None or gate.holds_until > NOW
    )
    if gate.requires == "free" or not stands:
        return "full", "free"
    if roles & {"editor", "admin"}:
        return "full", "staff"
    is_known = bool(roles & {"reader", "subscriber", "contributor"})
    if gate.requires == "registered":
        return ("full", "registered") if is_known else ("teaser", "registration_required")
    if gate.plans:
        bought = is_open and is_known and "gold" in gate.plans
        return ("full", "subscriber") if bought else ("teaser", "plan_required")
    bought = is_open and is_known and covers
    return ("full", "subscriber") if bought or "subscriber" in roles else ("teaser", "subscription_required")


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("state", State)
def test_the_decision_over_gates_plans_subscriptions_and_roles(scope: str, state: State) -> None:
    headings, everything, covers = SCOPES[scope]
    subscription = SUBSCRIPTIONS[state]
    assert subscription.state(NOW) is state
    is_open = subscription.opens(NOW)
    plans = frozenset({subscription.plan} if is_open else ())
    opens = openings("gold", headings, everything=everything) if is_open else frozenset[str]()
    for roles, gate in product(ROLES, GATES):
        account = Account("a", "a@example.org", "A", frozenset(Role), plans, opens=opens)
        decision = decide(Item(gate, ARTICLE), account.as_person(roles), now=NOW)
        expected = oracle(gate, roles, is_open=is_open, covers=covers)
        assert (decision.granted, decision.reason) == expected, (roles, gate)


@pytest.mark.parametrize(
    "opened", ["plan:print", "plan:", "plan:GOLD", "plan:gold ", "gold", "all:", "ALL", "tag:", "x:sea"]
)
def test_what_is_not_known_opens_nothing(opened: str) -> None:
    person = Person("a", frozenset({Role.READER}), frozenset({"gold"}), frozenset({opened}))
    for plans in ((), ("gold",)):
        assert decide(Item(Gate(Requires.SUBSCRIBER, plans), ARTICLE), person, now=NOW).granted is Granted.TEASER


def test_a_gate_that_names_plans_is_closed_to_a_plan_that_opens_everything() -> None:
    person = Person(
        "a", frozenset(Role) - {Role.EDITOR, Role.ADMIN}, frozenset({"all"}), openings("all", (), everything=True)
    )
    for plans in (("gold",), ("gold", "print"), ("al",), ("all-of-it",)):
        assert (
            decide(Item(Gate(Requires.SUBSCRIBER, plans), ARTICLE), person, now=NOW).reason is Reason.PLAN_REQUIRED
        )
    assert decide(Item(Gate(Requires.SUBSCRIBER), ARTICLE), person, now=NOW).opens_everything


def test_a_plan_that_is_in_no_table_opens_what_names_it_to_the_role_alone() -> None:
    held = frozenset({"gold"})
    for role, full in ((Role.READER, False), (Role.SUBSCRIBER, True), (Role.CONTRIBUTOR, False)):
        person = Person("a", frozenset({role}), held)
        decision = decide(Item(Gate(Requires.SUBSCRIBER, ("gold",)), ARTICLE), person, now=NOW)
        assert decision.opens_everything is full


def test_without_an_account_nothing_that_is_opened_counts() -> None:
    person = Person(None, frozenset({Role.SUBSCRIBER}), frozenset({"gold"}), frozenset({EVERYTHING, "plan:gold"}))
    for plans in ((), ("gold",)):
        assert decide(Item(Gate(Requires.SUBSCRIBER, plans), ARTICLE), person, now=NOW).granted is Granted.TEASER


PRICE = Money("3.00", "EUR")


def plan(slug: str, *headings: str, everything: bool = False, is_offered: bool = True, **names: str) -> Plan:
    opens = openings(slug, headings, everything=everything)
    said = names or {"en": slug.title()}
    return Plan(slug, slug, said, PRICE, "P1M", "https://site.test/", is_offered=is_offered, headings=opens)


PLANS = (
    plan("whole", everything=True),
    plan("sea", "tag:sea"),
    plan("air", "tag:air", "section:air"),
    plan("old", everything=True, is_offered=False),
    plan("named"),
)


@pytest.mark.parametrize(
    ("plans", "offered"),
    [
        ((), ["whole", "sea"]),
        (("named",), ["named"]),
        (("named", "air"), ["air", "named"]),
        (("old",), []),
        (("nobody-sells-this",), []),
    ],
)
def test_what_would_open_an_article_is_offered(plans: tuple[str, ...], offered: list[str]) -> None:
    for reason in (Reason.SUBSCRIPTION_REQUIRED, Reason.PLAN_REQUIRED):
        refused = Decision(Granted.TEASER, reason, Requires.SUBSCRIBER, plans)
        assert [one.plan for one in plans_offered(refused, PLANS, ARTICLE, ("en",))] == offered
    opened = Decision(Granted.FULL, Reason.SUBSCRIBER, Requires.SUBSCRIBER, plans)
    assert plans_offered(opened, PLANS, ARTICLE, ("en",)) == offers_for(opened, ()) == ()


def test_what_is_offered_would_really_open_it() -> None:
    for gate in (Gate(Requires.SUBSCRIBER), *(Gate(Requires.SUBSCRIBER, (one.slug,)) for one in PLANS)):
        refused = decide(Item(gate, ARTICLE), Person(), now=NOW)
        offered = {one.plan for one in plans_offered(refused, PLANS, ARTICLE, ("en",))}
        for one in PLANS:
            buyer = Person("a", frozenset({Role.READER}), frozenset({one.slug}), one.headings)
            opens = decide(Item(gate, ARTICLE), buyer, now=NOW).opens_everything
            assert (one.slug in offered) is (opens and one.is_offered), (gate, one.slug)


@pytest.mark.parametrize(
    ("names", "languages", "name"),
    [
        ({"en": "Month", "fr": "Mois"}, ("fr", "en"), "Mois"),
        ({"en": "Month", "fr": "Mois"}, ("fr-CH", "en"), "Mois"),
        ({"en": "Month", "fr": "Mois"}, ("de", "fr"), "Mois"),
        ({"en": "Month", "fr-CH": "Mois"}, ("fr", "en"), "Month"),
        ({"en": "Month"}, ("de", "it"), "Month"),
        ({"fr": "Mois", "en": "Month"}, ("de", ""), "Mois"),
    ],
)
def test_a_plan_is_offered_by_its_name_in_the_reader_s_language(
    names: dict[str, str], languages: tuple[str, ...], name: str
) -> None:
    one = Plan("id", "month", names, PRICE, "P1M", "https://site.test/", trial="P14D")
    assert one.offer(languages) == Offer("month", name, PRICE, "P1M", "https://site.test/", "P14D")
