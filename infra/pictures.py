"""Pictures' files and rows together.

A crash between the two leaves a file that no record names. It is never served, and it goes at the end of its
change or, if that never came, at a later start.
"""

import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from domain.media import Rendition
from infra import media
from infra.db import Database, DatabaseBusy
from infra.storage import Storage

ABANDONED_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one picture's files: the folder that it works in, and what it touches."""

    media_id: str
    folder: Path
    storage: Storage
    touched: set[str] = field(default_factory=set)

    async def put(self, made: Iterable[Rendition]) -> None:
        """Put files that lie in the folder, by the names of what they show, in their places."""
        for one in made:
            self.touched.add(one.key)
            await run_in_threadpool(self.storage.put, self.folder / one.name, self.media_id, one.key)


@asynccontextmanager
async def changing(database: Database, storage: Storage, media_id: str) -> AsyncIterator[Change]:
    """Open a change of a picture's files; however it ends, what it touched stays only if the record names it."""
    folder = await run_in_threadpool(storage.begin, media_id)
    change = Change(media_id, folder, storage)
    try:
        yield change
    finally:
        with suppress(DatabaseBusy, OSError):  # the folder stays then, and a later start finds it
            await _clear(database, storage, media_id, change.touched)
            await run_in_threadpool(storage.end, folder)


async def _clear(database: Database, storage: Storage, media_id: str, keys: Iterable[str]) -> None:
    """Remove those of these files that the record does not name, or all if there is no record."""
    candidates = set(keys)
    if not candidates:
        return
    async with database.read() as connection:
        medium = await media.get(connection, media_id)
    named = {one.key for one in medium.representations} if medium else set[str]()
    await run_in_threadpool(storage.clear, media_id, candidates - named)


async def sweep(database: Database, storage: Storage) -> None:
    """Remove what changes that were cut off have left, once it is certain that they are not running."""
    before = time.time() - ABANDONED_SECONDS  # the disk's clock
    for media_id, folder in await run_in_threadpool(storage.unfinished, older_than=before):
        keys = await run_in_threadpool(storage.keys, media_id, older_than=before)
        await _clear(database, storage, media_id, keys)
        await run_in_threadpool(storage.end, folder)
