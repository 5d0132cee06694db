"""Meters: how much of what is counted somebody has had in a period."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

THIRTY_DAYS = timedelta(days=30)
LAST = datetime.max.replace(tzinfo=UTC)
"""The last moment that there can be, for times so late that nothing can come behind them."""


@dataclass(frozen=True, slots=True)
class Meter:
    """How many whole articles somebody may have in a period, how many they had, and when it is counted anew."""

    limit: int
    used: int
    resets_at: datetime

    @property
    def is_exhausted(self) -> bool:
        """Whether they may have no more."""
        return self.used >= self.limit


def month_of(now: datetime) -> tuple[datetime, datetime]:
    """Return when the calendar month (in UTC) of a moment began, and when the next one does."""
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = _later(first, timedelta(days=32))
    return first, following if following == LAST else following.replace(day=1)


def counted_from(now: datetime) -> datetime:
    """Return from when on what was read may still count, whatever the publisher makes the period tomorrow."""
    return min(month_of(now)[0], now - THIRTY_DAYS)


class Period(StrEnum):
    """What a reader's meter is counted in: the calendar month (in UTC), or the thirty days before each moment."""

    MONTH = "month"
    THIRTY_DAYS = "30-days"


@dataclass(frozen=True, slots=True)
class Metering:
    """What the publisher gives to registered readers: so many whole articles a period, or with 0 no meter."""

    articles: int = 0
    period: Period = Period.MONTH

    def since(self, now: datetime) -> datetime:
        """Return from when on what was read counts at this moment."""
        if self.period is Period.MONTH:
            return month_of(now)[0]
        return now - THIRTY_DAYS + timedelta.resolution  # what was read thirty days ago to the moment is over

    def meter(self, used: int, first: datetime | None, *, now: datetime) -> Meter:
        """Return the meter of somebody who has read so many in this period.

        `first` is the reading that falls out of the last thirty days first; or, where there are more than the
        limit allows, the one with which as many have fallen out as are too many.
        """
        return Meter(self.articles, used, self._resets_at(first or now, now))

    def _resets_at(self, first: datetime, now: datetime) -> datetime:
        return month_of(now)[1] if self.period is Period.MONTH else _later(first, THIRTY_DAYS)


def _later(moment: datetime, by: timedelta) -> datetime:
    return moment + by if moment <= LAST - by else LAST
