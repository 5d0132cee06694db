"""What a subscription is at a moment, over all orders of its times, against an oracle written another way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from domain.errors import Unfit
from domain.subscriptions import OPENING, State, Subscription, check_times

START = datetime(2026, 3, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
TIMES = [START + day * DAY + tick * TICK for day in range(-1, 5) for tick in (-1, 0, 1)]
ENDS = (None, START + DAY, START + 2 * DAY, START + 3 * DAY)


def made(**fields: object) -> Subscription:
    return replace(Subscription("s", "a", "gold", starts_at=START), **fields)  # type: ignore[arg-type]


def expected(one: Subscription, now: datetime) -> str:
    """The last of the marks that have been passed by now, in the order in which they count."""
    marks = [
        (datetime.min.replace(tzinfo=UTC), "upcoming"),
        (one.starts_at, "trial" if one.trial_until else "active"),
    ]
    if one.trial_until:
        marks.append((max(one.trial_until, one.starts_at), "active"))
    told = [word for at, word in marks if at <= now][-1]
    if told != "upcoming" and one.ends_at and one.ends_at <= now:
        told = "grace" if one.grace_until and now < one.grace_until else "ended"
    return "revoked" if one.revoked_at else told


def test_each_state_is_what_the_times_say() -> None:
    seen = set()
    for ends, trial, grace, revoked, now in product(ENDS, ENDS, ENDS, (None, START), TIMES):
        one = made(ends_at=ends, trial_until=trial, grace_until=grace, revoked_at=revoked)
        state = one.state(now)
        assert state == expected(one, now), (one, now)
        assert one.opens(now) is (state in {"trial", "active", "grace"})
        seen.add(state)
    assert seen == set(State)


def test_a_state_that_is_not_named_opens_nothing() -> None:
    assert {State.TRIAL, State.ACTIVE, State.GRACE} == OPENING


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, []),
        ({"ends_at": START + TICK}, []),
        ({"ends_at": START}, ["/ends_at"]),
        ({"ends_at": START - DAY}, ["/ends_at"]),
        ({"trial_until": START + TICK}, []),
        ({"trial_until": START}, ["/trial_until"]),
        ({"trial_until": START + DAY, "ends_at": START + DAY}, []),
        ({"trial_until": START + 2 * DAY, "ends_at": START + DAY}, ["/trial_until"]),
        ({"grace_until": START + DAY}, ["/grace_until"]),
        ({"grace_until": START + DAY, "ends_at": START + DAY}, []),
        ({"grace_until": START + 2 * DAY, "ends_at": START + DAY}, []),
        ({"grace_until": START + DAY, "ends_at": START + 2 * DAY}, ["/grace_until"]),
        (
            {"ends_at": START, "trial_until": START, "grace_until": START - TICK},
            ["/ends_at", "/trial_until", "/grace_until"],
        ),
    ],
)
def test_times_that_contradict_one_another_are_told(fields: dict[str, datetime], wrong: list[str]) -> None:
    if not wrong:
        check_times(made(**fields))
        return
    with pytest.raises(Unfit) as refused:
        check_times(made(**fields))
    assert [flaw.pointer for flaw in refused.value.flaws] == wrong
