import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Conflict
from infra import db
from infra.db import Database, DatabaseBusy
from infra.ids import new_id
from infra.settings import Settings
from infra.tables import accounts, subscriptions

DEFER_ON_SQLITE = "PRAGMA defer_foreign_keys = ON"
DEFER_ON_POSTGRESQL = (
    "ALTER TABLE subscriptions ALTER CONSTRAINT subscriptions_account_id_fkey DEFERRABLE INITIALLY DEFERRED"
)
NOW = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.sqlalchemy_url)
    yield database
    await database.close()


async def _add(connection: AsyncConnection, email: str = "a@example.org") -> None:
    await connection.execute(
        accounts.insert().values(
            id=new_id(), email=email, name="A", password_hash="!", roles="reader", created_at=NOW
        )
    )


async def _count(connection: AsyncConnection) -> int:
    return await connection.scalar(select(func.count()).select_from(accounts)) or 0


async def _kept(database: Database) -> int:
    async with database.read() as connection:
        return await _count(connection)


async def test_a_write_is_kept_when_its_block_ends(database: Database) -> None:
    async with database.write() as connection:
        await _add(connection)
        assert await _kept(database) == 0  # nobody sees it before
    assert await _kept(database) == 1


async def test_a_write_that_raises_leaves_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as connection:
            await _add(connection)
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    assert await _kept(database) == 0


async def test_a_write_that_is_cancelled_leaves_nothing(database: Database) -> None:
    is_inside = asyncio.Event()

    async def never_ends() -> None:
        async with database.write() as connection:
            await _add(connection)
            is_inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(never_ends())
    await is_inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.write() as connection:  # and the place is free again
        assert await _count(connection) == 0


async def test_a_read_is_one_snapshot(database: Database) -> None:
    async with database.read() as reading:
        assert await _count(reading) == 0
        async with database.write() as connection:
            await _add(connection)
        assert await _count(reading) == 0
    assert await _kept(database) == 1


async def test_a_read_never_writes(database: Database) -> None:
    try:
        async with database.read() as connection:
            await _add(connection)
    except DBAPIError:
        assert not database.is_sqlite
    else:
        assert database.is_sqlite  # which takes it, and forgets it with the snapshot
    assert await _kept(database) == 0
    async with database.write() as connection:  # on the same connection as the read before
        await _add(connection)
    assert await _kept(database) == 1


async def test_a_broken_rule_of_the_tables_is_a_conflict(database: Database) -> None:
    async with database.write() as connection:
        await _add(connection)

    async def add_again() -> None:
        async with database.write() as connection:
            await _add(connection, "b@example.org")
            await _add(connection)

    with pytest.raises(Conflict) as refused:
        await add_again()
    assert refused.value.rule == "race"
    assert "example.org" not in refused.value.detail
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    assert await _kept(database) == 1


async def test_a_commit_that_fails_reaches_the_caller(database: Database) -> None:
    ended = []

    async def break_a_rule_late() -> None:
        async with database.write() as connection:
            await _add(connection)
            await connection.execute(text(DEFER_ON_SQLITE if database.is_sqlite else DEFER_ON_POSTGRESQL))
            row = {"id": new_id(), "account_id": new_id(), "plan": "monthly", "starts_at": NOW}
            await connection.execute(subscriptions.insert().values(row))
            ended.append(True)

    with pytest.raises(Conflict):
        await break_a_rule_late()
    assert ended  # so it was the commit that refused
    assert await _kept(database) == 0
    async with database.write() as connection:
        await _add(connection)
    assert await _kept(database) == 1


async def test_other_errors_stay_what_they_are_and_hide_what_was_sent(database: Database) -> None:
    with pytest.raises((OperationalError, ProgrammingError)) as told:
        async with database.write() as connection:
            await connection.execute(text("SELECT :word FROM no_such_table"), {"word": "canary"})
    assert "canary" not in str(told.value)
    assert await _kept(database) == 0


async def test_times_come_back_as_they_were(database: Database) -> None:
    async with database.write() as connection:
        await _add(connection)
    async with database.read() as connection:
        assert await connection.scalar(select(accounts.c.created_at)) == NOW


async def test_when_every_connection_is_taken_the_database_is_busy(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "POOL_SIZE", 1)
    monkeypatch.setattr(db, "POOL_WAIT_SECONDS", 0.01)
    database = Database(settings.sqlalchemy_url)
    async with database.read() as connection:
        await _count(connection)
        with pytest.raises(DatabaseBusy):
            await _kept(database)
    assert await _kept(database) == 0
    await database.close()


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_a_second_writer_of_an_sqlite_file_waits_and_is_then_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "SQLITE_BUSY_SECONDS", 0)
    database = Database(settings.sqlalchemy_url)
    async with database.write() as connection:
        await _add(connection)
        with pytest.raises(DatabaseBusy):
            async with database.write():
                pytest.fail("two writers at once")
        assert await _kept(database) == 0  # readers never wait
    assert await _kept(database) == 1
    await database.close()


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_an_sqlite_file_keeps_what_was_acknowledged(database: Database) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
    async with database.read() as connection:
        found = {name: await connection.scalar(text(f"PRAGMA {name}")) for name in wanted}
    assert found == wanted


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_what_passes_on_postgresql_is_worth_another_try(database: Database) -> None:
    async def fail(code: str) -> None:
        async with database.write() as connection:
            await connection.execute(
                text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}', MESSAGE = 'canary'; END $$")
            )

    for code in ("40001", "40P01", "53300", "53100", "55P03", "57P01", "57P03", "08006"):
        with pytest.raises(DatabaseBusy) as busy:
            await fail(code)
        assert "canary" not in str(busy.value), code
    for code in ("42P01", "22012", "57014"):
        with pytest.raises(DBAPIError):
            await fail(code)
    with pytest.raises(Conflict):
        await fail("23505")


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_a_connection_that_was_cut_is_busy_and_then_made_anew(database: Database) -> None:
    async def lose_it() -> None:
        async with database.write() as connection:
            await _add(connection)
            pid = await connection.scalar(text("SELECT pg_backend_pid()"))
            async with database.write() as other:
                await other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
            await _count(connection)

    with pytest.raises(DatabaseBusy):
        await lose_it()
    assert await _kept(database) == 0


async def test_a_server_that_is_not_there_is_busy(tmp_path: Path) -> None:
    database = Database(f"postgresql+asyncpg://u:canary@/d?host={tmp_path}")
    with pytest.raises(DatabaseBusy) as busy:
        await _kept(database)
    assert "canary" not in str(busy.value)
    await database.close()


async def test_the_folder_of_an_sqlite_file_is_made(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/a/b/standfirst.db")
    async with database.write() as connection:
        await connection.execute(text("CREATE TABLE one (id INTEGER)"))
    assert (tmp_path / "a/b/standfirst.db").exists()
    await database.close()


async def test_a_database_that_only_reads_is_busy(database: Database) -> None:
    async def add() -> None:
        async with database.write() as connection:
            only_reads = "PRAGMA query_only = 1" if database.is_sqlite else "SET TRANSACTION READ ONLY"
            await connection.exec_driver_sql(only_reads)
            await _add(connection)

    with pytest.raises(DatabaseBusy):
        await add()
