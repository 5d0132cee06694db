"""Writing many articles in one request: a row a line, a result a row, each as the single request would have it."""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from time import perf_counter
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Body as InBody
from fastapi.responses import JSONResponse
from pydantic import Discriminator, PlainValidator, ValidationError

from api import caching, problems
from api.bodies import BODY_TYPES, LINE_TYPES, parsed
from api.deps import VisitOf
from api.editorial import actions, articles, drafts
from api.editorial import bulk_schemas as rows
from api.middleware import log_failure
from api.parts import Visit
from api.problems import RowResult, RowsRefused, declared
from api.routing import Route
from domain.body import Body
from domain.errors import Conflict, Flaw, Refusal, TooLarge, Unfit
from infra.db import Connection, DatabaseBusy, savepoint
from infra.idempotency import STILL_RUNNING

router = APIRouter(prefix="/v1/editorial/articles", tags=["Articles"], route_class=Route)

MAX_ROWS = 1000
MAX_ATOMIC_ROWS = 100
ROWS_AT_ONCE = 25
WRITER_SECONDS = 0.05  # on SQLite nobody else writes meanwhile
OTHERS_SECONDS = 0.025  # and whoever waits there looks only now and then whether it can
_ROWS: dict[str, type[rows.Row]] = {
    "create": rows.CreateRow,
    "patch": rows.PatchRow,
    "act": rows.ActRow,
    "delete": rows.DeleteRow,
}


class Lines(JSONResponse):
    """Results, one a line."""

    media_type = LINE_TYPES[0]


def _as_sent(content: Any) -> Any:  # noqa: ANN401 - each line is looked at by itself
    return content


