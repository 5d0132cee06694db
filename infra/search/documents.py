"""Search documents: what an article, or its teaser, is found by. They are made of its own text alone.

A document is columns of tokens parted by spaces: the forms of the words in their order (a single `_` stands where
no phrase may run across), and behind them each stem once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from domain.body import Body, Text
from domain.editions import Edition, Front
from infra.search.words import Term, stemmer_of, terms

BREAK = "_"
MAX_WORDS = 16_000  # PostgreSQL knows no later places than 16,383, and no more than 256 of a word
MAX_OF_A_WORD = 250
MAX_STEMS = 8_000
PROMINENT_TIMES = 3
PROMINENT_SHARE = 300
MAX_PROMINENT = 100


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """The tokens of a text. `text` holds those of title and standfirst too, so that all words may match in it."""

    title: str
    standfirst: str
    prominent: str
    """Stems of the words that it says often."""
    text: str


@dataclass(frozen=True, slots=True)
class SearchDocuments:
    """Both documents of an edition: of what everybody may read while its gate stands, and of its whole text."""

    stemmer: str
    teaser: SearchDocument
    whole: SearchDocument


def documents_of(edition: Edition) -> SearchDocuments:
    """Return what an edition is found by. It is pure, so that it may be made ahead, in another process."""
    language = edition.publication.language
    whole = document_of(edition.front, edition.full, language)
    is_same = edition.teaser.body == edition.full
    teaser = whole if is_same else document_of(edition.front, edition.teaser.body, language)
    return SearchDocuments(stemmer_of(language), teaser, whole)


def document_of(front: Front, body: Body, language: str) -> SearchDocument:
    """Return what a text is found by: a front, and as much of the body as its reader may read."""
    return document(
        front.title, front.standfirst, [block.text for block in body if isinstance(block, Text)], language
    )


def document(title: str, standfirst: str, paragraphs: Iterable[str], language: str) -> SearchDocument:
    """Return what a title, a standfirst and paragraphs are found by."""
    stemmer = stemmer_of(language)
    heading, summary = terms(title, stemmer), terms(standfirst, stemmer)
    rest = [terms(paragraph, stemmer) for paragraph in paragraphs]
    times = Counter([term.stem for part in rest for term in part])
    return SearchDocument(
        title=_tokens([heading], _stems(heading)),
        standfirst=_tokens([summary], _stems(summary)),
        prominent=" ".join(_prominent(times)),
        text=_tokens([heading, summary, *rest], chain(_stems(heading), _stems(summary), times)),
    )


def _stems(part: Sequence[Term]) -> list[str]:
    return [term.stem for term in part]


def _tokens(parts: Sequence[Sequence[Term]], said: Iterable[str]) -> str:
    forms: list[str] = []
    for part in parts:
        forms += [term.form for term in part]
        forms.append(BREAK)
        if len(forms) >= MAX_WORDS:
            break
    del forms[MAX_WORDS:]
    stems = dict.fromkeys(said)
    stems.pop("", None)
    return " ".join([*_not_too_often(forms), *list(stems)[:MAX_STEMS]])


def _not_too_often(forms: list[str]) -> list[str]:
    """Return the forms with a gap wherever one has been said too often to be counted on."""
    often = {form for form, times in Counter(forms).items() if times > MAX_OF_A_WORD and form != BREAK}
    if not often:
        return forms
    said: Counter[str] = Counter()
    kept = []
    for form in forms:
        said[form] += form in often
        kept.append(BREAK if said[form] > MAX_OF_A_WORD else form)
    return kept


def _prominent(times: Counter[str]) -> Iterator[str]:
    del times[""]
    enough = max(PROMINENT_TIMES, times.total() // PROMINENT_SHARE)
    often = [stem for stem, count in times.items() if count >= enough]
    return iter(sorted(often, key=lambda stem: (-times[stem], stem))[:MAX_PROMINENT])
