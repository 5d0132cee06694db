"""What a file really is: type by its first bytes, size from its header, and whether it decodes. libvips."""

from pathlib import Path

import pyvips

from domain.errors import Flaw, Unfit, WrongMedia
from domain.media import Facts, ImageType

SIDEWAYS = 5  # EXIF orientations from here on swap width and height

_SIGNATURES = (
    (b"\xff\xd8\xff", ImageType.JPEG),
    (b"\x89PNG\r\n\x1a\n", ImageType.PNG),
    (b"GIF87a", ImageType.GIF),
    (b"GIF89a", ImageType.GIF),
)
_ANIMATED = frozenset({ImageType.GIF, ImageType.WEBP})

pyvips.block_untrusted_set(True)  # noqa: FBT003 - the C function's only argument
pyvips.cache_set_max(0)


def examine(path: Path, *, size: int, digest: str, max_pixels: int) -> Facts:
    """Return the facts of a picture, or refuse what is none. It takes a while: keep it off the event loop."""
    content_type = _type_of(path)
    try:
        width, height = _decoded_size(path, content_type, max_pixels)
    except pyvips.Error:
        raise WrongMedia("The picture is damaged: it cannot be decoded to its end.") from None
    return Facts(content_type, width, height, size, digest)


def _type_of(path: Path) -> ImageType:
    with path.open("rb") as file:
        head = file.read(16)
    for signature, content_type in _SIGNATURES:
        if head.startswith(signature):
            return content_type
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return ImageType.WEBP
    raise WrongMedia("This is no JPEG, PNG, WebP or GIF picture; its content decides, not its name.")


def _decoded_size(path: Path, content_type: ImageType, max_pixels: int) -> tuple[int, int]:
    frames = {"n": -1} if content_type in _ANIMATED else {}
    image = pyvips.Image.new_from_file(str(path), access="sequential", fail_on="error", **frames)
    if image.width * image.height > max_pixels:
        raise Unfit(Flaw("/file", f"The picture has more than {max_pixels} pixels."))
    page_height = image.get("page-height") if image.get_typeof("page-height") else image.height
    turned = image.get_typeof("orientation") and image.get("orientation") >= SIDEWAYS
    width, height = (page_height, image.width) if turned else (image.width, page_height)
    image.avg()  # reads every pixel, and so finds what is cut off or broken
    return width, height
