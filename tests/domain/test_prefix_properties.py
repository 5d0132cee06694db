import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.body import Body, Text
from domain.teaser import Boundary, prefix, words_of
from domain.words import count, sentence_ends
from tests.domain.bodies import bodies, facts, facts_behind, is_beginning

WORDS = st.integers(-2, 30)
BOUNDARIES = st.sampled_from(Boundary)


@given(bodies(), WORDS, BOUNDARIES)
def test_it_is_a_beginning(body: Body, words: int, boundary: Boundary) -> None:
    assert is_beginning(prefix(body, words, boundary), body)


@given(bodies(), WORDS, BOUNDARIES)
def test_it_never_has_more_words_than_asked_for(body: Body, words: int, boundary: Boundary) -> None:
    assert words_of(prefix(body, words, boundary)) <= max(0, words)


@given(bodies(), WORDS, st.integers(0, 10), BOUNDARIES)
def test_more_words_never_show_less(body: Body, words: int, more: int, boundary: Boundary) -> None:
    assert is_beginning(prefix(body, words, boundary), prefix(body, words + more, boundary))


@given(bodies(), WORDS, st.integers(0, 10), BOUNDARIES)
def test_cutting_again_changes_nothing(body: Body, words: int, more: int, boundary: Boundary) -> None:
    once = prefix(body, words, boundary)
    assert prefix(once, words, boundary) == once
    assert prefix(once, words + more, boundary) == once
    assert prefix(prefix(body, words + more, boundary), words, boundary) == once


@given(bodies(), WORDS, BOUNDARIES)
def test_no_mark_link_or_key_of_the_hidden_part_appears(body: Body, words: int, boundary: Boundary) -> None:
    shown = prefix(body, words, boundary)
    assert facts(shown).isdisjoint(facts_behind(body, shown))
    assert facts(shown) <= facts(body)


@given(bodies(), WORDS, BOUNDARIES)
def test_what_is_hidden_has_no_effect(body: Body, words: int, boundary: Boundary) -> None:
    shown = prefix(body, words, boundary)
    for other in ((), body):
        assert prefix((*shown, *other), words_of(shown), boundary) == shown


@given(bodies(), WORDS, BOUNDARIES)
def test_it_ends_with_text_that_is_no_heading(body: Body, words: int, boundary: Boundary) -> None:
    shown = prefix(body, words, boundary)
    if shown:
        last = shown[-1]
        assert isinstance(last, Text)
        assert not last.is_heading
        assert count(last.text) > 0


@given(bodies(headings=False), WORDS)
def test_without_headings_it_has_exactly_the_words_asked_for(body: Body, words: int) -> None:
    assert words_of(prefix(body, words, Boundary.WORD)) == min(max(0, words), words_of(body))


@given(bodies(), WORDS)
def test_a_parted_text_ends_at_a_sentence_where_that_is_the_boundary(body: Body, words: int) -> None:
    shown = prefix(body, words, Boundary.SENTENCE)
    if shown and shown[-1] != body[len(shown) - 1]:
        last, whole = shown[-1], body[len(shown) - 1]
        assert isinstance(last, Text)
        assert isinstance(whole, Text)
        assert len(last.text) in sentence_ends(whole.text)


@given(bodies(), WORDS)
def test_no_block_is_parted_where_the_block_is_the_boundary(body: Body, words: int) -> None:
    shown = prefix(body, words, Boundary.BLOCK)
    assert shown == body[: len(shown)]


@given(bodies(), WORDS)
def test_a_wider_boundary_never_shows_more(body: Body, words: int) -> None:
    of_word, of_sentence, of_block = (prefix(body, words, one) for one in Boundary)
    assert is_beginning(of_block, of_sentence)
    assert is_beginning(of_sentence, of_word)


@pytest.mark.deep
@given(bodies(paywall=True, max_size=25), st.integers(0, 150), BOUNDARIES)
def test_long_bodies_hold_to_all_of_it(body: Body, words: int, boundary: Boundary) -> None:
    shown = prefix(body, words, boundary)
    assert is_beginning(shown, body)
    assert words_of(shown) <= words
    assert prefix(shown, words, boundary) == shown
    assert facts(shown).isdisjoint(facts_behind(body, shown))
