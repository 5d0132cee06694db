"""Articles as the newsroom has them: working draft, revisions, state."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.articles import Article
from domain.errors import Stale
from domain.workflow import DraftState, PublicationState
from infra import documents
from infra.contributors import CONTRIBUTORS
from infra.ids import folded
from infra.naming import Kind, id_of, standing
from infra.publications import HEADER, publication_of
from infra.tables import articles, draft_links, publication_articles, publications, revisions
from infra.tags import TAGS
from infra.visibility import is_live

_latest, _coming = publications.alias("latest"), publications.alias("coming")
_EDITIONS = {"latest": _latest, "coming": _coming}


def _select(now: datetime, *, revision: int | None = None) -> Select[Any]:
    """Articles with their working draft, or another revision, and the headers of their latest editions."""
    number = articles.c.revision if revision is None else revision
    is_due = publications.c.live_from <= now
    latest = (
        select(func.max(publications.c.number))
        .where(
            publications.c.article_id == articles.c.id,
            or_(publications.c.state != PublicationState.SCHEDULED, is_due),
        )
        .correlate(articles)
        .scalar_subquery()
    )
    headers = (
        alias.c[column.name].label(f"{name}_{column.name}")
        for name, alias in _EDITIONS.items()
        for column in HEADER
    )
    return (
        select(articles, revisions.c.draft, revisions.c.created_by.label("edited_by"), *headers)
        .join(revisions, (revisions.c.article_id == articles.c.id) & (revisions.c.number == number))
        .outerjoin(_latest, (_latest.c.article_id == articles.c.id) & (_latest.c.number == latest))
        .outerjoin(
            _coming,
            (_coming.c.article_id == articles.c.id)
            & (_coming.c.state == PublicationState.SCHEDULED)
            & (_coming.c.live_from > now),
        )
    )


def _article(row: Row[Any]) -> Article:
    return Article(
        id=row.id,
        group_id=row.group_id,
        version=row.version,
        revision=row.revision,
        draft=documents.load_draft(row.draft),
        draft_state=DraftState(row.draft_state),
        created_by=row.created_by,
        edited_by=row.edited_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
        publication=publication_of(row, prefix="latest_") if row.latest_id else None,
        coming=publication_of(row, prefix="coming_") if row.coming_id else None,
    )


async def get(connection: AsyncConnection, article_id: str, *, now: datetime) -> Article | None:
    """Return an article with its working draft. Ask `check_may_see` before you do anything with it."""
    row = (await connection.execute(_select(now).where(articles.c.id == article_id))).one_or_none()
    return _article(row) if row else None


async def at_revision(
    connection: AsyncConnection, article_id: str, revision: int, *, now: datetime
) -> Article | None:
    """Return an article as if one of its revisions were its working draft."""
    query = _select(now, revision=revision).where(articles.c.id == article_id)
    row = (await connection.execute(query)).one_or_none()
    return replace(_article(row), revision=revision) if row else None


async def hold(connection: AsyncConnection, article_id: str) -> None:
    """Make other writers of this article wait until the transaction ends (on SQLite all writers do anyway)."""
    await connection.execute(
        select(articles.c.id).where(articles.c.id == article_id).with_for_update(key_share=True)
    )


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list of the newsroom asks for. The fields are the only ways to filter."""

    created_by: str | None = None
    state: DraftState | None = None
    publication: PublicationState | None = None
    contributor: str | None = None
    tag: str | None = None
    language: str | None = None
    q: str | None = None
    updated_after: datetime | None = None
    before: tuple[datetime, str] | None = None


async def page(connection: AsyncConnection, listing: Listing, *, limit: int, now: datetime) -> list[Article]:
    """Return the next articles of a list, last changed first."""
    query = _select(now).where(*_conditions(listing, now))
    query = query.order_by(articles.c.updated_at.desc(), articles.c.id.desc()).limit(limit)
    return [_article(row) for row in await connection.execute(query)]


def _conditions(listing: Listing, now: datetime) -> Iterator[ColumnElement[bool]]:
    if listing.created_by is not None:
        yield articles.c.created_by == listing.created_by
    if listing.state is not None:
        yield articles.c.draft_state == listing.state
    if listing.publication is not None:
        yield _stands(listing.publication, now)
    if listing.contributor is not None:
        yield _names(CONTRIBUTORS, listing.contributor)
    if listing.tag is not None:
        yield _names(TAGS, listing.tag)
    if listing.language is not None:
        yield articles.c.language == listing.language
    if listing.q is not None:
        yield articles.c.title_key.contains(folded(listing.q), autoescape=True)
    if listing.updated_after is not None:
        yield articles.c.updated_at >= listing.updated_after
    if listing.before is not None:
        yield tuple_(articles.c.updated_at, articles.c.id) < listing.before


def _stands(state: PublicationState, now: datetime) -> ColumnElement[bool]:
    """Whether this is what readers have (`Article.state` in SQL); an article in no known state is in none."""
    live, comes = is_live(now, _latest), _coming.c.id.is_not(None)
    was_shown = _latest.c.state.in_((PublicationState.LIVE, PublicationState.SCHEDULED))
    match state:
        case PublicationState.NONE:
            return _latest.c.id.is_(None) & ~comes
        case PublicationState.SCHEDULED:
            return comes & or_(_latest.c.id.is_(None), ~live)
        case PublicationState.LIVE:
            return live
        case PublicationState.LIVE_SCHEDULED:
            return live & comes
        case PublicationState.EXPIRED:
            return was_shown & ~live & ~comes
        case PublicationState.UNPUBLISHED | PublicationState.WITHDRAWN:
            return (_latest.c.state == state) & ~comes


