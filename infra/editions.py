"""Editions as they are written down: the header and the front, the teaser, the full text, and what they name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.articles import Publication
from domain.body import article_ids, media_ids
from domain.editions import Edition
from domain.headings import under
from domain.workflow import PublicationState
from infra import documents
from infra.contributors import CONTRIBUTORS
from infra.listings import Listed, listed
from infra.naming import standing, stood
from infra.search.documents import SearchDocuments, documents_of
from infra.search.index import prepare
from infra.tables import (
    full_texts,
    listings,
    media,
    publication_articles,
    publication_contributors,
    publication_media,
    publication_tags,
    publications,
    teasers,
)
from infra.tags import TAGS
from infra.visibility import SUPERSEDED

HOLDING = (PublicationState.LIVE, PublicationState.SCHEDULED)
Rows = list[dict[str, Any]]
_insert = cache(insert)  # a statement is put together once


@dataclass(frozen=True, slots=True)
class EditionSheet:
    """An edition as it is written down. It is made without the database, so that many can be made beside it.

    Of pictures and articles it tells whether everybody sees that it names them.
    """

    row: dict[str, Any]
    teaser: str
    full: str
    section_id: str | None
    tag_ids: frozenset[str]
    contributor_ids: frozenset[str]
    media: Mapping[str, bool]
    articles: Mapping[str, bool]
    listed: Listed | None
    found_by: SearchDocuments | None

    @property
    def article_id(self) -> str:
        """The article that it is an edition of."""
        return str(self.row["article_id"])

    @property
    def address(self) -> tuple[str, str]:
        """The slug and language that it is found by."""
        return self.row["slug"], self.row["language"]

    @property
    def holds(self) -> bool:
        """Whether its address is its article's alone."""
        return self.row["state"] in HOLDING


def sheet_of(edition: Edition, *, now: datetime, is_superseded: bool = False) -> EditionSheet:
    """Return an edition as it is written down; one that another has taken the place of is kept for its address."""
    front, shown = edition.front, edition.media_in_teaser
    public = article_ids(edition.teaser.body) | set(front.related_ids)
    gone = {"state": SUPERSEDED, "next_change": None} if is_superseded else {}
    row = {**_header(edition, now), **gone}
    return EditionSheet(
        row,
        documents.dump_body(edition.teaser.body),
        documents.dump_body(edition.full),
        front.section_id,
        front.all_tag_ids,
        frozenset(credit.contributor_id for credit in front.credits),
        {media_id: media_id in shown for media_id in sorted(shown | media_ids(edition.full))},
        {article_id: article_id in public for article_id in sorted(public | article_ids(edition.full))},
        listed(edition) if row["state"] in HOLDING else None,
        documents_of(edition) if row["state"] in HOLDING else None,
    )


async def add_all(connection: AsyncConnection, sheets: Sequence[EditionSheet]) -> None:
    """Add editions: the only place where one is written. A picture may be missing from a superseded one alone."""
    tags = await standing(connection, TAGS, {id_ for sheet in sheets for id_ in sheet.tag_ids})
    makers = await standing(connection, CONTRIBUTORS, {id_ for sheet in sheets for id_ in sheet.contributor_ids})
    lost = await _lost_media(connection, sheets)
    rows: dict[Table, Rows] = {
        publications: [sheet.row for sheet in sheets],
        teasers: [_of(sheet, body=sheet.teaser) for sheet in sheets],
        full_texts: [_of(sheet, body=sheet.full) for sheet in sheets],
        publication_tags: [_of(one, tag_id=id_) for one in sheets for id_ in stood(one.tag_ids, tags)],
        publication_contributors: [
            _of(one, contributor_id=id_) for one in sheets for id_ in stood(one.contributor_ids, makers)
        ],
        publication_media: [
            _of(one, media_id=id_, in_teaser=in_teaser)
            for one in sheets
            for id_, in_teaser in one.media.items()
            if id_ not in lost
        ],
        publication_articles: [
            _of(one, article_id=id_, in_teaser=in_teaser)
            for one in sheets
            for id_, in_teaser in one.articles.items()
        ],
        listings: sorted(
            (row for sheet in sheets for row in _listings(sheet, tags, makers)), key=itemgetter("heading")
        ),
    }
    for table, some in rows.items():
        if some:
            await connection.execute(_insert(table), some)
    for sheet in sheets:
        if sheet.found_by is not None:
            prepare(connection.info, sheet.row["id"], sheet.found_by)


def _of(sheet: EditionSheet, **values: Any) -> dict[str, Any]:  # noqa: ANN401 - a column's
    return {"publication_id": sheet.row["id"], **values}


def _listings(sheet: EditionSheet, tags: Mapping[str, str], makers: Mapping[str, str]) -> Rows:
    if sheet.listed is None:
        return []
    named = {
        *(under("tag", tag_id) for tag_id in stood(sheet.tag_ids, tags)),
        *(under("section", tag_id) for tag_id in stood({sheet.section_id or ""}, tags)),
        *(under("contributor", contributor_id) for contributor_id in stood(sheet.contributor_ids, makers)),
    }
    return [{"heading": heading, **sheet.listed.row} for heading in sorted(sheet.listed.headings | named)]


async def _lost_media(connection: AsyncConnection, sheets: Sequence[EditionSheet]) -> frozenset[str]:
    """Return the pictures of superseded editions that were removed since."""
    named = frozenset(id_ for sheet in sheets if sheet.row["state"] == SUPERSEDED for id_ in sheet.media)
    if not named:
        return named
    return named - frozenset(await connection.scalars(select(media.c.id).where(media.c.id.in_(named))))


def _header(edition: Edition, now: datetime) -> dict[str, Any]:
    publication = edition.publication
    return {
        **standing_of(publication, now),
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
        "is_metered": publication.gate.is_metered,
        "remaining_percent": edition.teaser.remaining_percent,
        "front": documents.dump_front(edition.front),
    }


def standing_of(publication: Publication, now: datetime) -> dict[str, Any]:
    """Return what of a publication may change after it was made."""
    return {
        "next_change": publication.next_change(now) if publication.state in HOLDING else None,
        "state": publication.state,
        "published_at": publication.published_at,
        "updated_at": publication.updated_at,
        "live_from": publication.live_from,
        "live_until": publication.live_until,
        "replaced_at": publication.replaced_at,
        "public_note": publication.public_note,
        "corrections": documents.dump_corrections(publication.corrections),
    }
