"""Writing articles: create, read, edit and delete drafts."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api import caching
from api.deps import Cursor, IfMatch, Limit, VisitOf
from api.editorial import drafts, schemas
from api.editorial.patches import PatchOf
from api.editorial.replies import plain, versioned
from api.links import Links
from api.pages import next_link, open_cursor, place_of, seal_cursor, time_and_id
from api.parts import Visit
from api.problems import declared
from api.routing import Route, needs
from api.types import Id, Language, Moment, Slug
from domain.articles import Article, Draft, check_may_delete, check_may_see, edit
from domain.body import Body
from domain.diffs import Change, compare
from domain.errors import Flaw, Stale, Unfit
from domain.permissions import Permission, may
from domain.workflow import DraftState, PublicationState
from infra import article_lists, articles, revisions
from infra.db import Connection

router = APIRouter(prefix="/v1/editorial/articles", tags=["Articles"], route_class=Route)

ALLOWED = needs(Permission.EDIT_OWN_ARTICLES)
REFUSALS = ("bad-request", "unauthorized", "forbidden", "unavailable")
OF_ONE = (*REFUSALS, "not-found")
OF_A_WRITE = (*OF_ONE, "wrong-state", "conflict", "stale", "precondition-required")
WITH_A_BODY = ("too-large", "unsupported-media-type", "unprocessable")
DryRun = Annotated[bool, Query(description="Check, show the teaser, and save nothing")]


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
    dry_run: DryRun = False,  # noqa: FBT002
) -> Response:
    """Save a new draft. Readers see nothing of it until it is published."""
    body = await drafts.body_of(form, visit)
    async with visit.writing() as connection:
        draft = await drafts.draft_of(form, body, visit, connection)
        named = await drafts.names_for(connection, [draft], visit)
        if dry_run:
            return plain(drafts.tried(draft, named, visit))
        article = await add(visit, connection, draft, form.note)
        location = {"Location": Links(visit).to(f"/v1/editorial/articles/{article.id}")}
        made = versioned(drafts.resource_of(article, named, visit), article.version, status=201, headers=location)
        return await visit.answer(connection, made)


async def add(visit: Visit, connection: Connection, draft: Draft, note: str | None) -> Article:
    """Add a new article, in a transaction of one or of many."""
    article_id = visit.parts.sources.new_id()
    article = _new_article(visit, article_id, await group_of(connection, article_id, draft), draft)
    await articles.add(connection, article, note=note)
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
        edited_by=visit.person.account_id or "",
        created_at=visit.now,
        updated_at=visit.now,
    )


async def group_of(connection: Connection, article_id: str, draft: Draft, *, before: Article | None = None) -> str:
    """Return the group of an article's translations: the one it was in, the original's, or one of its own."""
    if before is not None and draft.translation_of == before.draft.translation_of:
        return before.group_id
    original_id = draft.translation_of
    if original_id is None:
        return article_id
    if original_id == article_id:
        raise Unfit(Flaw("/translation_of", "An article is no translation of itself."))
    group_id = await articles.group_of(connection, original_id)
    if group_id is None:  # it was removed a moment ago
        raise Unfit(Flaw("/translation_of", "There is no such article."))
    return group_id


@router.get(
    "",
    summary="List articles in the newsroom",
    operation_id="list_drafts",
    response_model=schemas.ArticlePage,
    responses=declared(*REFUSALS),
    openapi_extra=ALLOWED,
)
async def list_drafts(  # noqa: PLR0913 - one a filter
    request: Request,
    visit: VisitOf,
    state: Annotated[DraftState | None, Query(description="State of the draft")] = None,
    publication: Annotated[schemas.Standing | None, Query(description="What readers have of it now")] = None,
    contributor: Annotated[Slug | None, Query(description="Slug of a contributor that the draft credits")] = None,
    tag: Annotated[Slug | None, Query(description="Slug of a tag or section of the draft")] = None,
    language: Annotated[Language | None, Query(description="Language of the draft")] = None,
    q: Annotated[
        str | None, Query(description="Part of the title, accents and case aside", max_length=200)
    ] = None,
    updated_after: Annotated[Moment | None, Query(description="Changed at this time or later")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response:
    """Answer the articles that you may edit, last changed first."""
    asked = {
        "state": state,
        "publication": publication,
        "contributor": contributor,
        "tag": tag,
        "language": language,
        "q": q,
        "updated_after": updated_after and updated_after.isoformat(),
    }
    listing = article_lists.Listing(
        created_by=only_own(visit),
        state=state,
        publication=publication and PublicationState(publication),
        contributor=contributor,
        tag=tag,
        language=language,
        q=q,
        updated_after=updated_after,
        before=time_and_id(open_cursor(request, visit, cursor, asked)),
    )
    found = await article_lists.page(visit.reading, listing, limit=limit + 1, now=visit.now)
    shown = found[:limit]
    named = await drafts.names_for(visit.reading, [one.draft for one in shown], visit)
    following = None
    if len(found) > limit:
        following = seal_cursor(request, visit, place_of(shown[-1].updated_at, shown[-1].id), asked)
    items = [drafts.resource_of(one, named, visit) for one in shown]
    page = schemas.ArticlePage(items=items, next_cursor=following)
    return plain(page, headers=dict(next_link(request, visit, following)))


def only_own(visit: Visit) -> str | None:
    """Return whose articles alone the caller may know of, if not everybody's."""
    return None if may(visit.person, Permission.EDIT_ALL_ARTICLES) else visit.person.account_id


