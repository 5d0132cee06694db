"""Where the bytes of pictures lie: one local folder, under names that are made here and never by a client."""

import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import BinaryIO, cast

from domain.errors import TooLarge
from domain.media import ORIGINAL_KEY

CHUNK = 256 * 1024
_UNFINISHED = "unfinished"


class Incoming:
    """A file on its way in: counted and hashed while it is written."""

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

    def close(self) -> None:
        """Let the file go, whole or not."""
        if self._file is not None:
            self._file.close()


class Storage:
    """The local folder. Each file is named by its picture and a key, and there whole or not at all.

    What a store elsewhere would have to do is `put`, `path` (or a range of bytes), `holds` and `clear`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, finished: Path, media_id: str, key: str) -> None:
        """Put a finished local file in its place."""
        path = self.path(media_id, key)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        _sync(finished)
        finished.replace(path)
        _sync(path.parent)

    def path(self, media_id: str, key: str = ORIGINAL_KEY) -> Path:
        """Return where a file of a picture lies."""
        return self._folder / media_id[-2:] / (f"{media_id}.{key}" if key else media_id)

    def holds(self, media_id: str, key: str = ORIGINAL_KEY) -> bool:
        """Tell whether the file is there."""
        return self.path(media_id, key).is_file()

    def clear(self, media_id: str, keys: Iterable[str]) -> None:
        """Remove files of a picture."""
        for key in keys:
            self.path(media_id, key).unlink(missing_ok=True)

    def keys(self, media_id: str, *, older_than: float) -> frozenset[str]:
        """Return the keys of a picture's files that were written before a time (Unix seconds)."""
        original = self.path(media_id)
        files = (path for path in original.parent.glob(f"{media_id}*") if path.stat().st_mtime < older_than)
        return frozenset(path.name.removeprefix(media_id).removeprefix(".") for path in files)

    def begin(self, media_id: str) -> Path:
        """Make the folder of one change of a picture's files; while it is there, the change is not over."""
        begun = self._folder / _UNFINISHED
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        begun.mkdir(mode=0o700, exist_ok=True)
        return Path(mkdtemp(prefix=f"{media_id}.", dir=begun))

    def end(self, change: Path) -> None:
        """Remove the folder of a change, with whatever was not kept."""
        rmtree(change, ignore_errors=True)

    def unfinished(self, *, older_than: float) -> list[tuple[str, Path]]:
        """Return the changes that began before a time (Unix seconds) and never ended: the picture, the folder."""
        begun = (self._folder / _UNFINISHED).glob("*.*")
        return [(one.name.partition(".")[0], one) for one in begun if one.stat().st_mtime < older_than]


def _sync(path: Path) -> None:
    """Make sure that a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def pour(source: BinaryIO, into: Incoming) -> None:
    """Write all of a file into another; keep it off the event loop."""
    try:
        while chunk := source.read(CHUNK):
            into.write(chunk)
    finally:
        into.close()
