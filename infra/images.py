"""What a file really is, and the copy of it that is kept: upright, in sRGB, without metadata. libvips.

JPEG and PNG pictures are encoded anew. GIF and WebP pictures are decoded to be judged, and copied frame by frame.
"""

from contextlib import suppress
from ctypes import CDLL
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from shutil import copyfile
from typing import Any

import pyvips

from domain.errors import Flaw, Unfit, WrongMedia
from domain.media import Facts, ImageType
from infra.containers import copy_bare, is_bare_jpeg
from infra.metadata import suggested_credit

QUALITY = 92
MAX_FRAMES = 1_000
MAX_SIDE = 16_000
M_ARENA_MAX = -8
HELD_BYTES = 135_000_000  # what decoding one picture may take at once; with it, a process stays under 300 MB
UPRIGHT = 1

_SIGNATURES = (
    (b"\xff\xd8\xff", ImageType.JPEG),
    (b"\x89PNG\r\n\x1a\n", ImageType.PNG),
    (b"GIF87a", ImageType.GIF),
    (b"GIF89a", ImageType.GIF),
)
_COPIED = frozenset({ImageType.GIF, ImageType.WEBP})

pyvips.block_untrusted_set(True)  # noqa: FBT003 - the C function's only argument
pyvips.cache_set_max(0)
pyvips.concurrency_set(2)  # each thread of libvips has buffers of its own
with suppress(AttributeError, OSError, TypeError):  # glibc's: what decoders free in one thread serves the next
    CDLL(None).mallopt(M_ARENA_MAX, 1)


@dataclass(frozen=True, slots=True)
class Kept:
    """The facts of the copy, and the credit that the file asked for."""

    facts: Facts
    suggested_credit: str | None


def keep(source: Path, target: Path, *, max_pixels: int, is_ours: bool = False) -> Kept:
    """Write the copy that is kept of an upload, or refuse it. It takes a while: keep it off the event loop.

    Of what was kept before, a JPEG is copied if it is as bare as ours are: encoding it anew would blur it.
    """
    content_type = _type_of(source)
    try:
        head = pyvips.Image.new_from_file(str(source))
        _check_size(head, content_type, max_pixels)
        if is_ours and content_type is ImageType.JPEG and _is_upright(head) and is_bare_jpeg(source.read_bytes()):
            pyvips.Image.new_from_file(str(source), access="sequential", fail_on="error").avg()
            copyfile(source, target)
            return Kept(facts_of(target, content_type, head.width, head.height), None)
        width, height = _write(source, target, head, content_type)
        return Kept(facts_of(target, content_type, width, height), _credit(head))
    except pyvips.Error:
        raise WrongMedia("The picture is damaged: it cannot be decoded to its end.") from None


def facts_of(path: Path, content_type: ImageType, width: int, height: int) -> Facts:
    """Return the facts of a file that was made here."""
    with path.open("rb") as file:
        digest = sha256()
        while chunk := file.read(256 * 1024):
            digest.update(chunk)
        return Facts(content_type, width, height, file.tell(), digest.hexdigest())


def _type_of(path: Path) -> ImageType:
    with path.open("rb") as file:
        head = file.read(16)
    for signature, content_type in _SIGNATURES:
        if head.startswith(signature):
            return content_type
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return ImageType.WEBP
    raise WrongMedia("This is no JPEG, PNG, WebP or GIF picture; its content decides, not its name.")


def _said(image: pyvips.Image, name: str, otherwise: Any) -> Any:  # noqa: ANN401 - whatever type the field has
    return image.get(name) if image.get_typeof(name) else otherwise


def _frames(image: pyvips.Image) -> int:
    return int(_said(image, "n-pages", 1))


def _is_upright(image: pyvips.Image) -> bool:
    return int(_said(image, "orientation", UPRIGHT)) == UPRIGHT


def _is_copied(head: pyvips.Image, content_type: ImageType) -> bool:
    """Tell whether the frames are copied as they are; an animation always is, even if its profile is lost."""
    plain = _is_upright(head) and not head.get_typeof("icc-profile-data")
    return content_type in _COPIED and (plain or _frames(head) > 1)


