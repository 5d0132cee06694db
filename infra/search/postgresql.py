"""What only PostgreSQL says: `tsvector` columns, made of our tokens and not by its parser, and `tsquery`."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from sqlalchemy import CTE, Column, ColumnElement, Connection, Table, cast, text
from sqlalchemy.dialects.postgresql import TSQUERY

from infra.search.documents import BREAK, SearchDocument
from infra.search.query import Term


def values_of(document: SearchDocument) -> dict[str, str]:
    """Return the columns of a document."""
    return {column: _vector(tokens) for column, tokens in asdict(document).items()}


def _vector(tokens: str) -> str:
    """Return a `tsvector` as it is written: forms with their places, and stems, which no phrase has, with none."""
    places: dict[str, list[str]] = {}
    for at, token in enumerate(tokens.split(" "), 1):
        if token and token != BREAK:
            at_ = places.setdefault(token, [])
            if not token.startswith(BREAK):
                at_.append(str(at))
    return " ".join(_lexemes(places))


def _lexemes(places: dict[str, list[str]]) -> Iterator[str]:
    for token, at in places.items():
        yield f"'{token}':{','.join(at)}" if at else f"'{token}'"


def gather(connection: Connection) -> None:
    """Make ready for a great deal to be written: there is nothing to do."""


def settle(connection: Connection) -> bool:  # noqa: ARG001 - SQLite needs it
    """Tell that there is nothing to put in order: the database does so by itself."""
    return False


def prepare(connection: Connection) -> None:
    """Let the planner take the index: it cannot know how dear it is to unpack a text."""
    connection.execute(text("SET LOCAL enable_seqscan = off"))


def carried(table: Table) -> Sequence[Column[str]]:
    """Return the columns that `says` needs of what was found."""
    return (table.c.title, table.c.standfirst, table.c.prominent)


def newest_first(table: Table) -> ColumnElement[int]:
    """Return the order of the newest first; not by the key's index, which would unpack every text on its way."""
    return (table.c.rowid + 0).desc()


def finds(table: Table, terms: Sequence[Term]) -> ColumnElement[bool]:
    """Whether a document holds all of these, anywhere."""
    return _matches(table.c.text, terms)


def says(found: CTE, _: Sequence[Table], column: str, term: Term) -> ColumnElement[bool]:
    """Whether what was found says this in a column."""
    return _matches(found.c[column], [term])


def _matches(column: ColumnElement[str], terms: Sequence[Term]) -> ColumnElement[bool]:
    asked = " & ".join(map(_written, terms))
    return column.op("@@", is_comparison=True)(cast(asked, TSQUERY))


def _written(term: Term) -> str:
    """Return a term as a `tsquery` is written. In quotes everything is text, and no token holds a quote."""
    if term.prefix:
        return f"'{term.prefix}':*"
    if term.phrase:
        return "(" + " <-> ".join(f"'{form}'" for form in term.phrase) + ")"
    return "(" + " | ".join(f"'{token}'" for token in term.any_of) + ")"
