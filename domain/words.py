"""Counting words and finding where text may be cut: white space, a few scripts, and sentence ends."""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

_NO_BREAK = "\u00a0\u2007\u202f"  # spaces that hold a word together, but are none by themselves
_WHITE = rf"[^\S{_NO_BREAK}]"
_CHUNK = re.compile(rf"\S[\S{_NO_BREAK}]*")
UNSPACED = re.compile(
    "["
    "\u0e00-\u0e7f"  # Thai
    "\u0e80-\u0eff"  # Lao
    "\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff"  # Burmese
    "\u1780-\u17ff\u19e0-\u19ff"  # Khmer
    "\u3005-\u3007\u3021-\u3029\u3038-\u303b"  # Han marks
    "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # Kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\U0001b000-\U0001b16f"  # Kana, historic
    "\U00020000-\U0003ffff"  # Han, beyond the basic plane
    "]"
)
_SENTENCE_END = re.compile(
    rf"""(?<![.!?…])[.!?…]++(?:\s?[»”’"')\]›]++)?(?={_WHITE}|$)|[。！？]+[」』”’）]*""",
)  # possessive, and begun at the first sign only: a long run of dots takes no longer than other text


def word_ends(text: str) -> list[int]:
    """Return the offset after each word of the text, in order: the legal cuts, and their number.

    A word is a run between white space; in scripts that are written without spaces each character is one
    (with its combining marks, which cannot stand alone).
    """
    if _is_spaced(text):
        return [chunk.end() for chunk in _CHUNK.finditer(text)]
    ends: list[int] = []
    for chunk in _CHUNK.finditer(text):
        if UNSPACED.search(chunk.group()) is None:
            ends.append(chunk.end())
        else:
            ends.extend(_ends_within(text, chunk.start(), chunk.end()))
    return ends


def _is_spaced(text: str) -> bool:
    """Tell whether only white space parts its words: texts are long, and most are so."""
    return text.isascii() or UNSPACED.search(text) is None


def _ends_within(text: str, start: int, end: int) -> list[int]:
    starts = [at for at in range(start, end) if at == start or _begins_word(text, at)]
    return [*(later for _, later in pairwise(starts)), end]


def _begins_word(text: str, at: int) -> bool:
    if _stays_with_what_it_follows(text[at]):
        return False
    before = at - 1
    while before > 0 and _stays_with_what_it_follows(text[before]):
        before -= 1
    return bool(UNSPACED.match(text[at]) or UNSPACED.match(text[before]))


def _stays_with_what_it_follows(character: str) -> bool:
    """Tell whether it is a combining mark, punctuation or a no-break space, which begin no word."""
    return character in _NO_BREAK or unicodedata.category(character).startswith(("M", "P"))


@lru_cache(maxsize=512)
def count(text: str) -> int:
    """Return the number of words. It is kept for a while: an edition's texts are counted several times over."""
    if not _is_spaced(text):
        return len(word_ends(text))
    return len(_CHUNK.findall(text) if any(space in text for space in _NO_BREAK) else text.split())


def sentence_ends(text: str) -> list[int]:
    """Return the offset after each sentence, with its closing quotes; white space after it is left out."""
    return [match.end() for match in _SENTENCE_END.finditer(text)]
