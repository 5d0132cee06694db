"""A reader's sessions: where they are signed in, and how to end that from here."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from api.caching import NO_STORE
from api.deps import VisitOf
from api.editorial.replies import plain
from api.problems import declared
from api.routing import Route, needs
from api.types import Id, KnownId, Model, Moment
from domain import sessions as domain
from domain.errors import NotThere
from domain.permissions import Permission
from infra import sessions

router = APIRouter(prefix="/v1/me/sessions", tags=["Accounts"], route_class=Route)

OWN = needs(Permission.USE_OWN_ACCOUNT)


class Session(Model):
    """One sign-in: it lasts until it ends by itself or is ended."""

    id: KnownId
    client: str | None = Field(description="What the program that signed in calls itself (`User-Agent`)")
    address: str | None = Field(description="The network address that it was last used from")
    started_at: Moment
    last_used_at: Moment = Field(description="When it last got new tokens")
    expires_at: Moment = Field(description="When it ends, unless it is used before")
    is_current: bool = Field(description="Whether the token that you call with belongs to it")


class SessionList(Model):
    """Where you are signed in: the sessions that were used last come first. There is one page."""

    items: list[Session]


@router.get(
    "",
    summary="List your sessions",
    operation_id="list_sessions",
    response_model=SessionList,
    responses=declared("bad-request", "unauthorized", "forbidden", "unavailable"),
    openapi_extra=OWN,
)
async def list_sessions(visit: VisitOf) -> Response:
    """Answer where you are signed in: which program, from where, since when."""
    found = await sessions.of_account(visit.reading, visit.person.account_id or "", now=visit.now)
    return plain(SessionList(items=[_shown(one, visit.person.session_id) for one in found]))


@router.delete(
    "/{session_id}",
    status_code=204,
    summary="End a session",
    operation_id="end_session",
    responses=declared("bad-request", "unauthorized", "forbidden", "not-found", "unavailable"),
    openapi_extra=OWN,
)
async def end_session(visit: VisitOf, session_id: Annotated[Id, Path(description="The session's id")]) -> Response:
    """Sign out there: the session's tokens are good for nothing from the next request on."""
    async with visit.writing() as connection:
        if not await sessions.end(connection, session_id, of=visit.person.account_id or ""):
            raise NotThere
    return Response(status_code=204, headers=NO_STORE)


@router.delete(
    "",
    status_code=204,
    summary="End all your sessions",
    operation_id="end_sessions",
    responses=declared("bad-request", "unauthorized", "forbidden", "unavailable"),
    openapi_extra=OWN,
)
async def end_sessions(visit: VisitOf) -> Response:
    """Sign out everywhere, here too."""
    async with visit.writing() as connection:
        await sessions.end_all(connection, visit.person.account_id or "")
    return Response(status_code=204, headers=NO_STORE)


def _shown(session: domain.Session, current: str | None) -> Session:
    return Session(
        id=session.id,
        client=session.client,
        address=session.address,
        started_at=session.started_at,
        last_used_at=session.last_used_at,
        expires_at=session.expires_at,
        is_current=session.id == current,
    )
