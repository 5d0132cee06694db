"""Following what changed: a page of articles and of those that are gone, and a cursor for whatever comes next."""

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import caching
from api.delivery import leave, rendering, schemas
from api.delivery.lists import Tags, slugs_of
from api.deps import Cursor, Limit, VisitOf
from api.links import Links
from api.pages import next_link
from api.parts import Visit
from api.problems import declared
from api.routing import Route
from api.types import Language
from domain.errors import SyncReset
from domain.meters import Meter
from infra import moments, sync
from infra.delivery import Found
from infra.ledger import Taken
from infra.sync import Following, Place, Source

NOBODY = "00000000-0000-0000-0000-000000000000"  # before every article

router = APIRouter(prefix="/v1", tags=["Delivery"], route_class=Route)


@router.get(
    "/sync",
    summary="Follow what changes",
    operation_id="sync_articles",
    response_model=schemas.SyncPage,
    responses=declared("bad-request", "unauthorized", "sync-reset", "unavailable"),
)
async def sync_articles(
    request: Request,
    visit: VisitOf,
    language: Annotated[Language | None, Query(description="Language of the articles")] = None,
    tag: Tags = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response:
    """Answer what changed behind a cursor, oldest change first; without one, all that is there.

    Ask again with `next_cursor`, at once while `has_more`, and else after a while. Put each `upsert` in the place
    of what you have under its id, and remove what a `delete` names; then you hold what a full read would give. An
    article comes once, as it is now, however often it changed.
    """
    now = await _now(visit)
    tag_ids = await sync.tag_ids(visit.reading, slugs_of(tag))
    bound_to = json.dumps([request.url.path, language, tag])
    source = await sync.source(visit.reading)
    place = await _place(visit, cursor, bound_to, source, tag_ids)
    following, taken = Following(language, tag_ids), Taken(quota=visit.person.quota)

    async def take(found: Sequence[Found]) -> Taken:
        nonlocal taken
        # A program has no use for what is fetched in advance: the cursor would move past texts that it never got.
        taken = await leave.take(visit, found, now=now, is_read=not request.scope.get(caching.HEAD))
        return taken

    page = await sync.page(visit.reading, place, following, visit.person, take=take, now=now, limit=limit)
    links = Links(visit)
    told = _told(visit, source, tag_ids, taken.quota)
    next_cursor = visit.parts.seals.seal_cursor(_said(page.reaches, told), bound_to=bound_to)
    shown = schemas.SyncPage(
        items=[
            schemas.Deleted(type="delete", id=one.article_id)
            if one.delivery is None
            else schemas.Upserted(type="upsert", article=rendering.synced(one.delivery, links))
            for one in page.changes
        ],
        next_cursor=next_cursor,
        has_more=page.has_more,
    )
    changing = [one.delivery.next_change(now) for one in page.changes if one.delivery]
    return caching.answer(
        request,
        shown.model_dump_json().encode(),
        caching.caching_for(request, *changing, now=now),
        headers=next_link(request, visit, next_cursor if page.has_more else None),
        keys=(caching.ARTICLES,),
    )


async def _now(visit: Visit) -> datetime:
    """Return the moment to read at, once all that it brings to this caller has a number."""
    reading, database, clock = visit.reading, visit.parts.database, visit.parts.sources.now
    return await moments.announced_to(visit.person, reading, database, clock)


async def _place(visit: Visit, cursor: str | None, bound_to: str, source: Source, tag_ids: Sequence[str]) -> Place:
    """Return where a follower is, or refuse one for whom other things are true now than when they began.

    A quota that has been reached since takes nothing from anybody; one that is open again has to be told.
    """
    if cursor is None:
        return await sync.begin(visit.reading)
    opened = visit.parts.seals.open_cursor(cursor, bound_to=bound_to)
    seq, began, tells, article_id = opened.split(" ")
    now_told = {_told(visit, source, tag_ids, quota) for quota in (visit.person.quota, None)}
    if tells not in now_told or max(int(seq), int(began)) > source.reaches:
        raise SyncReset(
            "What you may read has changed, what a tag's slug means, or the database. Start without a cursor."
        )
    return Place(int(seq), article_id, int(began))


def _said(place: Place, told: str) -> str:
    """Return what a cursor holds. Numbers have one length, for a sealed text shows how long it is."""
    return f"{place.seq:019} {place.began:019} {told} {place.article_id or NOBODY}"


def _told(visit: Visit, source: Source, tag_ids: Sequence[str], quota: Meter | None) -> str:
    """Return a digest of what a follower is told by: database, rights, tags, and how addresses are made."""
    person, settings = visit.person, visit.parts.settings
    told = [
        source.name,
        person.is_anonymous,
        sorted(person.roles),
        sorted(person.plans),
        sorted(person.opens),
        list(tag_ids),
        *([person.licence.id, person.licence.version] if person.licence else []),
        quota.resets_at.isoformat() if quota is not None and quota.is_exhausted else None,
    ]
    told += [settings.article_url, settings.base_url]
    return sha256(json.dumps(told).encode()).hexdigest()[:32]
