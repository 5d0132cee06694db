"""Editions as rows: the header and the front, the teaser, and the full text, each in its own table."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, delete, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Gate, Requires
from domain.articles import Article, Publication
from domain.body import article_ids, media_ids
from domain.editions import Edition
from domain.errors import Conflict
from domain.workflow import PublicationState
from infra import documents
from infra.contributors import CONTRIBUTORS
from infra.db import hold
from infra.naming import standing, stood
from infra.tables import (
    full_texts,
    media,
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
Address = tuple[str, str]
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


async def show(connection: AsyncConnection, article: Article, edition: Edition | None, *, now: datetime) -> None:
    """Let readers see what an article's publications say, now and at the times that they name.

    What is scheduled no more is removed, for it was never public; what was live before is superseded, and kept.
    """
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
        .values(state=SUPERSEDED)
    )
    await connection.execute(
        delete(publications).where(
            of_article, publications.c.state == PublicationState.SCHEDULED, publications.c.id.not_in(kept)
        )
    )
    for publication in shown:
        if edition is None or publication.id != edition.publication.id:
            await connection.execute(
                update(publications).where(publications.c.id == publication.id).values(**_standing(publication))
            )
    if edition is not None:
        await add_all(connection, [sheet_of(edition)])
    await connection.execute(delete(slugs).where(slugs.c.article_id == article.id))
    held = {(one.slug, one.language, article.id) for one in shown if one.state in _HOLDING}
    await _hold_slugs(connection, held, now)


async def show_new(connection: AsyncConnection, sheets: Sequence["Sheet"], *, now: datetime) -> None:
    """Let readers see editions of articles that had none before, now and at the times that they name."""
    await add_all(connection, sheets)
    await _hold_slugs(connection, {(*one.address, one.row["article_id"]) for one in sheets if one.holds}, now)


def _was_due(now: datetime) -> ColumnElement[bool]:
    return and_(publications.c.state == PublicationState.SCHEDULED, publications.c.live_from <= now)


@dataclass(frozen=True, slots=True)
class Sheet:
    """An edition as it is written down. It is made without the database, so that many can be made beside it.

    `media` tells of each picture whether the teaser shows it.
    """

    row: dict[str, Any]
    teaser: str
    full: str
    tag_ids: frozenset[str]
    contributor_ids: frozenset[str]
    media: Mapping[str, bool]
    article_ids: frozenset[str]

    @property
    def address(self) -> tuple[str, str]:
        """The slug and language that it is found by."""
        return self.row["slug"], self.row["language"]

    @property
    def holds(self) -> bool:
        """Whether its address is its article's alone."""
        return self.row["state"] in _HOLDING


def sheet_of(edition: Edition, *, is_superseded: bool = False) -> Sheet:
    """Return an edition as it is written down; one that another has taken the place of is kept for its address."""
    front, shown = edition.front, edition.media_in_teaser
    return Sheet(
        {**_header(edition), **({"state": SUPERSEDED} if is_superseded else {})},
        documents.dump_body(edition.teaser.body),
        documents.dump_body(edition.full),
        front.all_tag_ids,
        frozenset(credit.contributor_id for credit in front.credits),
        {media_id: media_id in shown for media_id in sorted(shown | media_ids(edition.full))},
        article_ids(edition.full) | set(front.related_ids),
    )


async def add_all(connection: AsyncConnection, sheets: Sequence[Sheet]) -> None:
    """Add editions: the only place where one is written. A picture may be missing from a superseded one alone."""
    await connection.execute(insert(publications), [sheet.row for sheet in sheets])
    await _fill(connection, teasers, [_part(sheet, body=sheet.teaser) for sheet in sheets])
    await _fill(connection, full_texts, [_part(sheet, body=sheet.full) for sheet in sheets])
    every = (
        [id_ for sheet in sheets for id_ in sheet.tag_ids],
        [id_ for one in sheets for id_ in one.contributor_ids],
    )
    tags, makers = await standing(connection, TAGS, every[0]), await standing(connection, CONTRIBUTORS, every[1])
    lost = await _lost_media(connection, sheets)
    links: dict[Table, list[dict[str, Any]]] = {
        publication_tags: [_part(one, tag_id=id_) for one in sheets for id_ in stood(one.tag_ids, tags)],
        publication_contributors: [
            _part(one, contributor_id=id_) for one in sheets for id_ in stood(one.contributor_ids, makers)
        ],
        publication_media: [
            _part(one, media_id=id_, in_teaser=in_teaser)
            for one in sheets
            for id_, in_teaser in one.media.items()
            if id_ not in lost
        ],
        publication_articles: [_part(one, article_id=id_) for one in sheets for id_ in sorted(one.article_ids)],
    }
    for table, rows in links.items():
        await _fill(connection, table, rows)


async def _fill(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        await connection.execute(insert(table), rows)


def _part(sheet: Sheet, **values: Any) -> dict[str, Any]:  # noqa: ANN401 - a column's
    return {"publication_id": sheet.row["id"], **values}


async def _lost_media(connection: AsyncConnection, sheets: Sequence[Sheet]) -> frozenset[str]:
    """Return the pictures of superseded editions that were removed since."""
    named = frozenset(id_ for sheet in sheets if sheet.row["state"] == SUPERSEDED for id_ in sheet.media)
    if not named:
        return named
    return named - frozenset(await connection.scalars(select(media.c.id).where(media.c.id.in_(named))))


async def _hold_slugs(connection: AsyncConnection, held: Collection[tuple[str, str, str]], now: datetime) -> None:
    """Let articles hold the addresses of what they show or will show; refuse one that another holds.

    A primary key is what two publications race for. What the other has moved away from by a schedule is free.
    """
    if not held:
        return
    if await taken(connection, {(slug, language) for slug, language, _ in held}, now=now):
        raise Conflict("Another article holds this slug; give this one another.", rule="slug")
    columns = ("slug", "language", "article_id")
    await connection.execute(insert(slugs), [dict(zip(columns, one, strict=True)) for one in sorted(held)])


async def taken(
    connection: AsyncConnection, addresses: Collection[Address], *, now: datetime
) -> frozenset[Address]:
    """Return those of these addresses that articles hold, once what they have moved away from is free."""
    asked = tuple_(slugs.c.slug, slugs.c.language).in_(sorted(addresses))
    still = select(publications.c.id).where(
        publications.c.article_id == slugs.c.article_id,
        publications.c.slug == slugs.c.slug,
        publications.c.language == slugs.c.language,
        publications.c.state.in_(_HOLDING),
        or_(publications.c.replaced_at.is_(None), publications.c.replaced_at > now),
    )
    await connection.execute(delete(slugs).where(asked, ~still.exists()))
    found = await connection.execute(select(slugs.c.slug, slugs.c.language).where(asked))
    return frozenset((row.slug, row.language) for row in found)


def _header(edition: Edition) -> dict[str, Any]:
    publication = edition.publication
    return {
        **_standing(publication),
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


def _standing(publication: Publication) -> dict[str, Any]:
    """Return what of a publication may change after it was made."""
    return {
        "state": publication.state,
        "published_at": publication.published_at,
        "updated_at": publication.updated_at,
        "live_from": publication.live_from,
        "live_until": publication.live_until,
        "replaced_at": publication.replaced_at,
        "public_note": publication.public_note,
        "corrections": documents.dump_corrections(publication.corrections),
    }
