"""The lease: after a commit by whomever no look on SQLite returns what was before it; on PostgreSQL it ends."""

import asyncio
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from time import monotonic

import pytest

from infra.db import Database
from infra.lease import PostgresqlLease, SqliteLease
from infra.wal_index import wal_index

RAISE = "UPDATE counters SET value = value + 1 WHERE name = 'public'"
# Another process: each line that it is sent is a statement to run, and each that it answers says that it was.
OTHER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=5)
for line in sys.stdin:
    database.execute(line)
    print("done", flush=True)
"""
# Another that commits without end, and says after each commit how far it is.
ENDLESS = f"""
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=5)
database.execute("PRAGMA synchronous=OFF")
database.execute("PRAGMA wal_autocheckpoint=7")
for _ in range(int(sys.argv[2])):
    ((value,),) = database.execute("{RAISE} RETURNING value").fetchall()
    print(value, flush=True)
"""


@pytest.fixture
def path(sqlite_template: Path, tmp_path: Path) -> Path:
    path = tmp_path / "standfirst.db"
    shutil.copyfile(sqlite_template, path)
    with closing(here(path)) as connection:
        connection.execute("INSERT OR IGNORE INTO counters VALUES ('public', 0, '2026-01-01')")
    return path


@pytest.fixture
async def lease(path: Path) -> AsyncIterator[SqliteLease]:
    lease = SqliteLease(str(path))
    await lease.start()
    yield lease
    await lease.stop()


def here(path: Path) -> sqlite3.Connection:
    """A connection in this process."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    return connection


