from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from domain.errors import TooLarge
from infra.db import Database
from infra.storage import CHUNK, Storage, pour

LIMIT = 3 * CHUNK
ID = "01970000-0000-7000-8000-0000000000ab"


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "media", limit=LIMIT)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, LIMIT])
def test_what_comes_in_is_kept_whole(storage: Storage, tmp_path: Path, size: int) -> None:
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    incoming = storage.receive(ID)
    pour(BytesIO(data), incoming)
    assert (incoming.size, incoming.digest) == (size, sha256(data).hexdigest())
    assert not storage.path(ID).exists()
    storage.keep(incoming, ID)
    incoming.discard()
    assert storage.path(ID).read_bytes() == data
    assert _files(tmp_path) == [storage.path(ID)]


def test_what_is_too_large_is_refused_and_goes(storage: Storage, tmp_path: Path) -> None:
    incoming = storage.receive(ID)
    with pytest.raises(TooLarge):
        pour(BytesIO(bytes(LIMIT + 1)), incoming)
    incoming.discard()
    assert _files(tmp_path) == []


def test_what_is_not_kept_goes(storage: Storage, tmp_path: Path) -> None:
    incoming = storage.receive(ID)
    incoming.write(b"half")
    assert len(_files(tmp_path)) == 1
    incoming.discard()
    incoming.discard()
    assert _files(tmp_path) == []


def test_nothing_is_made_until_something_comes(storage: Storage, tmp_path: Path) -> None:
    incoming = storage.receive(ID)
    pour(BytesIO(b""), incoming)
    incoming.discard()
    assert (incoming.size, incoming.digest) == (0, sha256(b"").hexdigest())
    assert _files(tmp_path) == []


def test_a_place_is_never_given_twice(storage: Storage) -> None:
    first, second = storage.receive(ID), storage.receive(ID)
    first.write(b"first")
    with pytest.raises(FileExistsError):
        second.write(b"second")
    first.discard()


def test_every_picture_has_its_place_in_the_folder(storage: Storage, tmp_path: Path) -> None:
    assert storage.path(ID) == tmp_path / "media" / "ab" / ID


async def test_a_picture_can_be_removed_once_or_twice(storage: Storage, tmp_path: Path) -> None:
    incoming = storage.receive(ID)
    pour(BytesIO(b"picture"), incoming)
    storage.keep(incoming, ID)
    await storage.remove(ID)
    await storage.remove(ID)
    assert _files(tmp_path) == []


def test_folders_that_are_made_are_the_servers_own(tmp_path: Path) -> None:
    Storage(tmp_path / "media", limit=10).receive("some-id")
    Database(f"sqlite+aiosqlite:///{tmp_path}/data/standfirst.db")
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("media", "data")} == {0o700}
