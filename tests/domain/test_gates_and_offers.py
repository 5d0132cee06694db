from datetime import UTC, datetime, timedelta

import pytest

from domain.access import Decision, Gate, Granted, Money, Offer, Reason, Requires, offers_for

FROM = datetime(2026, 3, 1, tzinfo=UTC)
UNTIL = datetime(2026, 4, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
GATED = (Requires.REGISTERED, Requires.SUBSCRIBER)

GOLD, PRINT, BASIC = (
    Offer(plan, plan.title(), Money("3.00", "EUR"), "P1M", "https://site.test/buy")
    for plan in ("gold", "print", "basic")
)
OFFERS = (GOLD, PRINT, BASIC)


def test_a_gate_is_free_unless_told_otherwise() -> None:
    assert Gate() == Gate(Requires.FREE, (), None, None)


@pytest.mark.parametrize("requires", GATED)
@pytest.mark.parametrize(
    ("window", "at", "stands"),
    [
        ((None, None), FROM, True),
        ((FROM, None), FROM - TICK, False),
        ((FROM, None), FROM, True),
        ((FROM, None), UNTIL, True),
        ((None, UNTIL), UNTIL - TICK, True),
        ((None, UNTIL), UNTIL, False),
        ((FROM, UNTIL), FROM - TICK, False),
        ((FROM, UNTIL), FROM, True),
        ((FROM, UNTIL), UNTIL - TICK, True),
        ((FROM, UNTIL), UNTIL, False),
    ],
)
def test_a_gate_stands_from_its_first_moment_until_before_its_last(
    requires: Requires, window: tuple[datetime | None, datetime | None], at: datetime, stands: bool
) -> None:
    gate = Gate(requires, (), *window)
    assert gate.holds(at) is stands
    assert gate.required(at) is (requires if stands else Requires.FREE)


@pytest.mark.parametrize("window", [(None, None), (FROM, None), (None, UNTIL), (FROM, UNTIL)])
def test_a_free_gate_never_stands_and_never_changes(window: tuple[datetime | None, datetime | None]) -> None:
    gate = Gate(Requires.FREE, ("gold",), *window)
    for at in (FROM - TICK, FROM, UNTIL - TICK, UNTIL):
        assert not gate.holds(at)
        assert gate.required(at) is Requires.FREE
        assert gate.next_change(at) is None


@pytest.mark.parametrize("requires", GATED)
@pytest.mark.parametrize(
    ("window", "at", "change"),
    [
        ((None, None), FROM, None),
        ((FROM, None), FROM - TICK, FROM),
        ((FROM, None), FROM, None),
        ((FROM, None), UNTIL, None),
        ((None, UNTIL), FROM, UNTIL),
        ((None, UNTIL), UNTIL - TICK, UNTIL),
        ((None, UNTIL), UNTIL, None),
        ((FROM, UNTIL), FROM - TICK, FROM),
        ((FROM, UNTIL), FROM, UNTIL),
        ((FROM, UNTIL), UNTIL - TICK, UNTIL),
        ((FROM, UNTIL), UNTIL, None),
        ((FROM, UNTIL), UNTIL + TICK, None),
    ],
)
def test_the_next_change_is_the_next_moment_that_a_gate_opens_or_closes(
    requires: Requires, window: tuple[datetime | None, datetime | None], at: datetime, change: datetime | None
) -> None:
    assert Gate(requires, (), *window).next_change(at) == change


@pytest.mark.parametrize("reason", [Reason.FREE, Reason.REGISTERED, Reason.SUBSCRIBER, Reason.STAFF])
def test_who_gets_everything_is_offered_nothing(reason: Reason) -> None:
    assert offers_for(Decision(Granted.FULL, reason, Requires.SUBSCRIBER, ("gold",)), OFFERS) == ()


@pytest.mark.parametrize(
    ("plans", "offered"),
    [
        ((), OFFERS),
        (("gold",), (GOLD,)),
        (("basic", "gold"), (GOLD, BASIC)),
        (("silver",), ()),
        (("silver", "print"), (PRINT,)),
    ],
)
def test_who_is_refused_is_offered_what_opens_the_gate(plans: tuple[str, ...], offered: tuple[Offer, ...]) -> None:
    for reason in (Reason.SUBSCRIPTION_REQUIRED, Reason.PLAN_REQUIRED):
        decision = Decision(Granted.TEASER, reason, Requires.SUBSCRIBER, plans)
        assert offers_for(decision, OFFERS) == offered
        assert offers_for(decision, ()) == ()
