"""The schema's history (Alembic), and whether a database has caught up with it."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import func, select

from infra.db import Database

_LOCK = 7_310_221  # any number, so that of several that migrate a PostgreSQL database at once the others wait


class OldSchema(Exception):
    """The database's tables are not those of this program, but older or newer; the message says what to do."""


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
        if not database.is_sqlite:
            await connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        await connection.run_sync(_migrate, revision)


def _migrate(connection: SyncConnection, revision: str) -> None:
    current = _current(connection)
    _refuse_newer(current)
    config = _config()
    config.attributes["connection"] = connection
    is_back = revision == "base" or revision < (current or "")  # revisions are numbered; "head" sorts behind them
    (command.downgrade if is_back else command.upgrade)(config, revision)


async def is_current(database: Database) -> bool:
    """Tell whether a database has this program's tables; raise if it cannot be had at all."""
    async with database.read() as connection:
        return await connection.run_sync(_current) == newest()


def _current(connection: SyncConnection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(revision: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise OldSchema("The database's tables are newer than this program. Install the newer program.")


async def prepare(database: Database) -> None:
    """Make a database fit to serve: an SQLite file is migrated, a PostgreSQL one must have been."""
    async with database.read() as connection:
        revision = await connection.run_sync(_current)
    if revision == newest():
        return
    _refuse_newer(revision)
    if not database.is_sqlite:
        raise OldSchema("The database's tables are older than this program. Run: standfirst migrate")
    await migrate(database)
