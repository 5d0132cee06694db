"""Words of search: what a text's words are found by, however they are looked up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.search import words
from infra.search.words import Term, terms

SAID = "Don’t stop_me: 1,234 U.S.A. élections ÉLECTIONS, elections; _ __ Straße 中文 no\u00a0break"


def test_signs_between_words_are_the_same_in_plain_and_in_other_text() -> None:
    plain = "A_b, c-d (e.f) 9x's_ __ tail\x1f\x7f end"
    assert [term.form for term in terms(plain, "en")] == ["ab", "c", "d", "e", "f", "9x", "s", "tail", "end"]
    assert terms(plain, "en") == terms(f"{plain} é", "en")[:-1]


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_a_plain_text_has_the_words_that_it_has_among_others(text: str) -> None:
    assert terms(text, "de") == terms(f"{text} é", "de")[:-1]


def test_a_language_that_had_to_forget_words_says_the_same_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "KNOWN_WORDS", 3)
    for stemmer in ("fr", "en", "fr"):
        terms.cache_clear()
        found = terms(SAID, stemmer)
        assert [term.form for term in found][:6] == ["don", "t", "stopme", "1", "234", "u"]
        assert [term.form for term in found if term.form == "elections"] == ["elections"] * 3
        assert all(term == words.term_of(term.form, stemmer) for term in found if term.form == "stopme")
        assert Term("中", "") in found
        assert len(words._language(stemmer)) <= 3  # noqa: SLF001 - that memory stays small is the point
