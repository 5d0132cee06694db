"""Canaries: unique words, ids and digests, who may meet them, and how to find them in whatever is sent."""

import binascii
import gzip
import html
import logging
import random
import re
import string
import sys
import unicodedata
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from urllib.parse import unquote_plus

import brotli
import httpx

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ADMIN = frozenset({"admin"})
STAFF = frozenset({"editor", "admin"})
WRITER = STAFF | {"writer"}
NEWSROOM = WRITER | {"colleague"}
PLANNED = STAFF | {"planned"}
SUBSCRIBED = PLANNED | {"subscriber", "outsider"}
COVERED = SUBSCRIBED | {"covered"}
LICENSED = COVERED | {"program"}
REGISTERED = COVERED | NEWSROOM | {"reader"}
TILLS = frozenset({"cashier", "till"})
EVERYBODY = REGISTERED | TILLS | {"anonymous", "partner", "program"}
NOBODY: frozenset[str] = frozenset()

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_TOKEN = re.compile(rf"qz[a-z]{{10}}|{_UUID}|[0-9a-f]{{24}}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){12,}")
_TAG = re.compile(r"<[^>]*>")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
_PLACEHOLDER = re.compile(rb"data:image/webp;base64,[A-Za-z0-9+/]+=*")
_CHANGING = re.compile(r"[0-9a-f]{32}|[\d.]+m?s\b|0x[0-9a-f]+")  # ids of requests, times, addresses of objects
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_URLSAFE = str.maketrans("+/", "-_")
_DECODE = {"br": brotli.decompress, "zstd": zstd.decompress, "gzip": gzip.decompress, "": bytes}


class Canaries:
    """Makes words that stand nowhere else, and remembers who may meet each."""

    def __init__(self, seed: int = 0) -> None:
        self.audience: dict[str, frozenset[str]] = {}
        self._random = random.Random(seed)

    def word(self, audience: frozenset[str]) -> str:
        word = "qz" + "".join(self._random.choices(string.ascii_lowercase, k=10))
        return self.told(word, audience)

    def told(self, needle: str, audience: frozenset[str]) -> str:
        """Remember something that is a canary by itself: an id, a digest. More readers may be added later."""
        self.audience[needle] = self.audience.get(needle, NOBODY) | audience
        return needle

    def in_text(self, text: str) -> set[str]:
        return tokens_in(text) & self.audience.keys()

    def some_words(self, count: int = 1) -> list[str]:
        """Return a few words of each kind of readers who may meet them."""
        words: dict[frozenset[str], list[str]] = {}
        for one, audience in self.audience.items():
            if one.startswith("qz") and len(words.setdefault(audience, [])) < count:
                words[audience].append(one)
        return [word for some in words.values() for word in some]

    def due(self, person: str) -> set[str]:
        return {one for one, audience in self.audience.items() if person in audience}


def unpacked(coding: str, raw: bytes) -> bytes:
    """Undo a content coding."""
    return bytes(_DECODE[coding](raw)) if raw else raw


def plain_bytes(response: httpx.Response, raw: bytes) -> bytes:
    """Return a body without its content coding."""
    return unpacked(response.headers.get("content-encoding", ""), raw)


def told_by(response: httpx.Response, raw: bytes) -> str:
    """Return everything that an answer says: status line, header fields, body as sent and decoded."""
    fields = "\n".join(f"{name}: {value}" for name, value in response.headers.multi_items())
    said = "\n".join(_as_text(body) for body in dict.fromkeys((raw, plain_bytes(response, raw))))
    return f"{response.status_code} {response.reason_phrase}\n{fields}\n{said}\n{pictures_in(response, raw)}"


def digest_of(picture: bytes) -> str:
    """Return the canary of a picture's bytes: as much of their digest as its entity tag has."""
    return sha256(picture).hexdigest()[:24]


def pictures_in(response: httpx.Response, raw: bytes) -> str:
    """Return the digests of the pictures that an answer holds: as its body, or as `data:` addresses."""
    body = plain_bytes(response, raw)
    return "\n".join(digest_of(one) for one in (body, *_PLACEHOLDER.findall(body)))


def _as_text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("latin-1")


def tokens_in(text: str) -> set[str]:
    """Return what looks like a canary, also where it is escaped, encoded, folded or torn by tags."""
    plain = _unescaped(text)
    forms = {text, plain, _TAG.sub("", plain), *_decoded(plain)}
    return {token for form in forms for token in _TOKEN.findall(_folded(form))}


def _unescaped(text: str) -> str:
    text = _ESCAPE.sub(lambda found: chr(int(found.group(1), 16)), text)
    return unquote_plus(html.unescape(html.unescape(text)))  # twice: HTML in XML


def _folded(text: str) -> str:
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold()


def _decoded(text: str) -> Iterator[str]:
    """Return what runs of base64 (from each of four places) and of hexadecimal digits say."""
    runs = set(_BASE64.findall(text))
    for start in range(4):
        yield "\n".join(_from_base64(run[start:]) for run in runs)
    yield "\n".join(binascii.unhexlify(run).decode("latin-1") for run in set(_HEX.findall(text)))


def _from_base64(run: str) -> str:
    whole = run[: len(run) - 1] if len(run) % 4 == 1 else run
    return urlsafe_b64decode(whole.translate(_URLSAFE) + "=" * (-len(whole) % 4)).decode("latin-1")


class _Ear(logging.Handler):
    def __init__(self, lines: set[str]) -> None:
        super().__init__(logging.DEBUG)
        self.lines = lines
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(("httpx", "httpcore")):  # the test's own client
            self.lines.add(_CHANGING.sub("", self.format(record)))


@contextmanager
def listening() -> Iterator[set[str]]:
    """Collect every line that any logger writes, all of them at DEBUG, tracebacks included; each once."""
    lines: set[str] = set()
    ear, root = _Ear(lines), logging.getLogger()
    loggers = [
        root,
        *(one for one in logging.Logger.manager.loggerDict.values() if isinstance(one, logging.Logger)),
    ]
    before = [(one, one.level, one.disabled) for one in loggers]
    for one in loggers:
        one.setLevel(logging.DEBUG)
        one.disabled = False
    ends = [one for one in loggers if one is root or not one.propagate]
    handlers = [(one, one.handlers) for one in ends]
    for one in ends:
        one.handlers = [ear]  # alone, for speed
    try:
        yield lines
    finally:
        for one, heard in handlers:
            one.handlers = heard
        for one, level, disabled in before:
            one.setLevel(level)
            one.disabled = disabled


@contextmanager
def deaf() -> Iterator[None]:
    """Let no logger write: half of the time of a walk is its log, and another walk hears that."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
