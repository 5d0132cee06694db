"""From text to what is looked for: the same on both databases, because it is made here.

A word becomes a form, in plain small letters whatever its script, and a stem, by its text's language. Stems begin
with `_` and their language, so that they are found by the same stem of the same language alone, and by no prefix.
"""

import re
import unicodedata
from functools import cache, lru_cache
from typing import NamedTuple

import Stemmer

from domain.words import UNSPACED
from infra.ids import folded

MAX_LENGTH = 30
KNOWN_WORDS = 15_000  # of a language; common words come back soon if they had to make room
UNKNOWN = "__"
STEM = 3  # where a stem itself begins, behind `_` and its language
_MARKS = "".join(map(chr, filter(lambda at: unicodedata.category(chr(at))[0] == "M", range(0x300, 0x10000))))
_SPACED = re.compile(rf"[\w{re.escape(_MARKS)}]+")
_MIXED = re.compile(rf"{UNSPACED.pattern}|(?:(?!{UNSPACED.pattern})[\w{re.escape(_MARKS)}])+")
_PLAIN = re.compile("[^a-z0-9]+")
_WORDS_ALONE = {at: chr(at).lower() if re.match(r"\w", chr(at)) else " " for at in range(128)}
_STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
_TAKES_BEGINNINGS = frozenset({"ar", "el", "ga", "id", "nl", "sr", "ta", "yi"})  # or writes them otherwise


class Term(NamedTuple):
    """What a word is found by: its form, and its stem. A sign of a script without spaces has no stem."""

    form: str
    stem: str


def stemmer_of(language: str) -> str:
    """Return the two letters that stems of this language begin with; `__` where nobody here can stem it."""
    code = language.partition("-")[0].lower()
    return code if code in _STEMMERS else UNKNOWN


def words_in(text: str) -> re.Pattern[str]:
    """Return what finds the words of a text; in scripts without spaces each sign is one."""
    return _SPACED if text.isascii() or UNSPACED.search(text) is None else _MIXED


def words_beginning(text: str, initials: frozenset[str], stemmer: str) -> re.Pattern[str]:
    """Return what finds the words of a text that have a form or stem which begins so, and not many others."""
    pattern = words_in(text)
    return _beginning(initials) if pattern is _SPACED and stemmer not in _TAKES_BEGINNINGS else pattern


@lru_cache(maxsize=500)
def _beginning(initials: frozenset[str]) -> re.Pattern[str]:
    first = "".join(sorted(_letters().get(initial, "") for initial in initials))
    word = rf"\w{re.escape(_MARKS)}"
    return re.compile(rf"(?<![{word}])[_\U00010000-\U0010ffff{re.escape(first + _MARKS)}][{word}]*")


@cache
def _letters() -> dict[str, str]:
    """Return the letters, of any script that has spaces, by what a form that begins with them begins with."""
    found: dict[str, str] = {}
    for letter in filter(str.isalnum, map(chr, range(0x10000))):
        if UNSPACED.match(letter) is None and (form := _folded(letter)):
            found[form[0]] = found.get(form[0], "") + letter
    return found


def composed(text: str) -> str:
    """Return a text with each letter and its accents in one, as far as there is one."""
    return unicodedata.normalize("NFC", text)


@lru_cache(maxsize=64)
def terms(text: str, stemmer: str) -> tuple[Term, ...]:
    """Return what the words of a text are found by, in order. A teaser's are asked for right after the whole's."""
    return tuple(filter(None, map(_language(stemmer).__getitem__, _words(composed(text)))))


def _words(text: str) -> list[str]:
    if text.isascii():  # where all that is no word can become space, at once
        return text.translate(_WORDS_ALONE).split()
    return words_in(text).findall(text)


def term_of(word: str, stemmer: str) -> Term | None:
    """Return what a word is found by. Some signs are nothing that anybody could look for."""
    return _language(stemmer)[word]


class _Language(dict[str, Term | None]):
    """What the words of a language are found by, as far as they have been asked for of late."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._stemmer = Stemmer.Stemmer(_STEMMERS[code], 0) if code in _STEMMERS else None  # we remember ourselves

    def __missing__(self, word: str) -> Term | None:
        if len(self) >= KNOWN_WORDS:
            self.clear()
        found = self[word] = self._term(word)
        return found

    def _term(self, word: str) -> Term | None:
        if not word.isascii() and UNSPACED.match(word):
            return Term(word, "")
        form = _folded(word)
        if not form:
            return None
        stem = _folded(self._stemmer.stemWord(word.lower())) if self._stemmer else form
        return Term(word if form == word else form, f"_{self._code}{stem}")


@cache
def _language(stemmer: str) -> _Language:
    return _Language(stemmer)


def _folded(word: str) -> str:
    if word.isascii() and word.isalnum():
        return word.lower()[:MAX_LENGTH]
    return _PLAIN.sub("", folded(word))[:MAX_LENGTH]
