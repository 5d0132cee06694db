"""Which blocks of a body are those of the body before, so that they keep their keys.

What is written again as HTML or Markdown comes without keys; a block is known by what it says. Linear in the
blocks: `difflib` takes the cube of them when many are alike.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from domain.body import Block, Body, Link, Span, Text

_NEIGHBOURS = ((-1, 1), (-1,), (1,), ())


def said(block: Block) -> Block:
    """Return a block as it reads: without keys, spans that are marked alike as one, addresses as marks."""
    if not isinstance(block, Text):
        return replace(block, key="")
    hrefs = {link.key: link.href for link in block.links}
    runs = groupby(
        (span for span in block.children if span.text),
        key=lambda span: tuple(sorted({hrefs.get(mark, mark) for mark in span.marks})),
    )
    spans = (Span("", "".join(span.text for span in run), marks) for marks, run in runs)
    return replace(block, key="", children=tuple(spans), links=())


def with_kept_keys(body: Body, before: Body) -> Body:
    """Return a new body in which what was in the body before has the keys that it had there.

    A block that says what one before said is that one, key by key, wherever it stands now. Of blocks that say
    the same, those go together that have the same neighbours. A block that says something else keeps the key of
    the one whose place it took: the only one between two that stayed, of the same type. Its links and spans keep
    theirs as far as they are the same.
    """
    new, old = [said(block) for block in body], [said(block) for block in before]
    found = _equals(new, old)
    found |= _replaced(body, before, found)
    return tuple(_kept(block, before[found[at]]) if at in found else block for at, block in enumerate(body))


def _equals(new: Sequence[Block], old: Sequence[Block]) -> dict[int, int]:
    """Return the place before of each new block that was there; the more neighbours are equal the sooner."""
    numbers: dict[Block, int] = {}
    new_numbers = [numbers.setdefault(block, len(numbers)) for block in new]
    old_numbers = [numbers.setdefault(block, len(numbers)) for block in old]
    found: dict[int, int] = {}
    for neighbours in _NEIGHBOURS:
        waiting = _places(old_numbers, set(found.values()), neighbours)
        for around, places in _places(new_numbers, found.keys(), neighbours).items():
            found |= dict(zip(places, waiting.get(around, ()), strict=False))
    return found


def _places(
    numbers: Sequence[int], without: Collection[int], neighbours: tuple[int, ...]
) -> Mapping[tuple[int | None, ...], list[int]]:
    """Return the places of blocks by what they are and what is around them."""
    places: dict[tuple[int | None, ...], list[int]] = defaultdict(list)
    padded = [None, *numbers, None]
    for at in range(len(numbers)):
        if at not in without:
            places[tuple(padded[at + 1 + step] for step in (0, *neighbours))].append(at)
    return places


def _replaced(body: Body, before: Body, found: Mapping[int, int]) -> dict[int, int]:
    """Return the place before of each block that took the place of one, alone between two that stayed."""
    stayed = {-1: -1, **found, len(body): len(before)}
    gone = {place - 1: place for place in range(len(before)) if place not in set(found.values())}
    alone = {
        at: gone[stayed[at - 1]]
        for at in range(len(body))
        if at not in found and stayed.get(at - 1) in gone and stayed.get(at + 1) == stayed[at - 1] + 2
    }
    return {at: place for at, place in alone.items() if body[at].type == before[place].type}


def _kept(block: Block, old: Block) -> Block:
    if said(block) == said(old):
        return old
    if not (isinstance(block, Text) and isinstance(old, Text)):
        return replace(block, key=old.key)
    key_of_link = _key_left([(link.href, link.key) for link in old.links])
    renamed = {link.key: key_of_link(link.href, link.key) for link in block.links}
    key_of_span = _key_left([(_said(span, old), span.key) for span in old.children])
    return replace(
        block,
        key=old.key,
        links=tuple(Link(renamed[link.key], link.href) for link in block.links),
        children=tuple(
            Span(
                key_of_span(_said(span, block), span.key),
                span.text,
                tuple(renamed.get(mark, mark) for mark in span.marks),
            )
            for span in block.children
        ),
    )


def _said(span: Span, block: Text) -> Block:
    return said(replace(block, children=(span,)))


def _key_left(old: Sequence[tuple[Hashable, str]]) -> Callable[[Hashable, str], str]:
    """Return what gives each thing the key that it had, once, or else its own."""
    left: dict[Hashable, deque[str]] = defaultdict(deque)
    for thing, key in old:
        left[thing].append(key)
    return lambda thing, own: left[thing].popleft() if left[thing] else own
