"""Files and rows of pictures: whatever breaks between them, nothing is lost and nothing stays."""

import os
import time
from pathlib import Path

import pytest

from infra.pictures import ABANDONED_SECONDS, changing, sweep
from infra.settings import Settings
from tests.newsroom import Json, Newsroom, People
from tests.raw import files_under


def grow_old(folder: Path) -> None:
    long_ago = time.time() - ABANDONED_SECONDS - 60
    for path in folder.rglob("*"):
        os.utime(path, (long_ago, long_ago))


async def _break_off(people: People, medium: Json) -> None:
    async with changing(people.parts.database, people.parts.storage, medium["id"]) as change:
        for name in ("made", "half"):
            (change.folder / name).write_bytes(b"x")
        people.parts.storage.put(change.folder / "made", medium["id"], "key")
        change.touched.update(["key", ""])
        raise ZeroDivisionError


async def test_a_change_that_fails_leaves_only_what_the_record_names(
    newsroom: Newsroom, people: People, settings: Settings
) -> None:
    medium = await newsroom.medium()
    before = files_under(settings.media_dir)
    with pytest.raises(ZeroDivisionError):
        await _break_off(people, medium)
    assert files_under(settings.media_dir) == before
    assert list((settings.media_dir / "unfinished").iterdir()) == []


async def test_what_a_crash_left_goes_at_a_later_start(
    newsroom: Newsroom, people: People, settings: Settings
) -> None:
    medium, parts = await newsroom.medium(), people.parts
    before = files_under(settings.media_dir)
    lost = "01970000-0000-7000-8000-0000000000ab"
    for media_id in (medium["id"], lost):
        folder = parts.storage.begin(media_id)
        for key in ("key", "other"):
            (folder / key).write_bytes(b"x")
            parts.storage.put(folder / key, media_id, key)
        (folder / "incoming").write_bytes(b"x")
    await sweep(parts.database, parts.storage)
    assert len(files_under(settings.media_dir)) == len(before) + 6, "it could still be running"
    grow_old(settings.media_dir)
    await sweep(parts.database, parts.storage)
    assert files_under(settings.media_dir) == before
    assert (await newsroom.client.get(medium["url"])).status_code == 200


async def test_a_start_with_nothing_to_do_does_nothing(people: People, settings: Settings) -> None:
    await sweep(people.parts.database, people.parts.storage)
    assert not settings.media_dir.exists()
