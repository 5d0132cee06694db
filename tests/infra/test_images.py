import resource
import struct
import zipfile
import zlib
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import pyvips

from domain.errors import Unfit, WrongMedia
from domain.media import Facts, ImageType
from infra.images import keep
from tests.newsroom import Newsroom, People, png, png_of

MAX_PIXELS = 80_000_000
PNG_BOMB = png_of(struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0), zlib.compress(bytes(1_000_000)))


def _drawn(width: int, height: int, bands: int = 3, **metadata: Any) -> pyvips.Image:
    noise = pyvips.Image.gaussnoise(width, height, sigma=40, mean=128, seed=7).cast("uchar")
    image = pyvips.Image.bandjoin(noise, [noise] * (bands - 1)) if bands > 1 else noise
    image = image.copy(interpretation="srgb" if bands > 2 else "b-w")
    for name, value in metadata.items():
        image.set_type(pyvips.GValue.gint_type, name.replace("_", "-"), value)
    return image


def _saved(
    suffix: str, width: int = 40, height: int = 30, bands: int = 3, frames: int = 1, **metadata: Any
) -> bytes:
    image = _drawn(width, height * frames, bands, **metadata)
    if frames > 1:
        image.set_type(pyvips.GValue.gint_type, "page-height", height)
    data: bytes = image.write_to_buffer(suffix)
    return data


def _facts(folder: Path, data: bytes, max_pixels: int = MAX_PIXELS) -> Facts:
    path, kept = folder / "picture", folder / "kept"
    path.write_bytes(data)
    kept.unlink(missing_ok=True)
    return keep(path, kept, max_pixels=max_pixels).facts


GOOD: dict[str, tuple[bytes, ImageType, int, int]] = {
    "JPEG": (_saved(".jpg"), ImageType.JPEG, 40, 30),
    "progressive JPEG": (_saved(".jpg[interlace=true]"), ImageType.JPEG, 40, 30),
    "grey JPEG": (_saved(".jpg", bands=1), ImageType.JPEG, 40, 30),
    "PNG": (_saved(".png"), ImageType.PNG, 40, 30),
    "PNG with transparency": (_saved(".png", bands=4), ImageType.PNG, 40, 30),
    "interlaced PNG": (_saved(".png[interlace=true]"), ImageType.PNG, 40, 30),
    "PNG of 16 bits": (_saved(".png[bitdepth=16]"), ImageType.PNG, 40, 30),
    "WebP": (_saved(".webp"), ImageType.WEBP, 40, 30),
    "lossless WebP": (_saved(".webp[lossless=true]", bands=4), ImageType.WEBP, 40, 30),
    "GIF": (_saved(".gif"), ImageType.GIF, 40, 30),
    "animated GIF": (_saved(".gif", frames=3), ImageType.GIF, 40, 30),
    "animated WebP": (_saved(".webp", frames=3), ImageType.WEBP, 40, 30),
    "one pixel": (_saved(".png", 1, 1), ImageType.PNG, 1, 1),
    "made by hand": (png(8, 6), ImageType.PNG, 8, 6),
}


@pytest.mark.parametrize("name", GOOD)
def test_the_facts_of_a_picture_are_read_from_its_bytes(tmp_path: Path, name: str) -> None:
    data, content_type, width, height = GOOD[name]
    found = _facts(tmp_path, data)
    kept = (tmp_path / "kept").read_bytes()
    assert found == Facts(content_type, width, height, len(kept), sha256(kept).hexdigest())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_that_was_taken_sideways_is_measured_upright(tmp_path: Path, orientation: int) -> None:
    found = _facts(tmp_path, _saved(".jpg", orientation=orientation))
    assert (found.width, found.height) == ((30, 40) if orientation >= 5 else (40, 30))


def _zip() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("picture.png", png())
    return buffer.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
