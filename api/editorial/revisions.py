"""History: every save of a draft, what changed between two, and the way back."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api.deps import Cursor, IfMatch, Limit, VisitOf
from api.editorial import drafts, schemas
from api.editorial import history_schemas as history
from api.editorial.articles import ALLOWED, OF_A_WRITE, OF_ONE, expected, group_of, seen
from api.editorial.blocks import block_of
from api.editorial.replies import plain, versioned
from api.pages import next_link, open_cursor, seal_cursor
from api.problems import declared
from api.routing import Route
from api.types import Id
from domain.articles import Draft, edit
from domain.diffs import compare
from domain.errors import NotThere
from infra import articles, revisions
from infra.db import Connection
from infra.revisions import Revision

router = APIRouter(prefix="/v1/editorial/articles/{article_id}", tags=["Articles"], route_class=Route)

Number = Annotated[int, Path(ge=1, le=10**9, description="Number of a revision")]


@router.get(
    "/revisions",
    summary="List an article's revisions",
    operation_id="list_revisions",
    response_model=history.RevisionPage,
    responses=declared(*OF_ONE),
    openapi_extra=ALLOWED,
)
async def list_revisions(
    request: Request, visit: VisitOf, article_id: Id, limit: Limit = 20, cursor: Cursor = None
) -> Response:
    """Answer every save of the draft, newest first: who, when, and what they said of it."""
    await seen(visit, visit.reading, article_id)
    place = open_cursor(request, visit, cursor, {})
    found = await revisions.page(visit.reading, article_id, before=int(place) if place else None, limit=limit + 1)
    following = seal_cursor(request, visit, str(found[limit - 1].number), {}) if len(found) > limit else None
    page = history.RevisionPage(items=[_noted(one) for one in found[:limit]], next_cursor=following)
    return plain(page, headers=dict(next_link(request, visit, following)))


@router.get(
    "/revisions/{number}",
    summary="Read a revision",
    operation_id="read_revision",
    response_model=history.Revision,
    responses=declared(*OF_ONE),
    openapi_extra=ALLOWED,
)
async def read_revision(visit: VisitOf, article_id: Id, number: Number) -> Response:
    """Answer the draft as it was saved. It never changes."""
    await seen(visit, visit.reading, article_id)
    revision, draft = await _revision(visit.reading, article_id, number)
    named = await drafts.names_for(visit.reading, [draft], visit)
    form = dict(drafts.form_of(draft, named))
    return plain(history.Revision(**form, **dict(_noted(revision))))


@router.get(
    "/revisions/{number}/diff",
    summary="Compare two revisions",
    operation_id="compare_revisions",
    response_model=history.Diff,
    responses=declared(*OF_ONE),
    openapi_extra=ALLOWED,
)
async def compare_revisions(
    visit: VisitOf,
    article_id: Id,
    number: Number,
    to: Annotated[
        int | None, Query(ge=1, le=10**9, description="The other revision; the working draft if left out")
    ] = None,
) -> Response:
    """Answer what makes one revision of another: the fields that differ, and every block with its fate."""
    article = await seen(visit, visit.reading, article_id)
    _, before = await _revision(visit.reading, article_id, number)
    _, after = await _revision(visit.reading, article_id, to or article.revision)
    differences = compare(before, after)
    named = await drafts.names_for(visit.reading, [before, after], visit)
    old, new = (drafts.form_of(draft, named).model_dump(mode="json") for draft in (before, after))
    return plain(
        history.Diff(
            before=number,
            after=to or article.revision,
            fields=[
                history.FieldChange(name=name, before=old[name], after=new[name])
                for name in schemas.field_names(differences)
            ],
            blocks=[
                history.BlockChange.of(
                    key=one.key,
                    change=one.change,
                    before=one.before and block_of(one.before),
                    after=one.after and block_of(one.after),
                )
                for one in differences.blocks
            ],
        )
    )


@router.post(
    "/revisions/{number}/restore",
    summary="Take up an old revision again",
    operation_id="restore_revision",
    response_model=schemas.Article,
    responses=declared(*OF_A_WRITE, "unprocessable"),
    openapi_extra=ALLOWED,
)
async def restore_revision(visit: VisitOf, article_id: Id, number: Number, version: IfMatch) -> Response:
    """Save the old draft as a new revision. Readers see nothing of it until it is published.

    What it names and is not there any more is left out, and told in `warnings`.
    """
    async with visit.writing() as connection:
        before, visit = await expected(visit, connection, article_id, version)
        _, draft = await _revision(connection, article_id, number)
        draft, gone = await drafts.restored(draft, visit, connection, before=before.draft)
        group_id = await group_of(connection, before.id, draft, before=before)
        after = replace(edit(before, draft, by=visit.person, now=visit.now), group_id=group_id)
        await articles.save(connection, after, before=before, note=f"Restored revision {number}")
        await visit.record(connection, after.event("restore", visit.person, visit.now))
        named = await drafts.names_for(connection, [draft], visit)
        shown = drafts.resource_of(after, named, visit).model_copy(update={"warnings": _left_out(gone)})
        return await visit.answer(connection, versioned(shown, after.version))


def _left_out(gone: tuple[str, ...]) -> list[schemas.Warned]:
    """Return what a restored draft lacks, if it does: what it named is not there any more."""
    detail = f"Left out, because it is not there any more: {', '.join(gone)} of the revision."
    return [schemas.Warned(rule="gone", detail=detail, articles=[])] if gone else []


async def _revision(connection: Connection, article_id: str, number: int) -> tuple[Revision, Draft]:
    found = await revisions.get(connection, article_id, number)
    if found is None:
        raise NotThere
    return found


def _noted(revision: Revision) -> history.RevisionNote:
    return history.RevisionNote(
        number=revision.number,
        note=revision.note,
        created_by=revision.created_by,
        created_at=revision.created_at,
    )
