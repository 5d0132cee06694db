"""Editions as rows: the header and the front, the teaser, and the full text, each in its own table."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import UNKNOWN_GATE, Gate, Requires
from domain.articles import Article, Publication
from domain.editions import Edition
from domain.errors import Conflict
from domain.workflow import PublicationState
from infra import changes, documents
from infra.contributors import CONTRIBUTORS
from infra.db import hold
from infra.editions import HOLDING, EditionSheet, add_all, sheet_of, standing_of
from infra.listings import restate, unlist
from infra.tables import publications, slugs
from infra.tags import TAGS
from infra.visibility import NOW, SUPERSEDED, holds, is_one_of

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
    publications.c.is_metered,
    publications.c.published_at,
    publications.c.updated_at,
    publications.c.live_from,
    publications.c.live_until,
    publications.c.replaced_at,
    publications.c.public_note,
    publications.c.corrections,
)

_REPLACEABLE = (PublicationState.LIVE, PublicationState.UNPUBLISHED)
_OF_ARTICLE = publications.c.article_id == bindparam("of_article_id")
_NOT_KEPT = publications.c.id.not_in(bindparam("kept", expanding=True))
_WAS_DUE = and_(publications.c.state == PublicationState.SCHEDULED, publications.c.live_from <= NOW)
_SUPERSEDE = (
    update(publications)
    .where(_OF_ARTICLE, or_(is_one_of(publications.c.state, _REPLACEABLE), _WAS_DUE), _NOT_KEPT)
    .values(state=SUPERSEDED, next_change=None)
)
_DROP_SCHEDULED = delete(publications).where(
    _OF_ARTICLE, publications.c.state == PublicationState.SCHEDULED, _NOT_KEPT
)
_STAND = update(publications).where(publications.c.id == bindparam("of_id"))
_UNANNOUNCED = select(publications.c.id).where(_OF_ARTICLE, publications.c.next_change <= NOW).limit(1)

_HELD = and_(
    slugs.c.slug.in_(bindparam("held_slugs", expanding=True)),  # SQLite looks no pair up in an index by itself
    tuple_(slugs.c.slug, slugs.c.language).in_(bindparam("addresses", expanding=True)),
)
_STILL_HELD = (
    select(publications.c.id)
    .where(
        publications.c.article_id == slugs.c.article_id,
        publications.c.slug == slugs.c.slug,
        publications.c.language == slugs.c.language,
        holds(),
        or_(publications.c.replaced_at.is_(None), publications.c.replaced_at > NOW),
    )
    .exists()
)
_TAKEN = select(slugs.c.slug, slugs.c.language).where(_HELD)
_FREE = delete(slugs).where(_HELD, ~_STILL_HELD)
_KEEP_SLUG = insert(slugs)
_LEAVE_SLUGS = delete(slugs).where(slugs.c.article_id == bindparam("of_article_id"))
Address = tuple[str, str]


def gate_of(
    requires: str,
    plans: str,
    holds_from: Any,  # noqa: ANN401
    holds_until: Any,  # noqa: ANN401
    *,
    is_metered: bool = True,
) -> Gate:
    """Return the gate that these columns say; one of a newer version opens for staff alone."""
    if requires not in set(Requires):
        return Gate(Requires.SUBSCRIBER, (UNKNOWN_GATE,))
    return Gate(Requires(requires), documents.load_strings(plans), holds_from, holds_until, is_metered)


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
        gate=gate_of(
            column["requires"],
            column["plans"],
            column["holds_from"],
            column["holds_until"],
            is_metered=column["is_metered"],
        ),
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
    if article.is_seen_otherwise(before, now) or await _has_unannounced(connection, article.id, now):
        changes.note(connection, "article", article.id, at=now)
    for kind in (TAGS, CONTRIBUTORS):  # before any row is held that a merge may wait for
        await hold(connection, kind.table)
    shown = [one for one in (article.publication, article.coming) if one]
    kept = [one.id for one in shown]
    of = {"of_article_id": article.id, "kept": kept, NOW.key: now}
    await connection.execute(_SUPERSEDE, of)
    await connection.execute(_DROP_SCHEDULED, of)
    await unlist(connection, article.id, but=[one.id for one in shown if one.state in HOLDING])
    for publication in shown:
        if edition is None or publication.id != edition.publication.id:
            await connection.execute(_STAND, {**standing_of(publication, now), "of_id": publication.id})
            await restate(connection, publication)
    if edition is not None:
        await add_all(connection, [sheet_of(edition, now=now)])
    await connection.execute(_LEAVE_SLUGS, {"of_article_id": article.id})
    held = {(one.slug, one.language, article.id) for one in shown if one.state in HOLDING}
    await _hold_slugs(connection, held, now)


async def show_new(connection: AsyncConnection, sheets: Sequence[EditionSheet], *, now: datetime) -> None:
    """Let readers see editions of articles that had none before. Ask `taken` first: a slug that is, is a race."""
    changes.note(connection, "article", *{one.article_id for one in sheets if one.holds}, at=now)
    await add_all(connection, sheets)
    await _keep_slugs(connection, {(*one.address, one.article_id) for one in sheets if one.holds})


async def _has_unannounced(connection: AsyncConnection, article_id: str, now: datetime) -> bool:
    """Whether a moment of the article has come that nobody announced yet; what is written now would forget it."""
    return await connection.scalar(_UNANNOUNCED, {"of_article_id": article_id, NOW.key: now}) is not None


async def _hold_slugs(connection: AsyncConnection, held: Collection[tuple[str, str, str]], now: datetime) -> None:
    """Let articles hold the addresses of what they show or will show; refuse one that another holds.

    A primary key is what two publications race for. What the other has moved away from by a schedule is free.
    """
    if not held:
        return
    if await taken(connection, {(slug, language) for slug, language, _ in held}, now=now):
        raise Conflict("Another article holds this slug; give this one another.", rule="slug")
    await _keep_slugs(connection, held)


async def _keep_slugs(connection: AsyncConnection, held: Collection[tuple[str, str, str]]) -> None:
    columns = ("slug", "language", "article_id")
    if held:
        await connection.execute(_KEEP_SLUG, [dict(zip(columns, one, strict=True)) for one in sorted(held)])


async def taken(
    connection: AsyncConnection, addresses: Collection[Address], *, now: datetime
) -> frozenset[Address]:
    """Return those of these addresses that articles hold, once what they have moved away from is free."""
    asked = {"addresses": sorted(addresses), "held_slugs": sorted({slug for slug, _ in addresses})}
    await connection.execute(_FREE, {**asked, NOW.key: now})
    found = await connection.execute(_TAKEN, asked)
    return frozenset((row.slug, row.language) for row in found)
