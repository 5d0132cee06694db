"""Editions as rows: the header and the front, the teaser, and the full text, each in its own table."""

from typing import Any

from sqlalchemy import Row, delete, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Gate, Requires
from domain.articles import Publication
from domain.body import media_ids
from domain.editions import Edition
from domain.errors import Conflict
from domain.workflow import PublicationState
from infra import documents
from infra.contributors import CONTRIBUTORS
from infra.naming import standing
from infra.tables import (
    full_texts,
    publication_contributors,
    publication_media,
    publication_tags,
    publications,
    slugs,
    teasers,
)
from infra.tags import TAGS

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
    publications.c.public_note,
)

SUPERSEDED = "superseded"
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
        state=PublicationState(column["state"]),
        public_note=column["public_note"],
    )


async def put_live(connection: AsyncConnection, edition: Edition) -> None:
    """Put an edition in front of readers, in the place of the article's present one."""
    publication = edition.publication
    await connection.execute(
        update(publications)
        .where(
            publications.c.article_id == publication.article_id,
            publications.c.state.in_((PublicationState.LIVE, PublicationState.UNPUBLISHED)),
        )
        .values(state=SUPERSEDED)
    )
    await connection.execute(insert(publications).values(**_header(edition)))
    teaser, full = documents.dump_body(edition.teaser.body), documents.dump_body(edition.full)
    await connection.execute(insert(teasers).values(publication_id=publication.id, body=teaser))
    await connection.execute(insert(full_texts).values(publication_id=publication.id, body=full))
    await _add_links(connection, edition)
    await hold_slugs(connection, publication)


async def set_state(connection: AsyncConnection, publication: Publication) -> None:
    """Take a publication out of readers' sight."""
    await connection.execute(
        update(publications)
        .where(publications.c.id == publication.id)
        .values(state=publication.state, public_note=publication.public_note)
    )
    await hold_slugs(connection, publication)


async def hold_slugs(connection: AsyncConnection, publication: Publication) -> None:
    """Let the article hold the addresses of what it shows or will show, and no others; refuse those of another."""
    held = (
        select(publications.c.slug, publications.c.language, publications.c.article_id)
        .where(publications.c.article_id == publication.article_id, publications.c.state == PublicationState.LIVE)
        .distinct()
    )
    taken = select(slugs.c.article_id).where(
        slugs.c.article_id != publication.article_id,
        tuple_(slugs.c.slug, slugs.c.language).in_(
            held.with_only_columns(held.selected_columns.slug, held.selected_columns.language)
        ),
    )
    await connection.execute(delete(slugs).where(slugs.c.article_id == publication.article_id))
    if await connection.scalar(taken) is not None:
        raise Conflict("Another article is published under this slug; give this one another.", rule="slug")
    await connection.execute(insert(slugs).from_select(["slug", "language", "article_id"], held))


def _header(edition: Edition) -> dict[str, Any]:
    publication = edition.publication
    return {
        "id": publication.id,
        "article_id": publication.article_id,
        "group_id": publication.group_id,
        "number": publication.number,
        "revision": publication.revision,
        "state": publication.state,
        "slug": publication.slug,
        "language": publication.language,
        "title": edition.front.title,
        "requires": publication.gate.requires,
        "plans": documents.dump_strings(publication.gate.plans),
        "holds_from": publication.gate.holds_from,
        "holds_until": publication.gate.holds_until,
        "published_at": publication.published_at,
        "updated_at": publication.updated_at,
        "live_from": publication.live_from,
        "live_until": publication.live_until,
        "public_note": publication.public_note,
        "remaining_percent": edition.teaser.remaining_percent,
        "front": documents.dump_front(edition.front),
    }


async def _add_links(connection: AsyncConnection, edition: Edition) -> None:
    id_, front, shown = edition.publication.id, edition.front, edition.media_in_teaser
    tags = [
        {"publication_id": id_, "tag_id": tag_id} for tag_id in await standing(connection, TAGS, front.all_tag_ids)
    ]
    credited = {credit.contributor_id for credit in front.credits}
    makers = [
        {"publication_id": id_, "contributor_id": contributor_id}
        for contributor_id in await standing(connection, CONTRIBUTORS, credited)
    ]
    pictures = [
        {"publication_id": id_, "media_id": media_id, "in_teaser": media_id in shown}
        for media_id in sorted(shown | media_ids(edition.full))
    ]
    links = (publication_tags, tags), (publication_contributors, makers), (publication_media, pictures)
    for table, rows in links:
        if rows:
            await connection.execute(insert(table), rows)