def _names(kind: Kind[Any], slug: str) -> ColumnElement[bool]:
    """Whether the working draft names what has this slug, or had it."""
    is_named = (draft_links.c.kind == kind.word) & (draft_links.c.target_id == id_of(kind, slug))
    return articles.c.id.in_(select(draft_links.c.article_id).where(is_named))


@dataclass(frozen=True, slots=True)
class Linking:
    """An article that links to another: in its working draft, or in what readers have or will have of it."""

    article: Article
    in_draft: bool
    in_publication: bool


async def linking_to(
    connection: AsyncConnection, article_id: str, *, created_by: str | None, after: str, limit: int, now: datetime
) -> list[Linking]:
    """Return the next articles that link to one, by id; those of one writer only, if one is named."""
    in_draft = (
        select(draft_links.c.article_id)
        .where(draft_links.c.target_id == article_id, draft_links.c.kind == "article")
        .where(draft_links.c.article_id == articles.c.id)
        .exists()
    )
    in_publication = (
        select(publications.c.id)
        .join(publication_articles, publication_articles.c.publication_id == publications.c.id)
        .where(publication_articles.c.article_id == article_id, publications.c.article_id == articles.c.id)
        .where(publications.c.state.in_((PublicationState.LIVE, PublicationState.SCHEDULED)))
        .exists()
    )
    query = _select(now).add_columns(in_draft.label("in_draft"), in_publication.label("in_publication"))
    query = query.where(or_(in_draft, in_publication), articles.c.id > after, articles.c.id != article_id)
    if created_by is not None:
        query = query.where(articles.c.created_by == created_by)
    rows = await connection.execute(query.order_by(articles.c.id).limit(limit))
    return [Linking(_article(row), bool(row.in_draft), bool(row.in_publication)) for row in rows]


async def existing(
    connection: AsyncConnection,
    ids: frozenset[str],
    *,
    known_to: str | None,
    linked: frozenset[str],
    now: datetime,
) -> frozenset[str]:
    """Return those of these ids that exist; to one writer, if named, only their own, the live and the linked."""
    query = select(articles.c.id).where(articles.c.id.in_(ids))
    if known_to is not None:
        live = select(publications.c.id).where(publications.c.article_id == articles.c.id, is_live(now))
        query = query.where(or_(articles.c.created_by == known_to, articles.c.id.in_(linked), live.exists()))
    return frozenset((await connection.scalars(query)).all())


async def group_of(connection: AsyncConnection, article_id: str) -> str:
    """Return the translation group of an article that exists."""
    return str(await connection.scalar(select(articles.c.group_id).where(articles.c.id == article_id)))


async def add(connection: AsyncConnection, article: Article, *, note: str | None = None) -> None:
    """Add an article with its first revision, and what the writer says of it."""
    await connection.execute(
        articles.insert().values(
            id=article.id, created_by=article.created_by, created_at=article.created_at, **_state(article)
        )
    )
    await _add_revision(connection, article, article.created_by, note)


async def save(
    connection: AsyncConnection, article: Article, *, before: Article, by: str, note: str | None = None
) -> None:
    """Save a changed article, unless somebody was faster; a changed draft becomes a new revision."""
    result = await connection.execute(
        update(articles)
        .where(articles.c.id == article.id, articles.c.version == before.version)
        .values(**_state(article))
    )
    if result.rowcount != 1:
        raise Stale(current=await _version(connection, article))
    if article.revision != before.revision:
        await _add_revision(connection, article, by, note)


async def remove(connection: AsyncConnection, article: Article) -> None:
    """Remove an article that was never public, with its revisions, unless somebody was faster."""
    result = await connection.execute(
        delete(articles).where(articles.c.id == article.id, articles.c.version == article.version)
    )
    if result.rowcount != 1:
        raise Stale(current=await _version(connection, article))


async def _version(connection: AsyncConnection, article: Article) -> int:
    version = await connection.scalar(select(articles.c.version).where(articles.c.id == article.id))
    return article.version if version is None else version


async def _add_revision(connection: AsyncConnection, article: Article, by: str, note: str | None) -> None:
    await connection.execute(
        revisions.insert().values(
            article_id=article.id,
            number=article.revision,
            version=article.version,
            draft=documents.dump_draft(article.draft),
            note=note,
            created_by=by,
            created_at=article.updated_at,
        )
    )
    await _link(connection, article)


async def _link(connection: AsyncConnection, article: Article) -> None:
    """Write down what the working draft names, so that it can be told where a thing is used."""
    draft = article.draft
    makers = {credit.contributor_id for credit in draft.credits}
    named = {
        "tag": await standing(connection, TAGS, draft.all_tag_ids),
        "contributor": await standing(connection, CONTRIBUTORS, makers),
        "medium": draft.media_ids,
        "article": draft.article_ids,
    }
    rows = [
        {"article_id": article.id, "kind": kind, "target_id": target_id}
        for kind, ids in named.items()
        for target_id in sorted(ids)
    ]
    await connection.execute(delete(draft_links).where(draft_links.c.article_id == article.id))
    if rows:
        await connection.execute(insert(draft_links), rows)


def _state(article: Article) -> dict[str, Any]:
    return {
        "group_id": article.group_id,
        "version": article.version,
        "revision": article.revision,
        "draft_state": article.draft_state,
        "title_key": folded(article.draft.title),
        "language": article.draft.language,
        "updated_at": article.updated_at,
    }
