from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.articles import Draft
from domain.body import Body, Divider, Link, Span, Style, Text
from domain.diffs import Change, compare, compare_bodies
from tests.domain.bodies import para
from tests.domain.making import SUBSCRIBERS, a_draft


def body(keys: str) -> Body:
    """A paragraph a letter: the key is the small letter, and a capital is a rewritten text."""
    return tuple(replace(para(letter), key=letter.lower()) for letter in keys)


def told(before: str, after: str) -> str:
    """Every key with the initial of its fate, in order."""
    return " ".join(f"{one.key}:{one.change[:2]}" for one in compare_bodies(body(before), body(after)))


@pytest.mark.parametrize(
    ("before", "after", "fates"),
    [
        ("", "", ""),
        ("", "ab", "a:ad b:ad"),
        ("ab", "", "a:re b:re"),
        ("abc", "abc", "a:sa b:sa c:sa"),
        ("abc", "aBc", "a:sa b:ch c:sa"),
        ("abc", "axc", "a:sa b:re x:ad c:sa"),
        ("abc", "abxc", "a:sa b:sa x:ad c:sa"),
        ("abcd", "bcda", "b:sa c:sa d:sa a:mo"),
        ("abcd", "bcdA", "b:sa c:sa d:sa a:ch"),
    ],
)
def test_every_block_has_a_fate(before: str, after: str, fates: str) -> None:
    assert told(before, after) == fates


def test_a_change_shows_the_block_before_and_after() -> None:
    (changed,) = compare_bodies((para("old", "k"),), (para("new", "k"),))
    assert (changed.before, changed.after) == (para("old", "k"), para("new", "k"))
    gone, new = compare_bodies((para("old", "k"),), (Divider("d"),))
    assert (gone.before, gone.after, new.before, new.after) == (para("old", "k"), None, None, Divider("d"))


def test_a_block_of_another_kind_under_the_same_key_is_changed() -> None:
    (changed,) = compare_bodies((para("text", "k"),), (Divider("k"),))
    assert changed.change is Change.CHANGED


def test_fields_that_differ_are_named_and_the_body_is_not_one() -> None:
    before = a_draft()
    after = replace(before, title="Other", gate=SUBSCRIBERS, body=(para("x"),))
    assert compare(before, after).fields == ("title", "gate")
    assert compare(before, before).fields == ()
    assert "body" in {field.name for field in fields(Draft)}


orders = st.lists(st.sampled_from("abcdefgh"), unique=True).map("".join)


@given(orders, orders)
def test_the_new_body_can_be_read_off_in_order_and_the_old_one_counted(before: str, after: str) -> None:
    found = compare_bodies(body(before), body(after))
    assert "".join(one.key for one in found if one.after is not None) == after
    assert {one.key for one in found if one.before is not None} == set(before)
    assert len(found) == len(set(before) | set(after))
    moved = {one.key for one in found if one.change is Change.MOVED}
    stayed = [one.key for one in found if one.change is Change.SAME]
    assert [key for key in before if key in stayed] == stayed
    assert moved.isdisjoint(stayed)


def test_keys_within_a_block_and_the_order_of_marks_are_no_change() -> None:
    one = Text("k", (Span("s1", "text", ("strong", "l1")),), (Link("l1", "https://a.test/"),))
    same = Text("k", (Span("s2", "text", ("l2", "strong")),), (Link("l2", "https://a.test/"),))
    assert [change.change for change in compare_bodies((one,), (same,))] == [Change.SAME]
    for other in (
        replace(one, links=(Link("l1", "https://b.test/"),)),
        replace(one, style=Style.H2),
        replace(one, children=(Span("s1", "text", ("l1",)),)),
    ):
        assert [change.change for change in compare_bodies((one,), (other,))] == [Change.CHANGED]
