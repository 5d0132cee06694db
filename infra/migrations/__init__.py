"""The schema's history (Alembic), and whether a database has caught up with it."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection as SyncConnection

from infra.db import Database


class OldSchema(Exception):
    """The database's tables are older than this program; the message says what to do."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


@cache
def newest() -> str:
    """Return the revision that this program was written for."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


async def migrate(database: Database, revision: str = "head") -> None:
    """Bring a database's tables to a revision, in one transaction."""
    async with database.write() as connection:
        await connection.run_sync(_migrate, revision)


def _migrate(connection: SyncConnection, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    (command.downgrade if revision == "base" else command.upgrade)(config, revision)


async def is_current(database: Database) -> bool:
    """Tell whether a database has this program's tables; raise if it cannot be had at all."""
    async with database.read() as connection:
        return await connection.run_sync(_current) == newest()


def _current(connection: SyncConnection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


async def prepare(database: Database) -> None:
    """Make a database fit to serve: an SQLite file is migrated, a PostgreSQL one must have been."""
    if await is_current(database):
        return
    if not database.is_sqlite:
        raise OldSchema("The database's tables are older than this program. Run: standfirst migrate")
    await migrate(database)
