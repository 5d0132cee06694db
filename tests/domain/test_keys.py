"""Blocks that say the same keep their keys when a body comes back without any."""

from dataclasses import replace
from itertools import count
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.body import Body, Divider, Image, Link, ReadAlso, Span, Style, Text
from domain.keys import _stayed, said, with_kept_keys
from tests.domain.bodies import bodies, facts, para


def body_of(told: str, prefix: str = "") -> Body:
    """A body by letters: a small one is a paragraph, `-` a divider, a big one a picture; keys are places."""
    return tuple(
        Divider(f"{prefix}{at}")
        if letter == "-"
        else Image(f"{prefix}{at}", letter)
        if letter in "IJ"
        else para(letter, f"{prefix}{at}")
        for at, letter in enumerate(told)
    )


KEPT = [
    ("", "", ""),
    ("", "a", "n0"),
    ("a", "", ""),
    ("abc", "abc", "0 1 2"),
    ("abc", "acb", "0 2 1"),
    ("abc", "c", "2"),
    ("abc", "cba", "2 1 0"),
    ("abc", "xabc", "n0 0 1 2"),
    ("abc", "abcx", "0 1 2 n3"),
    ("abc", "axbc", "0 n1 1 2"),
    # alone between two that stayed, or at an end
    ("abc", "axc", "0 1 2"),
    ("abc", "xbc", "0 1 2"),
    ("abc", "abx", "0 1 2"),
    ("a", "x", "0"),
    ("abc", "aIc", "0 n1 2"),
    ("a-c", "aIc", "0 n1 2"),
    ("aIc", "aJc", "0 1 2"),
    ("abc", "axyc", "0 n1 n2 2"),
    ("abcd", "axyd", "0 n1 n2 3"),
    ("abcd", "axd", "0 n1 3"),
    ("abc", "axcb", "0 n1 2 1"),
    # of those that say the same, as many as can keep their order
    ("a-b-c", "-a-b-c", "n0 0 1 2 3 4"),
    ("a-b-c", "b-c", "2 3 4"),
    ("a-b-c", "a-x-c", "0 1 2 3 4"),
    ("a-b-c", "c-b-a", "4 1 2 3 0"),
    ("---", "--", "0 1"),
    ("--", "---", "0 1 n2"),
    ("aab", "ab", "0 2"),
]


@pytest.mark.parametrize(("before", "after", "expected"), KEPT)
def test_what_stayed_keeps_its_keys(before: str, after: str, expected: str) -> None:
    kept = with_kept_keys(body_of(after, "n"), body_of(before))
    assert [block.key for block in kept] == expected.split()
    assert [said(block) for block in kept] == [said(block) for block in body_of(after)]


WRITTEN = Text(
    "b",
    (Span("s1", "One "), Span("s2", "tw", ("l1", "em")), Span("s3", ""), Span("s4", "o", ("em", "l2"))),
    (Link("l1", "https://a.test/"), Link("l2", "https://a.test/"), Link("l3", "https://unused.test/")),
)
READ = Text("n", (Span("n1", "One "), Span("n2", "two", ("em", "n3"))), (Link("n3", "https://a.test/"),))


def test_a_block_that_says_the_same_is_that_block() -> None:
    assert with_kept_keys((READ,), (WRITTEN,)) == (WRITTEN,)


DIFFERENT = [
    replace(READ, style=Style.H2),
    replace(READ, children=(Span("n1", "One "), Span("n2", "two", ("em",)))),
    replace(READ, links=(Link("n3", "https://b.test/"),)),
    replace(READ, children=(Span("n1", "One"), Span("n2", " two", ("em", "n3")))),
]


@pytest.mark.parametrize("block", DIFFERENT)
def test_what_says_something_else_is_another_block(block: Text) -> None:
    assert said(block) != said(WRITTEN)
    kept = with_kept_keys((block, para("x")), (ReadAlso("r", "a"), WRITTEN, Divider("d")))
    assert kept == (block, para("x"))


def test_spans_and_links_of_a_changed_block_keep_their_keys_as_far_as_they_are_the_same() -> None:
    old = Text(
        "b",
        (
            Span("s1", "a "),
            Span("s2", "b", ("l1",)),
            Span("s3", " c "),
            Span("s4", "a ", ("em",)),
            Span("s5", "a "),
        ),
        (Link("l1", "https://a.test/"), Link("l2", "https://b.test/")),
    )
    new = Text(
        "n",
        (Span("n1", "a "), Span("n2", "b", ("k1",)), Span("n3", " changed ", ("k2", "em")), Span("n4", "a ")),
        (Link("k1", "https://a.test/"), Link("k2", "https://c.test/")),
    )
    assert with_kept_keys((new,), (old,)) == (
        Text(
            "b",
            (
                Span("s1", "a "),
                Span("s2", "b", ("l1",)),
                Span("n3", " changed ", ("k2", "em")),
                Span("s5", "a "),
            ),
            (Link("l1", "https://a.test/"), Link("k2", "https://c.test/")),
        ),
    )


def rekeyed(body: Body) -> Body:
    """The same body with other keys, as it comes from markup."""
    numbers = count()

    def new_key() -> str:
        return f"new{next(numbers)}"

    return tuple(
        replace(
            block,
            key=new_key(),
            children=tuple(replace(span, key=new_key()) for span in block.children),
        )
        if isinstance(block, Text)
        else replace(block, key=new_key())
        for block in body
    )


def keys(body: Body) -> list[str]:
    return [
        key
        for block in body
        for key in (block.key, *([span.key for span in block.children] if isinstance(block, Text) else []))
    ]


@given(bodies(paywall=True))
def test_a_body_that_comes_back_is_the_same(body: Body) -> None:
    assert with_kept_keys(rekeyed(body), body) == body


@given(bodies(paywall=True), st.data())
def test_what_a_body_says_stays_and_keys_are_there_once(before: Body, data: st.DataObject) -> None:
    changed = [*data.draw(st.permutations(before)), para("new", "x"), *before[:1]]
    after = rekeyed(tuple(data.draw(st.lists(st.sampled_from(changed), max_size=8))))
    kept = with_kept_keys(after, before)
    assert [said(block) for block in kept] == [said(block) for block in after]
    found = keys(kept)
    assert len(found) == len(set(found))
    assert set(found) <= facts(before) | set(keys(after))


@pytest.mark.parametrize("before", ["ab" * 1000, "a" * 2000, "abc" * 600, "".join(map(chr, range(97, 2097)))])
def test_many_blocks_are_compared_in_time(before: str) -> None:
    started = process_time()
    kept = with_kept_keys(body_of(before[1:] + "-", "n"), body_of(before))
    assert not any(block.key.startswith("n") for block in kept[:-1])
    with_kept_keys(body_of(before[::-1], "n"), body_of(before))
    assert process_time() - started < 2


def longest(new: str, old: str) -> int:
    """The length of a longest common subsequence, by its definition."""
    if not new or not old:
        return 0
    if new[0] == old[0]:
        return 1 + longest(new[1:], old[1:])
    return max(longest(new[1:], old), longest(new, old[1:]))


@given(st.text("ab-", max_size=7), st.text("ab-", max_size=7))
def test_as_many_as_can_keep_their_order(after: str, before: str) -> None:
    new, old = body_of(after), body_of(before)
    found = _stayed([said(block) for block in new], [said(block) for block in old])
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert all(said(new[at]) == said(old[place]) for at, place in found.items())
    assert len(found) == longest(after, before)
