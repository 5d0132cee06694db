"""Where the bytes of pictures lie: one local folder, under names that are made here and never by a client."""

import os
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, cast

from starlette.concurrency import run_in_threadpool

from domain.errors import TooLarge

CHUNK = 256 * 1024


class Incoming:
    """A file on its way in: counted and hashed while it is written, gone unless it is kept."""

    def __init__(self, path: Path, limit: int) -> None:
        self.path = path
        self._limit = limit
        self._hash = sha256()
        self._file: BinaryIO | None = None
        self.size = 0

    @property
    def digest(self) -> str:
        """The SHA-256 of what has come, in hexadecimal."""
        return self._hash.hexdigest()

    def write(self, chunk: bytes) -> None:
        """Take the next bytes, or refuse what is too large."""
        self.size += len(chunk)
        if self.size > self._limit:
            raise TooLarge(f"A picture may have {self._limit} bytes.")
        self._hash.update(chunk)
        if self._file is None:
            self._file = cast("BinaryIO", self.path.open("xb"))
        self._file.write(chunk)

    def finish(self) -> None:
        """Make sure that all of it is on the disk."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def discard(self) -> None:
        """Remove what has not been kept."""
        if self._file is not None:
            self._file.close()
        self.path.unlink(missing_ok=True)


class Storage:
    """The local folder."""

    def __init__(self, folder: Path, *, limit: int) -> None:
        self._folder = folder
        self._limit = limit

    def receive(self, media_id: str) -> Incoming:
        """Open a place for a file that comes in."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Incoming(self._folder / f"{media_id}.incoming", self._limit)

    def keep(self, incoming: Incoming, media_id: str) -> None:
        """Put a finished file in its place; it is there whole or not at all."""
        path = self.path(media_id)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        incoming.path.replace(path)

    def path(self, media_id: str) -> Path:
        """Return where a picture's original lies."""
        return self._folder / media_id[-2:] / media_id

    async def remove(self, media_id: str) -> None:
        """Remove a picture's file."""
        await run_in_threadpool(self.path(media_id).unlink, missing_ok=True)


def pour(source: BinaryIO, into: Incoming) -> None:
    """Write all of a file into another; keep it off the event loop."""
    while chunk := source.read(CHUNK):
        into.write(chunk)
    into.finish()
