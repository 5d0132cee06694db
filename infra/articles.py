"""Articles as the newsroom has them: working draft, revisions, state."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Row, Select, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.articles import Article, Draft
from domain.errors import Stale
from domain.workflow import DraftState, PublicationState
from infra import changes, documents
from infra.contributors import CONTRIBUTORS
from infra.ids import folded
from infra.naming import standing, stood
from infra.publications import HEADER, publication_of
from infra.revisions import Revision
from infra.tables import articles, draft_links, publications, revisions
from infra.tags import TAGS
from infra.visibility import NOW, Now, is_live

LATEST, COMING = publications.alias("latest"), publications.alias("coming")
_EDITIONS = {"latest": LATEST, "coming": COMING}


def selected(now: Now, *, revision: BindParameter[int] | None = None) -> Select[Any]:
    """Return the query for articles with a draft (the working one if none is named) and their editions."""
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
        .outerjoin(LATEST, (LATEST.c.article_id == articles.c.id) & (LATEST.c.number == latest))
        .outerjoin(
            COMING,
            (COMING.c.article_id == articles.c.id)
            & (COMING.c.state == PublicationState.SCHEDULED)
            & (COMING.c.live_from > now),
        )
    )


# Statements that are asked often are put together once: that takes longer than to ask them.
_ARTICLE_ID: BindParameter[str] = bindparam("of_article_id")
_GET = selected(NOW).where(articles.c.id == _ARTICLE_ID)
_AT_REVISION = selected(NOW, revision=bindparam("revision")).where(articles.c.id == _ARTICLE_ID)
_HOLD = select(articles.c.id).where(articles.c.id == _ARTICLE_ID).with_for_update(key_share=True)
_SAVE = update(articles).where(articles.c.id == _ARTICLE_ID, articles.c.version == bindparam("before"))
_ADD, _ADD_REVISION, _LINK = insert(articles), insert(revisions), insert(draft_links)
_UNLINK = delete(draft_links).where(draft_links.c.article_id == _ARTICLE_ID)


def article_of(row: Row[Any]) -> Article:
    """Return the article that a row of `selected` says."""
    return Article(
        id=row.id,
        group_id=row.group_id,
        version=row.version,
        revision=row.revision,
        draft=documents.load_draft(row.draft),
        draft_state=documents.known(DraftState, row.draft_state, DraftState.SUBMITTED),
        created_by=row.created_by,
        edited_by=row.edited_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
        publication=publication_of(row, prefix="latest_") if row.latest_id else None,
        coming=publication_of(row, prefix="coming_") if row.coming_id else None,
    )


async def get(connection: AsyncConnection, article_id: str, *, now: datetime) -> Article | None:
    """Return an article with its working draft. Ask `check_may_see` before you do anything with it."""
    row = (await connection.execute(_GET, {_ARTICLE_ID.key: article_id, NOW.key: now})).one_or_none()
    return article_of(row) if row else None


async def at_revision(
    connection: AsyncConnection, article_id: str, revision: int, *, now: datetime
) -> Article | None:
    """Return an article as if one of its revisions were its working draft."""
    asked = {_ARTICLE_ID.key: article_id, "revision": revision, NOW.key: now}
    row = (await connection.execute(_AT_REVISION, asked)).one_or_none()
    return replace(article_of(row), revision=revision) if row else None


async def hold(connection: AsyncConnection, article_id: str) -> None:
    """Make other writers of this article wait until the transaction ends (on SQLite all writers do anyway)."""
    await connection.execute(_HOLD, {_ARTICLE_ID.key: article_id})


async def existing(
    connection: AsyncConnection, ids: frozenset[str], *, known_to: str | None, now: datetime
) -> frozenset[str]:
    """Return those of these ids that exist; to one writer, if named, only their own and the live."""
    query = select(articles.c.id).where(articles.c.id.in_(ids))
    if known_to is not None:
        live = select(publications.c.id).where(publications.c.article_id == articles.c.id, is_live(now))
        query = query.where(or_(articles.c.created_by == known_to, live.exists()))
    return frozenset((await connection.scalars(query)).all())


async def group_of(connection: AsyncConnection, article_id: str) -> str | None:
    """Return the translation group of an article, if it is there."""
    group_id: str | None = await connection.scalar(select(articles.c.group_id).where(articles.c.id == article_id))
    return group_id


@dataclass(frozen=True, slots=True)
class ArticleSheet:
    """An article as it is written down: its row, new revisions, and by kind what its working draft names.

    It is made without the database, so that many can be made beside it.
    """

    row: dict[str, Any]
    saves: tuple[dict[str, Any], ...]
    named: Mapping[str, frozenset[str]]


def sheet_of(article: Article, saves: Sequence[tuple[Revision, Draft]]) -> ArticleSheet:
    """Return an article with revisions as it is written down."""
    row = {"id": article.id, "created_by": article.created_by, "created_at": article.created_at, **_state(article)}
    draft = article.draft
    named = {
        "tag": draft.all_tag_ids,
        "contributor": frozenset(credit.contributor_id for credit in draft.credits),
        "medium": draft.media_ids,
        "article": draft.article_ids,
    }
    return ArticleSheet(row, tuple(_save(article.id, *one) for one in saves), named)


def _save(article_id: str, revision: Revision, draft: Draft) -> dict[str, Any]:
    return {
        "article_id": article_id,
        "number": revision.number,
        "version": revision.version,
        "draft": documents.dump_draft(draft),
        "note": revision.note,
        "created_by": revision.created_by,
        "created_at": revision.created_at,
    }


def _newest(article: Article, note: str | None) -> tuple[Revision, Draft]:
    saved = Revision(article.revision, article.version, note, article.edited_by, article.updated_at)
    return saved, article.draft


async def groups_of(connection: AsyncConnection, ids: Collection[str]) -> dict[str, str]:
    """Return the translation groups of those of these articles that are there."""
    rows = await connection.execute(select(articles.c.id, articles.c.group_id).where(articles.c.id.in_(ids)))
    return {row.id: row.group_id for row in rows}


async def regroup(connection: AsyncConnection, group_id: str, *, to: str) -> None:
    """Make a group of translations part of another. Whoever reads one of either sees the others from now on."""
    both = select(publications.c.article_id).where(publications.c.group_id.in_((group_id, to))).distinct()
    changes.note(connection, "article", *(await connection.scalars(both)).all())
    for table in (articles, publications):
        await connection.execute(update(table).where(table.c.group_id == group_id).values(group_id=to))


async def add(connection: AsyncConnection, article: Article, *, note: str | None = None) -> None:
    """Add an article with its first revision, and what the writer says of it."""
    await add_all(connection, [sheet_of(article, [_newest(article, note)])])


async def add_all(connection: AsyncConnection, sheets: Sequence[ArticleSheet]) -> None:
    """Add articles with their revisions."""
    await connection.execute(_ADD, [sheet.row for sheet in sheets])
    await _add_revisions(connection, sheets)
    await _link(connection, sheets)


async def save(connection: AsyncConnection, article: Article, *, before: Article, note: str | None = None) -> None:
    """Save a changed article, unless somebody was faster; a changed draft becomes a new revision."""
    row = {**_state(article), _ARTICLE_ID.key: article.id, "before": before.version}
    result = await connection.execute(_SAVE, row)
    if result.rowcount != 1:
        raise Stale(current=await _version(connection, article))
    if article.revision != before.revision:
        sheet = sheet_of(article, [_newest(article, note)])
        await _add_revisions(connection, [sheet])
        await connection.execute(_UNLINK, {_ARTICLE_ID.key: article.id})
        await _link(connection, [sheet])


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


async def _add_revisions(connection: AsyncConnection, sheets: Sequence[ArticleSheet]) -> None:
    await connection.execute(_ADD_REVISION, [save for sheet in sheets for save in sheet.saves])


async def _link(connection: AsyncConnection, sheets: Sequence[ArticleSheet]) -> None:
    """Write down what working drafts name, so that it can be told where a thing is used."""
    stands: dict[str, Mapping[str, str]] = {
        "tag": await standing(connection, TAGS, _all(sheets, "tag")),
        "contributor": await standing(connection, CONTRIBUTORS, _all(sheets, "contributor")),
    }
    rows = [
        {"article_id": sheet.row["id"], "kind": kind, "target_id": target_id}
        for sheet in sheets
        for kind, ids in sheet.named.items()
        for target_id in (stood(ids, stands[kind]) if kind in stands else sorted(ids))
    ]
    if rows:
        await connection.execute(_LINK, rows)


def _all(sheets: Sequence[ArticleSheet], kind: str) -> Collection[str]:
    return frozenset[str]().union(*(sheet.named[kind] for sheet in sheets))


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
