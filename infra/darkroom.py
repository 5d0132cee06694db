"""Where pictures are developed: off the event loop and one at a time, so that memory stays bounded."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from domain.media import CENTRE, CROPS, ORIGINAL, Medium, Rendition
from infra import images, renditions


@dataclass(frozen=True, slots=True)
class Developed:
    """What was made of an upload; the files lie in the folder of the change, under the renditions' names."""

    kept: images.Kept
    renditions: tuple[Rendition, ...]
    placeholder: str


class Darkroom:
    """Makes what is kept of an upload, and its renditions."""

    def __init__(self, *, max_pixels: int, widths: Mapping[str, int], new_key: Callable[[], str]) -> None:
        self._max_pixels = max_pixels
        self._widths = widths
        self._new_key = new_key
        self._one_at_a_time = asyncio.Semaphore(1)

    async def develop(self, upload: Path, folder: Path, *, is_ours: bool = False) -> Developed:
        """Return what was made of an uploaded file, or refuse it; one that was kept before may stay as it is."""
        async with self._one_at_a_time:
            return await run_in_threadpool(self._develop, upload, folder, is_ours=is_ours)

    async def crop_anew(self, medium: Medium, original: Path, folder: Path) -> Medium:
        """Return a picture with other crops, around its present focal point."""
        async with self._one_at_a_time:
            crops = await run_in_threadpool(self._crops, medium, original, folder)
        others = tuple(one for one in medium.renditions if one.name not in CROPS)
        return replace(medium, renditions=others + crops)

    def _develop(self, upload: Path, folder: Path, *, is_ours: bool) -> Developed:
        original = folder / ORIGINAL
        kept = images.keep(upload, original, max_pixels=self._max_pixels, is_ours=is_ours)
        proof = renditions.proof_of(original, kept.facts, widths=self._widths)
        widths = renditions.make_widths(proof, folder, widths=self._widths, new_key=self._new_key)
        crops = renditions.make_crops(proof, folder, focus=CENTRE, new_key=self._new_key)
        return Developed(kept, widths + crops, renditions.placeholder(proof))

    def _crops(self, medium: Medium, original: Path, folder: Path) -> tuple[Rendition, ...]:
        proof = renditions.proof_of(original, medium.facts, widths={})
        return renditions.make_crops(proof, folder, focus=medium.focal_point or CENTRE, new_key=self._new_key)
