"""Highlights: pieces of text around what was found, cut only from text that the caller may read."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from infra.search.query import Term
from infra.search.words import UNKNOWN, composed, term_of, words_in

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


def highlights(
    title: str, standfirst: str, paragraphs: Iterable[str], terms: Sequence[Term], stemmer: str
) -> tuple[Highlight, ...]:
    """Return where the terms stand: the first place in each field; no more of the body is looked at."""
    found = (("title", [title]), ("standfirst", [standfirst]), ("body", paragraphs))
    pieces = ((field, _first(texts, terms, stemmer)) for field, texts in found)
    return tuple(Highlight(field, parts) for field, parts in pieces if parts)


def _first(texts: Iterable[str], terms: Sequence[Term], stemmer: str) -> tuple[Part, ...]:
    for text in texts:
        if parts := _parts(text, terms, stemmer):
            return parts
    return ()


def _parts(text: str, terms: Sequence[Term], stemmer: str) -> tuple[Part, ...]:
    words = list(words_in(text).finditer(text))
    found = _found([match.group() for match in words], terms, stemmer)
    if not found:
        return ()
    first = max(0, min(found) - BEFORE)
    last = min(len(words) - 1, min(found) + AFTER)
    start = 0 if first == 0 else words[first].start()
    end = len(text) if last == len(words) - 1 else words[last].end()
    return tuple(_cut(text, start, end, [words[at] for at in sorted(found) if first <= at <= last]))


def _cut(text: str, start: int, end: int, matches: Iterable[re.Match[str]]) -> Iterator[Part]:
    """Yield a piece of a text in parts that are the piece when put together."""
    at = start
    for match in matches:
        if match.start() > at:
            yield Part(text[at : match.start()], match=False)
        yield Part(match.group(), match=True)
        at = match.end()
    if end > at:
        yield Part(text[at:end], match=False)


def _found(words: list[str], terms: Sequence[Term], stemmer: str) -> set[int]:
    """Return which words, by their number, are what was looked for."""
    found: set[int] = set()
    tokens = frozenset(token for term in terms for token in term.any_of)
    prefixes = tuple(term.prefix for term in terms if term.prefix)
    for at, word in enumerate(words):
        if _is_asked_for(word, stemmer, tokens, prefixes):
            found.add(at)
    for term in terms:
        if term.phrase:
            found.update(_phrases(words, term.phrase))
    return found


@lru_cache(maxsize=50_000)
def _is_asked_for(word: str, stemmer: str, tokens: frozenset[str], prefixes: tuple[str, ...]) -> bool:
    term = term_of(composed(word), stemmer)
    if term is None:
        return False
    return term.form in tokens or term.stem in tokens or bool(prefixes and term.form.startswith(prefixes))


def _phrases(words: list[str], phrase: tuple[str, ...]) -> Iterator[int]:
    terms = [(at, term.form) for at, word in enumerate(words) if (term := term_of(composed(word), UNKNOWN))]
    forms = [form for _, form in terms]
    for start in range(len(forms) - len(phrase) + 1):
        if tuple(forms[start : start + len(phrase)]) == phrase:
            yield from (at for at, _ in terms[start : start + len(phrase)])
