"""E-mail addresses have one form: who has one is found by it, and by no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.accounts import normalised
from infra.email_addresses import checked

BASES = st.characters(categories=["Lu", "Ll", "Lt", "Lo", "Nd"])
MARKS = st.lists(st.characters(min_codepoint=0x300, max_codepoint=0x36F), max_size=3).map("".join)
LETTERS = st.tuples(st.one_of(st.sampled_from("HJTWYI\u0130\u1e9e\u03a3"), BASES), MARKS).map("".join)
WORDS = st.lists(LETTERS, min_size=1, max_size=40).map("".join)


def form_of(address: str) -> str | None:
    try:
        return checked(address)
    except ValueError:
        return None


@pytest.mark.parametrize(
    "first", ["H\u0331", "J\u030c", "T\u0308", "W\u030a", "Y\u030a", "\u0130", "\u1e9e", "\u03a3"]
)
def test_letters_that_change_with_their_size_have_one_form(first: str) -> None:
    once = checked(f"{first}x@example.org")
    assert checked(once) == once == normalised(once) == normalised(f" {first}x@example.org ")
    assert checked(f"{first}X@EXAMPLE.org") == once


@given(WORDS, WORDS)
def test_the_form_of_a_form_is_itself(first: str, host: str) -> None:
    for address in (f"{first}@example.org", f"a@{host}.org"):
        once = form_of(address)
        assert once is None or form_of(once) == once == normalised(once)


@pytest.mark.parametrize("count", [33, 60])
def test_an_address_that_is_too_long_in_small_letters_is_none(count: int) -> None:
    assert form_of("\u0130" * 10 + "@example.org") == "i\u0307" * 10 + "@example.org"
    assert form_of("\u0130" * count + "@example.org") is None
