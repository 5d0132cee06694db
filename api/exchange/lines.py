"""A file's lines, some at a time, so that memory stays flat; those that wait for others are read again later."""

from array import array
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from api.exchange.prepared import Line

LINES_AT_ONCE, BYTES_AT_ONCE = 50, 1_000_000
MAX_LINE = 32 * 1024 * 1024


class Waiting:
    """Lines that could not be taken yet: where they begin, and their numbers."""

    def __init__(self) -> None:
        self._offsets, self._numbers = array("Q"), array("Q")

    def __len__(self) -> int:
        return len(self._offsets)

    def add(self, line: Line) -> None:
        """Let a line wait."""
        self._offsets.append(line.offset)
        self._numbers.append(line.number)

    def places(self) -> Iterator[tuple[int, int]]:
        """Yield where the lines begin, and their numbers, in the order of the file."""
        yield from sorted(zip(self._offsets, self._numbers, strict=True))


def chunks(path: Path, waiting: Waiting | None = None) -> Iterator[list[Line]]:
    """Yield a file's lines, or those of them that have waited; empty ones are passed over, and counted."""
    with path.open("rb") as file:
        chunk, size = list[Line](), 0
        for line in _some(file, waiting) if waiting else _all(file):
            if not line.content and not line.is_too_long:
                continue
            chunk.append(line)
            size += len(line.content)
            if len(chunk) >= LINES_AT_ONCE or size > BYTES_AT_ONCE:
                yield chunk
                chunk, size = [], 0
        if chunk:
            yield chunk


def _all(file: BinaryIO) -> Iterator[Line]:
    number, offset = 0, 0
    while raw := file.readline(MAX_LINE):
        number += 1
        yield _line(number, offset, raw)
        offset += len(raw)
        while raw and not raw.endswith(b"\n"):  # the rest of a line that is too long, or the end of the file
            raw = file.readline(MAX_LINE)
            offset += len(raw)


def _some(file: BinaryIO, waiting: Waiting) -> Iterator[Line]:
    for offset, number in waiting.places():
        file.seek(offset)
        yield _line(number, offset, file.readline(MAX_LINE))


def _line(number: int, offset: int, raw: bytes) -> Line:
    is_too_long = len(raw) == MAX_LINE and not raw.endswith(b"\n")
    content = b"" if is_too_long else raw.strip()
    if number == 1:
        content = content.removeprefix(b"\xef\xbb\xbf")
    return Line(number, offset, content, sha256(content).hexdigest(), is_too_long)
