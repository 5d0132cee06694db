"""The database: one place that opens connections and transactions, for SQLite and PostgreSQL alike.

A read is one consistent snapshot; a write commits when its block ends and rolls back when it raises.
"""

import asyncio
import logging
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import Table, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from domain.errors import Conflict
from infra import changes
from infra.lease import Lease, PostgresqlLease, SqliteLease
from infra.sqlite import Driver

SQLITE_BUSY_SECONDS = 5
SHORT_PATIENCE_SECONDS = 1.0  # of a reader for whom something has to be written down, and who holds a connection
POOL_SIZE = 10
POOL_WAIT_SECONDS = 10


Connection = AsyncConnection

# At DEBUG these two print parameters and rows, whatever `hide_parameters` says: texts, e-mails, hashes.
_PRINT_DATA_WHEN_DEBUGGING = ("aiosqlite", "sqlalchemy.engine.Engine")
for _name in _PRINT_DATA_WHEN_DEBUGGING:
    logging.getLogger(_name).addFilter(lambda record: record.levelno > logging.DEBUG)


class DatabaseBusy(Exception):
    """The database cannot be had at the moment; nothing was changed and it is worth trying again."""


class Database:
    """The way to the rows. Made once a process, from the settings' address; `for_much` to write a great deal."""

    def __init__(self, sqlalchemy_url: str, *, for_much: bool = False) -> None:
        url = make_url(sqlalchemy_url)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        if self.is_sqlite and url.database:
            _make_file(Path(url.database))
        self.engine: AsyncEngine = create_async_engine(
            url,
            hide_parameters=True,
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_timeout=POOL_WAIT_SECONDS,
            pool_pre_ping=not self.is_sqlite,
            **({"module": Driver()} if self.is_sqlite else {}),
        )
        if self.is_sqlite:
            _prepare_sqlite(self.engine, for_much=for_much)
        self._turn, self._is_held_up = asyncio.Lock(), False
        self.lease: Lease = SqliteLease(url.database or "") if self.is_sqlite else PostgresqlLease(self.engine)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a snapshot to read from; nothing is ever written through it."""
        async with _told_plainly(), self.engine.connect() as connection:
            if not self.is_sqlite:
                await connection.execution_options(**self._manner(writes=False))
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that commits at the end of the block. On SQLite it is the only writer.

        What it noted that readers will see differently gets its number last.
        """
        async with _told_plainly(writes=True), self.engine.connect() as connection:
            await connection.execution_options(writes=True)
            changes.forget(connection)
            async with connection.begin():
                yield connection
                await changes.announce(connection)
            self.lease.distrust()

    @asynccontextmanager
    async def write_within(self, snapshot: AsyncConnection) -> AsyncIterator[None]:
        """Write something down in the middle of a read, on its own connection, and go on from a newer snapshot.

        Who reads would wait for a second connection while holding the first, and so would all the others.
        """
        await snapshot.rollback()
        await snapshot.execution_options(**self._manner(writes=True))
        changes.forget(snapshot)
        try:
            async with _told_plainly(writes=True), snapshot.begin():
                yield
                is_seen = await changes.announce(snapshot)
            if is_seen:
                self.lease.distrust()
        finally:
            await snapshot.execution_options(**self._manner(writes=False))

    @asynccontextmanager
    async def write_soon(self, snapshot: AsyncConnection) -> AsyncIterator[None]:
        """Write something down in the middle of a read as `write_within` does, or give up after a second.

        Once somebody on SQLite had to, the others give up at once until one comes through: whoever waits holds
        a connection, and there would soon be none for those who only read.
        """
        patience, has_begun = 0.0 if self._is_held_up else SHORT_PATIENCE_SECONDS, False
        async with self._in_turn(patience):
            await snapshot.execution_options(patience=patience)
            try:
                async with self.write_within(snapshot):
                    self._is_held_up, has_begun = False, True
                    await self._limit_waits(snapshot)
                    yield
            except DatabaseBusy:
                self._is_held_up |= self.is_sqlite and patience > 0 and not has_begun
                raise
            finally:
                await snapshot.execution_options(patience=None)

    @asynccontextmanager
    async def _in_turn(self, patience: float) -> AsyncIterator[None]:
        """Wait for those of this process who came before; SQLite would let in whoever asks by chance in time."""
        if not self.is_sqlite:
            yield
            return
        if self._turn.locked() and not patience:
            raise DatabaseBusy("turn")
        try:
            async with asyncio.timeout(patience or None):
                await self._turn.acquire()
        except TimeoutError:
            raise DatabaseBusy("turn") from None
        try:
            yield
        finally:
            self._turn.release()

    async def _limit_waits(self, connection: AsyncConnection) -> None:
        if not self.is_sqlite:  # where others are waited for one row at a time
            milliseconds = int(SHORT_PATIENCE_SECONDS * 1000)
            await connection.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")

    def _manner(self, *, writes: bool) -> dict[str, Any]:
        if self.is_sqlite:  # where a transaction is a snapshot anyway
            return {"writes": writes}
        level = "READ COMMITTED" if writes else "REPEATABLE READ"
        return {"isolation_level": level, "postgresql_readonly": not writes}

    async def close(self) -> None:
        """Close every connection."""
        await self.lease.stop()
        await self.engine.dispose()


