"""Articles as the newsroom has them: working draft, revisions, state."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.articles import Article, Publication
from domain.errors import Stale
from domain.workflow import DraftState
from infra import documents
from infra.contributors import CONTRIBUTORS
from infra.ids import folded
from infra.naming import standing
from infra.publications import HEADER, publication_of
from infra.tables import articles, draft_links, publications, revisions
from infra.tags import TAGS
from infra.visibility import is_live

_LATEST = (
    select(func.max(publications.c.number))
    .where(publications.c.article_id == articles.c.id)
    .correlate(articles)
    .scalar_subquery()
)


def _select() -> Select[Any]:
    """Articles with their working draft and the header of their latest publication."""
    return (
        select(
            articles,
            revisions.c.draft,
            *(column.label(f"publication_{column.name}") for column in HEADER),
        )
        .join(
            revisions,
            (revisions.c.article_id == articles.c.id) & (revisions.c.number == articles.c.revision),
        )
        .outerjoin(
            publications,
            (publications.c.article_id == articles.c.id) & (publications.c.number == _LATEST),
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
        created_at=row.created_at,
        updated_at=row.updated_at,
        publication=_publication(row),
    )


def _publication(row: Row[Any]) -> Publication | None:
    return publication_of(row, prefix="publication_") if row.publication_id else None


async def get(connection: AsyncConnection, article_id: str) -> Article | None:
    """Return an article with its working draft. Ask `check_may_see` before you do anything with it."""
    row = (await connection.execute(_select().where(articles.c.id == article_id))).one_or_none()
    return _article(row) if row else None


async def page(
    connection: AsyncConnection,
    *,
    created_by: str | None,
    state: DraftState | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[Article]:
    """Return the next articles, last changed first; those of one writer only, if one is named."""
    query = _select().order_by(articles.c.updated_at.desc(), articles.c.id.desc()).limit(limit)
    if created_by is not None:
        query = query.where(articles.c.created_by == created_by)
    if state is not None:
        query = query.where(articles.c.draft_state == state)
    if before is not None:
        query = query.where(tuple_(articles.c.updated_at, articles.c.id) < before)
    return [_article(row) for row in await connection.execute(query)]


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


async def add(connection: AsyncConnection, article: Article) -> None:
    """Add an article with its first revision."""
    await connection.execute(
        articles.insert().values(
            id=article.id, created_by=article.created_by, created_at=article.created_at, **_state(article)
        )
    )
    await _add_revision(connection, article, article.created_by)


async def save(connection: AsyncConnection, article: Article, *, before: Article, by: str) -> None:
    """Save a changed article, unless somebody was faster; a changed draft becomes a new revision."""
    result = await connection.execute(
        update(articles)
        .where(articles.c.id == article.id, articles.c.version == before.version)
        .values(**_state(article))
    )
    if result.rowcount != 1:
        raise Stale(current=await _version(connection, article))
    if article.revision != before.revision:
        await _add_revision(connection, article, by)


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


async def _add_revision(connection: AsyncConnection, article: Article, by: str) -> None:
    await connection.execute(
        revisions.insert().values(
            article_id=article.id,
            number=article.revision,
            version=article.version,
            draft=documents.dump_draft(article.draft),
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
