"""What the commands `import` and `export` do: progress and flaws are told on standard error."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from api.exchange.beside import Beside
from api.exchange.exporting import Export
from api.exchange.importing import Import, Stopped, Summary
from domain.errors import Flaw
from infra.db import Database
from infra.ids import now
from infra.migrations import prepare
from infra.settings import Settings
from infra.storage import Storage

Result = TypeVar("Result")


def take_over(settings: Settings, file: Path, told: Console, *, stops: bool) -> bool:
    """Import a file; return whether every record of it was taken."""
    database = Database(settings.sqlalchemy_url, for_much=True)
    with _progress(told, "Importing") as progress:
        task = progress.add_task("", total=file.stat().st_size)

        def tell(number: int, flaw: Flaw) -> None:
            where = f"{file}:{number}: {flaw.pointer}: " if flaw.pointer else f"{file}:{number}: "
            progress.console.print(f"{where}{flaw.detail}", markup=False, highlight=False, soft_wrap=True)

        def show(summary: Summary) -> None:
            progress.update(task, completed=summary.bytes, description=_told(summary))

        run = Import(file, settings, database, tell, show, stops=stops)
        with suppress(Stopped), Beside(settings) as beside:
            asyncio.run(_with(database, lambda: run.run(beside)))
    told.print(_told(run.summary), markup=False, highlight=False, soft_wrap=True)
    return not run.summary.refused


def hand_over(settings: Settings, output: Path | None, media: Path | None, told: Console) -> None:
    """Export everything."""
    for folder in (media, output.parent if output else None):
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
    database = Database(settings.sqlalchemy_url)
    with _progress(told, "Exporting") as progress, _written(output) as file:
        task = progress.add_task("", total=None)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        export = Export(database, Storage(settings.media_dir), _writer(file), show, media, now())
        done = asyncio.run(_with(database, export.run))
    told.print(f"{done} records.", markup=False, highlight=False)


async def _with(database: Database, work: Callable[[], Awaitable[Result]]) -> Result:
    """Do something with a database whose tables are this program's."""
    try:
        await prepare(database)
        return await work()
    finally:
        await database.close()


class CannotWrite(Exception):
    """What records are written to takes no more; the message says why."""


def _writer(file: IO[str]) -> Callable[[str], None]:
    def write(line: str) -> None:
        try:
            file.write(line)
        except OSError as error:  # told apart from those of a database
            raise CannotWrite(f"The records cannot be written: {error.strerror}.") from None

    return write


@contextmanager
def _written(output: Path | None) -> Iterator[IO[str]]:
    """Open what is written to; a file is there whole or not at all."""
    if output is None:
        sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
        yield sys.stdout
        sys.stdout.flush()
        return
    unfinished = output.with_name(output.name + ".unfinished")
    with unfinished.open("w", encoding="utf-8", newline="\n") as file:
        yield file
    unfinished.replace(output)


def _progress(told: Console, doing: str) -> Progress:
    """Return a bar that is drawn on a terminal alone."""
    return Progress(
        TextColumn(doing),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
        console=told,
        disable=not told.is_terminal,
        transient=True,
    )


def _told(summary: Summary) -> str:
    return ", ".join(f"{getattr(summary, what)} {what}" for what in ("made", "changed", "unchanged", "refused"))
