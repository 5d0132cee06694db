"""Counting in this process: windows, clocks that are put back, and memory that ends."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.limits import Limit
from infra import counters
from infra.counters import Counters

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


class Hand:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


def taken(counting: Counters, limit: Limit, key: str, number: int) -> int:
    return sum(counting.take(limit, key) for _ in range(number))


def test_a_quota_comes_back_little_by_little() -> None:
    clock, limit = Hand(), Limit("a", 10)
    counting = Counters(clock)
    assert taken(counting, limit, "k", 20) == 10
    clock.time += timedelta(seconds=60)
    assert taken(counting, limit, "k", 20) == 0, "what was counted a moment ago still counts"
    clock.time += timedelta(seconds=30)
    assert taken(counting, limit, "k", 20) == 5
    clock.time += timedelta(seconds=29)
    assert taken(counting, limit, "k", 20) == 5
    clock.time += timedelta(seconds=121)
    assert taken(counting, limit, "k", 20) == 10


@given(steps=st.lists(st.tuples(st.floats(0, 45), st.integers(1, 12)), max_size=40), most=st.integers(1, 8))
def test_never_more_than_two_quotas_in_a_window_nor_one_at_once(steps: list[tuple[float, int]], most: int) -> None:
    clock, limit, times = Hand(), Limit("a", most), list[datetime]()
    counting = Counters(clock)
    for pause, number in steps:
        clock.time += timedelta(seconds=pause)
        room = counting.look(limit, "k").left(limit)
        found = taken(counting, limit, "k", number)
        assert found == min(room, number)
        times += [clock.time] * found
    for at in times:
        assert sum(at <= one < at + timedelta(seconds=60) for one in times) <= 2 * most
        assert times.count(at) <= most


def test_a_clock_that_is_put_back_a_little_gives_nothing_and_one_put_far_off_locks_nobody_out() -> None:
    clock, limit = Hand(), Limit("a", 3)
    counting = Counters(clock)
    assert taken(counting, limit, "k", 9) == 3
    clock.time -= timedelta(seconds=5)
    assert taken(counting, limit, "k", 9) == 0
    assert counting.look(limit, "k").wait(limit) <= 66
    clock.time -= timedelta(hours=5)
    assert taken(counting, limit, "k", 9) == 3
    clock.time += timedelta(days=5)
    assert taken(counting, limit, "k", 9) == 3


def test_windows_of_another_length_are_counted_apart() -> None:
    clock, minute, ten = Hand(), Limit("a", 3), Limit("b", 3, 600)
    counting = Counters(clock)
    assert (taken(counting, minute, "a k", 9), taken(counting, ten, "b k", 9)) == (3, 3)
    clock.time += timedelta(seconds=125)
    assert (taken(counting, minute, "a k", 9), taken(counting, ten, "b k", 9)) == (3, 0)


def test_what_is_given_back_can_be_taken_once() -> None:
    counting, limit = Counters(Hand()), Limit("a", 3)
    taken(counting, limit, "k", 3)
    counting.take(limit, "k", -1)
    assert taken(counting, limit, "k", 9) == 1
    for _ in range(9):
        counting.take(limit, "other", -1)
    assert taken(counting, limit, "other", 9) == 3


def test_memory_ends_and_who_comes_after_that_is_not_without_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "MOST", 50)
    monkeypatch.setattr(counters, "SHARED", 4)
    clock, limit, other = Hand(), Limit("a", 3), Limit("b", 3)
    counting = Counters(clock)
    assert taken(counting, limit, "a early", 2) == 2
    found = [taken(counting, limit, f"a {at}", 9) for at in range(1_000)]
    assert found[:49] == [3] * 49
    assert sum(found[49:]) == 3 * 4, "all others share so many places"
    assert taken(counting, limit, "a early", 9) == 1, "who was there before keeps their own"
    assert sum(taken(counting, other, f"b {at}", 9) for at in range(100)) == 3 * 4, "each limit has places"
    window = counting._windows[60]  # noqa: SLF001 - this is about memory
    assert len(window.now) <= 50 + 2 * 4
    clock.time += timedelta(seconds=60)
    taken(counting, limit, "a k", 1)
    assert len(window.now) == 1
    clock.time += timedelta(seconds=60)
    taken(counting, limit, "a k", 1)
    assert len(window.before) == 1, "nothing is kept beyond the window before"


def test_whom_we_know_keeps_their_own_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "MOST", 5)
    monkeypatch.setattr(counters, "SHARED", 1)
    counting, limit = Counters(Hand()), Limit("a", 3)
    for at in range(50):
        taken(counting, limit, f"a network {at}", 9)
    for kind in ("account", "client"):
        assert [taken(counting, limit, f"a {kind} {at}", 9) for at in range(9)] == [3] * 9