def _check_size(head: pyvips.Image, content_type: ImageType, max_pixels: int) -> None:
    """Refuse what would take too long or too much memory, before a pixel is decoded."""
    frames = _frames(head)
    if frames > MAX_FRAMES:
        raise Unfit(Flaw("/file", f"The picture has more than {MAX_FRAMES} frames."))
    if max(head.width, head.height) > MAX_SIDE:
        raise Unfit(Flaw("/file", f"The picture is longer than {MAX_SIDE} pixels."))
    if head.width * head.height * frames > max_pixels:
        raise Unfit(Flaw("/file", f"The picture has more than {max_pixels} pixels."))
    if _held(head, content_type) > HELD_BYTES:
        raise Unfit(Flaw("/file", "The picture is too large for its kind. Send a plain, upright JPEG."))


def _held(head: pyvips.Image, content_type: ImageType) -> int:
    """Return about how many bytes are held at once, where the format or the orientation asks for all pixels.

    The numbers were measured; everything else is decoded and encoded in strips.
    """
    turning = 0 if _is_upright(head) else _depth(head)
    return int(head.width * head.height) * (turning + _held_a_pixel(head, content_type))


def _held_a_pixel(head: pyvips.Image, content_type: ImageType) -> int:
    match content_type:
        case ImageType.JPEG:
            is_halved = _said(head, "jpeg-chroma-subsample", "") == "4:2:0"
            return _depth(head) * (1 if is_halved else 2) if _said(head, "jpeg-multiscan", 0) else 0
        case ImageType.PNG:
            return _depth(head) if _said(head, "interlaced", 0) or head.hasalpha() else 0
        case ImageType.GIF:
            return 12
    if _frames(head) > 1:
        return _depth(head) * _frames(head) + 12
    if _is_copied(head, content_type):
        return 16 if head.hasalpha() else 10
    return 45 if head.hasalpha() else 15


def _depth(head: pyvips.Image) -> int:
    """Return how many bytes a pixel has."""
    return int(head.bands) * (2 if head.format == "ushort" else 1)


def _write(source: Path, target: Path, head: pyvips.Image, content_type: ImageType) -> tuple[int, int]:
    frames = {"n": -1} if _frames(head) > 1 else {}
    access = "sequential" if _is_upright(head) else "random"
    image = pyvips.Image.new_from_file(str(source), access=access, fail_on="error", **frames)
    if _is_copied(head, content_type):
        image.avg()  # reads every pixel, and so finds what is cut off or broken
        copy_bare(source, target, content_type, width=head.width, height=head.height)
        return head.width, head.height
    image = _in_srgb(image if _is_upright(head) else image.autorot())
    match content_type:
        case ImageType.JPEG:
            image.jpegsave(str(target), Q=QUALITY, keep="none")
        case ImageType.PNG:
            image.pngsave(str(target), keep="none")
        case _:
            image.webpsave(str(target), Q=QUALITY, keep="none")
    return image.width, image.height


def _in_srgb(image: pyvips.Image) -> pyvips.Image:
    """Return the picture in the colours that every screen knows; a profile that is broken counts for nothing."""
    is_print = image.interpretation == "cmyk"
    if not is_print and not image.get_typeof("icc-profile-data"):
        return image
    try:
        return image.icc_transform("srgb", embedded=True, input_profile="cmyk" if is_print else "srgb")
    except pyvips.Error:
        return image.colourspace("srgb") if is_print else image


def _credit(head: pyvips.Image) -> str | None:
    return suggested_credit(
        iptc=bytes(_said(head, "iptc-data", b"")),
        xmp=bytes(_said(head, "xmp-data", b"")),
        artist=_exif(head, "Artist"),
        rights=_exif(head, "Copyright"),
    )


def _exif(head: pyvips.Image, name: str) -> str:
    """Return an EXIF text, which libvips tells as `text (text, ASCII, 5 components, 5 bytes)`."""
    try:
        told = str(_said(head, f"exif-ifd0-{name}", ""))
    except UnicodeDecodeError:
        return ""
    twice, is_text, _ = told.rpartition(", ASCII, ")
    return twice[: (len(twice) - 2) // 2] if is_text else ""
