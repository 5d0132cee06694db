"""What a refresh token is worth: every state that it can be in."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from domain.sessions import RefreshToken, Session, Worth, worth

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SESSION = Session("s", "a", None, None, NOW, NOW, NOW + timedelta(days=60))
UNUSED = None
AGES = [UNUSED, 0, 29.9, 30, 30.001, 86_400]  # seconds since it was used


def _expected(age: float | None, *, has_successor: bool, over: bool) -> Worth:
    if over:
        return Worth.NOTHING
    if age is None:
        return Worth.NEW_TOKENS
    return Worth.THE_SAME_AGAIN if age <= 30 and has_successor else Worth.THE_END


@pytest.mark.parametrize(("age", "has_successor", "over"), list(product(AGES, [True, False], [True, False])))
def test_each_state_has_its_worth(age: float | None, has_successor: bool, over: bool) -> None:
    session = Session("s", "a", None, None, NOW, NOW, NOW) if over else SESSION
    used_at = None if age is None else NOW - timedelta(seconds=age)
    token = RefreshToken("digest", session, used_at, b"sealed" if has_successor else None)
    assert worth(token, now=NOW) is _expected(age, has_successor=has_successor, over=over)


def test_one_microsecond_decides_when_a_session_is_over() -> None:
    just = timedelta(microseconds=1)
    assert worth(RefreshToken("d", SESSION), now=SESSION.expires_at - just) is Worth.NEW_TOKENS
    assert worth(RefreshToken("d", SESSION), now=SESSION.expires_at) is Worth.NOTHING
