"""What reading a line gives: what will be written, or why it cannot be. It is sent from process to process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from api.exchange.records import Record
from domain.articles import Article, Draft
from domain.errors import Flaw
from domain.imports import Release, Taken
from domain.media import Medium
from infra import articles, editions
from infra.editions import EditionSheet
from infra.external_ids import Known
from infra.revisions import Revision


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file: its number, where it begins, what stands there, and the SHA-256 of that."""

    number: int
    offset: int
    content: bytes
    digest: str
    is_too_long: bool = False


@dataclass(frozen=True, slots=True)
class NewArticle:
    """An article that is not here yet, as it is written down, and the versions of the pictures that it names."""

    sheet: articles.ArticleSheet
    editions: tuple[EditionSheet, ...]
    version: int
    translation_of: str | None
    pictures: Mapping[str, int] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.sheet.row["id"])


@dataclass(frozen=True, slots=True)
class OldArticle:
    """An article that is here, as its record says that it is now."""

    said: Article
    release: Release | None
    note: str | None
    is_history: bool

    @property
    def id(self) -> str:
        """Its id."""
        return self.said.id


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a line says; or why it cannot be taken, and whether that may be otherwise when others have been.

    Of what is no article the record itself is kept.
    """

    line: Line
    name: tuple[str, str] = ("", "")
    flaws: tuple[Flaw, ...] = ()
    may_wait: bool = False
    record: Record | None = None
    article: NewArticle | OldArticle | None = None

    def known_as(self, target_id: str) -> Known:
        """Return what is remembered of it, once it is taken."""
        return Known(*self.name, target_id, self.line.digest)


@dataclass(frozen=True, slots=True)
class Stock:
    """What records may name, and which articles they are of, as it is in the database now."""

    tag_ids: Mapping[str, str]
    maker_ids: Mapping[str, str]
    pictures: Mapping[str, Medium]
    known: Mapping[tuple[str, str], Known]
    old: Mapping[str, Article]


def new_article(taken: Taken, saves: Sequence[tuple[Revision, Draft]], stock: Stock, now: datetime) -> NewArticle:
    """Return a new article with its editions and revisions as it is written down."""
    article = taken.article
    drawn = [editions.sheet_of(one, now=now, is_superseded=True) for one in taken.superseded]
    drawn += [editions.sheet_of(one, now=now) for one in taken.editions]
    ids = article.draft.media_ids.union(*(one.media for one in drawn))
    return NewArticle(
        articles.sheet_of(article, saves),
        tuple(drawn),
        article.version,
        article.draft.translation_of,
        {id_: stock.pictures[id_].version for id_ in ids if id_ in stock.pictures},
    )
