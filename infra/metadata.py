"""What a file's own metadata says of who made it: IPTC, XMP, EXIF. A suggestion for editors and nothing more."""

import re
from collections.abc import Iterator
from contextlib import suppress
from xml.parsers import expat

MAX_CREDIT = 300
MAX_XMP = 512 * 1024
MAX_DEPTH = 64

_IPTC_RECORD = b"8BIM\x04\x04"
_IPTC_SET = re.compile(rb"\x1c\x02([\x50\x6e\x74])([\x00-\x7f].)", re.DOTALL)
_IPTC_NAMES = {b"\x6e": "credit", b"\x50": "creator", b"\x74": "copyright"}
_XMP_NAMES = {
    "http://ns.adobe.com/photoshop/1.0/ Credit": "credit",
    "http://purl.org/dc/elements/1.1/ creator": "creator",
    "http://purl.org/dc/elements/1.1/ rights": "copyright",
}
_BEST_FIRST = ("credit", "creator", "copyright")

Said = tuple[str, str]


def suggested_credit(*, iptc: bytes, xmp: bytes, artist: str, rights: str) -> str | None:
    """Return the credit that a file asks for; else its maker, else who holds the rights."""
    said = [*_iptc(iptc), *_xmp(xmp), ("creator", artist), ("copyright", rights)]
    clean = [(what, _clean(text)) for what, text in said]
    return next((text for best in _BEST_FIRST for what, text in clean if what == best and text), None)


def _clean(text: str) -> str:
    printable = "".join(one if one.isprintable() else " " for one in text)
    return " ".join(printable.split())[:MAX_CREDIT]


def _iptc(data: bytes) -> Iterator[Said]:
    """Read the data sets that matter of an IIM record (IPTC, version 4)."""
    start = max(0, data.find(_IPTC_RECORD))
    for found in _IPTC_SET.finditer(data, start):
        text = data[found.end() : found.end() + int.from_bytes(found[2], "big")]
        yield _IPTC_NAMES[found[1]], _decoded(text)


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


class _Packet:
    """Reads an XMP packet; a document type, which could hold entities that grow, ends the reading."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self._open: list[str] = []
        self._text = ""
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._read

    def read(self, data: bytes) -> list[Said]:
        """Return what was said, up to where the packet breaks off."""
        with suppress(expat.ExpatError, ValueError):
            self._parser.Parse(data.rstrip(b"\x00"), True)  # noqa: FBT003 - expat's own
        return self.said

    def _refuse(self, *_: object) -> None:
        raise ValueError("document type")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise ValueError("depth")
        self._open.append(name)
        self._text = ""
        self.said += [(_XMP_NAMES[one], text) for one, text in attributes.items() if one in _XMP_NAMES]

    def _end(self, _: str) -> None:
        what = next((_XMP_NAMES[name] for name in self._open if name in _XMP_NAMES), None)
        if what and self._text.strip():
            self.said.append((what, self._text))
        self._text = ""
        self._open.pop()

    def _read(self, text: str) -> None:
        self._text += text


def _xmp(data: bytes) -> list[Said]:
    return _Packet().read(data) if 0 < len(data) <= MAX_XMP else []
