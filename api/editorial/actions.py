"""Actions of the workflow: from a draft handed in to a correction or a withdrawal."""

from fastapi import APIRouter, Response

from api.deps import IfMatch, VisitOf
from api.editorial import drafts, schemas
from api.editorial.articles import ALLOWED, OF_A_WRITE, WITH_A_BODY, expected
from api.editorial.events import linking_to
from api.editorial.replies import versioned
from api.parts import Visit
from api.problems import declared
from api.routing import Route
from api.types import Id
from domain.articles import Article
from domain.desk import Step, act
from domain.workflow import Action
from infra import articles, media, publications
from infra.db import Connection

router = APIRouter(prefix="/v1/editorial/articles", tags=["Articles"], route_class=Route)

MAX_WARNED = 100


@router.post(
    "/{article_id}/actions/{action}",
    summary="Take an action of the workflow",
    operation_id="act_on_article",
    response_model=schemas.Article,
    responses=declared(*OF_A_WRITE, *WITH_A_BODY),
    openapi_extra=ALLOWED,
)
async def act_on_article(
    visit: VisitOf,
    article_id: Id,
    action: Action,
    version: IfMatch,
    form: schemas.ActionForm | None = None,
) -> Response:
    """Submit, return, publish, schedule, unschedule, unpublish, correct or withdraw.

    `allowed_actions` tells what is possible now. What is scheduled is the draft of this moment, whatever is edited
    later; scheduling again moves it to another time. Publishing or correcting meanwhile puts it aside.
    """
    form = form or schemas.ActionForm()
    async with visit.writing() as connection:
        before, visit = await expected(visit, connection, article_id, version)
        after = await take_action(visit, connection, before, action, form)
        named = await drafts.names_for(connection, [after.draft], visit)
        warnings = await _warnings(visit, connection, before, after, action)
        shown = drafts.resource_of(after, named, visit).model_copy(update={"warnings": warnings})
        return await visit.answer(connection, versioned(shown, after.version))


async def take_action(
    visit: Visit, connection: Connection, before: Article, action: Action, form: schemas.ActionForm
) -> Article:
    """Take an action on an article, in a transaction of one or of many."""
    after, edition = act(before, action, await _step(visit, connection, before, form))
    await articles.save(connection, after, before=before)
    if (after.publication, after.coming) != (before.publication, before.coming):
        await publications.show(connection, after, edition, before=before, now=visit.now)
    await visit.record(connection, after.event(action, visit.person, visit.now), note=form.told)
    return after


async def _warnings(
    visit: Visit, connection: Connection, before: Article, after: Article, action: Action
) -> list[schemas.Warned]:
    """Return what an action leads to besides: a schedule that it ends, links to an article that is taken back."""
    ended = before.coming is not None and after.coming is None and action is not Action.UNSCHEDULE
    told = "The edition that was scheduled is put aside; schedule again, if it is still wanted."
    warnings = [schemas.Warned(rule="schedule-ended", detail=told, articles=[])] if ended else []
    if action not in {Action.UNPUBLISH, Action.WITHDRAW}:
        return warnings
    linking = await linking_to(visit, connection, after.id, limit=MAX_WARNED)
    detail = "These articles link to it. Where readers saw the link, they see it no more."
    linked = [schemas.Warned(rule="linked-from", detail=detail, articles=linking)] if linking else []
    return warnings + linked


async def _step(visit: Visit, connection: Connection, article: Article, form: schemas.ActionForm) -> Step:
    pictures = article.draft.media_ids
    return Step(
        form.as_order(),
        by=visit.person,
        now=visit.now,
        publication_id=visit.parts.sources.new_id(),
        house=visit.parts.settings.house,
        pictures=await media.of(connection, pictures) if pictures else {},
    )
