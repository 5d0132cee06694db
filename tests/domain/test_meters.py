"""Meters: what counts in a period, and when it is counted anew, to the moment."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.meters import LAST, Meter, Metering, Period, month_of

MONTH, ROLLING = Metering(3), Metering(3, Period.THIRTY_DAYS)
TICK = timedelta.resolution


@pytest.mark.parametrize(
    ("now", "began", "ends"),
    [
        ("2026-01-01T00:00:00", "2026-01-01", "2026-02-01"),
        ("2026-01-31T23:59:59.999999", "2026-01-01", "2026-02-01"),
        ("2026-02-28T12:00:00", "2026-02-01", "2026-03-01"),
        ("2028-02-29T23:59:59", "2028-02-01", "2028-03-01"),
        ("2026-12-31T23:00:00", "2026-12-01", "2027-01-01"),
        ("9999-11-30T23:59:59", "9999-11-01", "9999-12-01"),
        ("9999-12-01T00:00:00", "9999-12-01", "9999-12-31T23:59:59.999999"),
        ("9999-12-31T23:59:59.999999", "9999-12-01", "9999-12-31T23:59:59.999999"),
    ],
)
def test_a_month_is_the_calendars(now: str, began: str, ends: str) -> None:
    moment, *expected = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (now, began, ends))
    assert list(month_of(moment)) == expected
    assert MONTH.since(moment) == expected[0]
    for oldest in (None, moment, expected[0]):
        assert MONTH.meter(2, oldest, now=moment) == Meter(3, 2, expected[1])


def test_of_thirty_days_each_counts_until_thirty_days_later() -> None:
    read_at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    over = read_at + timedelta(days=30)
    assert ROLLING.meter(1, read_at, now=over - TICK).resets_at == over
    assert ROLLING.since(over - TICK) <= read_at
    assert ROLLING.since(over) > read_at
    assert ROLLING.meter(0, None, now=read_at).resets_at == over


@pytest.mark.parametrize(("used", "is_exhausted"), [(0, False), (2, False), (3, True), (9, True)])
def test_a_meter_is_exhausted_when_all_is_used(used: int, is_exhausted: bool) -> None:
    assert Meter(3, used, datetime(2026, 1, 1, tzinfo=UTC)).is_exhausted is is_exhausted


@pytest.mark.parametrize("metering", [MONTH, ROLLING])
def test_at_the_end_of_time_nothing_is_counted_anew_after_it(metering: Metering) -> None:
    assert metering.meter(1, None, now=LAST) == Meter(3, 1, LAST)
    assert metering.meter(1, LAST - timedelta(days=30), now=LAST).resets_at == LAST
    before = LAST - timedelta(days=30, seconds=1)
    assert ROLLING.meter(1, before, now=LAST).resets_at == LAST - timedelta(seconds=1)
