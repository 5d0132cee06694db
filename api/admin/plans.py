"""Plans: what readers can subscribe to, what it costs and what it opens."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from api import caching
from api.admin import plan_schemas as schemas
from api.admin.replies import BODY, CHANGE, LIST, READ, REMOVE, WRITE
from api.deps import Cursor, IfMatch, Limit, SlugInPath, VisitOf
from api.editorial.patches import PatchOf, patched
from api.editorial.replies import plain, versioned
from api.links import Links
from api.pages import next_link, open_cursor, seal_cursor
from api.parts import Visit
from api.routing import Route, needs
from domain.access import Money
from domain.errors import Flaw, NotThere, Unfit, expect_version
from domain.events import Event, Subject
from domain.permissions import Permission
from domain.plans import Opens, Plan
from infra import naming, plans
from infra.db import Connection
from infra.tags import TAGS

router = APIRouter(prefix="/v1/admin/plans", tags=["Plans"], route_class=Route)
ALLOWED = needs(Permission.EDIT_PLANS)


@router.get(
    "",
    summary="List all plans",
    operation_id="list_plans",
    response_model=schemas.PlanPage,
    responses=LIST,
    openapi_extra=ALLOWED,
)
async def list_plans(request: Request, visit: VisitOf, limit: Limit = 20, cursor: Cursor = None) -> Response:
    """Answer every plan in the order of offers, those that are offered no more among them."""
    found = await plans.page(visit.reading, after=_place(open_cursor(request, visit, cursor, {})), limit=limit + 1)
    shown = found[:limit]
    slugs = await plans.tag_slugs(visit.reading, shown)
    following = None
    if len(found) > limit:
        following = seal_cursor(request, visit, f"{shown[-1].position} {shown[-1].slug}", {})
    page = schemas.PlanPage(items=[_shown(one, slugs) for one in shown], next_cursor=following)
    return plain(page, headers=dict(next_link(request, visit, following)))


def _place(cursor: str | None) -> tuple[int, str] | None:
    if cursor is None:
        return None
    position, _, slug = cursor.partition(" ")
    return int(position), slug


@router.post(
    "",
    status_code=201,
    summary="Create a plan",
    operation_id="create_plan",
    response_model=schemas.Plan,
    responses=WRITE,
    openapi_extra=ALLOWED,
)
async def create_plan(form: schemas.PlanForm, visit: VisitOf) -> Response:
    """Add a plan. Whoever is refused an article that it opens is offered it from now on."""
    async with visit.writing() as connection:
        plan = await _planned(connection, visit.parts.sources.new_id(), form.slug, form)
        await plans.add(connection, plan)
        await _record(visit, connection, plan, "create")
        location = {"Location": Links(visit).to(f"/v1/admin/plans/{plan.slug}")}
        slugs = await plans.tag_slugs(connection, [plan])
        return await visit.answer(
            connection, versioned(_shown(plan, slugs), plan.version, status=201, headers=location)
        )


@router.get(
    "/{slug}",
    summary="Read a plan",
    operation_id="read_plan",
    response_model=schemas.Plan,
    responses=READ,
    openapi_extra=ALLOWED,
)
async def read_plan(visit: VisitOf, slug: SlugInPath) -> Response:
    """Answer a plan, offered or not."""
    plan = await _found(visit.reading, slug)
    return versioned(_shown(plan, await plans.tag_slugs(visit.reading, [plan])), plan.version)


@router.patch(
    "/{slug}",
    summary="Edit a plan",
    operation_id="edit_plan",
    response_model=schemas.Plan,
    responses={**CHANGE, **BODY},
    openapi_extra=ALLOWED,
)
async def edit_plan(
    patch: Annotated[dict[str, Any], PatchOf(schemas.PlanChangeForm)],
    visit: VisitOf,
    slug: SlugInPath,
    version: IfMatch,
) -> Response:
    """Change a plan by a merge patch (RFC 7396). What it opens no more is closed with the next request."""
    async with visit.writing() as connection:
        before = await _expected(connection, slug, version)
        shown = _shown(before, await plans.tag_slugs(connection, [before])).model_dump()
        current = {name: shown[name] for name in schemas.PlanChangeForm.model_fields}
        form = patched(schemas.PlanChangeForm, current, patch)
        after = replace(await _planned(connection, before.id, before.slug, form), version=version + 1)
        await plans.save(connection, after, before=before)
        await _record(visit, connection, after, "edit")
        slugs = await plans.tag_slugs(connection, [after])
    return versioned(_shown(after, slugs), after.version)


@router.delete(
    "/{slug}",
    status_code=204,
    summary="Delete a plan that nothing names",
    operation_id="delete_plan",
    responses=REMOVE,
    openapi_extra=ALLOWED,
)
async def delete_plan(visit: VisitOf, slug: SlugInPath, version: IfMatch) -> Response:
    """Remove a plan that never had a subscription, and that no draft or publication names."""
    async with visit.writing() as connection:
        plan = await _expected(connection, slug, version)
        await plans.remove(connection, plan)
        await _record(visit, connection, plan, "delete")
    return Response(status_code=204, headers=caching.NO_STORE)


async def _found(connection: Connection, slug: str) -> Plan:
    plan = await plans.get(connection, slug)
    if plan is None:
        raise NotThere
    return plan


async def _expected(connection: Connection, slug: str, version: int) -> Plan:
    plan = await _found(connection, slug)
    expect_version(version, current=plan.version)
    return plan


async def _planned(connection: Connection, plan_id: str, slug: str, form: schemas.PlanChangeForm) -> Plan:
    """Return the plan that a form says, with the ids of the tags that it names by their slugs."""
    return Plan(
        id=plan_id,
        slug=slug,
        names=form.names,
        price=Money(form.price.amount, form.price.currency),
        period=form.period,
        url=form.url,
        trial=form.trial,
        opens=await _opens(connection, form.opens),
        is_offered=form.is_offered,
        position=form.position,
    )


async def _opens(connection: Connection, said: str | schemas.Covered) -> Opens:
    if not isinstance(said, schemas.Covered):
        return Opens(everything=True)
    ids = await naming.ids_by_slug(connection, TAGS, frozenset({*said.tags, *said.sections}))
    named = (("tags", said.tags), ("sections", said.sections))
    flaws = [
        Flaw(f"/opens/{field}/{at}", "There is no such tag.")
        for field, slugs in named
        for at, slug in enumerate(slugs)
        if slug not in ids
    ]
    if flaws:
        raise Unfit(*flaws)
    tags, sections = (tuple(dict.fromkeys(ids[slug] for slug in slugs)) for _, slugs in named)
    return Opens(tag_ids=tags, section_ids=sections)


def _shown(plan: Plan, slugs: dict[str, str]) -> schemas.Plan:
    covered = schemas.Covered(
        tags=sorted(slugs[id_] for id_ in plan.opens.tag_ids),
        sections=sorted(slugs[id_] for id_ in plan.opens.section_ids),
    )
    return schemas.Plan(
        id=plan.id,
        slug=plan.slug,
        names=dict(plan.names),
        price=schemas.Price(amount=plan.price.amount, currency=plan.price.currency),
        period=plan.period,
        trial=plan.trial,
        url=plan.url,
        opens="everything" if plan.opens.everything else covered,
        is_offered=plan.is_offered,
        position=plan.position,
        version=plan.version,
    )


async def _record(visit: Visit, connection: Connection, plan: Plan, action: str) -> None:
    event = Event(Subject.PLAN, plan.id, action, visit.person.account_id, visit.now, plan.version)
    await visit.record(connection, event)
