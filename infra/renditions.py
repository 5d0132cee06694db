"""The smaller forms of a kept picture: named widths, crops around the focal point, a placeholder. libvips.

The picture is decoded once, into a proof that is large enough for all of them and small enough for the memory.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import pyvips

from domain.media import CROPS, Box, Facts, Focus, ImageType, Rendition
from infra.images import facts_of

QUALITY = 80
MAX_HEIGHT = 16_000  # WebP's own limit is 16,383
MAX_PIXELS = 12_000_000
MAX_PIXELS_WITH_ALPHA = 3_000_000  # their encoding takes three times the memory
PLACEHOLDER_SIDE, PLACEHOLDER_QUALITY = 16, 20


@dataclass(frozen=True, slots=True)
class Proof:
    """A picture in memory, no larger than its renditions need it."""

    image: pyvips.Image
    width: int
    """Of the original."""


def proof_of(original: Path, facts: Facts, *, widths: Mapping[str, int]) -> Proof:
    """Return a picture's proof."""
    wide = max((*widths.values(), *(crop.width for crop in CROPS.values())))
    enough = max(wide / facts.width, max(crop.width for crop in CROPS.values()) / min(facts.width, facts.height))
    scale = min(1.0, enough, sqrt(MAX_PIXELS / (facts.width * facts.height)))
    across, down = (max(1, round(side * scale)) for side in (facts.width, facts.height))
    image = pyvips.Image.thumbnail(str(original), across, height=down, size="force")
    return Proof(image.copy_memory(), facts.width)


def make_widths(
    proof: Proof, folder: Path, *, widths: Mapping[str, int], new_key: Callable[[], str]
) -> tuple[Rendition, ...]:
    """Write a picture in each named width that is not wider than itself."""
    return tuple(
        _saved(_within(proof.image, width), name, folder, new_key)
        for name, width in widths.items()
        if width <= proof.width
    )


def make_crops(proof: Proof, folder: Path, *, focus: Focus, new_key: Callable[[], str]) -> tuple[Rendition, ...]:
    """Write the crops of a picture around its focal point."""
    image = proof.image
    boxes = {name: crop.around(focus, width=image.width, height=image.height) for name, crop in CROPS.items()}
    return tuple(
        _saved(_part(image, box, CROPS[name].width), name, folder, new_key) for name, box in boxes.items()
    )


def placeholder(proof: Proof) -> str:
    """Return a picture of a few pixels, as an address that holds it."""
    image = proof.image.thumbnail_image(PLACEHOLDER_SIDE, height=PLACEHOLDER_SIDE, size="down")
    if image.hasalpha():
        image = image.flatten(background=255)
    data = image.webpsave_buffer(Q=PLACEHOLDER_QUALITY, keep="none")
    return f"data:{ImageType.WEBP};base64,{b64encode(data).decode()}"


def _within(image: pyvips.Image, width: int) -> pyvips.Image:
    """Return the picture in a width, or narrower if it is so high that it would take too much memory."""
    pixels = MAX_PIXELS_WITH_ALPHA if image.hasalpha() else MAX_PIXELS
    return image.thumbnail_image(width, height=min(MAX_HEIGHT, pixels // width), size="down")


def _part(image: pyvips.Image, box: Box, width: int) -> pyvips.Image:
    return image.crop(box.left, box.top, box.width, box.height).thumbnail_image(width, size="down")


def _saved(image: pyvips.Image, name: str, folder: Path, new_key: Callable[[], str]) -> Rendition:
    path = folder / name
    image.webpsave(str(path), Q=QUALITY, keep="none")
    return Rendition(name, new_key(), facts_of(path, ImageType.WEBP, image.width, image.height))
