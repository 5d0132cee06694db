"""The audit log: who changed what, when and from where. It holds ids and no text."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.admin.replies import LIST
from api.deps import Cursor, Limit, VisitOf
from api.editorial.replies import plain
from api.pages import next_link, open_cursor, place_of, seal_cursor, time_and_id
from api.routing import Route, needs
from api.types import Id, KnownId, Model, Moment, Time
from domain.events import Subject
from domain.permissions import Permission
from infra import events
from infra.events import Listing, Recorded

router = APIRouter(prefix="/v1/admin/events", tags=["Administration"], route_class=Route)


class AuditEvent(Model):
    """A change: of what, by whom, when and from where."""

    id: KnownId
    subject: str
    """What kind of thing changed, such as `article`."""
    subject_id: KnownId
    action: str
    by: KnownId | None
    """The account that did it, if anybody did."""
    at: Time
    version: int
    """What the thing's version became."""
    revision: int | None
    """And of an article, its revision."""
    from_address: str | None
    """The network address that it came from."""


class AuditPage(Model):
    """A page of the audit log."""

    items: list[AuditEvent]
    next_cursor: str | None


@router.get(
    "",
    summary="Read the audit log",
    operation_id="list_audit",
    response_model=AuditPage,
    responses=LIST,
    openapi_extra=needs(Permission.SEE_EVENTS),
)
async def list_audit(  # noqa: PLR0913 - one argument a parameter
    request: Request,
    visit: VisitOf,
    subject: Annotated[Subject | None, Query(description="What kind of thing changed")] = None,
    subject_id: Annotated[Id | None, Query(description="Id of the thing that changed")] = None,
    by: Annotated[Id | None, Query(description="Id of the account that did it")] = None,
    action: Annotated[
        str | None,
        Query(description="What was done, such as `publish`", pattern="^[a-z]+(?:-[a-z]+)*$", max_length=40),
    ] = None,
    at_after: Annotated[Moment | None, Query(description="At this time or later")] = None,
    at_before: Annotated[Moment | None, Query(description="Before this time")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response:
    """Answer what was changed, the latest first: of everything, or of what you ask for."""
    asked = {"subject": subject, "subject_id": subject_id, "by": by, "action": action}
    asked_times = {"at_after": at_after, "at_before": at_before}
    before = time_and_id(open_cursor(request, visit, cursor, {**asked, **asked_times}))
    listing = Listing(subject, subject_id, by, action, at_after, at_before, before)
    found = await events.log(visit.reading, listing, limit=limit + 1)
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        following = seal_cursor(request, visit, place_of(last.event.at, last.id), {**asked, **asked_times})
    page = AuditPage(items=[_shown(one) for one in found[:limit]], next_cursor=following)
    return plain(page, headers=dict(next_link(request, visit, following)))


def _shown(recorded: Recorded) -> AuditEvent:
    event = recorded.event
    return AuditEvent(
        id=recorded.id,
        subject=event.subject,
        subject_id=event.subject_id,
        action=event.action,
        by=event.by,
        at=event.at,
        version=event.version,
        revision=event.revision,
        from_address=recorded.from_address,
    )
