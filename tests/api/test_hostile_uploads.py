"""Uploads that mean harm: a clear answer, nothing left behind, and memory that ends."""

import os
import resource
import struct
import subprocess
import sys
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pytest
import pyvips
from fastapi import FastAPI

from tests.api.test_bad_uploads import file, send, upload
from tests.newsroom import Newsroom, kept_png, png, png_of
from tests.raw import everything_kept, refused

SCRIPT = b"<script>alert('zq-secret')</script>"
HEAD = ">IIBBBBB"


def archive() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr("zq-secret", SCRIPT)
    return buffer.getvalue()


def drawn(suffix: str, width: int = 40, height: int = 30) -> bytes:
    image = pyvips.Image.gaussnoise(width, height, sigma=40, mean=128, seed=7).cast("uchar")
    data: bytes = image.bandjoin([image, image]).copy(interpretation="srgb").write_to_buffer(suffix)
    return data


def gif_of(frames: int, side: int = 1) -> bytes:
    """A GIF of so many frames, each of two bytes of data."""
    head = b"GIF89a" + struct.pack("<HH", side, side) + b"\x80\x00\x00" + b"\x00" * 6
    frame = b"\x2c\x00\x00\x00\x00" + struct.pack("<HH", side, side) + b"\x00\x02\x02\x44\x01\x00"
    return head + frame * frames + b"\x3b"


def webp_of(frames: int) -> bytes:
    """An animated WebP whose last frame is there this many times."""
    page = pyvips.Image.new_from_buffer(drawn(".png"), "")
    pages = page.join(page.rot180(), "vertical").copy()
    pages.set_type(pyvips.GValue.gint_type, "page-height", 30)
    data: bytes = pages.webpsave_buffer(Q=10)
    at = data.rindex(b"ANMF")
    content = data[12:] + data[at:] * (frames - 2)
    return b"RIFF" + struct.pack("<I", len(content) + 4) + b"WEBP" + content


def black(width: int, height: int, *, colour: int = 0, interlaced: int = 0) -> bytes:
    """A PNG of one black, packed small, as far as its first megabytes go."""
    rows = zlib.compress(bytes(2_000_000), 9)
    return png_of(struct.pack(HEAD, width, height, 8, colour, 0, 0, interlaced), rows)


POLYGLOTS = {
    "GIF with a script": drawn(".gif") + SCRIPT,
    "GIF with a script in a comment": drawn(".gif")[:-1] + b"\x21\xfe\x23" + SCRIPT + b"\x00\x3b",
    "JPEG with an archive": drawn(".jpg") + archive(),
    "JPEG with a comment": drawn(".jpg")[:2] + b"\xff\xfe\x00\x25" + SCRIPT + drawn(".jpg")[2:],
    "PNG with an archive": drawn(".png") + archive(),
    "PNG with a text": png_of(struct.pack(HEAD, 1, 1, 8, 0, 0, 0, 0), zlib.compress(b"\x00\x00")) + SCRIPT,
    "WebP with an archive": drawn(".webp") + archive(),
    "WebP with a chunk": drawn(".webp") + b"zqzq\x23\x00\x00\x00" + SCRIPT + b"\x00",
}


@pytest.mark.parametrize("name", POLYGLOTS)
async def test_what_hides_in_a_picture_is_not_kept(app: FastAPI, newsroom: Newsroom, name: str) -> None:
    data = POLYGLOTS[name]
    assert b"zq-secret" in data
    if name == "WebP with a chunk":
        data = b"RIFF" + struct.pack("<I", len(data) - 8) + data[8:]
    medium = await newsroom.medium(data)
    for one in medium["renditions"]:
        shown = await newsroom.client.get(one["url"])
        assert shown.status_code == 200
        assert b"zq-secret" not in shown.content
        assert b"PK\x03\x04" not in shown.content
        assert shown.headers["content-type"] == one["content_type"]
        assert shown.headers["x-content-type-options"] == "nosniff"


BROKEN_GIF = drawn(".gif")
HOSTILE: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 422),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>", 415),
    "script that begins as a GIF": (b"GIF89a/*" + SCRIPT + b"*/=1", 415),
    "JPEG cut": (drawn(".jpg", 200, 200)[:-100], 415),
    "PNG cut": (drawn(".png", 200, 200)[:-100], 415),
    "WebP cut": (drawn(".webp", 200, 200)[:-100], 415),
    "GIF cut": (drawn(".gif", 200, 200)[:-100], 415),
    "GIF of thousands of frames": (gif_of(3000), 422),
    "GIF of many large frames": (gif_of(900, 3000), 422),
    "GIF of a huge screen": (gif_of(1, 65535), 422),
    "WebP of thousands of frames": (webp_of(3000), 422),
    "PNG of 30000 by 30000": (black(30_000, 30_000), 422),
    "PNG of 2 by a million": (black(2, 1_000_000), 422),
    "interlaced PNG": (black(8000, 8000, colour=2, interlaced=1), 422),
    "PNG with transparency": (black(8000, 8000, colour=6), 422),
    "PNG that promises more than it has": (black(8000, 8000), 415),
}


