"""What a reader typed, as words that must all be there, phrases and prefixes. Nothing in it is an operator."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from domain.errors import BadRequest
from domain.words import UNSPACED
from infra.search.words import STEM, UNKNOWN, composed, term_of, words_in

MAX_TEXT = 200
MAX_WORDS = 20
SHORTEST_PREFIX = 3
SHORTEST_STEM = 3  # letters: less is left of words that have little else, as of "sea" in French, which has "se"
_PHRASE = re.compile(r'"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Term:
    """Something that must be there: one of several tokens, a phrase, or whatever begins with a prefix."""

    any_of: tuple[str, ...] = ()
    phrase: tuple[str, ...] = ()
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Words as they were typed: one, or several that must follow one another."""

    words: tuple[str, ...]
    exactly: bool = False
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked for."""

    asked: tuple[_Asked, ...]

    def terms(self, stemmers: Iterable[str]) -> tuple[Term, ...]:
        """Return what must be there in texts of these languages, each thing once."""
        codes = sorted(stemmers)
        return tuple(dict.fromkeys(_term(one, codes) for one in self.asked))


def parse(text: str) -> Query:
    """Return what a text asks for, or refuse one that asks for nothing or too much."""
    asked = tuple(_asked(composed(text)))
    if not asked:
        raise BadRequest("It must hold a word to look for.", parameter="q")
    if sum(len(one.words) for one in asked) > MAX_WORDS:
        raise BadRequest(f"It may hold {MAX_WORDS} words.", parameter="q")
    if any(one.is_prefix and len(_form(one.words[0])) < SHORTEST_PREFIX for one in asked):
        raise BadRequest(f"The beginning of a word must have {SHORTEST_PREFIX} letters or more.", parameter="q")
    return Query(asked)


def _asked(text: str) -> Iterator[_Asked]:
    for at, part in enumerate(_PHRASE.split(text)):
        if at % 2 and (words := tuple(_known(words_in(part).findall(part)))):
            yield _Asked(words, exactly=True)
        elif at % 2 == 0:
            yield from _plain(part)


def _plain(text: str) -> Iterator[_Asked]:
    """Yield words by themselves; signs of a script without spaces must follow one another as they were typed."""
    found = list(words_in(text).finditer(text))
    runs = groupby(enumerate(found), key=lambda one: _run(one[0], one[1]))
    for _, run in runs:
        matches = [match for _, match in run]
        words = tuple(_known(match.group() for match in matches))
        is_prefix = len(matches) == 1 and text[matches[0].end() :].startswith("*")
        if words:
            yield _Asked(words, is_prefix=is_prefix and not UNSPACED.match(words[0]))


def _run(at: int, match: re.Match[str]) -> tuple[bool, int]:
    """Return what is the same for signs that follow one another, and for no two words."""
    is_sign = UNSPACED.match(match.group()) is not None
    return is_sign, match.start() - at if is_sign else at


def _known(words: Iterable[str]) -> Iterator[str]:
    return (word for word in words if _form(word))


def _form(word: str) -> str:
    term = term_of(word, UNKNOWN)
    return term.form if term else ""


def _term(one: _Asked, stemmers: list[str]) -> Term:
    forms = tuple(map(_form, one.words))
    if one.is_prefix:
        return Term(prefix=forms[0])
    if len(forms) > 1:
        return Term(phrase=forms)
    found = [] if one.exactly else [term_of(one.words[0], stemmer) for stemmer in stemmers]
    stems = [term.stem for term in found if term and len(term.stem) >= STEM + SHORTEST_STEM]
    return Term(any_of=tuple(dict.fromkeys([forms[0], *stems])))
