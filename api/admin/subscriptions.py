"""Subscriptions: who has which plan, said by an administrator or by a payment system."""

from dataclasses import replace
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api import caching
from api.admin import subscription_schemas as schemas
from api.admin.replies import ACT, CHANGE, EDIT, LIST, READ, WRITE
from api.deps import Cursor, IfMatch, Limit, VisitOf
from api.editorial.patches import PatchOf, patched
from api.editorial.replies import plain, versioned
from api.links import Links
from api.pages import next_link, open_cursor, seal_cursor
from api.parts import Visit
from api.routing import Route, needs
from api.types import Id, Slug
from domain.errors import Conflict, Flaw, NotThere, Unfit, expect_version
from domain.events import Event, Subject
from domain.permissions import Permission
from domain.subscriptions import State, Subscription, check_times
from infra import accounts, plans, subscriptions
from infra.db import Connection
from infra.subscriptions import Listing

router = APIRouter(prefix="/v1/admin/subscriptions", tags=["Subscriptions"], route_class=Route)
ALLOWED = needs(Permission.EDIT_SUBSCRIPTIONS)
CHANGED = ("plan", "starts_at", "ends_at", "trial_until", "grace_until")


@router.get(
    "",
    summary="List subscriptions",
    operation_id="list_subscriptions",
    response_model=schemas.SubscriptionPage,
    responses=LIST,
    openapi_extra=ALLOWED,
)
async def list_subscriptions(  # noqa: PLR0913 - one argument a parameter
    request: Request,
    visit: VisitOf,
    account_id: Annotated[Id | None, Query(description="Of this account")] = None,
    plan: Annotated[Slug | None, Query(description="To this plan")] = None,
    state: Annotated[State | None, Query(description="In this state now")] = None,
    source: Annotated[schemas.Source | None, Query(description="From this source")] = None,
    external_id: Annotated[schemas.ExternalId | None, Query(description="That its source calls so")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response:
    """Answer subscriptions, the newest first."""
    asked = {"account_id": account_id, "plan": plan, "state": state, "source": source, "external_id": external_id}
    before = open_cursor(request, visit, cursor, asked)
    listing = Listing(account_id, plan, state, source, external_id, before)
    found = await subscriptions.page(visit.reading, listing, now=visit.now, limit=limit + 1)
    following = seal_cursor(request, visit, found[limit - 1].id, asked) if len(found) > limit else None
    page = schemas.SubscriptionPage(items=[_shown(visit, one) for one in found[:limit]], next_cursor=following)
    return plain(page, headers=dict(next_link(request, visit, following)))


@router.post(
    "",
    status_code=201,
    summary="Create a subscription",
    operation_id="create_subscription",
    response_model=schemas.Subscription,
    responses={**WRITE, 200: {"description": "Its source has sent it before", "model": schemas.Subscription}},
    openapi_extra=ALLOWED,
)
async def create_subscription(form: schemas.SubscriptionForm, visit: VisitOf) -> Response:
    """Give an account a plan. The account's next request reads what that opens.

    What comes again from the same source by the same `external_id` is answered as it is now (`200`), and nothing
    is made. With another content it is refused (`409`): change the one that is there.
    """
    sent = sha256(form.model_dump_json(exclude_defaults=True).encode()).hexdigest()
    made = Subscription(
        id=visit.parts.sources.new_id(),
        account_id=form.account_id,
        plan=form.plan,
        starts_at=form.starts_at or visit.now,
        ends_at=form.ends_at,
        trial_until=form.trial_until,
        grace_until=form.grace_until,
        source=form.source,
        external_id=form.external_id,
    )
    async with visit.writing() as connection:
        known = await subscriptions.find_sent(connection, made, digest=sent)
        if known is None:
            check_times(made)
            if await accounts.get_any(connection, made.account_id, now=visit.now) is None:
                raise Unfit(Flaw("/account_id", "There is no such account."))
            await _check_plan(connection, made.plan)
            known = await subscriptions.add_once(connection, made, digest=sent)
        one = known or made
        if known is None:
            await _record(visit, connection, made, "create")
        location = {"Location": Links(visit).to(f"/v1/admin/subscriptions/{one.id}")}
        status = 201 if known is None else 200
        shown = versioned(_shown(visit, one), one.version, status=status, headers=location)
        return await visit.answer(connection, shown)


@router.get(
    "/{subscription_id}",
    summary="Read a subscription",
    operation_id="read_subscription",
    response_model=schemas.Subscription,
    responses=READ,
    openapi_extra=ALLOWED,
)
async def read_subscription(visit: VisitOf, subscription_id: Id) -> Response:
    """Answer a subscription, in whatever state."""
    one = await _found(visit.reading, subscription_id)
    return versioned(_shown(visit, one), one.version)


@router.patch(
    "/{subscription_id}",
    summary="Edit a subscription",
    operation_id="edit_subscription",
    response_model=schemas.Subscription,
    responses=EDIT,
    openapi_extra=ALLOWED,
)
async def edit_subscription(
    patch: Annotated[dict[str, Any], PatchOf(schemas.SubscriptionChangeForm)],
    visit: VisitOf,
    subscription_id: Id,
    version: IfMatch,
) -> Response:
    """Change a subscription by a merge patch (RFC 7396): renew it, end it, give it grace, change its plan.

    It counts from the next request on. One that is revoked stays so: make another.
    """
    async with visit.writing() as connection:
        before = await _expected(connection, subscription_id, version)
        if before.revoked_at is not None:
            raise Conflict("It is revoked. Make another one.", rule="revoked")
        form = patched(schemas.SubscriptionChangeForm, {name: getattr(before, name) for name in CHANGED}, patch)
        after = replace(before, **{**dict(form), "starts_at": form.starts_at or visit.now}, version=version + 1)
        check_times(after)
        if after.plan != before.plan:
            await _check_plan(connection, after.plan)
        await subscriptions.save(connection, after, before=before)
        await _record(visit, connection, after, "edit")
    return versioned(_shown(visit, after), after.version)


@router.post(
    "/{subscription_id}/revoke",
    summary="Revoke a subscription",
    operation_id="revoke_subscription",
    response_model=schemas.Subscription,
    responses=ACT,
    openapi_extra=ALLOWED,
)
async def revoke_subscription(visit: VisitOf, subscription_id: Id, version: IfMatch) -> Response:
    """Take a subscription back, whatever its times say: it opens nothing from the next request on."""
    async with visit.writing() as connection:
        before = await _expected(connection, subscription_id, version)
        if before.revoked_at is not None:
            raise Conflict("It is revoked already.", rule="revoked")
        after = replace(before, revoked_at=visit.now, version=version + 1)
        await subscriptions.save(connection, after, before=before)
        await _record(visit, connection, after, "revoke")
        return await visit.answer(connection, versioned(_shown(visit, after), after.version))


@router.delete(
    "/{subscription_id}",
    status_code=204,
    summary="Delete a subscription",
    operation_id="delete_subscription",
    responses=CHANGE,
    openapi_extra=ALLOWED,
)
async def delete_subscription(visit: VisitOf, subscription_id: Id, version: IfMatch) -> Response:
    """Remove a subscription that should never have been made. To end one, edit or revoke it."""
    async with visit.writing() as connection:
        one = await _expected(connection, subscription_id, version)
        await subscriptions.remove(connection, one)
        await _record(visit, connection, one, "delete")
    return Response(status_code=204, headers=caching.NO_STORE)


async def _found(connection: Connection, subscription_id: str) -> Subscription:
    one = await subscriptions.get(connection, subscription_id)
    if one is None:
        raise NotThere
    return one


async def _expected(connection: Connection, subscription_id: str, version: int) -> Subscription:
    one = await _found(connection, subscription_id)
    expect_version(version, current=one.version)
    return one


async def _check_plan(connection: Connection, slug: str) -> None:
    """Refuse a plan that is none; one that is is there until this transaction ends."""
    if not await plans.keep(connection, slug):
        raise Unfit(Flaw("/plan", "There is no such plan."))


def _shown(visit: Visit, one: Subscription) -> schemas.Subscription:
    named = {name: getattr(one, name) for name in schemas.Subscription.model_fields if name != "state"}
    return schemas.Subscription(**named, state=one.state(visit.now))


async def _record(visit: Visit, connection: Connection, one: Subscription, action: str) -> None:
    event = Event(Subject.SUBSCRIPTION, one.id, action, visit.person.account_id, visit.now, one.version)
    await visit.record(connection, event)
