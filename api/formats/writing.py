"""Moments and JSON, as formats write them."""

import json
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any


def rfc3339(moment: datetime) -> str:
    """Return a moment to the second, in UTC with `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def rfc822(moment: datetime) -> str:
    """Return a moment as in mail and RSS."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def compact(value: Any) -> str:  # noqa: ANN401 - what JSON can say
    """Return JSON without a character more than it needs."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
