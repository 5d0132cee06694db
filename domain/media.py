"""Pictures: the facts of the file, the sizes that it comes in, and what an editor says of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.articles import Draft, LeadImage
from domain.body import Image
from domain.errors import Flaw


class ImageType(StrEnum):
    """The kinds of picture that are taken, decided by their content."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    GIF = "image/gif"


ORIGINAL = "original"
ORIGINAL_KEY = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the kept bytes say: type, size in pixels and in bytes, SHA-256 in hexadecimal."""

    content_type: ImageType
    width: int
    height: int
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Rendition:
    """A form that the picture is served in; `key` tells its file from the picture's others."""

    name: str
    key: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class Focus:
    """What must stay in sight when the picture is cropped: from the left and from the top, 0 to 1."""

    x: float
    y: float


CENTRE = Focus(0.5, 0.5)


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture, in pixels."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Medium:
    """A picture in the library. `alt`, `caption` and `credit` hold wherever a use says nothing else.

    `facts` are of what is kept and served. `uploaded_digest` is of the file as it came, before anything was
    taken out of it. `suggested_credit` is what that file said of its maker; no reader ever gets it, nor
    `may_be_syndicated`, which says whether partners may have the picture.
    """

    id: str
    facts: Facts
    alt: str
    caption: str | None
    credit: str | None
    licence: str | None
    created_by: str
    created_at: datetime
    version: int = 1
    uploaded_digest: str | None = None
    renditions: tuple[Rendition, ...] = ()
    placeholder: str | None = None
    focal_point: Focus | None = None
    suggested_credit: str | None = None
    may_be_syndicated: bool = True

    @property
    def representations(self) -> tuple[Rendition, ...]:
        """All forms that it is served in, the original first."""
        return (Rendition(ORIGINAL, ORIGINAL_KEY, self.facts), *self.renditions)

    def represented_as(self, name: str) -> Rendition | None:
        """Return the form of this name, if there is one."""
        return next((one for one in self.representations if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of a picture with sides in this proportion, no wider than this."""

    across: int
    down: int
    width: int

    def around(self, focus: Focus, *, width: int, height: int) -> Box:
        """Return the largest such part of a picture, with the focus as near to its middle as can be."""
        across = max(1, min(width, height * self.across // self.down))
        down = max(1, min(height, across * self.down // self.across))
        left, top = _start(focus.x, across, width), _start(focus.y, down, height)
        return Box(left, top, across, down)


CROPS: Mapping[str, Crop] = {"square": Crop(1, 1, 1000), "wide": Crop(16, 9, 1600)}


def _start(focus: float, length: int, whole: int) -> int:
    return min(max(0, round(focus * whole - length / 2)), whole - length)


def flaws_of_pictures(draft: Draft, media: Mapping[str, Medium]) -> tuple[Flaw, ...]:
    """Return what must still be said of a draft's pictures before it is published.

    Each needs an alternative text, a caption and a credit, its own or the library's, and a licence in the library.
    """
    uses: list[tuple[str, LeadImage | Image]] = [("/lead_image", draft.lead_image)] if draft.lead_image else []
    uses += [(f"/body/{at}", block) for at, block in enumerate(draft.body) if isinstance(block, Image)]
    return tuple(flaw for pointer, use in uses for flaw in _flaws(pointer, use, media.get(use.media_id)))


def said_no_more(before: Medium, after: Medium) -> tuple[str, ...]:
    """Return what a publication needs that was said of a picture and is not any more."""
    return tuple(
        name
        for name in (*_SAID, "licence")
        if (getattr(before, name) or "").strip() and not (getattr(after, name) or "").strip()
    )


_SAID = {"alt": "an alternative text", "caption": "a caption", "credit": "a credit"}


def _flaws(pointer: str, use: LeadImage | Image, medium: Medium | None) -> Iterator[Flaw]:
    if medium is None:
        yield Flaw(f"{pointer}/media_id", "There is no such picture. Upload it first.")
        return
    for name, missing in _SAID.items():
        own = getattr(use, name)
        said = getattr(medium, name) if own is None else own
        if not (said or "").strip():
            yield Flaw(f"{pointer}/{name}", f"The picture needs {missing}, here or in its own record.")
    if not (medium.licence or "").strip():
        yield Flaw(f"{pointer}/media_id", "The picture needs a licence in its own record.")
