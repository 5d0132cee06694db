"""Gifts: what one is at a moment, who may give, and how many."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.access import Decision, Granted, Reason, Requires
from domain.errors import NotAllowed, Refusal, WrongState
from domain.gifts import Gift, GiftState, Giving, check_budget, check_may_give

GIVEN = datetime(2026, 3, 1, tzinfo=UTC)
ENDS = GIVEN + timedelta(days=30)
GIFT = Gift("g", "a", "x", GIVEN, ENDS)
TICK = timedelta.resolution


@pytest.mark.parametrize(
    ("now", "revoked_at", "state"),
    [
        (GIVEN, None, GiftState.OPEN),
        (ENDS - TICK, None, GiftState.OPEN),
        (ENDS, None, GiftState.EXPIRED),
        (GIVEN, GIVEN, GiftState.REVOKED),
        (ENDS, GIVEN, GiftState.REVOKED),
    ],
)
def test_a_gift_is_open_until_it_ends(now: datetime, revoked_at: datetime | None, state: GiftState) -> None:
    assert replace(GIFT, revoked_at=revoked_at).state(now) is state


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("granted", Granted)
def test_only_what_a_subscriber_or_the_staff_reads_is_given(reason: Reason, granted: Granted) -> None:
    refusals: dict[Reason, type[Refusal] | None] = dict.fromkeys(Reason, NotAllowed)
    refusals[Reason.FREE] = WrongState
    if granted is Granted.FULL:
        refusals |= {Reason.SUBSCRIBER: None, Reason.STAFF: None}
    decision = Decision(granted, reason, Requires.SUBSCRIBER)
    if refusal := refusals[reason]:
        with pytest.raises(refusal):
            check_may_give(decision)
    else:
        check_may_give(decision)


@pytest.mark.parametrize(("given", "a_month", "fits"), [(0, 0, False), (0, 1, True), (1, 1, False), (2, 1, False)])
def test_a_month_has_a_budget(given: int, a_month: int, fits: bool) -> None:
    giving = Giving(a_month, timedelta(days=1))
    if fits:
        check_budget(given, giving)
    else:
        with pytest.raises(WrongState):
            check_budget(given, giving)
