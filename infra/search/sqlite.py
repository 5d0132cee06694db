"""What only SQLite says: FTS5 tables, which hold tokens, and their query language."""

from collections.abc import Sequence

from sqlalchemy import CTE, Column, ColumnElement, Connection, Table, func, literal_column, or_, select

from infra.search.documents import SearchDocument
from infra.search.query import Term
from infra.search.tables import DOCUMENTS

PIECES, PIECES_WHILE_GATHERING = 4, 16  # so many of one size become one: FTS5's own measures, and its most
PAGES_AT_ONCE = 500  # that is some 50 milliseconds


def gather(connection: Connection) -> None:
    """Join the pieces that transactions leave of the index less often: a great deal is to be written."""
    for table in DOCUMENTS:
        _tell(connection, table, "automerge", PIECES_WHILE_GATHERING)


def settle(connection: Connection) -> bool:
    """Join some pieces of the index that `gather` has left, and tell whether there are more."""
    for table in DOCUMENTS:
        _tell(connection, table, "automerge", PIECES)
    return any(_merge(connection, table) for table in DOCUMENTS)


def _merge(connection: Connection, table: Table) -> bool:
    before: int = connection.execute(_CHANGED).scalar_one()
    _tell(connection, table, "merge", PAGES_AT_ONCE)
    after: int = connection.execute(_CHANGED).scalar_one()
    return after - before > 1  # FTS5 has no other way to tell


_CHANGED = select(func.total_changes())


def _tell(connection: Connection, table: Table, command: str, value: int) -> None:
    statement = f"INSERT INTO {table.name} ({table.name}, rank) VALUES (?, ?)"  # noqa: S608 - our own name
    connection.exec_driver_sql(statement, (command, value))


def values_of(document: SearchDocument) -> dict[str, str]:
    """Return the columns of a document: tokens that the table's tokenizer parts at spaces."""
    return {
        "title": document.title,
        "standfirst": document.standfirst,
        "prominent": document.prominent,
        "text": document.text,
    }


def prepare(connection: Connection) -> None:
    """Make the connection ready to search: there is nothing to do."""


def carried(_: Table) -> Sequence[Column[str]]:
    """Return the columns that `says` needs of what was found: none, it looks into the index."""
    return ()


def newest_first(table: Table) -> ColumnElement[int]:
    """Return the order of the newest first, in which FTS5 walks by itself."""
    return table.c.rowid.desc()


def finds(table: Table, terms: Sequence[Term]) -> ColumnElement[bool]:
    """Whether a document holds all of these, anywhere."""
    return _matches(table, "text", terms)


def says(found: CTE, tables: Sequence[Table], column: str, term: Term) -> ColumnElement[bool]:
    """Whether what was found says this in a column; the public one of the tables comes first."""
    oldest = select(func.min(found.c.place)).scalar_subquery()
    return or_(
        *(
            (found.c.is_whole == bool(at))
            & found.c.place.in_(
                select(table.c.rowid).where(_matches(table, column, [term]), table.c.rowid >= oldest)
            )
            for at, table in enumerate(tables)
        )
    )


def _matches(table: Table, column: str, terms: Sequence[Term]) -> ColumnElement[bool]:
    asked = " AND ".join(f"{column} : {_written(term)}" for term in terms)
    return literal_column(table.name).op("MATCH", is_comparison=True)(asked)


def _written(term: Term) -> str:
    """Return a term as FTS5 reads it. In quotes everything is text, and no token holds a quote."""
    if term.prefix:
        return f'"{term.prefix}" *'
    if term.phrase:
        return f'"{" ".join(term.phrase)}"'
    return "(" + " OR ".join(f'"{token}"' for token in term.any_of) + ")"
