"""GIF and WebP files without anything but their pictures: frames, timing, transparency.

Encoding them anew would cost quality, and for large animations more memory than a server should give. So their
containers are written anew instead: what is not named here is left out, and so is whatever follows the end.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from domain.errors import WrongMedia
from domain.media import ImageType


def copy_bare(source: Path, target: Path, content_type: ImageType, *, width: int, height: int) -> None:
    """Copy an animation or picture of this size without its metadata; keep it off the event loop."""
    with source.open("rb") as read, target.open("xb") as write:
        if content_type is ImageType.GIF:
            _copy_gif(read, write, width.to_bytes(2, "little") + height.to_bytes(2, "little"))
        else:
            _copy_webp(read, write)


def _taken(read: BinaryIO, count: int) -> bytes:
    data = read.read(count)
    if len(data) != count:
        raise _broken()
    return data


def _broken() -> WrongMedia:
    return WrongMedia("The picture is damaged: its parts do not fit together.")


# GIF89a, https://www.w3.org/Graphics/GIF/spec-gif89a.txt

_EXTENSION, _IMAGE, _TRAILER = b"\x21", b"\x2c", b"\x3b"
_GRAPHIC_CONTROL, _APPLICATION = b"\xf9", b"\xff"
_LOOPING = (b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0")
_TABLE_FOLLOWS, _TABLE_SIZE = 0x80, 0x07


def _copy_gif(read: BinaryIO, write: BinaryIO, size: bytes) -> None:
    screen = _taken(read, 13)  # may claim another size than its frames have; the decoder's word counts
    write.write(screen[:6] + size + screen[10:] + _colour_table(read, screen[10]))
    control = b""
    while (kind := read.read(1)) not in {_TRAILER, b""}:
        if kind == _EXTENSION:
            control = _copy_extension(read, write, control)
        elif kind == _IMAGE:
            place = _taken(read, 9)
            picture = _colour_table(read, place[8]) + _taken(read, 1) + _blocks(read)
            write.write(control + _IMAGE + place + picture)
            control = b""
        else:
            raise _broken()
    write.write(_TRAILER)


def _colour_table(read: BinaryIO, flags: int) -> bytes:
    return _taken(read, 3 << ((flags & _TABLE_SIZE) + 1)) if flags & _TABLE_FOLLOWS else b""


def _blocks(read: BinaryIO) -> bytes:
    """Return data sub-blocks, with the empty one that ends them."""
    found = []
    while size := _taken(read, 1):
        found.append(size + _taken(read, size[0]))
        if size == b"\x00":
            break
    return b"".join(found)


def _copy_extension(read: BinaryIO, write: BinaryIO, control: bytes) -> bytes:
    """Write an extension if it says how often to loop; return what is to stand before the next frame."""
    label, data = _taken(read, 1), _blocks(read)
    if label == _GRAPHIC_CONTROL:
        return _EXTENSION + label + data
    if label == _APPLICATION and data.startswith(_LOOPING):
        write.write(_EXTENSION + label + data)
    return control


# WebP, RFC 9649

_FRAME_HEAD = 16
_EXTENDED = b"VP8X"
_FRAME = b"ANMF"
_PICTURE = frozenset({b"VP8 ", b"VP8L", b"ALPH"})
_KEPT = _PICTURE | {_EXTENDED, b"ANIM", _FRAME}
_SAYS_METADATA = 0x20 | 0x08 | 0x04  # profile, EXIF, XMP


def _copy_webp(read: BinaryIO, write: BinaryIO) -> None:
    head = _taken(read, 12)
    end = 8 + int.from_bytes(head[4:8], "little")
    write.write(head)
    for name, size in _chunks(read, end):
        if name not in _KEPT:
            read.seek(size, 1)
        elif name == _EXTENDED:
            content = _taken(read, size)
            _write_chunk(write, name, bytes([content[0] & ~_SAYS_METADATA]) + content[1:])
        elif name == _FRAME:
            _write_chunk(write, name, _bare_frame(read, size))
        else:
            _write_chunk(write, name, _taken(read, size))
    length = write.tell()
    write.seek(4)
    write.write((length - 8).to_bytes(4, "little"))


def _chunks(read: BinaryIO, end: int) -> Iterator[tuple[bytes, int]]:
    """Yield each chunk's name and size; whoever asks for the next has read this one's content."""
    while read.tell() + 8 <= end:
        head = _taken(read, 8)
        name, size = head[:4], int.from_bytes(head[4:], "little")
        following = read.tell() + size + size % 2
        if size == 0 and name in _KEPT:
            raise _broken()
        yield name, size
        read.seek(following)


def _bare_frame(read: BinaryIO, size: int) -> bytes:
    end = read.tell() + size
    frame = _taken(read, min(size, _FRAME_HEAD))
    for name, inner in _chunks(read, end):
        if name in _PICTURE:
            content = _taken(read, inner)
            frame += name + inner.to_bytes(4, "little") + content + b"\x00" * (inner % 2)
    return frame


def _write_chunk(write: BinaryIO, name: bytes, content: bytes) -> None:
    write.write(name + len(content).to_bytes(4, "little") + content + b"\x00" * (len(content) % 2))


_JPEG_SCAN = 0xDA
_JPEG_DRAWS = frozenset({*range(0xC0, 0xD0), 0xDB, 0xDD, 0xE0, 0xEE})  # JFIF's and Adobe's own among them


def is_bare_jpeg(data: bytes) -> bool:
    """Tell whether a JPEG holds what draws the picture and nothing else; anything unusual is not bare."""
    at = 2
    while data[at : at + 1] == b"\xff" and (marker := int.from_bytes(data[at + 1 : at + 2])) in _JPEG_DRAWS | {
        _JPEG_SCAN
    }:
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
        if marker == _JPEG_SCAN:
            at = _after_scan(data, at)
    return data[:2] == b"\xff\xd8" and at == len(data) - 2 and data.endswith(b"\xff\xd9")


def _after_scan(data: bytes, at: int) -> int:
    """Return where the marker stands that ends a scan: no escaped byte, and no restart."""
    ended = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL).search(data, at)
    return ended.start() if ended else len(data)