Content = Annotated[
    bytes,
    PlainValidator(_as_sent, json_schema_input_type=Annotated[rows.Row, Discriminator("op")]),
    InBody(media_type=LINE_TYPES[0], description="Rows, one a line (the schema is that of one)"),
]


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it was sent: the number of its line, and what stands there."""

    number: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Prepared:
    """A row that has been read, with the body of a new article; or why it cannot be."""

    number: int
    row: rows.Row | None = None
    body: Body = ()
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Bulk:
    """A request with many rows."""

    request_id: str
    visit: Visit

    async def all_or_none(self, lines: Sequence[Line]) -> Response:
        """Do every row in one transaction, or refuse them all and tell which do not fit."""
        prepared = [await _prepared(self.visit, line) for line in lines]
        async with self.visit.writing() as connection:
            results = [await self._result(connection, one) for one in prepared]
            if refused := [one for one in results if one.problem]:
                raise RowsRefused(refused)
            return await self.visit.answer(connection, _answer(_told(results)))

    async def each(self, lines: Sequence[Line]) -> Response:
        """Do each row by itself, some in a transaction; those that an earlier attempt has done stay done."""
        told = self.visit.progress
        waiting, prepared = deque(lines[told.count("\n") :]), deque[Prepared]()
        while waiting:
            prepared = prepared or deque(
                [await _prepared(self.visit, line) for line in islice(waiting, ROWS_AT_ONCE)]
            )
            try:
                results = await self._some(prepared, told, are_last=len(prepared) == len(waiting))
            except Exception as error:
                if not told:
                    raise  # nothing was changed
                return _answer(told + _told(self._failed(waiting, error)))
            told += _told(results)
            for _ in results:
                waiting.popleft()
                prepared.popleft()
            if waiting and self.visit.parts.database.is_sqlite:
                await asyncio.sleep(OTHERS_SECONDS)
        return _answer(told)

    async def _some(self, prepared: Sequence[Prepared], told: str, *, are_last: bool) -> list[RowResult]:
        """Do the next rows, for as long as a writer may hold the database, and keep what became of them."""
        results: list[RowResult] = []
        async with self.visit.writing() as connection:
            started = perf_counter()
            for one in prepared:
                results.append(await self._result(connection, one))
                if perf_counter() - started > WRITER_SECONDS:
                    break
            if are_last and len(results) == len(prepared):
                await self.visit.answer(connection, _answer(told + _told(results)))
            else:
                await self.visit.proceed(connection, _told(results))
        return results

    async def _result(self, connection: Connection, prepared: Prepared) -> RowResult:
        """Do a row, at a moment of its own, and undo it alone when it is refused."""
        visit = replace(self.visit, now=self.visit.parts.sources.now())
        try:
            async with savepoint(connection):
                return await _done(visit, connection, prepared)
        except Refusal as refusal:
            told = problems.of_refusal(self.request_id, _into_row(refusal, prepared.row))
            return RowResult(row=prepared.number, status=told.status, problem=told)

    def _failed(self, waiting: Iterable[Line], error: Exception) -> list[RowResult]:
        """Tell of rows that were not done, because the transaction of the first of them has failed."""
        match error:
            case Conflict(rule=rule) if rule == STILL_RUNNING:
                raise error
            case Refusal():
                told = problems.of_refusal(self.request_id, error)
            case DatabaseBusy():
                told = problems.problem(self.request_id, "unavailable")
            case _:
                log_failure(self.request_id, error)
                told = problems.problem(self.request_id, "internal-error")
        return [RowResult(row=line.number, status=told.status, problem=told) for line in waiting]


@router.post(
    "/bulk",
    summary="Write many articles",
    operation_id="write_articles",
    response_class=Lines,
    response_model=RowResult,
    responses=declared(*articles.REFUSALS, *articles.WITH_A_BODY, "bulk-refused", "conflict"),
    openapi_extra={**articles.ALLOWED, BODY_TYPES: LINE_TYPES},
)
async def write_articles(
    request: Request,
    content: Content,
    visit: VisitOf,
    atomic: Annotated[bool, Query(description="All rows or none; then there may be 100")] = False,  # noqa: FBT002
) -> Response:
    """Create, change, act on and delete articles, in the order of the lines; the answer has a line for each.

    Each row is checked and recorded like the request that it stands for, and refused by itself.
    """
    bulk = Bulk(problems.request_id(request), visit)
    if atomic:
        return await bulk.all_or_none(lines_in(content, most=MAX_ATOMIC_ROWS))
    return await bulk.each(lines_in(content, most=MAX_ROWS))


def lines_in(content: bytes, *, most: int) -> list[Line]:
    """Return the lines of a body; empty ones are passed over, and counted."""
    content = content.rstrip()
    if content.count(b"\n") >= most:
        raise TooLarge(f"It may have {most} rows.")
    lines = [Line(number, line) for number, line in enumerate(content.split(b"\n"), start=1) if line.strip()]
    if not lines:
        raise Unfit(Flaw("", "Send at least one row."))
    return lines


async def _prepared(visit: Visit, line: Line) -> Prepared:
    """Read a row; the markup of a new article is taken apart here, outside of any transaction."""
    row: rows.Row | None = None
    try:
        row = row_of(line.content, limit=visit.parts.settings.max_body_bytes)
        made = await drafts.body_of(row.article, visit) if isinstance(row, rows.CreateRow) else ()
    except Refusal as refusal:
        return Prepared(line.number, row, refusal=refusal)
    return Prepared(line.number, row, made)


def row_of(content: bytes, *, limit: int) -> rows.Row:
    """Return what a line says, or refuse it as the single request would be."""
    if len(content) > limit:
        raise TooLarge(f"A row may have {limit} bytes.")
    sent = parsed(content)
    kind = _ROWS.get(sent["op"]) if isinstance(sent, dict) and isinstance(sent.get("op"), str) else None
    if kind is None:
        raise Unfit(Flaw("/op", f"It must be one of {', '.join(_ROWS)}."))
    try:
        return kind.model_validate(sent)
    except ValidationError as error:
        flaws = problems.flaws_in(error.errors(), sent)
        raise Unfit(*(Flaw(flaw.pointer or "", flaw.detail) for flaw in flaws)) from None


async def _done(visit: Visit, connection: Connection, prepared: Prepared) -> RowResult:
    """Do what a row says, by what the single requests do."""
    if prepared.refusal:
        raise prepared.refusal
    match row := prepared.row:
        case rows.CreateRow():
            draft = await drafts.draft_of(row.article, prepared.body, visit, connection)
            after = await articles.add(visit, connection, draft, row.article.note)
            if row.action:
                after = await actions.take_action(visit, connection, after, row.action, row)
            return RowResult(row=prepared.number, status=201, id=after.id, version=after.version)
        case rows.PatchRow():
            before, visit = await articles.expected(visit, connection, row.id, row.version)
            named = await drafts.names_for(connection, [before.draft], visit)
            form = drafts.patched_form(before, named, row.article)
            body = await drafts.body_of(form, visit, before=before.draft.body)
            after = await articles.change(visit, connection, before, form, body)
        case rows.ActRow():
            before, visit = await articles.expected(visit, connection, row.id, row.version)
            after = await actions.take_action(visit, connection, before, row.action, row)
        case rows.DeleteRow():
            await articles.remove(visit, connection, row.id, row.version)
            return RowResult(row=prepared.number, status=204, id=row.id)
    return RowResult(row=prepared.number, status=200, id=after.id, version=after.version)


def _into_row(refusal: Refusal, row: rows.Row | None) -> Refusal:
    """Return a refusal whose pointers lead into the row; those of an article's fields lead into its `article`."""
    if not isinstance(refusal, Unfit) or not isinstance(row, rows.CreateRow | rows.PatchRow):
        return refusal
    own = type(row).model_fields
    return Unfit(
        *(
            flaw
            if flaw.pointer.split("/")[1:2] in [[name] for name in own]
            else replace(flaw, pointer=f"/article{flaw.pointer}")
            for flaw in refusal.flaws
        )
    )


def _told(results: Sequence[RowResult]) -> str:
    return "".join(f"{one.model_dump_json(exclude_none=True)}\n" for one in results)


def _answer(told: str) -> Response:
    return Response(told, headers=caching.NO_STORE, media_type=Lines.media_type)
