"""The text of a block in pieces, as HTML and Markdown hold it: marks nested in marks, white space kept or not."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, repeat

from domain.body import Text

WHITE = " \t\r\n\f"
_WHITE = re.compile(r"\A\s+|\s+\Z|[ \t\r\n\f]+")
_HOLDS_BY_ITSELF = re.compile(r" |[ ]?\n+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters with the same marks: decorators, and addresses of links."""

    text: str
    marks: tuple[str, ...]
    is_exact: bool = False
    """Whether it is white space that HTML would drop, and that is meant."""


def is_link(mark: str) -> bool:
    """Whether a piece's mark is the address of a link; no decorator has a colon."""
    return ":" in mark


def pieces_of(block: Text) -> list[Piece]:
    """Return the pieces of a text; of an empty one, one that is empty and meant."""
    hrefs = {link.key: link.href for link in block.links}
    exact = _exact_places(block.text)
    marks = chain.from_iterable(
        repeat(tuple(dict.fromkeys(hrefs.get(mark, mark) for mark in span.marks)), len(span.text))
        for span in block.children
    )
    told = zip(block.text, marks, exact, strict=True)
    return [
        Piece("".join(char for char, *_ in run), marked, is_exact)
        for (marked, is_exact), run in groupby(told, key=lambda one: one[1:])
    ] or [Piece("", (), is_exact=True)]


def _exact_places(text: str) -> Iterator[bool]:
    """Return for each character whether it is white space that a reader of HTML or Markdown would drop."""
    dropped = set[int]()
    for run in _WHITE.finditer(text):
        is_inside = run.start() and run.end() < len(text)
        if not (is_inside and _HOLDS_BY_ITSELF.fullmatch(run[0])):
            dropped.update(range(*run.span()))
    return (at in dropped for at in range(len(text)))


def nested(
    pieces: Sequence[Piece],
    *,
    text: Callable[[Piece], str],
    wrapped: Callable[[tuple[str, ...], str, Sequence[Piece]], str],
    joined: Callable[[Sequence[str]], str] = "".join,
    depth: int = 0,
) -> str:
    """Return pieces in a row, those that share a mark wrapped together; marks nest in their order."""
    parts: list[str] = []
    for marks, grouped in groupby(pieces, key=lambda piece: piece.marks[: depth + 1]):
        run = tuple(grouped)
        if len(marks) > depth:
            inner = nested(run, text=text, wrapped=wrapped, joined=joined, depth=depth + 1)
            parts.append(wrapped(marks, inner, run))
        else:
            parts.extend(map(text, run))
    return joined(parts)
