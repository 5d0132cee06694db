"""Taking over pictures: a file beside the records goes the way of an upload."""

import os
from dataclasses import dataclass, replace
from hashlib import file_digest
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from api.exchange.records import MediaRecord
from domain.errors import Flaw, Unfit
from domain.events import Event, Subject
from domain.media import Focus, Medium
from infra import events, external_ids, media
from infra.darkroom import Darkroom, Developed
from infra.db import Connection, Database
from infra.external_ids import Known
from infra.ids import Sources
from infra.pictures import Change, changing
from infra.settings import Settings
from infra.storage import Incoming, Storage, pour


@dataclass(frozen=True, slots=True)
class Pictures:
    """The library, and the folder that files of records lie in."""

    folder: Path
    settings: Settings
    sources: Sources
    database: Database
    storage: Storage
    darkroom: Darkroom

    async def take(self, record: MediaRecord, known: Known | None, name: Known) -> str:
        """Take a picture over, and remember its name, in transactions of its own; return what was done."""
        path = self._path(record.file)
        async with self.database.read() as connection:
            before = await media.get(connection, known.target_id if known else record.own_id)
        if before is not None:
            return await self._say(before, record, name)
        if record.id is None and (same := await self._uploaded(path)):
            async with self.database.write() as connection:
                await external_ids.remember(connection, [replace(name, target_id=same.id)])
            return "unchanged"
        return await self._add(path, record, name)

    def _path(self, file: str) -> Path:
        folder = self.folder.resolve()
        path = (folder / file).resolve()
        if not path.is_relative_to(folder):
            raise Unfit(Flaw("/file", "It must lie in the folder of the records."))
        if not path.is_file():
            raise Unfit(Flaw("/file", "There is no such file."))
        if not os.access(path, os.R_OK) or not path.stat().st_size:
            raise Unfit(Flaw("/file", "It is empty, or may not be read."))
        return path

    async def _uploaded(self, path: Path) -> Medium | None:
        """Return the picture that a file became when it came before, by whatever name."""
        digest = await run_in_threadpool(_digest, path)
        async with self.database.read() as connection:
            return await media.find_uploaded(connection, digest)

    async def _add(self, path: Path, record: MediaRecord, name: Known) -> str:
        media_id = record.own_id
        async with changing(self.database, self.storage, media_id) as change:
            incoming = Incoming(change.folder / "incoming", self.settings.max_upload_bytes)
            await run_in_threadpool(_pour, path, incoming)
            is_kept = record.digest == incoming.digest
            developed = await self.darkroom.develop(incoming.path, change.folder, is_ours=is_kept)
            uploaded = record.uploaded_digest if is_kept else incoming.digest
            medium = await self._cropped(self._medium(media_id, record, developed, uploaded), change)
            await change.put(medium.representations)
            async with self.database.write() as connection:
                await media.add(connection, medium)
                await self._remember(connection, medium, name)
        return "made"

    def _medium(self, media_id: str, record: MediaRecord, developed: Developed, uploaded: str | None) -> Medium:
        focus = record.focal_point
        return Medium(
            id=media_id,
            facts=developed.kept.facts,
            alt=record.alt,
            caption=record.caption,
            credit=record.credit,
            licence=record.licence,
            may_be_syndicated=record.may_be_syndicated,
            created_by=record.created_by,
            created_at=record.created_at or self.sources.now(),
            version=record.version,
            uploaded_digest=uploaded,
            renditions=developed.renditions,
            placeholder=developed.placeholder,
            focal_point=Focus(focus.x, focus.y) if focus else None,
            suggested_credit=record.suggested_credit or developed.kept.suggested_credit,
        )

    async def _cropped(self, medium: Medium, change: Change) -> Medium:
        if medium.focal_point is None:
            return medium
        return await self.darkroom.crop_anew(medium, change.folder / "original", change.folder)

    async def _say(self, before: Medium, record: MediaRecord, name: Known) -> str:
        """Let what is said of a picture that is here be what its record says; the file is not looked at again.

        One that is kept from partners is not given to them by a record that does not speak of it.
        """
        is_told = "may_be_syndicated" in record.model_fields_set
        after = replace(
            before,
            alt=record.alt,
            caption=record.caption,
            credit=record.credit,
            licence=record.licence,
            may_be_syndicated=record.may_be_syndicated if is_told else before.may_be_syndicated,
        )
        async with self.database.write() as connection:
            if after == before:
                await external_ids.remember(connection, [replace(name, target_id=before.id)])
                return "unchanged"
            after = replace(after, version=before.version + 1)
            await media.save(connection, after, read_version=before.version)
            await self._remember(connection, after, name)
        return "changed"

    async def _remember(self, connection: Connection, medium: Medium, name: Known) -> None:
        now = self.sources.now()
        await external_ids.remember(connection, [replace(name, target_id=medium.id)])
        event = Event(Subject.MEDIUM, medium.id, "import", None, now, medium.version)
        await events.record_all(connection, {self.sources.new_id(): event})


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _pour(path: Path, into: Incoming) -> None:
    with path.open("rb") as file:
        pour(file, into)
