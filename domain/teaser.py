"""The teaser: which prefix of a body everybody may read.

It works on blocks and spans, never on HTML, so that nothing of the hidden part can ride along. Two kinds
of policy: a number of words (`words`, `percent`) cuts the text; a place (`blocks`, `marker`) cuts between
blocks. Neither ever shows more than nine tenths of the words of a gated article.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from domain.body import Block, Body, Paywall, Span, Text, without_paywall
from domain.words import count, sentence_ends, word_ends


class Boundary(StrEnum):
    """Where a cut may fall: after any word, after a sentence, or between blocks."""

    WORD = "word"
    SENTENCE = "sentence"
    BLOCK = "block"


class Measure(StrEnum):
    """What a teaser's length is told in."""

    WORDS = "words"
    PERCENT = "percent"
    BLOCKS = "blocks"
    MARKER = "marker"


@dataclass(frozen=True, slots=True)
class Policy:
    """How long a teaser is: `amount` words, percent or blocks (unused for a marker), cut at `boundary`."""

    measure: Measure = Measure.PERCENT
    amount: int = 20
    boundary: Boundary = Boundary.SENTENCE


@dataclass(frozen=True, slots=True)
class TeaserSettings:
    """The publication's house style: default policy, what is printed at a cut, step of the percentage."""

    policy: Policy = Policy()
    ellipsis: str = " …"
    remaining_step: int = 10


@dataclass(frozen=True, slots=True)
class Teaser:
    """What everybody may read of a body, and the share of the words (percent) that they may not."""

    body: Body
    remaining_percent: int


def words_of(body: Body) -> int:
    """Return how many words a body counts: text blocks only, not captions, embeds or links to articles."""
    return sum(count(block.text) for block in body if isinstance(block, Text))


def cut(standfirst: str, body: Body, policy: Policy, settings: TeaserSettings) -> Teaser:
    """Return the teaser of a gated article, ellipsis included."""
    shown = _shown(standfirst, body, policy)
    lead, whole = count(standfirst), without_paywall(body)
    remaining = _remaining(lead + words_of(shown), lead + words_of(whole), settings.remaining_step)
    return Teaser(with_ellipsis(shown, settings.ellipsis), remaining)


def _shown(standfirst: str, body: Body, policy: Policy) -> Body:
    whole, lead = without_paywall(body), count(standfirst)
    words = budget(policy, lead + words_of(whole))
    place = _place(body, policy)
    free = without_paywall(body[:place])
    if lead + words_of(free) > words or not words_of(whole):
        return prefix(free, words - lead, policy.boundary)
    return _without_loose_end(free)


def budget(policy: Policy, total: int) -> int:
    """Return how many words, the standfirst's included, a policy may show of a gated article of `total`."""
    most = max(0, total - max(1, -(-total // 10)))
    match policy.measure:
        case Measure.WORDS:
            return min(policy.amount, most)
        case Measure.PERCENT:
            return min(total * policy.amount // 100, most)
        case Measure.BLOCKS | Measure.MARKER:
            return most
        case _:
            assert_never(policy.measure)


def _place(body: Body, policy: Policy) -> int | None:
    """Return the index that the writer cut at, if the policy names a place."""
    if policy.measure is Measure.BLOCKS:
        return _index_after_blocks(body, policy.amount)
    if policy.measure is Measure.MARKER:
        return next((at for at, block in enumerate(body) if isinstance(block, Paywall)), 0)
    return None


def _index_after_blocks(body: Body, blocks: int) -> int:
    shown = [at for at, block in enumerate(body) if not isinstance(block, Paywall)]
    return shown[blocks] if blocks < len(shown) else len(body)


def _without_loose_end(body: Body) -> Body:
    """Return the body without the headings and empty paragraphs that it ends with."""
    while body and isinstance(last := body[-1], Text) and (last.is_heading or not count(last.text)):
        body = body[:-1]
    return body


def prefix(body: Body, words: int, boundary: Boundary = Boundary.WORD) -> Body:
    """Return the longest legal prefix of a body that has at most this many words.

    It ends with text that is no heading: a picture, an embed or a link to an article is before the cut
    only when text after it is shown, and a heading promises what would not follow.
    """
    shown: list[Block] = []
    legal = 0
    for block in _until_full(body, words, boundary):
        shown.append(block)
        if isinstance(block, Text) and not block.is_heading and count(block.text):
            legal = len(shown)
    return tuple(shown[:legal])


def _until_full(body: Body, words: int, boundary: Boundary) -> Iterator[Block]:
    left = max(0, words)
    for block in body:
        if not isinstance(block, Text):
            yield block
            continue
        counted = count(block.text)
        if counted > left:
            part = _part(block, word_ends(block.text)[:left], boundary)
            if part is not None:
                yield part
            return
        yield block
        left -= counted


def _part(block: Text, ends: list[int], boundary: Boundary) -> Text | None:
    """Return the beginning of a block that holds only these words, or None where it may not be parted."""
    if not ends or block.is_heading:
        return None
    match boundary:
        case Boundary.WORD:
            return _clipped(block, ends[-1])
        case Boundary.SENTENCE:
            legal = [at for at in sentence_ends(block.text) if at <= ends[-1]]
            return _clipped(block, legal[-1]) if legal else None
        case Boundary.BLOCK:
            return None
        case _:
            assert_never(boundary)


def _clipped(block: Text, end: int) -> Text:
    spans: list[Span] = []
    for span in block.children:
        if end <= 0:
            break
        spans.append(replace(span, text=span.text[:end]))
        end -= len(span.text)
    used = {mark for span in spans for mark in span.marks}
    return replace(block, children=tuple(spans), links=tuple(link for link in block.links if link.key in used))


def with_ellipsis(body: Body, ellipsis: str) -> Body:
    """Return the body with the sign that more follows, on the text that ends it, if text does."""
    if not body or not isinstance(last := body[-1], Text) or not last.children or not ellipsis:
        return body
    *spans, tail = last.children
    ending = replace(tail, text=tail.text.rstrip() + ellipsis)
    return (*body[:-1], replace(last, children=(*spans, ending)))


def _remaining(shown: int, total: int, step: int) -> int:
    """Return the share of words not shown, in percent, rounded down to a step but never to nothing."""
    if not total:
        return 100
    return max(step, (total - shown) * 100 // total // step * step)
