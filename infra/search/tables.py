"""The tables of search. They hold what is live and nothing else, and texts behind a gate stand apart.

A document's `rowid` is its article's `place`: it rises with the time of first publication, so that both databases
can walk the newest first. FTS5 has no other key, and PostgreSQL takes the name as any.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql.compiler import DDLCompiler

from infra.tables import ID, Moment, metadata

FTS5 = "fts5"
COLUMNS = ("title", "standfirst", "prominent", "text")
_PLACE = BigInteger().with_variant(Integer, "sqlite")
_TOKENS = Text().with_variant(TSVECTOR(), "postgresql")


def _documents(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("rowid", _PLACE, primary_key=True, autoincrement=False),
        *(Column(column, _TOKENS, nullable=False) for column in COLUMNS),
        Index(f"{name}_text_index", "text", postgresql_using="gin").ddl_if(dialect="postgresql"),
        info={FTS5: True},
    )


search_articles = Table(
    "search_articles",  # what can be found: every article that is live
    metadata,
    Column("place", _PLACE, primary_key=True, autoincrement=False),
    Column("article_id", ID, nullable=False, unique=True),
    Column("publication_id", ID, nullable=False),
    Column("stemmer", String(2), nullable=False),
    Column("requires", String(20), nullable=False),  # now; whoever moves on looks at what moments have changed
    Column("plans", Text, nullable=False),
    Column("published_at", Moment, nullable=False),
)

search_languages = Table(
    "search_languages",  # how many of them there are, by the language that their words are stemmed in
    metadata,
    Column("stemmer", String(2), primary_key=True),
    Column("articles", Integer, nullable=False),
)

search_public = _documents(
    "search_public"
)  # what everybody may read: whole texts, and teasers where there is a gate
search_whole = _documents("search_whole")  # whole texts behind gates
DOCUMENTS = (search_public, search_whole)


@compiles(CreateTable, "sqlite")
def _create(element: CreateTable, compiler: DDLCompiler, **more: object) -> str:
    table = element.element
    if not table.info.get(FTS5):
        return str(compiler.visit_create_table(element, **more))  # type: ignore[no-untyped-call]
    columns = ", ".join(COLUMNS)
    return f"CREATE VIRTUAL TABLE {table.name} USING fts5({columns}, tokenize = \"ascii tokenchars '_'\")"
