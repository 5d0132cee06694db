"""Pictures: the facts of the file, and what an editor says of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ImageType(StrEnum):
    """The kinds of picture that are taken, decided by their content."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    GIF = "image/gif"


ORIGINAL = "original"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the bytes say: type, size in pixels and in bytes, SHA-256 in hexadecimal."""

    content_type: ImageType
    width: int
    height: int
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Medium:
    """A picture in the library. `alt`, `caption` and `credit` hold wherever a use says nothing else."""

    id: str
    facts: Facts
    alt: str
    caption: str | None
    credit: str | None
    licence: str | None
    created_by: str
    created_at: datetime
    version: int = 1