@router.get(
    "/{article_id}",
    summary="Read a draft",
    operation_id="read_draft",
    response_model=schemas.Article | schemas.HtmlArticle | schemas.MarkdownArticle,
    responses=declared(*OF_ONE),
    openapi_extra=ALLOWED,
)
async def read_draft(
    visit: VisitOf,
    article_id: Id,
    body_format: Annotated[
        schemas.BodyFormat, Query(description="`body`, or `body_html` or `body_markdown` instead of it")
    ] = schemas.BodyFormat.BLOCKS,
) -> Response:
    """Answer the working draft, its state, and what you may do with it."""
    article = await seen(visit, visit.reading, article_id)
    named = await drafts.names_for(visit.reading, [article.draft], visit)
    shown = await drafts.written_as(drafts.resource_of(article, named, visit), article.draft.body, body_format)
    return versioned(shown, article.version)


@router.patch(
    "/{article_id}",
    summary="Edit a draft",
    operation_id="edit_article",
    response_model=schemas.Article | schemas.DryRun,
    responses=declared(*OF_A_WRITE, *WITH_A_BODY),
    openapi_extra=ALLOWED,
)
async def edit_article(
    patch: Annotated[dict[str, Any], PatchOf(schemas.WrittenForm)],
    visit: VisitOf,
    article_id: Id,
    version: IfMatch,
    dry_run: DryRun = False,  # noqa: FBT002
) -> Response:
    """Change the working draft by a merge patch (RFC 7396): `null` removes, lists are replaced.

    What readers see stays as it is until the next publication.
    With `dry_run`, the answer is what saving would give.
    """
    async with visit.looking() as snapshot:
        before = await seen(visit, snapshot, article_id)
        if version != before.version:
            raise await _stale(snapshot, before, version)
        named = await drafts.names_for(snapshot, [before.draft], visit)
    form = drafts.patched_form(before, named, patch)
    # Outside the transaction, for markup may take its time.
    body = await drafts.body_of(form, visit, before=before.draft.body)
    async with visit.writing() as connection:
        before, visit = await expected(visit, connection, article_id, version)
        after = await change(visit, connection, before, form, body, dry_run=dry_run)
        named = await drafts.names_for(connection, [after.draft], visit)
    if dry_run:
        return versioned(drafts.tried(after.draft, named, visit), before.version)
    return versioned(drafts.resource_of(after, named, visit), after.version)


async def change(
    visit: Visit,
    connection: Connection,
    before: Article,
    form: schemas.WrittenForm,
    body: Body,
    *,
    dry_run: bool = False,
) -> Article:
    """Give an article another draft, in a transaction of one or of many."""
    draft = await drafts.draft_of(form, body, visit, connection, before=before.draft)
    group_id = await group_of(connection, before.id, draft, before=before)
    after = replace(edit(before, draft, by=visit.person, now=visit.now), group_id=group_id)
    if not dry_run:
        await articles.save(connection, after, before=before, note=form.note)
        await visit.record(connection, after.event("edit", visit.person, visit.now))
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
    article, visit = await expected(visit, connection, article_id, version)
    check_may_delete(article, visit.person)
    await articles.remove(connection, article)
    await visit.record(connection, article.event("delete", visit.person, visit.now))


async def seen(visit: Visit, connection: Connection, article_id: str) -> Article:
    """Return an article that the caller may know of, or refuse as if it did not exist."""
    return check_may_see(await articles.get(connection, article_id, now=visit.now), visit.person)


async def expected(visit: Visit, connection: Connection, article_id: str, version: int) -> tuple[Article, Visit]:
    """Return the article that a write is for, as long as it is at the version that the writer read.

    Its row is held until the transaction ends, so that the next writer waits and is told what changed. The visit
    that comes with it is at the moment from which it is held: readers may have seen a schedule come true while
    the request was waiting.
    """
    await articles.hold(connection, article_id)
    visit = replace(visit, now=visit.parts.sources.now())
    article = await seen(visit, connection, article_id)
    if version != article.version:
        raise await _stale(connection, article, version)
    return article, visit


async def _stale(connection: Connection, article: Article, version: int) -> Stale:
    """Return the refusal of a write, with what has changed since, if there ever was a version of that number."""
    known = 0 < version < article.version
    draft = await revisions.draft_at(connection, article.id, version=version) if known else None
    if draft is None:
        return Stale(current=article.version)
    since = compare(draft, article.draft)
    blocks = tuple((block.key, block.change.value) for block in since.blocks if block.change is not Change.SAME)
    return Stale(current=article.version, fields=schemas.field_names(since), blocks=blocks)
