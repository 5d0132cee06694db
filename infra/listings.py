"""Headings that readers' lists have: each edition that is live or scheduled is listed under a few of them.

A list walks one heading in one order, so it costs what it shows, however many articles there are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Requires
from domain.articles import Publication
from domain.editions import Edition
from domain.headings import EVERYTHING, from_source, under
from infra.ids import folded
from infra.tables import listings

FREE = "may-be-free"  # at some time: what is free always, and what a gate stands before for a time only
TITLE_KEY = 100
_RESTATE = update(listings).where(listings.c.publication_id == bindparam("of_id"))
_UNLIST = delete(listings).where(
    listings.c.article_id == bindparam("of_article_id"),
    listings.c.publication_id.not_in(bindparam("kept", expanding=True)),
)


def requiring(requires: Requires) -> str:
    """Return the heading of all that may ask this of a reader at some time."""
    return FREE if requires is Requires.FREE else under("requires", requires)


@dataclass(frozen=True, slots=True)
class Listed:
    """How an edition is listed: what its rows have in common, and its headings but those of what it names."""

    row: Mapping[str, Any]
    headings: frozenset[str]


def listed(edition: Edition) -> Listed:
    """Return how an edition is listed."""
    publication = edition.publication
    row = {
        "publication_id": publication.id,
        "article_id": publication.article_id,
        "title_key": folded(edition.front.title)[:TITLE_KEY],
        **_standing(publication),
    }
    return Listed(row, frozenset(_headings(edition)))


def _headings(edition: Edition) -> Iterator[str]:
    publication, front = edition.publication, edition.front
    gate = publication.gate
    yield EVERYTHING
    yield under("language", publication.language)
    yield under("kind", front.kind)
    yield under("requires", gate.requires)
    yield from_source(front.source.name if front.source else None)
    if gate.requires is Requires.FREE or gate.holds_from or gate.holds_until:
        yield FREE


def _standing(publication: Publication) -> dict[str, Any]:
    ends = [end for end in (publication.live_until, publication.replaced_at) if end]
    return {
        "published_at": publication.published_at,
        "updated_at": publication.updated_at,
        "shown_from": publication.live_from,
        "shown_until": min(ends, default=None),
    }


def is_shown(now: datetime) -> ColumnElement[bool]:
    """Whether what is listed is in front of readers at this moment: its rows say so as its edition does."""
    return and_(listings.c.shown_from <= now, or_(listings.c.shown_until.is_(None), listings.c.shown_until > now))


async def restate(connection: AsyncConnection, publication: Publication) -> None:
    """Let an edition be listed as what it says now of its times."""
    await connection.execute(_RESTATE, {**_standing(publication), "of_id": publication.id})


async def unlist(connection: AsyncConnection, article_id: str, *, but: Sequence[str]) -> None:
    """List no edition of an article any more but these."""
    await connection.execute(_UNLIST, {"of_article_id": article_id, "kept": but})


async def merge(connection: AsyncConnection, kind: str, gone: str, *, into: str) -> None:
    """List under one tag or contributor what was listed under another."""
    for word in (kind, *(["section"] if kind == "tag" else [])):
        old, new = under(word, gone), under(word, into)
        both = listings.alias()
        already = select(both.c.publication_id).where(both.c.heading == new)
        await connection.execute(
            delete(listings).where(listings.c.heading == old, listings.c.publication_id.in_(already))
        )
        await connection.execute(update(listings).where(listings.c.heading == old).values(heading=new))
