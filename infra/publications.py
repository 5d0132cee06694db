"""Editions as rows: the header and the front, the teaser, and the full text, each in its own table."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Gate, Requires
from domain.articles import Article, Publication
from domain.body import article_ids, media_ids
from domain.editions import Edition
from domain.errors import Conflict
from domain.workflow import PublicationState
from infra import changes, documents
from infra.contributors import CONTRIBUTORS
from infra.db import hold
from infra.listings import listed_under, restate, unlist
from infra.naming import standing
from infra.tables import (
    full_texts,
    listings,
    publication_articles,
    publication_contributors,
    publication_media,
    publication_tags,
    publications,
    slugs,
    teasers,
)
from infra.tags import TAGS
from infra.visibility import SUPERSEDED

HEADER = (
    publications.c.id,
    publications.c.article_id,
    publications.c.group_id,
    publications.c.number,
    publications.c.revision,
    publications.c.state,
    publications.c.slug,
    publications.c.language,
    publications.c.requires,
    publications.c.plans,
    publications.c.holds_from,
    publications.c.holds_until,
    publications.c.published_at,
    publications.c.updated_at,
    publications.c.live_from,
    publications.c.live_until,
    publications.c.replaced_at,
    publications.c.public_note,
    publications.c.corrections,
)

_REPLACEABLE = (PublicationState.LIVE, PublicationState.UNPUBLISHED)
_HOLDING = (PublicationState.LIVE, PublicationState.SCHEDULED)
UNKNOWN_GATE = "unknown gate"  # no plan's slug, so nobody has it


def gate_of(requires: str, plans: str, holds_from: Any, holds_until: Any) -> Gate:  # noqa: ANN401
    """Return the gate that these columns say; one of a newer version opens for staff alone."""
    if requires not in set(Requires):
        return Gate(Requires.SUBSCRIBER, (UNKNOWN_GATE,))
    return Gate(Requires(requires), documents.load_strings(plans), holds_from, holds_until)


def publication_of(row: Row[Any], *, prefix: str = "") -> Publication:
    """Return the header that a row says."""
    column = {name.removeprefix(prefix): value for name, value in row._asdict().items() if name.startswith(prefix)}
    return Publication(
        id=column["id"],
        article_id=column["article_id"],
        group_id=column["group_id"],
        number=column["number"],
        revision=column["revision"],
        slug=column["slug"],
        language=column["language"],
        gate=gate_of(column["requires"], column["plans"], column["holds_from"], column["holds_until"]),
        published_at=column["published_at"],
        updated_at=column["updated_at"],
        live_from=column["live_from"],
        live_until=column["live_until"],
        replaced_at=column["replaced_at"],
        state=documents.known(PublicationState, column["state"], PublicationState.WITHDRAWN),
        public_note=column["public_note"],
        corrections=documents.load_corrections(column["corrections"]),
    )


async def show(
    connection: AsyncConnection, article: Article, edition: Edition | None, *, before: Article, now: datetime
) -> None:
    """Let readers see what an article's publications say, now and at the times that they name.

    What is scheduled no more is removed, for it was never public; what was live before is superseded, and kept.
    """
    if article.is_seen_otherwise(before, now):
        changes.note(connection, "article", article.id, at=now)
    for kind in (TAGS, CONTRIBUTORS):  # before any row is held that a merge may wait for
        await hold(connection, kind.table)
    shown = [one for one in (article.publication, article.coming) if one]
    kept = [one.id for one in shown]
    of_article = publications.c.article_id == article.id
    await connection.execute(
        update(publications)
        .where(
            of_article, or_(publications.c.state.in_(_REPLACEABLE), _was_due(now)), publications.c.id.not_in(kept)
        )
        .values(state=SUPERSEDED, next_change=None)
    )
    await connection.execute(
        delete(publications).where(
            of_article, publications.c.state == PublicationState.SCHEDULED, publications.c.id.not_in(kept)
        )
    )
    await unlist(connection, article.id, but=[one.id for one in shown if one.state in _HOLDING])
    for publication in shown:
        if edition is None or publication.id != edition.publication.id:
            await connection.execute(
                update(publications)
                .where(publications.c.id == publication.id)
                .values(**_standing(publication, now))
            )
            await restate(connection, publication)
    if edition is not None:
        await _add(connection, edition, now)
    await _hold_slugs(connection, article.id, shown, now)


def _was_due(now: datetime) -> ColumnElement[bool]:
    return and_(publications.c.state == PublicationState.SCHEDULED, publications.c.live_from <= now)


async def _add(connection: AsyncConnection, edition: Edition, now: datetime) -> None:
    id_ = edition.publication.id
    await connection.execute(insert(publications).values(**_header(edition, now)))
    teaser, full = documents.dump_body(edition.teaser.body), documents.dump_body(edition.full)
    await connection.execute(insert(teasers).values(publication_id=id_, body=teaser))
    await connection.execute(insert(full_texts).values(publication_id=id_, body=full))
    await _add_links(connection, edition)


async def _hold_slugs(
    connection: AsyncConnection, article_id: str, shown: list[Publication], now: datetime
) -> None:
    """Let the article hold the addresses of what it shows or will show; refuse one that another holds.

    A primary key is what two publications race for. What the other has moved away from by a schedule is free.
    """
    held = {(one.slug, one.language) for one in shown if one.state in _HOLDING}
    await connection.execute(delete(slugs).where(slugs.c.article_id == article_id))
    if not held:
        return
    asked = tuple_(slugs.c.slug, slugs.c.language).in_(sorted(held))
    still = select(publications.c.id).where(
        publications.c.article_id == slugs.c.article_id,
        publications.c.slug == slugs.c.slug,
        publications.c.language == slugs.c.language,
        publications.c.state.in_(_HOLDING),
        or_(publications.c.replaced_at.is_(None), publications.c.replaced_at > now),
    )
    await connection.execute(delete(slugs).where(asked, ~still.exists()))
    if await connection.scalar(select(slugs.c.article_id).where(asked)) is not None:
        raise Conflict("Another article holds this slug; give this one another.", rule="slug")
    rows = [{"slug": slug, "language": language, "article_id": article_id} for slug, language in sorted(held)]
    await connection.execute(insert(slugs), rows)


def _header(edition: Edition, now: datetime) -> dict[str, Any]:
    publication = edition.publication
    return {
        **_standing(publication, now),
        "id": publication.id,
        "article_id": publication.article_id,
        "group_id": publication.group_id,
        "number": publication.number,
        "revision": publication.revision,
        "slug": publication.slug,
        "language": publication.language,
        "title": edition.front.title,
        "requires": publication.gate.requires,
        "plans": documents.dump_strings(publication.gate.plans),
        "holds_from": publication.gate.holds_from,
        "holds_until": publication.gate.holds_until,
        "remaining_percent": edition.teaser.remaining_percent,
        "front": documents.dump_front(edition.front),
    }


def _standing(publication: Publication, now: datetime) -> dict[str, Any]:
    """Return what of a publication may change after it was made."""
    return {
        "next_change": publication.next_change(now) if publication.state in _HOLDING else None,
        "state": publication.state,
        "published_at": publication.published_at,
        "updated_at": publication.updated_at,
        "live_from": publication.live_from,
        "live_until": publication.live_until,
        "replaced_at": publication.replaced_at,
        "public_note": publication.public_note,
        "corrections": documents.dump_corrections(publication.corrections),
    }


async def _add_links(connection: AsyncConnection, edition: Edition) -> None:
    id_, front, shown = edition.publication.id, edition.front, edition.media_in_teaser
    tag_ids = await standing(connection, TAGS, front.all_tag_ids)
    makers = await standing(connection, CONTRIBUTORS, {credit.contributor_id for credit in front.credits})
    sections = await standing(connection, TAGS, {front.section_id} if front.section_id else set())
    tags = [{"publication_id": id_, "tag_id": tag_id} for tag_id in tag_ids]
    signed = [{"publication_id": id_, "contributor_id": contributor_id} for contributor_id in makers]
    pictures = [
        {"publication_id": id_, "media_id": media_id, "in_teaser": media_id in shown}
        for media_id in sorted(shown | media_ids(edition.full))
    ]
    public = article_ids(edition.teaser.body) | set(front.related_ids)
    articles = [
        {"publication_id": id_, "article_id": article_id, "in_teaser": article_id in public}
        for article_id in sorted(public | article_ids(edition.full))
    ]
    listed = listed_under(edition, tag_ids=tag_ids, section_ids=sections, contributor_ids=makers)
    links = (
        (publication_tags, tags),
        (publication_contributors, signed),
        (publication_media, pictures),
        (publication_articles, articles),
        (listings, listed),
    )
    for table, rows in links:
        if rows:
            await connection.execute(insert(table), rows)
