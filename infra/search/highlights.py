"""Highlights: pieces of text around what was found, cut only from text that the caller may read."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from infra.search.documents import BREAK
from infra.search.query import Term
from infra.search.words import STEM, composed, term_of, words_beginning, words_in

BEFORE, AFTER = 10, 20


@dataclass(frozen=True, slots=True)
class Part:
    """A run of text, and whether it is what was looked for."""

    text: str
    match: bool


@dataclass(frozen=True, slots=True)
class Highlight:
    """Where what was looked for stands: in the title, the standfirst or the body."""

    field: str
    parts: tuple[Part, ...]


class Highlighter:
    """Finds what was looked for in texts of one language. It looks at each word once, however often it stands."""

    def __init__(self, terms: Sequence[Term], stemmer: str) -> None:
        self._stemmer = stemmer
        self._tokens = frozenset(token for term in terms for token in term.any_of)
        self._prefixes = tuple(term.prefix for term in terms if term.prefix)
        self._phrases = [term.phrase for term in terms if term.phrase]
        self._in_phrases = frozenset(form for phrase in self._phrases for form in phrase)
        forms = {*(token for token in self._tokens if token[0] != BREAK), *self._prefixes, *self._in_phrases}
        stems = {token[STEM:] for token in self._tokens if token[0] == BREAK}
        self._initials = frozenset(token[0] for token in forms | stems if token)
        self._known: set[str] = set()
        self._asked_for: set[str] = set()
        self._phrased: set[str] = set()

    def highlights(self, title: str, standfirst: str, paragraphs: Iterable[str]) -> tuple[Highlight, ...]:
        """Return where the terms stand: the first place in each field; no more of the body is looked at."""
        fields = (("title", [title]), ("standfirst", [standfirst]), ("body", paragraphs))
        found = ((field, self._first(texts)) for field, texts in fields)
        return tuple(Highlight(field, parts) for field, parts in found if parts)

    def _first(self, texts: Iterable[str]) -> tuple[Part, ...]:
        return next((parts for text in texts if (parts := self._parts(text))), ())

    def _parts(self, text: str) -> tuple[Part, ...]:
        likely = words_beginning(text, self._initials, self._stemmer).findall(text)
        self._look_at(likely)
        if self._asked_for.isdisjoint(likely) and self._phrased.isdisjoint(likely):
            return ()
        words = list(words_in(text).finditer(text))
        found = self._found([word.group() for word in words])
        return _piece(text, words, found) if found else ()

    def _look_at(self, words: list[str]) -> None:
        """Learn which of these words are what was looked for, or part of it."""
        for word in set(words).difference(self._known):
            term = term_of(composed(word), self._stemmer)
            if term is None:
                continue
            if term.form in self._tokens or term.stem in self._tokens or term.form.startswith(self._prefixes):
                self._asked_for.add(word)
            if term.form in self._in_phrases:
                self._phrased.add(word)
        self._known.update(words)

    def _found(self, words: list[str]) -> list[int]:
        """Return which words, by their number, are what was looked for."""
        found = {at for at, word in enumerate(words) if word in self._asked_for}
        for phrase in self._phrases:
            found.update(self._places(words, phrase))
        return sorted(found)

    def _places(self, words: list[str], phrase: tuple[str, ...]) -> Iterator[int]:
        terms = [(at, term_of(composed(word), self._stemmer)) for at, word in enumerate(words)]
        forms = [(at, term.form) for at, term in terms if term]
        for start in range(len(forms) - len(phrase) + 1):
            run = forms[start : start + len(phrase)]
            if all(form == asked for (_, form), asked in zip(run, phrase, strict=True)):
                yield from (at for at, _ in run)


def _piece(text: str, words: list[re.Match[str]], found: list[int]) -> tuple[Part, ...]:
    """Return the piece of a text around the first match, in parts that are the piece when put together."""
    first, last = max(0, found[0] - BEFORE), min(len(words) - 1, found[0] + AFTER)
    start = 0 if first == 0 else words[first].start()
    end = len(text) if last == len(words) - 1 else words[last].end()
    return tuple(_cut(text, start, end, [words[at] for at in found if at <= last]))


def _cut(text: str, start: int, end: int, matches: Iterable[re.Match[str]]) -> Iterator[Part]:
    at = start
    for match in matches:
        if match.start() > at:
            yield Part(text[at : match.start()], match=False)
        yield Part(match.group(), match=True)
        at = match.end()
    if end > at:
        yield Part(text[at:end], match=False)
