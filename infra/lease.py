"""The lease under which kept answers are true: how far the counters are, as far as this process can tell.

On SQLite it asks at each look whether anybody has committed since: by the head of the WAL index, or where there is
none by `PRAGMA data_version`, which is the same question for a few microseconds. On PostgreSQL a connection of its
own reads the counters all the time, and a reading that is older than a tenth of a second counts for nothing; nor
does one that was asked for before this process itself changed something.
"""

import asyncio
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.wal_index import WalIndex, wal_index

READ_EVERY, GOOD_FOR = 0.05, 0.1  # seconds
PATIENCE, PAUSE = 2.0, 0.5  # seconds for an answer of the database; and after none came

_READ = (
    "SELECT {source}, (SELECT value FROM counters WHERE name = 'public'), "
    "(SELECT at FROM counters WHERE name = 'public'), (SELECT value FROM counters WHERE name = 'rights'), "
    "(SELECT MIN(next_change) FROM publications), (SELECT MIN(next_change) FROM publications "
    "WHERE state = 'live' OR (state = 'scheduled' AND next_change > live_from))"
)
# The database's own name, and what a backup that is put back into a running one changes, whatever it holds.
_OF_SQLITE = _READ.format(
    source="(SELECT MAX(value) FROM counters WHERE name = 'database'), "
    "(SELECT schema_version FROM pragma_schema_version)"
)
_OF_POSTGRESQL = _READ.format(
    source="(SELECT MAX(value) FROM counters WHERE name = 'database'), "
    "concat('counters'::regclass::oid, ' ', pg_postmaster_start_time())"
)


class Count(NamedTuple):
    """How many changes there were, and in which database: one that was put back counts the same numbers again."""

    source: tuple[int | None, int | str] | None
    value: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How many changes readers could see by now and the last one's time, how many of rights there were.

    `next_change` is when time brings the next one, `next_public` when it does to what is live: that is no secret.
    """

    public: Count
    at: datetime | None
    rights: Count
    next_change: datetime | None
    next_public: datetime | None

    def is_due(self, now: datetime) -> bool:
        """Whether a moment has come that is not announced yet."""
        return self.next_change is not None and self.next_change <= now

    def is_true_at(self, now: datetime) -> bool:
        """Whether what is read now may be kept: no moment has come, nor is a change later than our clock.

        What we would read now lacks such a change.
        """
        return (self.at is None or self.at <= now) and (self.next_change is None or now < self.next_change)


class Lease(Protocol):
    """Tells where the database stands, as long as it can be sure."""

    def look(self) -> Standing | None:
        """Return where the database stands, or nothing if that is not known at this moment."""

    def distrust(self) -> None:
        """Forget what was read: this process has just changed something."""

    async def start(self) -> None:
        """Begin to read."""

    async def stop(self) -> None:
        """Stop reading."""


class SqliteLease:
    """Asks at each look. It never waits: a file that cannot be read at once makes no lease."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._cursor: sqlite3.Cursor | None = None  # one for all looks: to make one costs as much as a look
        self._index: WalIndex | None = None
        self._seen: bytes | int | None = None
        self._standing: Standing | None = None

    def look(self) -> Standing | None:
        """Return where the database stands.

        What tells of commits is looked at first and the counters are read afterwards: a commit between the two is
        in the counters at once, and seen at the next look.
        """
        if self._cursor is None:
            return None
        try:
            seen = self._index.head() if self._index is not None else _version(self._cursor)
            if seen != self._seen:
                self._standing, self._seen = self._read(self._cursor), seen
        except sqlite3.Error:
            self._standing = self._seen = None
        return self._standing

    def _read(self, cursor: sqlite3.Cursor) -> Standing:
        name, schema, public, at, rights, *moments = cursor.execute(_OF_SQLITE).fetchone()
        if self._index is None:  # there is none before the first reading
            self._index = wal_index(cursor.connection)
        counts = Count((name, schema), public or 0), Count((name, schema), rights or 0)
        return Standing(counts[0], _moment(at), counts[1], *map(_moment, moments))

    def distrust(self) -> None:
        """Do nothing: the next look asks anyway."""

    async def start(self) -> None:
        """Open a connection of its own."""
        self._cursor = sqlite3.connect(
            f"file:{quote(self._path)}?mode=ro", uri=True, timeout=0, isolation_level=None, check_same_thread=False
        ).cursor()

    async def stop(self) -> None:
        """Close the connection."""
        if self._index is not None:
            self._index.close()
        if self._cursor is not None:
            self._cursor.connection.close()
        self._cursor = self._index = self._seen = self._standing = None


def _version(cursor: sqlite3.Cursor) -> int:
    """Return a number that is another as soon as anybody has committed."""
    (version,) = cursor.execute("PRAGMA data_version").fetchone()
    return int(version)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


class PostgresqlLease:
    """Reads all the time, on a connection of its own."""

    def __init__(self, engine: AsyncEngine) -> None:
        _, self._address = engine.dialect.create_connect_args(engine.url)
        self._standing: Standing | None = None
        self._asked_at = self._distrusted_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()

    def look(self) -> Standing | None:
        """Return where the database stood when it was last asked, if that is not too long ago."""
        return self._standing if monotonic() - self._asked_at <= GOOD_FOR else None

    def distrust(self) -> None:
        """Wait for a reading that begins from now on."""
        self._distrusted_at, self._standing = monotonic(), None
        self._wanted.set()

    async def start(self) -> None:
        """Begin to read."""
        self._task = asyncio.create_task(self._read_for_ever())

    async def stop(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._task = self._standing = None

    async def _read_for_ever(self) -> None:
        while True:
            connection: Any = None
            try:
                connection = await asyncpg.connect(**self._address, timeout=PATIENCE)
                while True:
                    await self._read(connection)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                self._standing = None
                await asyncio.sleep(PAUSE)
            finally:
                if connection is not None:
                    connection.terminate()  # it may be half open: nobody waits for it

    async def _read(self, connection: Any) -> None:  # noqa: ANN401 - asyncpg has no types
        self._wanted.clear()
        asked_at = monotonic()
        name, server, public, at, rights, *moments = await connection.fetchrow(_OF_POSTGRESQL, timeout=PATIENCE)
        if asked_at > self._distrusted_at:
            counts = Count((name, server), public or 0), Count((name, server), rights or 0)
            self._standing, self._asked_at = Standing(counts[0], at, counts[1], *moments), asked_at
        # Not `wait_for`: up to Python 3.11 it takes being cancelled for being woken when both come at once.
        with suppress(TimeoutError):
            async with asyncio.timeout(READ_EVERY - (monotonic() - asked_at)):
                await self._wanted.wait()