async def test_what_means_harm_is_refused_and_leaves_nothing(app: FastAPI, newsroom: Newsroom) -> None:
    await newsroom.medium()
    before = await everything_kept(app)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, (data, status) in HOSTILE.items():
        for filename in ("x.png", "../../x", "x.svg", "/etc/passwd"):
            refused(await send(app, newsroom, upload(file(data, filename))), status, note=name)
        assert await everything_kept(app) == before, name
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 100_000


async def test_the_bombs_would_be_pictures_if_they_were_small(newsroom: Newsroom) -> None:
    for data, frames in ((gif_of(3), 3), (webp_of(3), 3)):
        medium = await newsroom.medium(data)
        shown = await newsroom.client.get(medium["url"])
        assert pyvips.Image.new_from_buffer(shown.content, "").get("n-pages") == frames
    assert (await newsroom.medium(black(30, 30)))["width"] == 30
    assert (await newsroom.medium(kept_png(3, 3)))["size"] == len(kept_png(3, 3))
    assert (await newsroom.medium(png(2, 2)))["height"] == 2


async def test_a_gif_is_as_large_as_its_frames_and_not_as_it_claims(newsroom: Newsroom) -> None:
    claims = gif_of(2)
    medium = await newsroom.medium(claims[:6] + struct.pack("<HH", 60_000, 60_000) + claims[10:])
    shown = (await newsroom.client.get(medium["url"])).content
    assert struct.unpack("<HH", shown[6:10]) == (medium["width"], medium["height"]) == (1, 1)


LARGEST = """
import asyncio, pathlib, sys, tempfile
import api.app
import pyvips
from infra.darkroom import Darkroom

def noise(width, height, bands):
    small = pyvips.Image.gaussnoise(width // 8, height // 8, sigma=40, mean=128, seed=3).cast("uchar")
    image = small.resize(8)
    return image.bandjoin([image] * (bands - 1)).copy(interpretation="srgb")

def make(folder):
    kind, width, height, bands, options, turned = sys.argv[2:]
    image = noise(int(width), int(height), int(bands)).copy()
    if turned == "1":
        image.set_type(pyvips.GValue.gint_type, "orientation", 6)
    image.write_to_file(str(folder / f"x.{kind}") + options)

async def develop(folder):
    widths = {"small": 480, "medium": 960, "large": 1600}
    room = Darkroom(max_pixels=80_000_000, widths=widths, new_key=lambda: "key")
    (path,) = folder.glob("x.*")
    made = await room.develop(path, folder)
    print(len(made.renditions), most_held())

def most_held():  # not `ru_maxrss`: that begins with what the process that started this one held
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])

folder = pathlib.Path(sys.argv[1])
make(folder) if len(sys.argv) > 2 else asyncio.run(develop(folder))
"""
AT_THE_LIMIT = [
    ("jpg", 10_000, 8_000, 3, "", False),
    ("jpg", 16_000, 4_992, 3, "", False),
    ("jpg", 8_000, 5_400, 3, "", True),
    ("jpg", 6_000, 3_600, 3, "[interlace=true,subsample_mode=off]", False),
    ("png", 10_000, 8_000, 3, "[compression=1]", False),
    ("png", 8_000, 4_160, 4, "[compression=1]", False),
    ("png", 8_000, 5_400, 3, "[compression=1,interlace=true]", False),
    ("webp", 2_880, 2_880, 4, "[effort=0]", False),
    ("webp", 3_660, 3_660, 3, "[effort=0]", False),
    ("gif", 3_330, 3_330, 3, "[effort=1]", False),
]


@pytest.mark.deep
@pytest.mark.parametrize(("kind", "width", "height", "bands", "options", "turned"), AT_THE_LIMIT)
def test_a_process_that_takes_the_largest_pictures_stays_small(
    tmp_path: Path, kind: str, width: int, height: int, bands: int, options: str, turned: bool
) -> None:
    made = [kind, str(width), str(height), str(bands), options, str(int(turned))]
    run = [sys.executable, "-c", LARGEST, str(tmp_path)]
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    subprocess.run([*run, *made], check=True, timeout=120, env=unmeasured)
    measured = subprocess.run(run, check=True, timeout=120, capture_output=True, text=True, env=unmeasured)
    said = measured.stdout.split()
    assert int(said[0]) >= 2
    assert int(said[1]) < 300_000, "KiB"
