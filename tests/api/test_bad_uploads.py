"""Uploads that are no pictures, or no uploads: refused, and no file is left."""

import gc
import struct
import zlib
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from infra.settings import Settings
from tests.newsroom import Newsroom, png, png_of
from tests.raw import MARKER, Answer, everything_kept, files_under, refused, send_raw

PATH = "/v1/editorial/media"
BOUNDARY = "a-boundary"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
LIMIT = 200_000


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"max_upload_bytes": LIMIT})


def part(name: str, content: bytes, filename: str | None = None, kind: str = "image/png") -> bytes:
    said = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
    typed = f"\r\nContent-Type: {kind}" if filename is not None else ""
    return f"--{BOUNDARY}\r\nContent-Disposition: {said}{typed}\r\n\r\n".encode() + content + b"\r\n"


def upload(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def file(content: bytes, filename: str = "x.png") -> bytes:
    return part("file", content, filename)


def jpeg() -> bytes:
    """A JPEG of one grey square, by the book: baseline, one component, tables of one code each."""
    tables = b"\xff\xdb\x00\x43\x00" + b"\x01" * 64
    frame = b"\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00"
    codes = b"".join(b"\xff\xc4\x00\x14" + kind + b"\x01" + b"\x00" * 15 + b"\x00" for kind in (b"\x00", b"\x10"))
    return b"\xff\xd8" + tables + frame + codes + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x3f\xff\xd9"


def bomb(width: int, height: int) -> bytes:
    """A PNG of so many black pixels, packed small."""
    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(b"\x00" * (width // 8 + 1)) for _ in range(height)) + rows.flush()
    return png_of(struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0), data)


NOISE = bytes((at * 7919 + at // 251) % 256 for at in range(4000))
NO_PICTURES: list[tuple[bytes, tuple[int, ...]]] = [
    (b"", (422,)),
    (MARKER.encode(), (415,)),
    (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", (415,)),
    (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", (415,)),
    (b"<!doctype html><script>alert(1)</script>", (415,)),
    (b"%PDF-1.7\n", (415,)),
    (b"BM" + b"\x00" * 60, (415,)),
    (b"II*\x00" + b"\x00" * 60, (415,)),
    (b"\x00\x00\x00\x1cftypavif" + b"\x00" * 60, (415,)),
    (b"%!PS-Adobe", (415,)),
    (b"RIFF\x10\x00\x00\x00WAVE", (415,)),
    (png()[:8], (415,)),
    (png()[:20], (415,)),
    (png()[:-20], (415,)),
    (png(200, 200)[:-30], (415,)),
    (png().replace(b"IDAT", b"IDOT"), (415,)),
    (b"\xff\xd8\xff", (415,)),
    (jpeg()[:-4], (415,)),
    (jpeg()[:40], (415,)),
    (b"\xff\xd8\xff\xe0" + NOISE, (415,)),
    (b"GIF89a", (415,)),
    (b"GIF89a" + NOISE, (415,)),
    (b"RIFF\x10\x00\x00\x00WEBPVP8 " + NOISE, (415,)),
    (b"\x89PNG\r\n\x1a\n" + NOISE, (415,)),
    (png_of(struct.pack(">IIBBBBB", 0, 0, 8, 2, 0, 0, 0), zlib.compress(b"")), (415, 422)),
    (png_of(struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 2, 0, 0, 0), b""), (415, 422)),
]


async def send(app: FastAPI, newsroom: Newsroom, body: bytes | Iterator[bytes], kind: str = TYPE) -> Answer:
    return await send_raw(app, "POST", PATH, headers={**newsroom.headers, "Content-Type": kind}, body=body)


async def test_the_pictures_that_are_spoiled_here_are_good_when_they_are_not(
    app: FastAPI, newsroom: Newsroom
) -> None:
    for data, kind in ((png(), "image/png"), (jpeg(), "image/jpeg"), (bomb(800, 10), "image/png")):
        made = await send(app, newsroom, upload(file(data)))
        assert (made.status, made.json()["content_type"]) == (201, kind)


async def test_what_is_no_picture_is_refused(app: FastAPI, newsroom: Newsroom) -> None:
    before = await everything_kept(app)
    for data, statuses in NO_PICTURES:
        answer = await send(app, newsroom, upload(file(data), part("alt", MARKER.encode())))
        problem = refused(answer, *statuses, note=data[:40])
        assert answer.status != 422 or problem["errors"][0]["pointer"] == "/file"
    assert await everything_kept(app) == before


async def test_a_pixel_bomb_is_refused(app: FastAPI, newsroom: Newsroom) -> None:
    before = await everything_kept(app)
    data = bomb(20_000, 20_000)
    assert len(data) < LIMIT
    problem = refused(await send(app, newsroom, upload(file(data))), 422)
    assert problem["errors"][0]["pointer"] == "/file"
    assert await everything_kept(app) == before


async def test_too_large_a_file_is_refused_with_and_without_a_length(app: FastAPI, newsroom: Newsroom) -> None:
    before = await everything_kept(app)
    large = upload(file(png() + b"\x00" * LIMIT))
    refused(await send(app, newsroom, large), 413)
    refused(await send(app, newsroom, iter([large])), 413)
    larger = upload(file(png() + b"\x00" * (20 * LIMIT)))
    answer = await send(app, newsroom, larger)
    refused(answer, 413)
    assert answer.bytes_read == 0
    chunks = (larger[at : at + 50_000] for at in range(0, len(larger), 50_000))
    answer = await send(app, newsroom, chunks)
    refused(answer, 413)
    assert answer.bytes_read < 3 * LIMIT
    assert await everything_kept(app) == before


GOOD = file(png())
NO_UPLOADS: list[tuple[bytes, tuple[int, ...]]] = [
    (b"", (400, 422)),
    (upload(), (400, 422)),
    (upload(part("alt", b"x")), (422,)),
    (upload(part("file", png())), (400, 422)),
    (upload(part("file", b"x" * 100)), (422,)),
    (upload(GOOD, GOOD), (400, 422)),
    (upload(GOOD, part("other", png(), "y.png")), (400, 422)),
    (upload(GOOD, part("surplus", MARKER.encode())), (422,)),
    (upload(GOOD, part("id", MARKER.encode())), (422,)),
    (upload(GOOD, part("alt", b"x"), part("alt", MARKER.encode())), (422,)),
    (upload(GOOD, part("file", MARKER.encode())), (400, 422)),
    (upload(GOOD, part("alt", b"x" * 2001)), (422,)),
    (upload(GOOD, part("alt", b"a\x00b")), (422,)),
    (upload(GOOD, part("alt", b"x", "alt.txt")), (400, 422)),
    (upload(GOOD, *(part(f"f{at}", b"x") for at in range(50))), (400, 422)),
    (upload(GOOD, part("x" * 10_000, b"x")), (400, 422)),
    (upload(GOOD, part("alt", b"x" * 60_000)), (422,)),
    (upload(GOOD).replace(BOUNDARY.encode(), b"another"), (400,)),
    (b"\r\n\r\n" * 100, (400, 422)),
    (b"--" + BOUNDARY.encode(), (400, 422)),
    (b"--" + BOUNDARY.encode() + b"\r\n" + b"X: y\r\n" * 5_000, (400, 413)),
    (upload(b"--" + BOUNDARY.encode() + b"\r\n\r\nx\r\n"), (400,)),
    (MARKER.encode(), (400,)),
]


async def test_what_is_no_upload_is_refused(app: FastAPI, newsroom: Newsroom) -> None:
    before = await everything_kept(app)
    for body, statuses in NO_UPLOADS:
        refused(await send(app, newsroom, body), *statuses, note=(body[:60], len(body)))
    assert await everything_kept(app) == before


@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
async def test_an_upload_that_breaks_off_is_refused(app: FastAPI, newsroom: Newsroom) -> None:
    before = await everything_kept(app)
    for body in (GOOD, GOOD[:-10], upload(part("alt", b"x"), GOOD)[:-40]):
        refused(await send(app, newsroom, body), 400, 422)
    gc.collect()  # Starlette leaves the part that broke off to the collector, which Python warns of
    assert await everything_kept(app) == before


async def test_an_upload_of_another_type_or_without_a_boundary_is_refused(
    app: FastAPI, newsroom: Newsroom
) -> None:
    before = await everything_kept(app)
    body = upload(GOOD)
    for kind, statuses in (
        ("", (415,)),
        ("image/png", (415,)),
        ("application/json", (415,)),
        ("application/x-www-form-urlencoded", (415,)),
        ("multipart/mixed; boundary=a-boundary", (415,)),
        ("multipart/form-data", (400,)),
        ("multipart/form-data; boundary=", (400,)),
        ("multipart/form-data; boundary=other", (400,)),
        ("multipart/form-data; boundary=" + "x" * 5_000, (400,)),
        ("multipart/form-data; boundary=\xe9", (400,)),
        ("multipart/form-data; boundary=a-boundary; charset=no-such", (400, 415, 422)),
    ):
        given = body if "charset" not in kind else upload(GOOD, part("alt", b"x"), part("surplus", b"y"))
        refused(await send(app, newsroom, given, kind), *statuses, note=kind[:80])
    assert await everything_kept(app) == before


NAMES = [
    "../../../etc/passwd",
    "..\\..\\x.png",
    "/etc/x",
    "a\x00.png",
    "x" * 5_000,
    "",
    ".",
    "x.svg",
    "x.html",
    "é.png",
]


async def test_a_files_name_decides_nothing(app: FastAPI, newsroom: Newsroom, settings: Settings) -> None:
    saved = set()
    for at, name in enumerate(NAMES):
        answer = await send(app, newsroom, upload(file(png(shade=at), name)))
        if answer.status != 201:
            refused(answer, 400, 422, note=name[:40])
            continue
        saved.add(answer.json()["id"])
        assert answer.json()["content_type"] == "image/png"
    assert saved
    names = {path.rpartition("/")[2] for path, _ in files_under(settings.media_dir)}
    assert {name.partition(".")[0] for name in names} == saved
    assert {path for path, _ in files_under(settings.data_dir)} == {
        path for path, _ in files_under(settings.media_dir)
    }


async def test_a_charset_that_is_not_utf_8_is_refused(newsroom: Newsroom) -> None:
    for charset in ("undefined", "punycode", "utf-7", "unicode_escape", "latin-1", ""):
        kind = {"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"}
        body = b'--x\r\nContent-Disposition: form-data; name="alt"\r\n\r\na\r\n--x--\r\n'
        answer = await newsroom.send("POST", "/media", content=body, headers=kind)
        assert answer.status_code in {415, 422}, charset
