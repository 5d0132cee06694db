"""Writing articles: create, read, edit, delete, and the actions of the workflow."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api import caching
from api.deps import Cursor, IfMatch, Limit, VisitOf
from api.editorial import drafts, schemas
from api.editorial.blocks import blocks_of
from api.editorial.replies import plain, versioned
from api.links import Links
from api.pages import next_link, open_cursor, place_of, seal_cursor, time_and_id
from api.parts import Visit
from api.problems import declared
from api.routing import Route, needs
from api.types import Id
from domain.articles import Article, Draft, check_may_delete, check_may_see, edit, move, take_back
from domain.body import Body
from domain.editions import Edition, cut_teaser, publish
from domain.errors import Flaw, Unfit, expect_version
from domain.permissions import Permission, may
from domain.workflow import Action, DraftState
from infra import articles, publications
from infra.db import Connection

router = APIRouter(prefix="/v1/editorial/articles", tags=["Articles"], route_class=Route)

ALLOWED = needs(Permission.EDIT_OWN_ARTICLES)
REFUSALS = ("bad-request", "unauthorized", "forbidden", "unavailable")
OF_ONE = (*REFUSALS, "not-found")
OF_A_WRITE = (*OF_ONE, "wrong-state", "conflict", "stale", "precondition-required")
WITH_A_BODY = ("too-large", "unsupported-media-type", "unprocessable")


@router.post(
    "",
    status_code=201,
    summary="Create a draft",
    operation_id="create_article",
    response_model=schemas.Article,
    responses={
        200: {"model": schemas.DryRun, "description": "With `dry_run`: what saving would give"},
        **declared(*REFUSALS, *WITH_A_BODY, "conflict"),
    },
    openapi_extra=ALLOWED,
)
async def create_article(
    form: schemas.WrittenForm,
    visit: VisitOf,
    dry_run: Annotated[bool, Query(description="Check, show the teaser, and save nothing")] = False,  # noqa: FBT002
) -> Response:
    """Save a new draft. Readers see nothing of it until it is published."""
    body = await drafts.body_of(form, visit)
    async with visit.writing() as connection:
        draft = await drafts.draft_of(form, body, visit, connection)
        named = await drafts.names_for(connection, [draft], visit)
        if dry_run:
            cut = cut_teaser(draft, visit.parts.settings.teaser)
            shown = schemas.TeaserCut(body=blocks_of(cut.body), remaining_percent=cut.remaining_percent)
            return plain(schemas.DryRun(article=drafts.form_of(draft, named), teaser=shown))
        article = await add(visit, connection, draft)
        location = {"Location": Links(visit).to(f"/v1/editorial/articles/{article.id}")}
        made = versioned(drafts.resource_of(article, named, visit), article.version, status=201, headers=location)
        return await visit.answer(connection, made)


async def add(visit: Visit, connection: Connection, draft: Draft) -> Article:
    """Add a new article, in a transaction of one or of many."""
    article_id = visit.parts.sources.new_id()
    article = _new_article(visit, article_id, await _group(connection, article_id, draft), draft)
    await articles.add(connection, article)
    await visit.record(connection, article.event("create", visit.person, visit.now))
    return article


def _new_article(visit: Visit, article_id: str, group_id: str, draft: Draft) -> Article:
    return Article(
        id=article_id,
        group_id=group_id,
        version=1,
        revision=1,
        draft=draft,
        draft_state=DraftState.DRAFT,
        created_by=visit.person.account_id or "",
        created_at=visit.now,
        updated_at=visit.now,
    )


async def _group(connection: Connection, article_id: str, draft: Draft) -> str:
    """Return the group of an article's translations: the original's, or one of its own."""
    original_id = draft.translation_of
    if original_id is None:
        return article_id
    if original_id == article_id:
        raise Unfit(Flaw("/translation_of", "An article is no translation of itself."))
    return await articles.group_of(connection, original_id)


@router.get(
    "",
    summary="List articles in the newsroom",
    operation_id="list_drafts",
    response_model=schemas.ArticlePage,
    responses=declared(*REFUSALS),
    openapi_extra=ALLOWED,
)
async def list_drafts(
    request: Request,
    visit: VisitOf,
    state: Annotated[DraftState | None, Query(description="State of the draft")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response:
    """Answer the articles that you may edit, last changed first."""
    asked = {"state": state}
    sees_all = may(visit.person, Permission.EDIT_ALL_ARTICLES)
    found = await articles.page(
        visit.reading,
        created_by=None if sees_all else visit.person.account_id,
        state=state,
        before=time_and_id(open_cursor(request, visit, cursor, asked)),
        limit=limit + 1,
    )
    shown = found[:limit]
    named = await drafts.names_for(visit.reading, [one.draft for one in shown], visit)
    following = None
    if len(found) > limit:
        following = seal_cursor(request, visit, place_of(shown[-1].updated_at, shown[-1].id), asked)
    items = [drafts.resource_of(one, named, visit) for one in shown]
    page = schemas.ArticlePage(items=items, next_cursor=following)
    return plain(page, headers=dict(next_link(request, visit, following)))


@router.get(
    "/{article_id}",
    summary="Read a draft",
    operation_id="read_draft",
    response_model=schemas.Article,
    responses=declared(*OF_ONE),
    openapi_extra=ALLOWED,
)
async def read_draft(visit: VisitOf, article_id: Id) -> Response:
    """Answer the working draft, its state, and what you may do with it."""
    article = check_may_see(await articles.get(visit.reading, article_id), visit.person)
    named = await drafts.names_for(visit.reading, [article.draft], visit)
    return versioned(drafts.resource_of(article, named, visit), article.version)


@router.patch(
    "/{article_id}",
    summary="Edit a draft",
    operation_id="edit_article",
    response_model=schemas.Article,
    responses=declared(*OF_A_WRITE, *WITH_A_BODY),
    openapi_extra=ALLOWED,
)
async def edit_article(patch: dict[str, Any], visit: VisitOf, article_id: Id, version: IfMatch) -> Response:
    """Change the working draft by a merge patch (RFC 7396): `null` removes, lists are replaced.

    What readers see stays as it is until the next publication.
    """
    async with visit.parts.database.read() as snapshot:
        before = await expected(visit, snapshot, article_id, version)
        named = await drafts.names_for(snapshot, [before.draft], visit)
    form = drafts.patched_form(before, named, patch)
    body = await drafts.body_of(form, visit)  # outside the transaction: markup may take its time
    async with visit.writing() as connection:
        before = await expected(visit, connection, article_id, version)
        after = await change(visit, connection, before, form, body)
        named = await drafts.names_for(connection, [after.draft], visit)
    return versioned(drafts.resource_of(after, named, visit), after.version)


async def change(
    visit: Visit, connection: Connection, before: Article, form: schemas.WrittenForm, body: Body
) -> Article:
    """Give an article another draft, in a transaction of one or of many."""
    draft = await drafts.draft_of(form, body, visit, connection, before=before.draft)
    group_id = await _group(connection, before.id, draft)
    after = replace(edit(before, draft, by=visit.person, now=visit.now), group_id=group_id)
    await _save(visit, connection, before, after, "edit")
    return after


@router.delete(
    "/{article_id}",
    status_code=204,
    summary="Delete a draft that was never published",
    operation_id="delete_article",
    responses=declared(*OF_A_WRITE),
    openapi_extra=ALLOWED,
)
async def delete_article(visit: VisitOf, article_id: Id, version: IfMatch) -> Response:
    """Remove the article and its revisions. What was ever public can only be withdrawn."""
    async with visit.writing() as connection:
        await remove(visit, connection, article_id, version)
    return Response(status_code=204, headers=caching.NO_STORE)


async def remove(visit: Visit, connection: Connection, article_id: str, version: int) -> None:
    """Remove an article, in a transaction of one or of many."""
    article = await expected(visit, connection, article_id, version)
    check_may_delete(article, visit.person)
    await articles.remove(connection, article)
    await visit.record(connection, article.event("delete", visit.person, visit.now))


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
    """Submit, return, publish, unpublish or withdraw. `allowed_actions` tells what is possible now."""
    form = form or schemas.ActionForm()
    async with visit.writing() as connection:
        before = await expected(visit, connection, article_id, version)
        after = await take_action(visit, connection, before, action, form)
        named = await drafts.names_for(connection, [after.draft], visit)
        shown = versioned(drafts.resource_of(after, named, visit), after.version)
        return await visit.answer(connection, shown)


async def take_action(
    visit: Visit, connection: Connection, before: Article, action: Action, form: schemas.ActionForm
) -> Article:
    """Take an action on an article, in a transaction of one or of many."""
    after, edition = _acted(visit, before, action, form)
    await _save(visit, connection, before, after, action)
    await _show(connection, after, edition)
    return after


def _acted(
    visit: Visit, article: Article, action: Action, form: schemas.ActionForm
) -> tuple[Article, Edition | None]:
    """Return what an action makes of an article, and the edition that it puts in front of readers."""
    by, now = visit.person, visit.now
    match action:
        case Action.SUBMIT | Action.RETURN:
            return move(article, action, by=by, now=now), None
        case Action.UNPUBLISH | Action.WITHDRAW:
            return take_back(article, action, by=by, now=now, public_note=form.public_note), None
        case Action.PUBLISH:
            sources, settings = visit.parts.sources, visit.parts.settings
            return publish(article, by=by, now=now, publication_id=sources.new_id(), style=settings.teaser)


async def _show(connection: Connection, article: Article, edition: Edition | None) -> None:
    """Make readers see what the action says. The article's row is ours by now, so no other action interferes."""
    if edition is None:
        if article.publication:
            await publications.set_state(connection, article.publication)
        return
    await publications.put_live(connection, edition)


async def expected(visit: Visit, connection: Connection, article_id: str, version: int) -> Article:
    """Return the article that a write is for, as long as it is at the version that the writer read."""
    article = check_may_see(await articles.get(connection, article_id), visit.person)
    expect_version(version, current=article.version)
    return article


async def _save(visit: Visit, connection: Connection, before: Article, after: Article, action: str) -> None:
    await articles.save(connection, after, before=before, by=visit.person.account_id or "")
    await visit.record(connection, after.event(action, visit.person, visit.now))
