"""Meters: how much of what is counted somebody has had in a period."""

from dataclasses import dataclass
from datetime import datetime, timedelta


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
    return first, (first + timedelta(days=32)).replace(day=1)
