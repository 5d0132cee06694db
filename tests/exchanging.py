"""What tests of import and export do: take a file over into an application, and hand its newsroom over."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.exchange.exporting import Export
from api.exchange.importing import Import, Summary
from api.exchange.preparing import Preparer
from api.parts import Parts
from domain.errors import Flaw

Json = dict[str, Any]


@dataclass
class Told:
    """What an import told: its summary, and each flaw as `LINE: POINTER`, with what was said of it."""

    summary: Summary = field(default_factory=Summary)
    flaws: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def counts(self) -> tuple[int, int, int, int]:
        one = self.summary
        return one.made, one.changed, one.unchanged, one.refused


async def take_over(parts: Parts, path: Path, *, stops: bool = False) -> Told:
    """Import a file, in this process alone."""
    told = Told()

    def tell(number: int, flaw: Flaw) -> None:
        told.flaws.append(f"{number}: {flaw.pointer}")
        told.said.append(flaw.detail)

    run = Import(path, parts.settings, parts.database, tell, lambda _: None, stops=stops, sources=parts.sources)
    told.summary = run.summary
    await run.run(Preparer(parts.settings, parts.database, parts.sources))
    return told


async def taken(parts: Parts, folder: Path, *records: Json | str | bytes) -> Told:
    """Import these records."""
    path = folder / "records.ndjson"
    path.write_bytes(b"".join(_line(record) + b"\n" for record in records))
    return await take_over(parts, path)


def _line(record: Json | str | bytes) -> bytes:
    if isinstance(record, bytes):
        return record
    return (record if isinstance(record, str) else json.dumps(record)).encode()


async def hand_over(parts: Parts, folder: Path) -> Path:
    """Export everything into a folder; return where the records are."""
    (folder / "media").mkdir(parents=True, exist_ok=True)
    path = folder / "all.ndjson"
    with path.open("w", encoding="utf-8") as file:

        def write(line: str) -> None:
            file.write(line)

        export = Export(
            parts.database,
            parts.storage,
            write,
            lambda *_: None,
            folder / "media",
            parts.sources.now(),
        )
        await export.run()
    return path


def article(external_id: str = "a", **fields: Any) -> Json:
    """The record of a small article."""
    return {
        "type": "article",
        "external_id": external_id,
        "title": f"Title {external_id}",
        "language": "en",
        "body_html": "<p>One two three.</p>",
        **fields,
    }


def tag(slug: str = "sea", **fields: Any) -> Json:
    """The record of a tag."""
    return {"type": "tag", "slug": slug, "name": slug.title(), **fields}
