"""What only SQLite says: FTS5 tables, which hold tokens, and their query language."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Table, func, literal_column, select

from infra.search.documents import SearchDocument
from infra.search.query import Term


def values_of(document: SearchDocument) -> dict[str, str]:
    """Return the columns of a document: its tokens, which the table's tokenizer parts at spaces."""
    return {
        "title": document.title,
        "standfirst": document.standfirst,
        "prominent": document.prominent,
        "text": document.text,
    }


def finds(table: Table, terms: Sequence[Term]) -> ColumnElement[bool]:
    """Whether a document holds all of these, anywhere."""
    return _match(table, "text", terms)


def says(table: Table, column: str, term: Term, found: CTE) -> ColumnElement[bool]:
    """Whether one of the documents found says this in a column."""
    place = literal_column("rowid")
    from_there = place >= select(func.min(found.c.place)).scalar_subquery()
    inner = table.alias()
    saying = select(inner.c.rowid).where(_match(inner, column, [term]), inner.c.rowid >= _first(found))
    return found.c.place.in_(saying)
