"""What readers would get: previews of one revision for a guest, and the same article as any kind of reader."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BeforeValidator, Field

from api import caching
from api.delivery import rendering
from api.delivery.explaining import steps_of
from api.deps import IfMatch, VisitOf, digits
from api.editorial import history_schemas as history
from api.editorial.articles import ALLOWED, OF_ONE, WITH_A_BODY, seen
from api.editorial.replies import plain, versioned
from api.links import Links
from api.parts import Visit
from api.problems import declared
from api.routing import Route
from api.types import Id, Moment, Slug
from domain.access import NO_LEAVE, Leave
from domain.errors import BadRequest, Flaw, NotAllowed, NotThere, Unfit, Withdrawn, expect_version
from domain.licences import Licence
from domain.meters import Meter, month_of
from domain.people import Person
from domain.permissions import Permission, may
from domain.previews import Preview, ReaderKind, some_client, some_reader
from infra import delivery, licences, plans, previews, revisions

router = APIRouter(prefix="/v1/editorial/articles/{article_id}", tags=["Articles"], route_class=Route)

MeterUsed = Annotated[
    int,
    Field(ge=0, le=10_000),
    BeforeValidator(digits),
    Query(description="How many other articles they have taken out of their meter or quota in the period"),
]
OfLicence = Annotated[Id | None, Query(description="A partner's licence; editors may name one")]
SHORTEST, USUAL, LONGEST = timedelta(minutes=1), timedelta(days=1), timedelta(days=30)
LONGEST_OF_OUTSIDERS = timedelta(days=1)


@router.post(
    "/previews",
    status_code=201,
    summary="Make a preview",
    operation_id="create_preview",
    response_model=history.PreviewLink,
    responses=declared(*OF_ONE, *WITH_A_BODY, "conflict"),
    openapi_extra=ALLOWED,
)
async def create_preview(visit: VisitOf, article_id: Id, form: history.PreviewForm | None = None) -> Response:
    """Make a link that shows exactly one revision to whoever has it, as a kind of reader, until it ends."""
    form = form or history.PreviewForm()
    async with visit.writing() as connection:
        article = await seen(visit, connection, article_id)
        revision = form.revision or article.revision
        if await revisions.get(connection, article_id, revision) is None:
            raise Unfit(Flaw("/revision", "There is no such revision."))
        preview = Preview(
            id=visit.parts.sources.new_id(),
            article_id=article_id,
            revision=revision,
            kind=form.role,
            plans=(form.plan,) if form.plan else (),
            created_by=visit.person.account_id or "",
            created_at=visit.now,
            expires_at=_end(form, visit),
        )
        await previews.add(connection, preview)
        await visit.record(connection, article.event("preview", visit.person, visit.now))
        made = _link(visit, preview)
        location = {"Location": Links(visit).to(f"/v1/editorial/articles/{article_id}/previews/{preview.id}")}
        shown = versioned(made, made.version, status=201, headers=location)
        return await visit.answer(connection, shown, keep=False)  # the link is told once


def _link(visit: Visit, preview: Preview) -> history.PreviewLink:
    token = visit.parts.seals.seal_preview(preview.id)
    url = Links(visit).to(f"/v1/previews/{token}")
    return history.PreviewLink(**dict(_shown(preview)), token=token, url=url)


def _end(form: history.PreviewForm, visit: Visit) -> datetime:
    """Return when a preview ends: an outsider's as soon as the longest of their tokens would."""
    longest = LONGEST if visit.person.issuer is None else LONGEST_OF_OUTSIDERS
    end = form.expires_at or visit.now + min(USUAL, longest)
    if not SHORTEST <= end - visit.now <= longest:
        raise Unfit(Flaw("/expires_at", f"It may last from a minute to {longest.days} days."))
    return end


@router.get(
    "/previews",
    summary="List an article's previews",
    operation_id="list_previews",
    response_model=history.PreviewList,
    responses=declared(*OF_ONE),
    openapi_extra=ALLOWED,
)
async def list_previews(visit: VisitOf, article_id: Id) -> Response:
    """Answer the previews that can still be read. Their links are not told again."""
    await seen(visit, visit.reading, article_id)
    found = await previews.open_ones(visit.reading, article_id, now=visit.now)
    return plain(history.PreviewList(items=[_shown(preview) for preview in found]))


