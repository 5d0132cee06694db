"""The head of SQLite's WAL index: the bytes in shared memory by which its own readers learn of a commit.

Every connection in WAL mode maps `<database>-shm` and begins each read by comparing the first 96 bytes, which are
the same 48 twice, with those that it saw last (sqlite.org/walformat.html). `PRAGMA data_version` does no more, but
takes and leaves a lock for it, and that is dear. To look at the bytes asks nothing of the system.

It maps SQLite's own descriptor. One of our own would have to be closed some day, and POSIX then takes from this
process every lock that SQLite holds on the file.
"""

import os
import sqlite3
from contextlib import suppress
from ctypes import CDLL, c_char, c_int, c_long, c_size_t, c_void_p
from mmap import MAP_SHARED, PROT_READ
from pathlib import Path

HEAD = 96  # bytes: two copies, of which a writer renews the second first
_FAILED = c_void_p(-1).value


class WalIndex:
    """A view of the head. It is as true as the connection that it was found by is open."""

    def __init__(self, descriptor: int) -> None:
        system = CDLL(None, use_errno=True)
        system.mmap.restype, system.munmap.argtypes = c_void_p, (c_void_p, c_size_t)
        system.mmap.argtypes = (c_void_p, c_size_t, c_int, c_int, c_int, c_long)
        address = system.mmap(None, HEAD, PROT_READ, MAP_SHARED, descriptor, 0)
        if address == _FAILED:
            raise OSError("The WAL index cannot be mapped.")
        self._address, self._unmap = address, system.munmap
        self._head = (c_char * HEAD).from_address(address)

    def head(self) -> bytes:
        """Return the bytes as they are: others than before as soon as a reader would see a commit."""
        return self._head.raw

    def close(self) -> None:
        """Let the memory go. Nothing may be read any more."""
        del self._head
        self._unmap(self._address, HEAD)


def wal_index(connection: sqlite3.Connection) -> WalIndex | None:
    """Return the WAL index that a connection uses which has read already, or nothing if one cannot be sure of it.

    There is none in another journal mode or in memory, and it is found where the system lists descriptors (Linux).
    While the connection is open nobody can leave WAL mode, nor is the file made anew.
    """
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode != "wal":
        return None
    (_, _, path), *_ = connection.execute("PRAGMA database_list").fetchall()
    with suppress(OSError, AttributeError):  # a system without the list, the file or the functions
        descriptor = _descriptor(f"{path}-shm")
        return WalIndex(descriptor) if descriptor is not None else None
    return None


def _descriptor(path: str) -> int | None:
    """Return the descriptor by which SQLite has this file open."""
    file = Path(path).stat()
    for listed in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # it may have been closed since it was listed
            if os.path.samestat(os.fstat(int(listed.name)), file):
                return int(listed.name)
    return None