@contextmanager
def another_process(program: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", program, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def run(process: subprocess.Popen[str], statement: str) -> None:
    """Have another process run a statement, to its end."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{statement}\n")
    process.stdin.flush()
    assert process.stdout.readline() == "done\n"


def shown(lease: SqliteLease) -> int:
    standing = lease.look()
    assert standing is not None
    return standing.public.value


def names_in(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir()}


def written(path: Path) -> int:
    with closing(here(path)) as connection:
        ((value,),) = connection.execute("SELECT value FROM counters WHERE name = 'public'").fetchall()
    return int(value)


async def test_where_nobody_commits_nothing_is_asked(lease: SqliteLease, path: Path) -> None:
    first = lease.look()
    lease.look()  # the first reading was told by the PRAGMA, this one by the WAL index
    asked: list[str] = []
    assert lease._cursor is not None  # noqa: SLF001 - what SQLite is asked is what is tested
    lease._cursor.connection.set_trace_callback(asked.append)  # noqa: SLF001
    assert [lease.look() for _ in range(10)] == [first] * 10
    assert asked == []
    with closing(here(path)) as connection:
        connection.execute(RAISE)
    assert shown(lease) == written(path)
    assert [one.split()[0] for one in asked] == ["SELECT", "--"]  # a question with another within it


@pytest.mark.parametrize("mode", ["PASSIVE", "FULL", "RESTART", "TRUNCATE"])
async def test_each_commit_of_another_process_is_seen_at_the_next_look(
    lease: SqliteLease, path: Path, mode: str
) -> None:
    with another_process(OTHER, str(path)) as other:
        run(other, "PRAGMA synchronous=OFF")
        for at in range(60):
            before = shown(lease)
            run(other, "BEGIN IMMEDIATE")
            run(other, RAISE)
            assert shown(lease) == before
            run(other, "ROLLBACK" if at % 3 == 0 else "COMMIT")
            assert shown(lease) == before + (at % 3 != 0)
            if at % 4 == 0:
                run(other, f"PRAGMA wal_checkpoint({mode})")
                assert shown(lease) == written(path)
        run(other, "VACUUM")
        run(other, RAISE)
        assert shown(lease) == written(path)


async def test_a_commit_during_a_reading_is_seen_at_the_next_look(lease: SqliteLease, path: Path) -> None:
    shown(lease)
    before, raised = shown(lease), list[int]()
    assert lease._cursor is not None  # noqa: SLF001 - where the commit is to fall
    with closing(here(path)) as connection:

        def commit_once() -> None:
            if not raised:
                raised.append(connection.execute(RAISE).rowcount)

        connection.execute(RAISE)
        reading = lease._cursor.connection  # noqa: SLF001
        reading.set_progress_handler(commit_once, 40)  # well inside the statement that reads the counters
        during = shown(lease)
        assert raised
        assert during == before + 1, "the reading had begun before the commit"
        assert shown(lease) == before + 2


@pytest.mark.parametrize("commits", [2_000, pytest.param(100_000, marks=pytest.mark.deep)])
async def test_no_look_is_behind_a_commit_that_was_told_of(lease: SqliteLease, path: Path, commits: int) -> None:
    with another_process(ENDLESS, str(path), str(commits)) as other:
        assert other.stdout
        for line in other.stdout:
            assert shown(lease) >= int(line)
    assert shown(lease) == written(path)


@pytest.mark.parametrize("rounds", [3, pytest.param(100, marks=pytest.mark.deep)])
async def test_who_is_killed_while_committing_leaves_nothing_unseen(
    lease: SqliteLease, path: Path, rounds: int
) -> None:
    random = Random(rounds)
    for _ in range(rounds):
        with another_process(ENDLESS, str(path), "1000000") as other:
            assert other.stdout
            other.stdout.readline()
            ends = monotonic() + random.random() / 10
            while monotonic() < ends:
                assert shown(lease) <= shown(lease)
            other.send_signal(signal.SIGKILL)
            other.wait()
        for _ in range(3):
            assert shown(lease) == written(path)
            with closing(here(path)) as connection:
                connection.execute(RAISE)
        assert shown(lease) == written(path)


async def test_a_lease_takes_no_lock_from_others_of_its_process(path: Path) -> None:
    with closing(here(path)) as connection, another_process(OTHER, str(path)) as other:
        run(other, "PRAGMA busy_timeout=0")
        connection.execute("BEGIN IMMEDIATE")
        lease = SqliteLease(str(path))
        await lease.start()
        shown(lease)
        shown(lease)
        await lease.stop()
        assert other.stdin
        assert other.stdout
        other.stdin.write("BEGIN IMMEDIATE\n")
        other.stdin.flush()
        assert other.stdout.readline() == "", "it got the lock that this process holds"
        connection.execute("ROLLBACK")


async def test_nobody_leaves_wal_mode_under_a_lease(lease: SqliteLease, path: Path) -> None:
    shown(lease)
    with closing(here(path)) as connection, pytest.raises(sqlite3.OperationalError, match="locked"):
        connection.execute("PRAGMA journal_mode=DELETE")
    with another_process(OTHER, str(path)) as other:
        run(other, RAISE)
    assert f"{path.name}-shm" in names_in(path.parent), "the lease alone keeps it"
    assert shown(lease) == written(path)


async def test_without_a_wal_index_each_look_asks(path: Path) -> None:
    with closing(here(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        lease = SqliteLease(str(path))
        await lease.start()
        with path.with_name(f"{path.name}-shm").open("w+b") as left_over:
            left_over.write(bytes(32_768))
            for _ in range(3):
                assert shown(lease) == written(path)
                assert lease._index is None  # noqa: SLF001
                connection.execute(RAISE)
            assert shown(lease) == written(path)
        await lease.stop()


def test_there_is_no_wal_index_that_one_cannot_be_sure_of(path: Path) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        assert wal_index(connection) is None
    with closing(here(path)) as connection:
        assert written(path) >= 0
        connection.execute("SELECT * FROM counters").fetchall()
        index = wal_index(connection)
        assert index is not None
        index.close()
        file = Path(f"{path}-shm")
        file.rename(f"{file}-gone")
        assert wal_index(connection) is None, "it is not where it belongs"
        shutil.copyfile(f"{file}-gone", file)
        assert wal_index(connection) is None, "another stands in its place"


async def test_a_folder_may_have_any_name(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "50%20 of #1?"
    folder.mkdir()
    moved = Path(shutil.move(path, folder))
    lease = SqliteLease(str(moved))
    await lease.start()
    assert shown(lease) == written(moved)
    await lease.stop()
    assert names_in(tmp_path) == {folder.name}


async def test_a_second_way_to_a_database_takes_no_lock_from_the_first(path: Path) -> None:
    with closing(here(path)) as connection, another_process(OTHER, str(path)) as other:
        connection.execute("SELECT * FROM counters").fetchall()
        await Database(f"sqlite+aiosqlite:///{path}").close()
        run(other, RAISE)
        with pytest.raises(AssertionError):
            run(other, "PRAGMA journal_mode=DELETE")
    assert written(path) == 1


@pytest.mark.parametrize("turns", range(6))
async def test_the_reading_ends_when_it_is_told_to_however_soon_after_a_change(
    postgresql_url: str, turns: int
) -> None:
    database = Database(postgresql_url.replace("postgresql://", "postgresql+asyncpg://"))
    lease = PostgresqlLease(database.engine)
    await lease.start()
    while lease.look() is None:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.01)
    lease.distrust()
    for _ in range(turns):
        await asyncio.sleep(0)
    stopping = asyncio.create_task(lease.stop())
    ended, _ = await asyncio.wait([stopping], timeout=5)
    assert ended == {stopping}
    await database.close()
