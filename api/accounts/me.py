"""Readers' own accounts: who the caller is and what they may read."""

from fastapi import APIRouter, Response
from pydantic import Field

from api.deps import VisitOf
from api.editorial.replies import plain
from api.problems import declared
from api.routing import Route, needs
from api.types import KnownId, Model
from domain.access import Gate, Granted, Requires, decide
from domain.errors import Unidentified
from domain.headings import EVERYTHING
from domain.people import Role
from domain.permissions import Permission
from infra import accounts

router = APIRouter(prefix="/v1", tags=["Accounts"], route_class=Route)


class MayRead(Model):
    """How much you get of an article behind each gate, wherever it is filed. A plan may open some more of them.

    Articles that name plans ask for one of those.
    """

    free: Granted
    registered: Granted
    subscriber: Granted


class Me(Model):
    """Who you are and what you may read."""

    id: KnownId
    email: str
    name: str
    roles: list[Role] = Field(description="What this token lets you be: its roles that your account still has")
    plans: list[str]
    may_read: MayRead


@router.get(
    "/me",
    summary="Who you are",
    operation_id="read_me",
    response_model=Me,
    responses=declared("bad-request", "unauthorized", "forbidden", "unavailable"),
    openapi_extra=needs(Permission.SEE_OWN_ACCOUNT),
)
async def read_me(visit: VisitOf) -> Response:
    """Answer your account, the roles of your token, and how much you get behind each gate."""
    account = await accounts.get(visit.reading, visit.person.account_id or "", now=visit.now)
    if account is None:
        raise Unidentified("The access token is not one of ours.", presented=True)
    granted = {
        one: decide(Gate(one), visit.person, frozenset({EVERYTHING}), now=visit.now).granted for one in Requires
    }
    me = Me(
        id=account.id,
        email=account.email,
        name=account.name,
        roles=sorted(visit.person.roles),
        plans=sorted(visit.person.plans),
        may_read=MayRead(**granted),
    )
    return plain(me)
