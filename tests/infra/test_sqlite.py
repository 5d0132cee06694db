from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, select, update

from infra.db import Database
from infra.tables import Moment

THINGS = Table(
    "things", MetaData(), Column("id", Integer, primary_key=True), Column("name", Text), Column("at", Moment)
)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'things.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(THINGS.create)
    yield database
    await database.close()


async def test_a_statement_makes_one_trip_to_the_drivers_thread(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    trips = 0
    real = aiosqlite.Connection._execute  # noqa: SLF001 - every trip is made by it

    async def counted(self: aiosqlite.Connection, *args: Any, **kwargs: Any) -> Any:
        nonlocal trips
        trips += 1
        return await real(self, *args, **kwargs)  # type: ignore[no-untyped-call]

    async with database.read() as connection:
        await connection.execute(select(THINGS))  # the transaction has begun
        monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
        assert (await connection.execute(select(THINGS))).all() == []
        assert trips == 1


async def test_rows_counts_and_keys_are_as_the_driver_has_them(database: Database) -> None:
    async with database.engine.begin() as connection:
        made = await connection.execute(insert(THINGS).values(name="one"))
        assert made.inserted_primary_key == (1,)
        await connection.execute(insert(THINGS), [{"name": "two"}, {"name": "three"}])
        assert (await connection.execute(update(THINGS).values(name="all"))).rowcount == 3
        rows = (await connection.execute(select(THINGS).order_by(THINGS.c.id))).all()
    assert [(row.id, row.name) for row in rows] == [(1, "all"), (2, "all"), (3, "all")]


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 1, 31, 12, tzinfo=UTC), "2026-01-31 12:00:00.000000"),
        (datetime(2026, 1, 31, 12, 0, 0, 7, tzinfo=timezone(timedelta(hours=2))), "2026-01-31 10:00:00.000007"),
        (datetime(33, 1, 1, tzinfo=UTC), "0033-01-01 00:00:00.000000"),
        (None, None),
    ],
)
async def test_a_time_is_kept_as_text_that_sorts(
    database: Database, at: datetime | None, text: str | None
) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(insert(THINGS), [{"name": "a", "at": at}])
        assert (await connection.exec_driver_sql("SELECT at FROM things")).scalar() == text
        row = (await connection.execute(select(THINGS).where(THINGS.c.at == at))).one()
        assert row.at == at