async def hold(connection: AsyncConnection, table: Table) -> None:
    """Keep others from being alone with a table until this transaction ends; they may go on writing to it."""
    await _lock(connection, table, "ROW SHARE")


async def be_alone(connection: AsyncConnection, table: Table) -> None:
    """Wait until nobody holds a table or writes to it; until this transaction ends, others can only read it."""
    await _lock(connection, table, "EXCLUSIVE")


async def _lock(connection: AsyncConnection, table: Table, mode: str) -> None:
    if connection.dialect.name == "postgresql":  # on SQLite there is one writer at a time anyway
        await connection.exec_driver_sql(f"LOCK TABLE {table.name} IN {mode} MODE")


@asynccontextmanager
async def savepoint(connection: AsyncConnection) -> AsyncIterator[None]:
    """Open a part of a transaction that can be undone by itself: it is, when its block raises."""
    async with _told_plainly(), connection.begin_nested():
        yield


def _make_file(path: Path) -> None:
    """Make an empty file where there is none. What cannot be opened is told here, not in the driver's thread.

    What is there is left shut: to close it would take all locks from it that SQLite holds in this process.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (path.is_file() and os.access(path, os.R_OK | os.W_OK)):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))  # it will hold addresses of people


def _prepare_sqlite(engine: AsyncEngine, *, for_much: bool) -> None:
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    if for_much:
        event.listen(engine.sync_engine, "connect", _set_pragmas_for_much)
    event.listen(engine.sync_engine, "begin", _begin)


def _set_pragmas(connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401
    connection.isolation_level = None  # the driver begins nothing by itself; `_begin` does
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # what was acknowledged survives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_SECONDS * 1000}")
    cursor.close()


def _set_pragmas_for_much(connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401
    cursor = connection.cursor()
    cursor.execute("PRAGMA cache_size=-8192")
    cursor.execute("PRAGMA wal_autocheckpoint=8000")  # pages that many rows touch are written back once
    cursor.close()


def _begin(connection: SyncConnection) -> None:
    options = connection.get_execution_options()
    patience = options.get("patience")
    _be_patient(connection, SQLITE_BUSY_SECONDS if patience is None else patience)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")


def _be_patient(connection: SyncConnection, seconds: float) -> None:
    """Wait so long for another's lock from now on. It is a trip of its own, so only where it is something new."""
    if connection.info.get("patience", SQLITE_BUSY_SECONDS) != seconds:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={int(seconds * 1000)}")
        connection.info["patience"] = seconds


@asynccontextmanager
async def _told_plainly(*, writes: bool = False) -> AsyncIterator[None]:
    """Turn a driver's errors into the two that callers can act on; their texts may hold data and stay here."""
    try:
        yield
    except IntegrityError:
        raise Conflict("Somebody else has just taken or removed what this needs.", rule="race") from None
    except (PoolTimeout, OSError) as error:  # no such host, socket or route are OSErrors of several kinds
        raise DatabaseBusy(type(error).__name__) from None
    except DBAPIError as error:
        if error.connection_invalidated or _is_passing(error.orig, writes=writes):
            raise DatabaseBusy(type(error.orig).__name__) from None
        raise


# Serialisation failure, deadlock, too many connections, shutting down, disk full, and others of their classes;
# and a lock that did not come in time. A server may only read, too, when another has taken over from it.
_PASSING_SQLSTATES = ("40", "53", "55P03", "57P", "08")
_ONLY_READS = "25006"
_PASSING_WORDS = ("locked", "busy", "disk is full", "disk I/O error", "unable to open", "readonly")


def _is_passing(error: BaseException | None, *, writes: bool) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        return any(word in str(error) for word in _PASSING_WORDS)
    state = str(getattr(error, "sqlstate", None) or "")
    return state.startswith(_PASSING_SQLSTATES) or (writes and state == _ONLY_READS)
