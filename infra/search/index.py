"""Keeping search documents: what is live, at the moment of the last change that was announced, and nothing else.

All of it takes a plain connection, because migrations have no other: `await connection.run_sync(index.follow, …)`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from types import ModuleType
from typing import Any

from sqlalchemy import BindParameter, Connection, Table, bindparam, delete, insert, select, text

from domain.access import Requires
from infra import documents
from infra.search import postgresql, sqlite
from infra.search.documents import SearchDocument, SearchDocuments, document_of
from infra.search.tables import DOCUMENTS, search_articles, search_public, search_whole
from infra.search.words import stemmer_of
from infra.tables import full_texts, publications, teasers
from infra.visibility import NOW, gate_is_open, is_live

_PREPARED = "standfirst.search"
_NO_PLANS = "[]"
_COUNT = text(
    "INSERT INTO search_languages (stemmer, articles) VALUES (:stemmer, :articles) "
    "ON CONFLICT (stemmer) DO UPDATE SET articles = search_languages.articles + excluded.articles"
)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_LIVE = select(
    publications.c.id,
    publications.c.article_id,
    publications.c.language,
    publications.c.requires,
    publications.c.plans,
    publications.c.published_at,
    gate_is_open(NOW).label("is_open"),
).where(publications.c.article_id.in_(_IDS), is_live(NOW))
_TEXTS = (
    select(publications.c.id, publications.c.front, teasers.c.body, full_texts.c.body.label("whole"))
    .outerjoin(teasers, teasers.c.publication_id == publications.c.id)
    .outerjoin(full_texts, full_texts.c.publication_id == publications.c.id)
    .where(publications.c.id.in_(_IDS))
)
_FOUND = select(search_articles.c.place, search_articles.c.stemmer).where(search_articles.c.article_id.in_(_IDS))
_FULL = select(search_articles.c.place).where(search_articles.c.place.in_(_IDS))
_REMOVE = delete(search_articles).where(search_articles.c.place == bindparam("of_place"))
_ADD = insert(search_articles)
_FORGET = {table: delete(table).where(table.c.rowid == bindparam("of_place")) for table in DOCUMENTS}
_WRITE = {table: insert(table) for table in DOCUMENTS}


@dataclass(frozen=True, slots=True)
class Entry:
    """A live article as it can be found now. `whole` is there while a gate stands before it."""

    article_id: str
    publication_id: str
    published_at: datetime
    requires: str
    plans: str
    stemmer: str
    public: SearchDocument
    whole: SearchDocument | None


def prepare(info: dict[Any, Any], publication_id: str, made: SearchDocuments) -> None:
    """Hand over the documents of an edition that this transaction makes, so that nobody makes them again.

    `info` is the connection's.
    """
    info.setdefault(_PREPARED, {})[publication_id] = made


def forget(info: dict[Any, Any]) -> None:
    """Forget what was handed over: the connection goes on to another transaction."""
    info.pop(_PREPARED, None)


def follow(connection: Connection, article_ids: Sequence[str], *, now: datetime) -> None:
    """Let these articles be found as what readers see of them at this moment, or no more."""
    prepared: Mapping[str, SearchDocuments] = connection.info.get(_PREPARED, {})
    remove(connection, article_ids)
    rows = connection.execute(_LIVE, {"ids": article_ids, NOW.key: now}).all()
    made = {**_made(connection, [row for row in rows if row.id not in prepared]), **prepared}
    store(connection, [_entry(row, made[row.id]) for row in rows])


def _made(connection: Connection, rows: Sequence[Any]) -> dict[str, SearchDocuments]:
    """Make the documents of editions from what is stored of them."""
    if not rows:
        return {}
    languages = {row.id: row.language for row in rows}
    return {
        row.id: _documents(row.front, row.body or "[]", row.whole or "[]", languages[row.id])
        for row in connection.execute(_TEXTS, {"ids": list(languages)})
    }


def _documents(front: str, teaser: str, whole: str, language: str) -> SearchDocuments:
    """Return the documents of what is stored of an edition."""
    shown = documents.load_front(front)
    of_whole = document_of(shown, documents.load_body(whole), language)
    of_teaser = of_whole if teaser == whole else document_of(shown, documents.load_body(teaser), language)
    return SearchDocuments(stemmer_of(language), of_teaser, of_whole)


def _entry(row: Any, made: SearchDocuments) -> Entry:  # noqa: ANN401 - a row of `_LIVE`
    return Entry(
        article_id=row.article_id,
        publication_id=row.id,
        published_at=row.published_at,
        requires=Requires.FREE if row.is_open else row.requires,
        plans=_NO_PLANS if row.is_open else row.plans,
        stemmer=made.stemmer,
        public=made.whole if row.is_open else made.teaser,
        whole=None if row.is_open else made.whole,
    )


def engine_of(dialect: str) -> ModuleType:
    """Return what this database says in its own way."""
    return postgresql if dialect == "postgresql" else sqlite


def gather(connection: Connection) -> None:
    """Make ready for a great deal to be written; `settle` is to follow."""
    engine_of(connection.dialect.name).gather(connection)


def settle(connection: Connection) -> bool:
    """Put some of what was gathered in order, so that it is found as fast; tell whether there is more."""
    return bool(engine_of(connection.dialect.name).settle(connection))


def remove(connection: Connection, article_ids: Sequence[str]) -> None:
    """Let these articles be found no more."""
    rows = connection.execute(_FOUND, {"ids": article_ids}).all()
    places = [{"of_place": place} for place in sorted(row.place for row in rows)]
    if not places:
        return
    for statement in (*_FORGET.values(), _REMOVE):
        connection.execute(statement, places)
    _count(connection, {code: -count for code, count in Counter(row.stemmer for row in rows).items()})


def store(connection: Connection, entries: Sequence[Entry]) -> None:
    """Let articles be found that cannot be yet. Rising places make one run of FTS5's index of them all."""
    if not entries:
        return
    placed = sorted(zip(_places(connection, entries), entries, strict=True), key=lambda one: one[0])
    connection.execute(_ADD, [_row(place, entry) for place, entry in placed])
    _write(connection, search_public, [(place, entry.public) for place, entry in placed])
    _write(connection, search_whole, [(place, entry.whole) for place, entry in placed if entry.whole])
    _count(connection, Counter(entry.stemmer for entry in entries))


