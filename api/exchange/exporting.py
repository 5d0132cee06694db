"""Export: everything that a newsroom has, from one snapshot, in the order in which an import needs it."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import copyfile
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool

from api.editorial.blocks import blocks_of
from api.editorial.drafts import form_of
from api.editorial.media_schemas import FocalPoint
from api.editorial.name_schemas import WebLink
from api.exchange import records
from domain.articles import Draft
from domain.body import without_paywall
from domain.credits import Contributor
from domain.delivery import Names, Wanted
from domain.media import ImageType, Medium
from domain.tags import Tag
from infra import exchange, external_ids, media, names, naming
from infra.contributors import CONTRIBUTORS
from infra.db import Connection, Database
from infra.exchange import Kept
from infra.naming import Kind
from infra.storage import Storage
from infra.tags import TAGS

AT_ONCE = 100
Named = TypeVar("Named", Tag, Contributor)
_ENDINGS = {ImageType.JPEG: "jpg", ImageType.PNG: "png", ImageType.WEBP: "webp", ImageType.GIF: "gif"}


@dataclass(frozen=True, slots=True)
class Export:
    """One run. `write` takes each line; `show` is told how many of all records are written.

    Pictures' files are copied into a folder, if one is given, and named by it.
    """

    database: Database
    storage: Storage
    write: Callable[[str], None]
    show: Callable[[int, int], None]
    folder: Path | None
    now: datetime

    async def run(self) -> int:
        """Write everything; return how many records there are."""
        done = 0
        async with self.database.read() as connection:
            total = await exchange.count(connection)
            async for record in self._records(connection):
                self.write(record.model_dump_json(exclude_none=True, exclude_unset=True) + "\n")
                done += 1
                self.show(done, total)
        return done

    async def _records(self, connection: Connection) -> AsyncIterator[records.Record]:
        async for tag, common in self._named(connection, TAGS):
            yield records.TagRecord(**common, type="tag", kind=tag.kind, names=dict(tag.names))
        async for medium in self._media(connection):
            yield medium
        async for maker, common in self._named(connection, CONTRIBUTORS):
            links = [WebLink(url=link.url, label=link.label) for link in maker.links]
            said = {"kind": maker.kind, "bio": maker.bio, "media_id": maker.media_id, "links": links}
            yield records.ContributorRecord(**common, type="contributor", **said)
        async for article in self._articles(connection):
            yield article

    async def _named(
        self, connection: Connection, kind: Kind[Named]
    ) -> AsyncIterator[tuple[Named, dict[str, Any]]]:
        """Yield tags or contributors, each with what its record has in common with the others'."""
        after = ""
        while found := await naming.page(connection, kind, after=after, limit=AT_ONCE):
            ids = [one.id for one in found]
            called = await external_ids.of(connection, kind.word, ids)
            old = await naming.old_slugs(connection, kind, ids)
            for one in found:
                yield (
                    one,
                    {
                        **_identity(one.id, called),
                        "slug": one.slug,
                        "name": one.name,
                        "old_slugs": old.get(one.id, []),
                        "version": one.version,
                    },
                )
            after = found[-1].slug

    async def _media(self, connection: Connection) -> AsyncIterator[records.MediaRecord]:
        after = ""
        while found := await media.in_order(connection, after=after, limit=AT_ONCE):
            called = await external_ids.of(connection, "media", [one.id for one in found])
            for one in found:
                yield _medium(one, called, await self._file(one))
            after = found[-1].id

    async def _file(self, medium: Medium) -> str:
        """Copy a picture's file, if files are wanted; return where its record says that it is."""
        name = f"{medium.id}.{_ENDINGS[medium.facts.content_type]}"
        if self.folder is None:
            return f"media/{name}"
        target = self.folder / name
        if not target.exists() or target.stat().st_size != medium.facts.size:
            await run_in_threadpool(copyfile, self.storage.path(medium.id), target)
        return f"{self.folder.name}/{name}"

    async def _articles(self, connection: Connection) -> AsyncIterator[records.ArticleRecord]:
        after = ""
        while found := await exchange.articles_after(connection, after, limit=AT_ONCE, now=self.now):
            named = await names.fetch(connection, _wanted(found), now=self.now)
            called = await external_ids.of(connection, "article", [one.id for one in found])
            for one in found:
                yield _article(one, named, called)
            after = found[-1].id


def _identity(id_: str, called: dict[str, str]) -> dict[str, Any]:
    name = called.get(id_, id_)
    return {"id": id_, **({"external_id": name} if name != id_ else {})}


def _medium(medium: Medium, called: dict[str, str], file: str) -> records.MediaRecord:
    focus = medium.focal_point
    return records.MediaRecord(
        **_identity(medium.id, called),
        type="media",
        file=file,
        alt=medium.alt,
        caption=medium.caption,
        credit=medium.credit,
        licence=medium.licence,
        may_be_syndicated=medium.may_be_syndicated,
        focal_point=FocalPoint(x=focus.x, y=focus.y) if focus else None,
        version=medium.version,
        created_by=medium.created_by,
        created_at=medium.created_at,
        digest=medium.facts.digest,
        uploaded_digest=medium.uploaded_digest,
        suggested_credit=medium.suggested_credit,
    )


def _wanted(found: Sequence[Kept]) -> Wanted:
    wanted = Wanted()
    for article in found:
        for _, draft in article.saves:
            makers = frozenset(credit.contributor_id for credit in draft.credits)
            wanted |= Wanted(tags=draft.all_tag_ids, contributors=makers)
    return wanted


def _article(kept: Kept, named: Names, called: dict[str, str]) -> records.ArticleRecord:
    newest, draft = kept.saves[-1]
    form = form_of(draft, named)
    drafts = {save.number: draft for save, draft in kept.saves}
    return records.ArticleRecord(
        **{name: getattr(form, name) for name in form.model_fields_set},
        **_identity(kept.id, called),
        type="article",
        history=records.History(
            group_id=kept.group_id,
            version=kept.version,
            state=kept.draft_state,
            created_by=kept.created_by,
            created_at=kept.created_at,
            updated_at=kept.updated_at,
            revisions=[
                records.Save(
                    number=save.number,
                    version=save.version,
                    note=save.note,
                    created_by=save.created_by,
                    created_at=save.created_at,
                    draft=None if save is newest else form_of(older, named),
                )
                for save, older in kept.saves
            ],
            publications=[_edition(one, drafts[one.header.revision]) for one in kept.editions],
        ),
    )


def _edition(kept: exchange.KeptEdition, draft: Draft) -> records.Edition:
    header, is_whole = kept.header, kept.teaser.body == without_paywall(draft.body)
    return records.Edition(
        number=header.number,
        draft_revision=header.revision,
        group_id=header.group_id,
        state=kept.state,
        published_at=header.published_at,
        updated_at=header.updated_at,
        live_from=header.live_from,
        live_until=header.live_until,
        replaced_at=header.replaced_at,
        public_note=header.public_note,
        corrections=[records.Correction(at=one.at, text=one.text) for one in header.corrections],
        reading_minutes=kept.reading_minutes,
        teaser=None
        if is_whole and kept.teaser.remaining_percent == 0
        else records.Teaser(body=blocks_of(kept.teaser.body), remaining_percent=kept.teaser.remaining_percent),
    )
