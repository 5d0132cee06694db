"""Reading records: from lines to what will be written. It happens beside the writer, in a process of its own.

It reads the database and never writes to it. What it could not know, because another line was being written
meanwhile, is found out by the writer, and the line is read once more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from api.bodies import parsed
from api.editorial.drafts import body_in, check_ids, drafted
from api.exchange import histories
from api.exchange.prepared import Line, NewArticle, OldArticle, Prepared, Stock, new_article
from api.exchange.records import KINDS, ArticleRecord, Names, Record, names_in, put_ids
from api.problems import flaws_in
from domain.articles import Article
from domain.body import Body, Image
from domain.desk import House, Order, Step
from domain.errors import Flaw, Refusal, TooLarge, Unfit
from domain.imports import IMPORTER, take
from domain.keys import with_kept_keys
from domain.workflow import DraftState
from infra import articles, external_ids, media
from infra.contributors import CONTRIBUTORS
from infra.db import Connection, Database
from infra.ids import Sources
from infra.naming import ids_by_slug
from infra.revisions import Revision
from infra.settings import Settings
from infra.tags import TAGS


@dataclass(frozen=True, slots=True)
class _Read:
    """An article's record, with its body as blocks."""

    line: Line
    record: ArticleRecord
    body: Body


class Preparer:
    """Reads lines. It is made once a process."""

    def __init__(self, settings: Settings, database: Database, sources: Sources) -> None:
        self._settings = settings
        self._database = database
        self._sources = sources

    async def prepare(self, lines: Sequence[Line]) -> list[Prepared]:
        """Return what lines say."""
        limit = self._settings.max_body_bytes
        sent = [_parsed(line, limit=limit) for line in lines]
        names = {name for one in sent if isinstance(one, dict) for name in names_in(one)}
        async with self._database.read() as connection:
            known = {name: one.target_id for name, one in (await external_ids.by_name(connection, names)).items()}
            read = [self._read(line, one, known) for line, one in zip(lines, sent, strict=True)]
            stock = await _find(
                connection, [one for one in read if isinstance(one, _Read)], now=self._sources.now()
            )
        return [self._prepared(one, stock) if isinstance(one, _Read) else one for one in read]

    def _read(self, line: Line, sent: dict[str, Any] | Refusal, known: Names) -> "_Read | Prepared":
        if isinstance(sent, Refusal):
            return _refused(line, None, sent)
        record: Record | None = None
        try:
            put_ids(sent, known)
            record = record_of(sent)
            if isinstance(record, ArticleRecord):
                return _Read(line, record, body_in(record, self._sources.new_key))
            return Prepared(line, (record.what, record.key), record=record)
        except Refusal as refusal:
            return _refused(line, record, refusal)

    def _prepared(self, read: _Read, stock: Stock) -> Prepared:
        record, known = read.record, stock.known.get((read.record.what, read.record.key))
        try:
            if known and record.id and known.target_id != record.id:
                raise Unfit(Flaw("/id", "This external id is another article's already."))
            article_id = known.target_id if known else record.own_id
            article = self._article(article_id, read, stock)
        except Refusal as refusal:
            return _refused(read.line, record, refusal)
        return Prepared(read.line, (record.what, record.key), article=article)

    def _article(self, article_id: str, read: _Read, stock: Stock) -> NewArticle | OldArticle:
        record, before = read.record, stock.old.get(article_id)
        if record.history and before is None:
            past = histories.Past(article_id, record, read.body, stock, self._house, self._sources)
            return past.prepared(record.history)
        said = self._said(article_id, read, stock, before)
        if before:
            return OldArticle(said, record.release(), record.note, record.history is not None)
        step = Step(Order(), IMPORTER, self._sources.now(), self._sources.new_id(), self._house, stock.pictures)
        taken = take(said, record.release(), step, self._sources.new_id)
        save = Revision(1, 1, record.note, said.edited_by, said.updated_at)
        return new_article(taken, [(save, said.draft)], stock, step.now)

    @property
    def _house(self) -> House:
        return House(self._settings.teaser)  # what was public elsewhere needs no second person here

    def _said(self, article_id: str, read: _Read, stock: Stock, before: Article | None) -> Article:
        """Return an article with the draft that a record says."""
        record, body = read.record, read.body
        if before and not (record.body and all(block.key for block in record.body)):
            body = with_kept_keys(body, before.draft.body)
        draft = drafted(record, body, stock.tag_ids, stock.maker_ids, self._settings.teaser.policy)
        check_ids(draft, frozenset(stock.pictures), draft.article_ids)  # articles may come later
        if draft.translation_of == article_id:
            raise Unfit(Flaw("/translation_of", "An article is no translation of itself."))
        now = self._sources.now()
        at, version = min(record.published_at or now, now), 1
        if record.history:
            at, version = record.history.updated_at, record.history.version
        return Article(article_id, article_id, version, 1, draft, DraftState.DRAFT, "", "", at, at)


def _parsed(line: Line, *, limit: int) -> dict[str, Any] | Refusal:
    """Return what stands on a line, or why it cannot be read."""
    try:
        if line.is_too_long:
            raise TooLarge("The line is too long.")
        sent = parsed(line.content)
        if not isinstance(sent, dict):
            raise Unfit(Flaw("", "A record is a JSON object."))
        if len(line.content) > limit and not sent.get("history"):
            raise TooLarge(f"A record without a `history` may have {limit} bytes.")
    except Refusal as refusal:
        return refusal
    return sent


def record_of(sent: dict[str, Any]) -> Record:
    """Return the record that a parsed line holds, or refuse it."""
    kind = KINDS.get(sent["type"]) if isinstance(sent.get("type"), str) else None
    if kind is None:
        raise Unfit(Flaw("/type", f"It must be one of {', '.join(KINDS)}."))
    try:
        return kind.model_validate(sent)
    except ValidationError as error:
        flaws = flaws_in(error.errors(), sent)
        raise Unfit(*(Flaw(flaw.pointer or "", flaw.detail) for flaw in flaws)) from None


def _refused(line: Line, record: Record | None, refusal: Refusal) -> Prepared:
    flaws = refusal.flaws if isinstance(refusal, Unfit) else (Flaw("", refusal.detail),)
    name = (record.what, record.key) if record else ("", "")
    return Prepared(line, name, flaws, may_wait=record is not None)


async def _find(connection: Connection, read: Sequence[_Read], *, now: datetime) -> Stock:
    """Return what these records may name, and which of them are here, in a few statements."""
    known = await external_ids.by_name(connection, {(one.record.what, one.record.key) for one in read})
    ids = {one.record.own_id for one in read} | {one.target_id for one in known.values()}
    here = await articles.existing(connection, frozenset(ids), known_to=None, now=now)
    old = [await articles.get(connection, id_, now=now) for id_ in here]
    forms = [form for one in read for form in histories.forms_of(one.record)]
    tags = frozenset(slug for form in forms for slug in (*form.tags, form.section) if slug)
    makers = frozenset(credit.contributor for form in forms for credit in form.credits)
    pictures = {block.media_id for one in read for block in one.body if isinstance(block, Image)}
    return Stock(
        await ids_by_slug(connection, TAGS, tags),
        await ids_by_slug(connection, CONTRIBUTORS, makers),
        await media.of(connection, frozenset(pictures | histories.pictures_of(forms))),
        known,
        {one.id: one for one in old if one},
    )
