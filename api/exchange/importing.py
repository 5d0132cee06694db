"""Import: records are read beside and written here, each taken once however often it comes."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from api.exchange.beside import Beside
from api.exchange.lines import Waiting, chunks
from api.exchange.pictures import Pictures
from api.exchange.prepared import Line, NewArticle, Prepared
from api.exchange.preparing import Preparer
from api.exchange.records import ContributorRecord, MediaRecord
from api.exchange.writing import Writer
from domain.errors import Conflict, Flaw, Refusal, Unfit
from infra import external_ids
from infra.darkroom import Darkroom
from infra.db import Database, DatabaseBusy
from infra.ids import Sources
from infra.settings import Settings
from infra.storage import Storage

Result = TypeVar("Result")
AHEAD = 2  # chunks that are read while one is written
WRITER_SECONDS = 0.05  # on SQLite nobody else writes meanwhile
FEWEST = 25  # fewer would hardly take less time
OTHERS_SECONDS = 0.005  # and whoever waits there looks only now and then whether it can
TRIES = 5
DUPLICATE = Flaw("/external_id", "Another line of the file is of the same thing.")
LOST = Flaw("", "Others were changing what it names; run the import again.")


@dataclass
class Summary:
    """What has become of the records so far, and of how many bytes of the file."""

    made: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    bytes: int = 0

    def add(self, what: str) -> None:
        """Count a record."""
        setattr(self, what, getattr(self, what) + 1)


class Stopped(Exception):
    """A record was refused, and the import was to stop at the first."""


@dataclass
class Import:
    """One run over a file. `tell` is told of every flaw, with the number of its line; `show` of the progress."""

    path: Path
    settings: Settings
    database: Database
    tell: Callable[[int, Flaw], None]
    show: Callable[[Summary], None]
    stops: bool = False
    sources: Sources = field(default_factory=Sources)
    summary: Summary = field(default_factory=Summary)

    def __post_init__(self) -> None:
        settings = self.settings
        darkroom = Darkroom(
            max_pixels=settings.max_pixels, widths=settings.renditions, new_key=self.sources.new_key
        )
        storage = Storage(settings.media_dir)
        self._pictures = Pictures(self.path.parent, settings, self.sources, self.database, storage, darkroom)
        self._writer = Writer(settings, self.database, self.sources)
        self._seen = set[int]()
        self._waiting = Waiting()
        self._at_once = FEWEST
        self._ahead = 1
        self._are_many = False

    async def run(self, reader: Preparer | Beside) -> Summary:
        """Take every record over that fits. What names something later in the file waits for its end."""
        await self._round(reader, chunks(self.path), may_wait=True)
        while waited := len(self._waiting):
            before, self._waiting = self._waiting, Waiting()
            await self._round(reader, chunks(self.path, before), may_wait=True)
            if len(self._waiting) == waited:
                last, self._waiting = self._waiting, Waiting()
                await self._round(reader, chunks(self.path, last), may_wait=False)
        while self._are_many and await self._again(self._writer.settle):
            await self._pause()
        return self.summary

    async def _round(self, reader: Preparer | Beside, lines: Iterable[list[Line]], *, may_wait: bool) -> None:
        reading = deque[asyncio.Task[list[Prepared]]]()
        try:
            for chunk in lines:
                if new := await self._new(chunk):
                    reading.append(asyncio.create_task(reader.prepare(new)))
                while len(reading) >= (self._ahead if may_wait else 1):
                    await self._take(await reading.popleft(), may_wait=may_wait)
            while reading:
                await self._take(await reading.popleft(), may_wait=may_wait)
        finally:
            for one in reading:
                one.cancel()

    async def _new(self, chunk: Sequence[Line]) -> list[Line]:
        """Return the lines that have not been taken yet."""
        async with self.database.read() as connection:
            known = await external_ids.by_digest(connection, [line.digest for line in chunk])
        for line in chunk:
            if one := known.get(line.digest):
                self._count(line, "unchanged", (one.kind, one.external_id))
        return [line for line in chunk if line.digest not in known]

    async def _take(self, prepared: Sequence[Prepared], *, may_wait: bool) -> None:
        self._ahead, articles = AHEAD, list[Prepared]()
        for one in prepared:
            if self._is_seen(one):
                self._refuse(one.line, (DUPLICATE,))
            elif one.flaws and one.may_wait and may_wait:
                self._wait(one)
            elif one.flaws:
                self._refuse(one.line, one.flaws)
            elif isinstance(one.article, NewArticle):
                articles.append(one)
                continue
            else:
                await self._add(articles, may_wait=may_wait)
                articles = []
                await self._take_one(one, may_wait=may_wait)
        await self._add(articles, may_wait=may_wait)
        self.show(self.summary)

    def _wait(self, one: Prepared) -> None:
        self._waiting.add(one.line)
        self._ahead = 1

    def _is_seen(self, one: Prepared) -> bool:
        return one.name != ("", "") and hash(one.name) in self._seen

    async def _take_one(self, one: Prepared, *, may_wait: bool) -> None:
        """Take over what is here already, or is no article."""
        if one.record is not None:
            self._ahead = 1  # what is read next may name it
        try:
            self._count(one.line, await self._again(lambda: self._done(one)), one.name)
        except Unfit as refusal:
            if may_wait and isinstance(one.record, ContributorRecord):  # its picture may come later
                self._wait(one)
            else:
                self._refuse(one.line, refusal.flaws)
        except Refusal as refusal:
            self._refuse(one.line, (Flaw("", refusal.detail),))

    async def _done(self, one: Prepared) -> str:
        if isinstance(one.record, MediaRecord):
            return await self._pictures.take(one.record, await self._writer.known(one), one.known_as(""))
        return await self._writer.take(one)

    async def _add(self, new: Sequence[Prepared], *, may_wait: bool) -> None:
        """Add new articles, as many at once as others can wait for."""
        rest = deque(self._once(new))
        if len(rest) >= FEWEST and not self._are_many:
            await self._again(self._writer.gather)
            self._are_many = True
        while rest:
            some = [rest.popleft() for _ in range(min(self._at_once, len(rest)))]
            started = perf_counter()
            await self._add_some(some, may_wait=may_wait)
            took = perf_counter() - started
            self._at_once = max(FEWEST, min(self._at_once * 2, round(len(some) * WRITER_SECONDS / took)))
            await self._pause()

    async def _pause(self) -> None:
        """Let others write."""
        if self.database.is_sqlite:
            await asyncio.sleep(OTHERS_SECONDS)

    def _once(self, new: Sequence[Prepared]) -> list[Prepared]:
        """Return what is not of the same thing as one before."""
        names = dict[tuple[str, str], Prepared]()
        for one in new:
            if one.name in names:
                self._refuse(one.line, (DUPLICATE,))
            else:
                names[one.name] = one
        return list(names.values())

    async def _add_some(self, some: Sequence[Prepared], *, may_wait: bool) -> None:
        try:
            result = await self._again(lambda: self._writer.add(some))
        except Conflict as refusal:
            if len(some) == 1:
                self._refuse(some[0].line, (Flaw("", refusal.detail),))
                return
            for one in some:
                await self._add_some([one], may_wait=may_wait)
            return
        for one in some:
            if flaw := result.refused.get(one.line.number):
                self._refuse(one.line, (flaw,))
            elif one.line.number not in result.outdated:
                self._count(one.line, "made", one.name)
            elif may_wait:
                self._wait(one)
            else:
                self._refuse(one.line, (LOST,))

    async def _again(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do something, and once more after a pause if the database is busy."""
        for tried in range(1, TRIES + 1):
            try:
                return await work()
            except DatabaseBusy:
                if tried == TRIES:
                    raise
                await asyncio.sleep(tried)
        raise AssertionError

    def _count(self, line: Line, what: str, name: tuple[str, str]) -> None:
        if hash(name) in self._seen:
            self._refuse(line, (DUPLICATE,))
            return
        self._seen.add(hash(name))
        self.summary.add(what)
        self._pass(line)

    def _refuse(self, line: Line, flaws: Sequence[Flaw]) -> None:
        for flaw in flaws:
            self.tell(line.number, flaw)
        self.summary.add("refused")
        self._pass(line)
        if self.stops:
            raise Stopped

    def _pass(self, line: Line) -> None:
        self.summary.bytes += len(line.content) + 1