def _row(place: int, entry: Entry) -> dict[str, Any]:
    return {
        "place": place,
        "article_id": entry.article_id,
        "publication_id": entry.publication_id,
        "stemmer": entry.stemmer,
        "requires": entry.requires,
        "plans": entry.plans,
        "published_at": entry.published_at,
    }


def _write(connection: Connection, table: Table, made: list[tuple[int, SearchDocument]]) -> None:
    values = engine_of(connection.dialect.name).values_of
    if made:
        connection.execute(_WRITE[table], [{"rowid": place, **values(one)} for place, one in made])


def _count(connection: Connection, articles: Mapping[str, int]) -> None:
    rows = [{"stemmer": code, "articles": count} for code, count in sorted(articles.items())]
    connection.execute(_COUNT, rows)


def _places(connection: Connection, entries: Sequence[Entry]) -> list[int]:
    """Return a free place for each: the second of its first publication, or one near by that nobody has.

    An archive may have thousands of articles of one midnight, so the neighbourhood grows with each try.
    """
    found: dict[str, int] = {}
    left, radius = list(entries), 1
    while left:
        tried = {entry.article_id: _place(entry, radius) for entry in left}
        taken = connection.scalars(_FULL, {"ids": sorted(set(tried.values()))})
        full = {*taken.all(), *found.values()}
        for entry in left:
            if (place := tried[entry.article_id]) not in full:
                found[entry.article_id] = place
                full.add(place)
        left, radius = [entry for entry in left if entry.article_id not in found], radius * 4
    return [found[entry.article_id] for entry in entries]


def _place(entry: Entry, radius: int) -> int:
    digest = int.from_bytes(sha256(entry.article_id.encode()).digest()[:8])
    return int(entry.published_at.timestamp()) + digest % radius
