"""Writing what was read. Each transaction holds records, and that they were taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from api.exchange.names import take_contributor, take_tag
from api.exchange.prepared import NewArticle, OldArticle, Prepared
from api.exchange.records import ContributorRecord, TagRecord
from domain.articles import Article
from domain.desk import House, Order, Step
from domain.errors import Conflict, Flaw
from domain.events import Event, Subject
from domain.imports import IMPORTER, take_again
from infra import articles, events, external_ids, media, publications
from infra.db import Connection, Database
from infra.external_ids import Known
from infra.ids import Sources
from infra.search import index
from infra.settings import Settings

HELD = Flaw("/slug", "Another article holds this slug; give this one another.")


@dataclass(frozen=True, slots=True)
class Added:
    """What became of new articles, by the numbers of their lines: refused, or to be read once more."""

    refused: Mapping[int, Flaw] = field(default_factory=dict)
    outdated: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Writer:
    """Takes records over in transactions of its own."""

    settings: Settings
    database: Database
    sources: Sources

    async def gather(self) -> None:
        """Make ready for many articles."""
        async with self.database.write() as connection:
            await connection.run_sync(index.gather)

    async def settle(self) -> bool:
        """Put some of what many articles have left in order; return whether there is more."""
        async with self.database.write() as connection:
            return await connection.run_sync(index.settle)

    async def known(self, one: Prepared) -> Known | None:
        """Return what was taken over under a record's name."""
        async with self.database.read() as connection:
            return (await external_ids.by_name(connection, [one.name])).get(one.name)

    async def take(self, one: Prepared) -> str:
        """Take over a tag, a contributor, or a change of an article that is here; return what was done."""
        async with self.database.write() as connection:
            known = (await external_ids.by_name(connection, [one.name])).get(one.name)
            match one.record, one.article:
                case TagRecord() as record, _:
                    what, target_id = await take_tag(connection, record, known, self.sources.now())
                case ContributorRecord() as record, _:
                    what, target_id = await take_contributor(connection, record, known, self.sources.now())
                case _, OldArticle() as article:
                    what, target_id = await self._change(connection, article), article.id
                case _:
                    raise TypeError(one.name[0])
            await external_ids.remember(connection, [one.known_as(target_id)])
            return what

    async def _change(self, connection: Connection, told: OldArticle) -> str:
        await articles.hold(connection, told.id)
        now = self.sources.now()
        before = await articles.get(connection, told.id, now=now)
        if before is None:
            raise Conflict("It was removed a moment ago; run the import again.", rule="race")
        if told.is_history:
            return _same(before, told.said)
        step = Step(
            Order(),
            IMPORTER,
            now,
            self.sources.new_id(),
            House(self.settings.teaser),
            await media.of(connection, told.said.draft.media_ids),
        )
        taken = take_again(before, told.said, told.release, step)
        if taken.article == before:
            return "unchanged"
        after = replace(taken.article, group_id=await self._group(connection, before, taken.article))
        await articles.save(connection, after, before=before, note=told.note)
        if (after.publication, after.coming) != (before.publication, before.coming):
            await publications.show(connection, after, next(iter(taken.editions), None), before=before, now=now)
        await events.record_all(connection, {self.sources.new_id(): _event(after, self.sources)})
        return "changed"

    async def _group(self, connection: Connection, before: Article, after: Article) -> str:
        original_id = after.draft.translation_of
        if original_id == before.draft.translation_of:
            return before.group_id
        groups = await articles.groups_of(connection, [original_id] if original_id else [])
        return groups.get(original_id or "", original_id or after.id)

    async def add(self, some: Sequence[Prepared]) -> Added:
        """Add new articles in one transaction. It is a conflict if somebody takes a slug or an id meanwhile."""
        new = {one.line.number: one.article for one in some if isinstance(one.article, NewArticle)}
        async with self.database.write() as connection:
            outdated = await self._outdated(connection, new)
            refused = await self._refused(connection, {n: one for n, one in new.items() if n not in outdated})
            good = [one for one in some if one.line.number not in outdated | refused.keys()]
            fit = [new[one.line.number] for one in good]
            if fit:
                await self._add(connection, await _grouped(connection, fit))
                await external_ids.remember(
                    connection, [one.known_as(article.id) for one, article in zip(good, fit, strict=True)]
                )
        return Added(refused, outdated)

    async def _add(self, connection: Connection, new: Sequence[NewArticle]) -> None:
        await articles.add_all(connection, [one.sheet for one in new])
        editions = [edition for one in new for edition in one.editions]
        if editions:
            await publications.show_new(connection, editions, now=self.sources.now())
        now = self.sources.now()
        happened = {
            self.sources.new_id(): Event(
                Subject.ARTICLE, one.id, "import", None, now, one.version, one.sheet.row["revision"]
            )
            for one in new
        }
        await events.record_all(connection, happened)

    async def _outdated(self, connection: Connection, new: Mapping[int, NewArticle]) -> frozenset[int]:
        """Return the lines that were read before something that they are about was changed."""
        ids = frozenset(one.id for one in new.values())
        here = await articles.existing(connection, ids, known_to=None, now=self.sources.now())
        pictures = frozenset(id_ for one in new.values() for id_ in one.pictures)
        versions = await media.versions(connection, pictures) if pictures else {}
        return frozenset(
            number
            for number, one in new.items()
            if one.id in here or any(versions.get(id_) != version for id_, version in one.pictures.items())
        )

    async def _refused(self, connection: Connection, new: Mapping[int, NewArticle]) -> dict[int, Flaw]:
        """Return the lines whose slugs other articles hold, here or on a line before."""
        wanted = {
            number: {one.address for one in article.editions if one.holds} for number, article in new.items()
        }
        addresses = {address for each in wanted.values() for address in each}
        if not addresses:
            return {}
        held = set(await publications.taken(connection, addresses, now=self.sources.now()))
        refused = dict[int, Flaw]()
        for number, each in wanted.items():
            if each & held:
                refused[number] = HELD
            else:
                held |= each
        return refused


async def _grouped(connection: Connection, new: Sequence[NewArticle]) -> list[NewArticle]:
    """Return new articles in the groups of what they translate; a group that came before joins theirs."""
    originals = {one.translation_of for one in new if one.translation_of}
    if not originals:
        return list(new)
    groups = await articles.groups_of(connection, originals)
    made = list[NewArticle]()
    for one in new:
        group_id = one.sheet.row["group_id"]
        if one.translation_of:
            group_id = groups.get(one.translation_of, one.translation_of)
            await articles.regroup(connection, one.id, to=group_id)
            made = [
                _in_group(other, group_id) if other.sheet.row["group_id"] == one.id else other for other in made
            ]
        groups[one.id] = group_id
        made.append(_in_group(one, group_id) if one.translation_of else one)
    return made


def _in_group(one: NewArticle, group_id: str) -> NewArticle:
    sheet = replace(one.sheet, row={**one.sheet.row, "group_id": group_id})
    editions = tuple(replace(edition, row={**edition.row, "group_id": group_id}) for edition in one.editions)
    return replace(one, sheet=sheet, editions=editions)


def _same(before: Article, told: Article) -> str:
    """Tell that an article with its history is here as it was, or refuse another history."""
    if (before.version, before.updated_at) == (told.version, told.updated_at):
        return "unchanged"
    raise Conflict(
        "The article is here with another history; a record without `history` can change it.", rule="history"
    )


def _event(article: Article, sources: Sources) -> Event:
    now = sources.now()
    return Event(Subject.ARTICLE, article.id, "import", None, now, article.version, article.revision)
