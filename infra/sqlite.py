"""SQLAlchemy's way to aiosqlite, with one trip to the driver's thread a statement.

SQLAlchemy's own makes four: for a cursor, to run the statement, for its rows, and to close the cursor. A trip
costs more than most of our statements do.
"""

import sqlite3
from collections import deque
from functools import partial
from typing import Any, NamedTuple

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)


class _Outcome(NamedTuple):
    """All that a cursor knows once its statement has run."""

    rows: list[Any]
    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None


def _run(connection: sqlite3.Connection, statement: str, parameters: Any, *, many: bool) -> _Outcome:  # noqa: ANN401
    """Run a statement to its end, in the driver's thread."""
    cursor = connection.cursor()
    try:
        if many:
            cursor.executemany(statement, parameters)
        else:
            cursor.execute(statement, parameters or ())
        return _Outcome(cursor.fetchall(), cursor.description, cursor.rowcount, cursor.lastrowid)
    finally:
        cursor.close()


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """A cursor that has all its rows, and is closed, as soon as its statement has run."""

    __slots__ = ("_outcome",)

    def __init__(self, connection: AsyncAdapt_aiosqlite_connection) -> None:
        self._adapt_connection = connection
        self._connection = connection._connection  # noqa: SLF001
        self._rows = deque()
        self._outcome = _Outcome([])

    async def _execute_async(self, operation: Any, parameters: Any) -> None:  # noqa: ANN401
        await self._go(operation, parameters, many=False)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> None:  # noqa: ANN401
        await self._go(operation, seq_of_parameters, many=True)

    async def _go(self, statement: str, parameters: Any, *, many: bool) -> None:  # noqa: ANN401
        driver: Any = self._connection
        run = partial(_run, driver._conn, statement, parameters, many=many)  # noqa: SLF001 - SQLAlchemy does so too
        self._outcome = await driver._execute(run)  # noqa: SLF001
        self._rows = deque(self._outcome.rows)

    @property
    def description(self) -> Any:  # noqa: ANN401 - as the driver has it
        """The columns, or nothing for a statement without rows."""
        return self._outcome.description

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        return self._outcome.rowcount

    @property
    def lastrowid(self) -> Any:  # noqa: ANN401 - as the driver has it
        """The row that was inserted last."""
        return self._outcome.lastrowid

    async def _async_soft_close(self) -> None:
        """Do nothing: the driver's cursor is closed already."""

    def close(self) -> None:
        """Let the rows go."""
        self._rows.clear()


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()

    _cursor_cls: Any = _Cursor


class Driver(AsyncAdapt_aiosqlite_dbapi):
    """The driver, for `create_async_engine(module=…)`."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arg: Any, **kw: Any) -> AsyncAdapt_aiosqlite_connection:  # noqa: ANN401
        """Return a connection whose statements make one trip each."""
        return _Connection(self, super().connect(*arg, **kw)._connection)  # noqa: SLF001