@router.delete(
    "/previews/{preview_id}",
    status_code=204,
    summary="Revoke a preview",
    operation_id="revoke_preview",
    responses=declared(*OF_ONE, "stale", "precondition-required"),
    openapi_extra=ALLOWED,
)
async def revoke_preview(visit: VisitOf, article_id: Id, preview_id: Id, version: IfMatch) -> Response:
    """End a preview. Its link opens nothing from now on."""
    async with visit.writing() as connection:
        article = await seen(visit, connection, article_id)
        preview = await previews.get(connection, preview_id)
        if preview is None or preview.article_id != article_id or not preview.is_open(visit.now):
            raise NotThere
        expect_version(version, current=preview.version)
        await previews.revoke(connection, preview, now=visit.now)
        await visit.record(connection, article.event("revoke-preview", visit.person, visit.now))
    return Response(status_code=204, headers=caching.NO_STORE)


@router.get(
    "/readable-as",
    summary="See what a reader would get",
    operation_id="readable_as",
    response_model=history.ReadableAs,
    responses=declared(*OF_ONE),
    openapi_extra=ALLOWED,
)
async def readable_as(
    visit: VisitOf,
    article_id: Id,
    role: Annotated[ReaderKind, Query(description="What kind of reader")] = ReaderKind.ANONYMOUS,
    plan: Annotated[Slug | None, Query(description="A plan that they have")] = None,
    at: Annotated[Moment | None, Query(description="When; now if it is left out")] = None,
    meter_used: MeterUsed = 0,
    licence: OfLicence = None,
) -> Response:
    """Answer what such a reader would get of what is published or scheduled, by the road that readers take."""
    await seen(visit, visit.reading, article_id)
    asked = {"role": role, "plan": plan, "at": at or visit.now, "meter_used": meter_used, "licence": licence}
    held = (plan,) if plan else ()
    if licence is None:
        person = some_reader(role, held, await plans.opened_by(visit.reading, held))
    else:
        person = some_client(await _licence(visit, role, licence))
    try:
        shown, steps = await delivery.as_some_reader(
            visit.reading,
            article_id,
            person,
            _leave(visit, person, meter_used, at or visit.now),
            shop=visit.parts.settings.shop,
            at=at or visit.now,
            now=visit.now,
        )
    except (NotThere, Withdrawn) as refusal:
        status = 410 if isinstance(refusal, Withdrawn) else 404
        return plain(history.ReadableAs(**asked, status=status, detail=refusal.detail, article=None, steps=[]))
    article = rendering.article(shown, Links(visit))
    told = steps_of(steps)
    return plain(history.ReadableAs(**asked, status=200, detail=None, article=article, steps=told))


async def _licence(visit: Visit, role: ReaderKind, licence_id: str) -> Licence:
    """Return the licence that is asked about, by somebody who may read whatever it is about."""
    if not may(visit.person, Permission.EDIT_ALL_ARTICLES):
        raise NotAllowed("Your account's roles do not allow to ask for a licence.", rule="articles.all")
    if role is not ReaderKind.PARTNER:
        raise BadRequest("A licence is a partner's: ask for `role=partner`.", parameter="licence")
    found = await licences.get(visit.reading, licence_id)
    if found is None:
        raise BadRequest("There is no such licence.", parameter="licence")
    return found


def _leave(visit: Visit, person: Person, used: int, at: datetime) -> Leave:
    """Return what some reader has of a meter or quota, where there is one, for what they have not taken so far."""
    if person.licence:
        limit = person.licence.quota
        quota = None if limit is None else Meter(limit, used, month_of(at)[1])
        return Leave(is_taken=quota is None or not quota.is_exhausted, meter=quota)
    metering = visit.parts.settings.metering
    return Leave(meter=metering.meter(used, None, now=at)) if metering.articles else NO_LEAVE


def _shown(preview: Preview) -> history.Preview:
    return history.Preview(
        id=preview.id,
        article_id=preview.article_id,
        revision=preview.revision,
        role=preview.kind,
        plan=preview.plans[0] if preview.plans else None,
        created_by=preview.created_by,
        created_at=preview.created_at,
        expires_at=preview.expires_at,
        version=preview.version,
    )
