"""Why somebody gets an article whole or not: the ways past the wall as they were tried, each in a sentence."""

from collections.abc import Iterable, Mapping

from fastapi import APIRouter, Request, Response

from api import caching
from api.delivery import rendering, schemas
from api.delivery.articles import AskedOf, Reference, is_old, moved, named
from api.delivery.leave import foresee
from api.deps import VisitOf
from api.problems import declared
from api.routing import Route
from domain.access import Reason, Step, Way
from infra import delivery

router = APIRouter(prefix="/v1", tags=["Delivery"], route_class=Route)

_DETAILS: Mapping[tuple[Way, Reason | None], str] = {
    (Way.GATE, Reason.FREE): "Everybody may read it at this time.",
    (Way.GATE, Reason.PLAN_REQUIRED): "It asks for something that this server does not know.",
    (Way.GATE, None): "It is gated at this time.",
    (Way.STAFF, Reason.STAFF): "An editor or administrator reads everything.",
    (Way.STAFF, None): "The reader is no editor and no administrator.",
    (Way.REGISTRATION, Reason.REGISTERED): "It asks for registration, and the reader is registered.",
    (Way.REGISTRATION, Reason.REGISTRATION_REQUIRED): "It asks for registration.",
    (Way.REGISTRATION, None): "It asks for more than registration.",
    (Way.SUBSCRIPTION, Reason.SUBSCRIBER): "The reader's subscription opens it.",
    (Way.SUBSCRIPTION, Reason.SUBSCRIPTION_REQUIRED): "It asks for a subscription that opens it.",
    (Way.SUBSCRIPTION, Reason.PLAN_REQUIRED): "It asks for a subscription to one of `plans`.",
    (Way.SUBSCRIPTION, None): "It asks for no subscription.",
    (Way.LICENCE, Reason.LICENCE): "The partner's licence covers it.",
    (Way.LICENCE, Reason.METERED_AVAILABLE): "The partner's licence covers it, and to read it takes it.",
    (Way.LICENCE, Reason.METER_EXHAUSTED): "The partner's licence covers it, and its quota is used up.",
    (Way.LICENCE, None): "No licence covers it.",
    (Way.GIFT, Reason.GIFT): "A gift opens it.",
    (Way.GIFT, None): "No gift came that opens it.",
    (Way.METER, Reason.METERED): "The reader has taken it out of their meter in this period.",
    (Way.METER, Reason.METERED_AVAILABLE): "To read it takes it out of the reader's meter.",
    (Way.METER, Reason.METER_EXHAUSTED): "The reader's meter is used up.",
    (Way.METER, None): "No meter opens it.",
}


@router.get(
    "/articles/{slug_or_id}/access",
    summary="Explain access to an article",
    operation_id="explain_access",
    response_model=schemas.Explanation,
    responses={
        **caching.MOVED,
        **declared("bad-request", "unauthorized", "not-found", "withdrawn", "unavailable"),
    },
)
async def explain_access(request: Request, visit: VisitOf, slug_or_id: Reference, asked: AskedOf) -> Response:
    """Answer why you would get the article whole or not, step by step, by the code that decides when you read it.

    It takes nothing out of a meter or quota. The first step that opens is the last; else the last with a reason
    says what is missing.
    """
    found = await named(visit, slug_or_id, asked.language)
    if is_old(slug_or_id, found):
        return await moved(request, visit, found, asked.language, "/access")
    leave = await foresee(visit, found, asked.gift)
    told = await delivery.explain(
        visit.reading, found, visit.person, leave, shop=visit.parts.settings.shop, now=visit.now
    )
    shown = schemas.Explanation(access=rendering.access(told), at=visit.now, steps=steps_of(told.steps))
    fields = {"Cache-Control": caching.FORGET}
    return Response(shown.model_dump_json(), headers=fields, media_type="application/json")


def steps_of(steps: Iterable[Step]) -> list[schemas.Step]:
    """Return the ways that were tried as the contract shows them."""
    return [
        schemas.Step(way=one.way, opens=one.opens, reason=one.reason, detail=_DETAILS[one.way, one.reason])
        for one in steps
    ]
