"""What was done to an article, and who links to it."""

from fastapi import APIRouter, Request, Response

from api.deps import Cursor, Limit, VisitOf
from api.editorial import history_schemas as history
from api.editorial import schemas
from api.editorial.articles import ALLOWED, OF_ONE, only_own, seen
from api.editorial.replies import plain
from api.pages import next_link, open_cursor, place_of, seal_cursor, time_and_id
from api.parts import Visit
from api.problems import declared
from api.routing import Route
from api.types import Id
from domain.events import Subject
from domain.permissions import Permission, may
from infra import article_lists, events
from infra.db import Connection
from infra.events import Recorded

router = APIRouter(prefix="/v1/editorial/articles/{article_id}", tags=["Articles"], route_class=Route)


@router.get(
    "/events",
    summary="List what was done to an article",
    operation_id="list_events",
    response_model=history.EventPage,
    responses=declared(*OF_ONE),
    openapi_extra=ALLOWED,
)
async def list_events(
    request: Request, visit: VisitOf, article_id: Id, limit: Limit = 20, cursor: Cursor = None
) -> Response:
    """Answer who did what and when, newest first, with what they told the newsroom. From where is for editors."""
    await seen(visit, visit.reading, article_id)
    before = time_and_id(open_cursor(request, visit, cursor, {}))
    found = await events.page(visit.reading, Subject.ARTICLE, article_id, before=before, limit=limit + 1)
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        following = seal_cursor(request, visit, place_of(last.event.at, last.id), {})
    page = history.EventPage(items=[_shown(visit, one) for one in found[:limit]], next_cursor=following)
    return plain(page, headers=dict(next_link(request, visit, following)))


def _shown(visit: Visit, recorded: Recorded) -> history.Event:
    event = recorded.event
    return history.Event(
        id=recorded.id,
        action=event.action,
        by=event.by,
        at=event.at,
        version=event.version,
        revision=event.revision,
        from_address=recorded.from_address if may(visit.person, Permission.EDIT_ALL_ARTICLES) else None,
        note=recorded.note,
    )


@router.get(
    "/linked-from",
    summary="List who links here",
    operation_id="list_linking",
    response_model=history.LinkingPage,
    responses=declared(*OF_ONE),
    openapi_extra=ALLOWED,
)
async def list_linking(
    request: Request, visit: VisitOf, article_id: Id, limit: Limit = 20, cursor: Cursor = None
) -> Response:
    """Answer the articles whose "read also" links, lists or translations name this one, of those you may edit."""
    await seen(visit, visit.reading, article_id)
    after = open_cursor(request, visit, cursor, {}) or ""
    found = await linking_to(visit, visit.reading, article_id, limit=limit + 1, after=after)
    following = seal_cursor(request, visit, found[limit - 1].id, {}) if len(found) > limit else None
    page = history.LinkingPage(items=found[:limit], next_cursor=following)
    return plain(page, headers=dict(next_link(request, visit, following)))


async def linking_to(
    visit: Visit, connection: Connection, article_id: str, *, limit: int, after: str = ""
) -> list[schemas.Linking]:
    """Return the next articles that link to one, as far as the caller may know of them."""
    found = await article_lists.linking_to(
        connection, article_id, created_by=only_own(visit), after=after, limit=limit, now=visit.now
    )
    return [
        schemas.Linking(
            id=one.article.id,
            title=one.article.draft.title,
            language=one.article.draft.language,
            in_draft=one.in_draft,
            in_publication=one.in_publication,
        )
        for one in found
    ]