NONE: dict[str, bytes] = {
    "nothing": b"",
    "one byte": b"\xff",
    "text": b"This is a letter.",
    "SVG": SVG,
    "SVG with a declaration": b'<?xml version="1.0"?>' + SVG,
    "HTML": b"<!doctype html><script>alert(1)</script>",
    "PDF": b"%PDF-1.7\n1 0 obj\n",
    "zip": _zip(),
    "TIFF": _saved(".tif"),
    "BMP": b"BM" + bytes(100),
    "ICO": b"\x00\x00\x01\x00\x01\x00" + bytes(50),
    "RIFF that is sound": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(40),
    "the name of a file": b"picture.png",
    "a picture behind a space": b" " + png(),
    "only the signature of a PNG": b"\x89PNG\r\n\x1a\n",
    "only the signature of a JPEG": b"\xff\xd8\xff",
    "only the signature of a GIF": b"GIF89a",
    "only the signature of a WebP": b"RIFF\x04\x00\x00\x00WEBP",
    "GIF that is a script": b"GIF89a/*" + b" " * 40 + b"*/=1;alert(1)//",
    "JPEG that is HTML": b"\xff\xd8\xff\xe0<script>alert(1)</script>",
    "PNG that is SVG": b"\x89PNG\r\n\x1a\n" + SVG,
    "PNG of no size": png_of(struct.pack(">IIBBBBB", 0, 0, 8, 2, 0, 0, 0), zlib.compress(b"")),
    "PNG without its rows": png_of(struct.pack(">IIBBBBB", 90, 90, 8, 2, 0, 0, 0), zlib.compress(b"")),
    "PNG whose rows are no zlib": png_of(struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0), b"abcdefgh"),
    "JPEG cut in the middle": _saved(".jpg", 200, 200)[:4000],
    "JPEG without its last bytes": _saved(".jpg", 200, 200)[:-40],
    "PNG cut in the middle": _saved(".png", 200, 200)[:4000],
    "WebP cut in the middle": _saved(".webp", 200, 200)[:3000],
    "GIF cut in the middle": _saved(".gif", 200, 200)[:3000],
    "animated WebP cut in its last frame": _saved(".webp", 90, 90, frames=3)[:-600],
}


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_whole_picture_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WrongMedia):
        _facts(tmp_path, NONE[name])


def test_a_picture_may_have_so_many_pixels_and_no_more(tmp_path: Path) -> None:
    assert _facts(tmp_path, _saved(".png", 40, 30), max_pixels=1200).width == 40
    for name in ("JPEG", "PNG", "WebP", "GIF"):
        with pytest.raises(Unfit):
            _facts(tmp_path, GOOD[name][0], max_pixels=1199)


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_the_pixels_of_every_frame_count(tmp_path: Path, suffix: str) -> None:
    data = _saved(suffix, 40, 30, frames=3)
    assert _facts(tmp_path, data, max_pixels=3600).height == 30
    with pytest.raises(Unfit):
        _facts(tmp_path, data, max_pixels=3599)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in KiB


@pytest.mark.parametrize("interlaced", [0, 1])
def test_a_bomb_is_refused_before_it_takes_memory(tmp_path: Path, interlaced: int) -> None:
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, interlaced)
    data = png_of(header, zlib.compress(bytes(2_000_000)))
    before = _peak()
    with pytest.raises(Unfit):
        _facts(tmp_path, data)
    assert _peak() - before < 50_000


async def test_what_is_refused_leaves_nothing(newsroom: Newsroom, people: People) -> None:
    folder = people.parts.settings.media_dir
    refused: dict[str, tuple[bytes, int]] = {name: (data, 415) for name, data in NONE.items() if data}
    refused |= {"nothing": (b"", 422), "bomb": (PNG_BOMB, 422)}
    for name, (data, status) in refused.items():
        response = await newsroom.send("POST", "/media", files={"file": ("picture.png", data, "image/png")})
        assert response.status_code == status, name
        assert [path for path in folder.rglob("*") if path.is_file()] == [], name
    assert (await newsroom.send("GET", "/media")).json()["items"] == []


async def test_what_is_taken_is_served_as_what_it_is(newsroom: Newsroom, people: People) -> None:
    for name, (data, content_type, width, height) in GOOD.items():
        medium = await newsroom.medium(data)
        assert (medium["content_type"], medium["width"], medium["height"]) == (content_type, width, height), name
        shown = await newsroom.client.get(medium["url"])
        assert shown.headers["content-type"] == content_type, name
        assert (len(shown.content), sha256(shown.content).hexdigest()) == (medium["size"], medium["digest"]), name
        assert shown.headers["x-content-type-options"] == "nosniff"
