"""Which blocks of a body are those of the body before, so that they keep their keys.

What is written again as HTML or Markdown comes without keys; a block is known by what it says. `difflib` takes
the cube of the blocks when many are alike, so the comparison is our own.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from domain.body import Block, Body, Link, Span, Text


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

    A block that says what one before said is that one, key by key, wherever it stands now; of blocks that say
    the same, as many as can keep their order. A block that says something else keeps the key of the one whose
    place it took, if that was of its type and both stand alone between the same two. Its links and spans keep
    theirs as far as they are the same.
    """
    new, old = [said(block) for block in body], [said(block) for block in before]
    found = _stayed(new, old)
    found |= _moved(new, old, found)
    found |= _replaced(body, before, found)
    return tuple(_kept(block, before[found[at]]) if at in found else block for at, block in enumerate(body))


def _stayed(new: Sequence[Block], old: Sequence[Block]) -> dict[int, int]:
    """Return the place before of each block of a longest common subsequence.

    A row of its table is one number, in which the bit of a place is 0 where the subsequence grows by one.
    """
    places: dict[Block, int] = defaultdict(int)
    for place, block in enumerate(old):
        places[block] |= 1 << place
    rows = [-1]
    for block in new:
        grows = rows[-1] & places[block]
        rows.append((rows[-1] + grows) | (rows[-1] - grows))
    found: dict[int, int] = {}
    at, place = len(new), len(old) - 1
    while at and place >= 0:
        if rows[at] >> place & 1:
            place -= 1
        elif rows[at - 1] >> place & 1:
            found[at - 1] = place
            at, place = at - 1, place - 1
        else:
            at -= 1
    return found


def _moved(new: Sequence[Block], old: Sequence[Block], stayed: Mapping[int, int]) -> dict[int, int]:
    """Return the place before of each block that is the same and stands elsewhere now."""
    left: dict[Block, deque[int]] = defaultdict(deque)
    for place in sorted({*range(len(old))} - {*stayed.values()}):
        left[old[place]].append(place)
    return {at: left[block].popleft() for at, block in enumerate(new) if at not in stayed and left[block]}


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
