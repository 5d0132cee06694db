import os
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from domain.errors import TooLarge
from infra.db import Database
from infra.storage import CHUNK, Incoming, Storage, pour

LIMIT = 3 * CHUNK
ID = "01970000-0000-7000-8000-0000000000ab"


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "media")


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _put(storage: Storage, content: bytes, key: str = "") -> None:
    change = storage.begin(ID)
    (change / "made").write_bytes(content)
    storage.put(change / "made", ID, key)
    storage.end(change)


@pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, LIMIT])
def test_what_comes_in_is_written_whole(tmp_path: Path, size: int) -> None:
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    incoming = Incoming(tmp_path / "incoming", LIMIT)
    pour(BytesIO(data), incoming)
    assert (incoming.size, incoming.digest) == (size, sha256(data).hexdigest())
    assert incoming.path.read_bytes() == data


def test_what_is_too_large_is_refused(storage: Storage, tmp_path: Path) -> None:
    change = storage.begin(ID)
    with pytest.raises(TooLarge):
        pour(BytesIO(bytes(LIMIT + 1)), Incoming(change / "incoming", LIMIT))
    storage.end(change)
    assert _files(tmp_path) == []


def test_no_file_is_made_until_something_comes(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path / "incoming", LIMIT)
    pour(BytesIO(b""), incoming)
    assert (incoming.size, incoming.digest) == (0, sha256(b"").hexdigest())
    assert _files(tmp_path) == []


def test_what_is_put_is_there_and_nothing_is_left_of_its_change(storage: Storage, tmp_path: Path) -> None:
    assert not storage.holds(ID)
    _put(storage, b"whole")
    _put(storage, b"small", "abc")
    assert storage.path(ID) == tmp_path / "media" / "ab" / ID
    assert (storage.path(ID).read_bytes(), storage.path(ID, "abc").read_bytes()) == (b"whole", b"small")
    assert (storage.holds(ID), storage.holds(ID, "abc"), storage.holds(ID, "ab")) == (True, True, False)
    assert sorted(_files(tmp_path)) == [storage.path(ID), storage.path(ID, "abc")]
    assert list((tmp_path / "media" / "unfinished").iterdir()) == []


def test_files_can_be_removed_once_or_twice(storage: Storage, tmp_path: Path) -> None:
    for key in ("", "abc", "def"):
        _put(storage, b"picture", key)
    storage.clear(ID, ["", "abc"])
    storage.clear(ID, ["", "abc"])
    assert _files(tmp_path) == [storage.path(ID, "def")]


def test_old_files_and_changes_are_told_from_new_ones(storage: Storage) -> None:
    for key in ("", "abc"):
        _put(storage, b"picture", key)
    old, new = storage.begin(ID), storage.begin(ID[:-1] + "c")
    for path in (storage.path(ID), old):
        os.utime(path, (1000, 1000))
    assert storage.keys(ID, older_than=2000) == {""}
    assert storage.keys(ID, older_than=2**40) == {"", "abc"}
    assert storage.keys(ID[:-2] + "cd", older_than=2**40) == frozenset()
    assert storage.unfinished(older_than=2000) == [(ID, old)]
    assert {folder for _, folder in storage.unfinished(older_than=2**40)} == {old, new}


def test_folders_that_are_made_are_the_servers_own(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "media")
    _put(storage, b"picture")
    change = storage.begin(ID)
    Database(f"sqlite+aiosqlite:///{tmp_path}/data/standfirst.db")
    folders = (tmp_path / "media", change, change.parent, storage.path(ID).parent, tmp_path / "data")
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}
