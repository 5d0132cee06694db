"""Whatever writes to plans, be it by hand, ends what is kept of somebody's rights."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from infra.db import Database
from infra.settings import Settings

PLAN = (
    "INSERT INTO plans (id, slug, names, amount, currency, period, url, opens_everything, is_offered, position, "
    "version) "
    "VALUES ('p', 'coast', '{}', '1', 'EUR', 'P1M', 'https://a.test/', false, true, 0, 1)"
)
WRITES = {
    PLAN: True,
    "INSERT INTO tags (id, slug, name, kind, names, version) VALUES ('t', 'sea', 'Sea', 'topic', '{}', 1)": False,
    "INSERT INTO plan_tags (plan_id, kind, tag_id) VALUES ('p', 'tag', 't')": True,
    "UPDATE tags SET name = 'Ocean'": False,
    "UPDATE tags SET merged_into = 'other'": True,
    "UPDATE plan_tags SET kind = 'section'": True,
    "UPDATE plans SET opens_everything = true": True,
    "DELETE FROM plan_tags": True,
    "DELETE FROM plans": True,
}


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.sqlalchemy_url)
    yield database
    await database.close()


async def test_each_write_that_changes_what_plans_open_is_counted(database: Database) -> None:
    async def counted() -> int:
        async with database.read() as connection:
            return await connection.scalar(text("SELECT value FROM counters WHERE name = 'rights'")) or 0

    for statement, is_counted in WRITES.items():
        before = await counted()
        async with database.write() as connection:
            await connection.execute(text(statement))
        assert (await counted() > before) is is_counted, statement
