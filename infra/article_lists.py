"""Lists of articles for the newsroom: by what writers and readers have of them, and by who links to one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.articles import Article
from domain.workflow import DraftState, PublicationState
from infra.articles import COMING, LATEST, article_of, selected
from infra.contributors import CONTRIBUTORS
from infra.ids import folded
from infra.naming import Kind, id_of
from infra.tables import articles, draft_links, publication_articles, publications
from infra.tags import TAGS
from infra.visibility import holds, is_live, was_replaced


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
    query = selected(now).where(*_conditions(listing, now))
    query = query.order_by(articles.c.updated_at.desc(), articles.c.id.desc()).limit(limit)
    return [article_of(row) for row in await connection.execute(query)]


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
    live, comes = is_live(now, LATEST), COMING.c.id.is_not(None)
    was_shown = holds(LATEST)
    match state:
        case PublicationState.NONE:
            return LATEST.c.id.is_(None) & ~comes
        case PublicationState.SCHEDULED:
            return comes & or_(LATEST.c.id.is_(None), ~live)
        case PublicationState.LIVE:
            return live
        case PublicationState.LIVE_SCHEDULED:
            return live & comes
        case PublicationState.EXPIRED:
            return was_shown & ~live & ~comes
        case PublicationState.UNPUBLISHED | PublicationState.WITHDRAWN:
            return (LATEST.c.state == state) & ~comes


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
        .where(holds(), ~was_replaced(now))
        .where(or_(publications.c.live_until.is_(None), publications.c.live_until > now))
        .exists()
    )
    query = selected(now).add_columns(in_draft.label("in_draft"), in_publication.label("in_publication"))
    query = query.where(or_(in_draft, in_publication), articles.c.id > after, articles.c.id != article_id)
    if created_by is not None:
        query = query.where(articles.c.created_by == created_by)
    rows = await connection.execute(query.order_by(articles.c.id).limit(limit))
    return [Linking(article_of(row), bool(row.in_draft), bool(row.in_publication)) for row in rows]
