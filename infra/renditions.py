"""The smaller forms of a kept picture: named widths, crops around the focal point, a placeholder. libvips."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path

import pyvips

from domain.media import CROPS, Box, Facts, Focus, ImageType, Rendition
from infra.images import facts_of

QUALITY = 80
MAX_HEIGHT = 16_000  # WebP's own limit is 16,383
MAX_PIXELS = 12_000_000
MAX_PIXELS_WITH_ALPHA = 3_000_000  # their encoding takes three times the memory
PLACEHOLDER_SIDE, PLACEHOLDER_QUALITY = 16, 20


def make_widths(
    original: Path, facts: Facts, folder: Path, *, widths: Mapping[str, int], new_key: Callable[[], str]
) -> tuple[Rendition, ...]:
    """Write a picture in each named width that is not wider than itself."""
    return tuple(
        _saved(_within(original, width), name, folder, new_key)
        for name, width in widths.items()
        if width <= facts.width
    )


def make_crops(
    original: Path, facts: Facts, folder: Path, *, focus: Focus, new_key: Callable[[], str]
) -> tuple[Rendition, ...]:
    """Write the crops of a picture around its focal point."""
    boxes = {name: crop.around(focus, width=facts.width, height=facts.height) for name, crop in CROPS.items()}
    return tuple(
        _saved(_part(original, facts, box, CROPS[name].width), name, folder, new_key)
        for name, box in boxes.items()
    )


def placeholder(original: Path) -> str:
    """Return a picture of a few pixels, as an address that holds it."""
    image = pyvips.Image.thumbnail(str(original), PLACEHOLDER_SIDE, height=PLACEHOLDER_SIDE, size="down")
    if image.hasalpha():
        image = image.flatten(background=255)
    data = image.webpsave_buffer(Q=PLACEHOLDER_QUALITY, keep="none")
    return f"data:{ImageType.WEBP};base64,{b64encode(data).decode()}"


def _within(original: Path, width: int) -> pyvips.Image:
    """Return the picture in a width, or narrower if it is so high that it would take too much memory."""
    has_alpha = pyvips.Image.new_from_file(str(original)).hasalpha()
    pixels = MAX_PIXELS_WITH_ALPHA if has_alpha else MAX_PIXELS
    height = min(MAX_HEIGHT, pixels // width)
    return pyvips.Image.thumbnail(str(original), width, height=height, size="down")


def _part(original: Path, facts: Facts, box: Box, width: int) -> pyvips.Image:
    scale = min(1.0, width / box.width)
    across, down = (max(1, round(side * scale)) for side in (facts.width, facts.height))
    image = pyvips.Image.thumbnail(str(original), across, height=down, size="force")
    wide, high = (max(1, round(side * scale)) for side in (box.width, box.height))
    left, top = min(round(box.left * scale), across - wide), min(round(box.top * scale), down - high)
    return image.crop(left, top, wide, high)


def _saved(image: pyvips.Image, name: str, folder: Path, new_key: Callable[[], str]) -> Rendition:
    path = folder / name
    image.webpsave(str(path), Q=QUALITY, keep="none")
    return Rendition(name, new_key(), facts_of(path, ImageType.WEBP, image.width, image.height))
