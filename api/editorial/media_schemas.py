"""What the newsroom sends and gets of pictures."""

from typing import Annotated

from pydantic import Field, StrictBool

from api.problems import Use
from api.types import KnownId, Model, Note, Time
from domain.media import ImageType


class MediaForm(Model):
    """What editors say of a picture; it holds wherever a use says nothing else."""

    alt: Note = ""
    caption: Note | None = None
    credit: Note | None = None
    licence: Note | None = None
    may_be_syndicated: StrictBool = True
    """Whether partners may have it, with the articles that show it. No reader is told."""


class FocalPoint(Model):
    """What must stay in sight when the picture is cropped: how far from the left and from the top."""

    x: Annotated[float, Field(strict=True, ge=0, le=1)]
    y: Annotated[float, Field(strict=True, ge=0, le=1)]


class MediaRecordForm(MediaForm):
    """What editors say of a picture that is there."""

    focal_point: FocalPoint | None = None
    """The middle, if it is left out. Another one makes the crops anew."""


class MediaRendition(Model):
    """One form of a picture; its address is signed and good for some minutes."""

    name: str
    url: str
    width: int
    height: int
    content_type: ImageType


class Media(MediaRecordForm):
    """A picture in the library."""

    id: KnownId
    url: str
    """Signed, and good for some minutes: the picture is secret until a published article shows it."""
    content_type: ImageType
    width: int
    height: int
    size: int
    """In bytes, of what is kept and served: upright and without the file's metadata."""
    digest: str
    """SHA-256, in hexadecimal, of the same."""
    renditions: list[MediaRendition]
    placeholder: str | None
    suggested_credit: str | None
    """What the file's own metadata said of its maker. It is for editors, and applied by nobody but them."""
    version: int
    created_by: KnownId
    created_at: Time


class UsedMedia(Media):
    """A picture in the library, and where it is used."""

    used_by: list[Use]
    """Articles whose draft or publication shows it, up to 100, and contributors whose picture it is."""


class MediaPage(Model):
    """A page of pictures."""

    items: list[Media]
    next_cursor: str | None
