"""Limits: how much is left, when there is room again, whom a request counts for, and what is told."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.limits import (
    NOWHERE,
    TRIES_WITHIN,
    Count,
    Limit,
    Work,
    counted_for,
    limit_field,
    limits,
    network_of,
    policy_field,
)
from domain.people import ANONYMOUS, Person, Role

LIMIT = Limit("reading", 10)


@pytest.mark.parametrize(
    ("count", "left", "wait"),
    [
        (Count(), 10, 0),
        (Count(now=9, now_ends=30.0), 1, 0),
        (Count(now=10, now_ends=30.0), 0, 31),
        (Count(now=10, now_ends=0.4), 0, 1),
        (Count(now=20, now_ends=30.0), 0, 61),  # the limit was twice that until now
        (Count(before=10, before_ends=60.0, now=0, now_ends=60.0), 0, 1),
        (Count(before=10, before_ends=30.0, now=5, now_ends=30.0), 0, 1),
        (Count(before=10, before_ends=30.0, now=4, now_ends=30.0), 1, 0),
        (Count(before=10, before_ends=60.0, now=9, now_ends=60.0), 0, 55),
        (Count(before=1000, before_ends=59.0, now=0, now_ends=59.0), 0, 59),
    ],
)
def test_what_is_left_and_how_long_to_wait(count: Count, left: int, wait: int) -> None:
    assert (count.left(LIMIT), count.wait(LIMIT)) == (left, wait)


@given(
    before=st.integers(0, 50),
    now=st.integers(0, 50),
    most=st.integers(1, 40),
    seconds=st.sampled_from([1, 60, 600]),
    share=st.floats(0.0001, 1.0),
)
def test_there_is_room_after_the_wait(before: int, now: int, most: int, seconds: int, share: float) -> None:
    limit, ends = Limit("a", most, seconds), share * seconds
    count = Count(before, ends, now, ends)
    wait = count.wait(limit)
    assert (wait == 0) is (count.left(limit) > 0)
    assert later(count, wait, seconds).left(limit) > 0
    assert wait <= 2 * seconds + 1
    if wait > 1:
        assert later(count, wait - 1.001, seconds).left(limit) == 0, "nobody waits in vain"
    assert count.lasts(limit) > 0


def later(count: Count, by: float, seconds: int) -> Count:
    """The same count some seconds later, if nothing is counted meanwhile."""
    if by < count.now_ends:
        return Count(count.before, count.now_ends - by, count.now, count.now_ends - by)
    past = by - count.now_ends
    ends = max(0.0, seconds - past)
    return Count(count.now if ends else 0, ends, 0, ends)


def test_what_is_told_are_structured_fields() -> None:
    assert policy_field(Limit("sign-in", 20)) == '"sign-in";q=20;w=60'
    assert limit_field(LIMIT, Count(now=4, now_ends=41.2)) == '"reading";r=6;t=42'
    assert limit_field(LIMIT, Count(now=10, now_ends=41.2)) == '"reading";r=0;t=42'
    item = r'"[a-z-]+"(;[a-z]+=\d{1,15})+'  # RFC 9651, of which this is a part
    for field in (policy_field(LIMIT), limit_field(LIMIT, Count(before=3, before_ends=1.0))):
        assert re.fullmatch(item, field)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        (None, NOWHERE),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::192.0.2.7", "::/64"),
        ("fe80::1", "fe80::/64"),
    ],
)
def test_networks(address: str | None, network: str) -> None:
    assert network_of(address) == network


def test_whom_a_request_counts_for() -> None:
    somebody = Person("018f", frozenset({Role.READER}))
    assert counted_for(ANONYMOUS, "192.0.2.7") == "network 192.0.2.7"
    assert counted_for(somebody, "192.0.2.7") == counted_for(somebody, "192.0.2.8") == "account 018f"
    assert counted_for(Person("018f", is_client=True), None) == "client 018f"


def test_a_publishers_limits() -> None:
    found = limits(reads=3000, searches=300, sign_ins=20, writes=0, tries=9)
    assert set(found.of_work) == set(Work)
    assert found.of_work[Work.READING] == Limit("reading", 3000, 60)
    assert found.of_work[Work.WRITING].is_none
    assert not found.of_work[Work.SIGN_IN].is_none
    assert (found.tries.most, found.tries_of_a_network.most, found.tries.seconds) == (9, 5, TRIES_WITHIN)
    for tries in range(50):
        found = limits(reads=0, searches=0, sign_ins=0, writes=0, tries=tries)
        assert found.tries_of_a_network.is_none is found.tries.is_none is (tries == 0)
        assert found.tries_of_a_network.most <= found.tries.most
