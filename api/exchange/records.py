"""Records: what stands on one line of a file that is imported or was exported."""

import uuid
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, TypeAdapter, model_validator

from api.editorial.blocks import MAX_BLOCKS, Block
from api.editorial.media_schemas import MediaRecordForm
from api.editorial.name_schemas import ContributorForm, TagForm
from api.editorial.schemas import ArticleForm, WrittenForm
from api.types import UUID, Id, Model, Moment, Note, Slug
from domain.articles import Correction as Corrected
from domain.imports import Release
from domain.workflow import DraftState

ExternalId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Count = Annotated[int, Field(strict=True, ge=1)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
OldSlugs = Annotated[list[Slug], Field(max_length=100)]


def id_of(kind: str, external_id: str) -> str:
    """Return the id of what is called so elsewhere: the name itself if it is an id, or else one made of it.

    That one is a UUIDv7 of the first millisecond, so that it is sorted before all that is made here; its random
    bits are the name's. So a record can name another one before that has come.
    """
    if UUID.fullmatch(external_id):
        return external_id.lower()
    bits = int.from_bytes(sha256(f"{kind} {external_id}".encode()).digest()[:10])
    return str(uuid.UUID(int=0x7 << 76 | (bits >> 62 & 0xFFF) << 64 | 0b10 << 62 | bits & (1 << 62) - 1))


class Record(Model):
    """What every record may have: its name where it comes from, which an import knows it by, and its id here."""

    type: str
    external_id: ExternalId | None = None
    id: Id | None = None
    """Kept if it is free. Without it, one is made of `external_id`."""

    @property
    def what(self) -> str:
        """What it is of."""
        return self.type

    @property
    def key(self) -> str:
        """What an import knows it by: `external_id`, or else `id`, or else the slug."""
        return self.external_id or self.id or str(getattr(self, "slug", None))

    @property
    def own_id(self) -> str:
        """The id that it has if it is new."""
        return self.id or id_of(self.what, self.key)

    def named(self) -> Self:
        """Return the record, if it has a name that it is known by when it comes again."""
        if self.external_id is None and self.id is None:
            raise ValueError("It needs an `external_id`, so that it is known when it comes again.")
        return self


class TagRecord(TagForm, Record):
    """A tag."""

    type: Literal["tag"]
    slug: Slug
    old_slugs: OldSlugs = Field(default=[])
    """Slugs that it had before, of its own or of what was merged into it."""
    version: Count = 1


class ContributorRecord(ContributorForm, Record):
    """A byline."""

    type: Literal["contributor"]
    slug: Slug
    old_slugs: OldSlugs = Field(default=[])
    version: Count = 1


class MediaRecord(MediaRecordForm, Record):
    """A picture, and what editors say of it."""

    type: Literal["media"]
    file: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    """Where the file is, from the folder of the records."""
    version: Count = 1
    created_by: Id | Literal[""] = ""
    created_at: Moment | None = None
    digest: Digest | None = None
    """SHA-256 of the file. One that is bare and upright already is then taken as it is."""
    uploaded_digest: Digest | None = None
    """SHA-256 of the file that it was made of once, so that this one is known when it comes again."""
    suggested_credit: Note | None = None

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        return self.named()


class Correction(Model):
    """What was wrong, as the public is told."""

    at: Moment
    text: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class Teaser(Model):
    """What everybody reads of an edition, as it was cut."""

    body: list[Block] = Field(max_length=MAX_BLOCKS)
    remaining_percent: Annotated[int, Field(strict=True, ge=0, le=100)]


class Edition(Model):
    """An edition that was made here: of which draft, when it was public, and what everybody may read of it."""

    number: Count
    draft_revision: Count
    group_id: Id
    state: Literal["live", "scheduled", "unpublished", "withdrawn", "superseded"]
    published_at: Moment
    updated_at: Moment
    live_from: Moment
    live_until: Moment | None = None
    replaced_at: Moment | None = None
    public_note: str | None = None
    corrections: list[Correction] = Field(default=[])
    reading_minutes: Count
    teaser: Teaser | None = None
    """Left out where it is the whole."""


class Save(Model):
    """A revision: who saved it, when, and what they said of it."""

    number: Count
    version: Annotated[int, Field(strict=True, ge=0)]
    note: str | None = None
    created_by: str = Field(max_length=36)
    created_at: Moment
    draft: ArticleForm | None = None
    """Left out of the last one, which is the record's own fields."""


class History(Model):
    """All that an article has been here. `standfirst export` writes it, so that nothing is lost."""

    group_id: Id
    version: Count
    state: DraftState
    created_by: str = Field(max_length=36)
    created_at: Moment
    updated_at: Moment
    revisions: list[Save] = Field(min_length=1)
    publications: list[Edition] = Field(default=[])

    @model_validator(mode="after")
    def _is_one_story(self) -> Self:
        saves, made = [one.number for one in self.revisions], [one.number for one in self.publications]
        if saves != list(range(1, len(saves) + 1)):
            raise ValueError("`revisions` must be numbered from 1, with none left out.")
        if made != sorted(set(made)):
            raise ValueError("`publications` must stand in the order of their numbers, each once.")
        if any(one.draft_revision > len(saves) for one in self.publications):
            raise ValueError("A publication is of a revision that is not there.")
        if [one.draft is None for one in self.revisions] != [False] * (len(saves) - 1) + [True]:
            raise ValueError("Every revision but the last has a `draft`.")
        states = [one.state for one in self.publications]
        if max(states.count("live"), states.count("scheduled")) > 1:
            raise ValueError("One publication can be live, and one scheduled.")
        return self


class ArticleRecord(WrittenForm, Record):
    """An article: the working draft, and what had become of it."""

    type: Literal["article"]
    publish: bool = Field(default=False, strict=True)
    """Whether it was published, or will be at `published_at`."""
    published_at: Moment | None = None
    updated_at: Moment | None = None
    live_until: Moment | None = None
    corrections: list[Correction] = Field(default=[], max_length=100)
    withdrawn: Note | None = None
    """Why it was withdrawn, as the public is told."""
    old_slugs: OldSlugs = Field(default=[])
    """Slugs that it was public under before."""
    history: History | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        told = self.model_fields_set & _OF_A_RELEASE
        if self.history and (self.publish or told or self.body_html or self.body_markdown or self.slug is None):
            raise ValueError(
                "With a `history` there is `slug` and `body`, and nothing of a publication beside it."
            )
        if told and not self.publish:
            raise ValueError("What tells of a publication needs `publish`.")
        if self.published_at and any(
            end and end < self.published_at for end in (self.updated_at, self.live_until)
        ):
            raise ValueError("`updated_at` and `live_until` must come after `published_at`.")
        return self.named()

    def release(self) -> Release | None:
        """Return what had become of it, if anything."""
        if not self.publish:
            return None
        return Release(
            self.published_at,
            self.updated_at,
            self.live_until,
            tuple(Corrected(one.at, one.text) for one in self.corrections),
            self.withdrawn,
            tuple(dict.fromkeys(self.old_slugs)),
        )


_OF_A_RELEASE = {"published_at", "updated_at", "live_until", "corrections", "withdrawn", "old_slugs"}
AnyRecord = Annotated[TagRecord | ContributorRecord | MediaRecord | ArticleRecord, Field(discriminator="type")]
KINDS: dict[str, type[Record]] = {
    "tag": TagRecord,
    "contributor": ContributorRecord,
    "media": MediaRecord,
    "article": ArticleRecord,
}


Names = Mapping[tuple[str, str], str]


def names_in(sent: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the external ids, each with its kind, by which a parsed record names pictures and articles."""
    for holder, key, kind in _places(sent):
        if isinstance(name := holder[key], str):
            yield kind, name.strip()


def put_ids(sent: dict[str, Any], known: Names) -> None:
    """Put ids in their places: those that are known, or else those that their records will have."""
    for holder, key, kind in list(_places(sent)):
        if isinstance(name := holder[key], str):
            holder[key] = known.get((kind, name.strip())) or id_of(kind, name.strip())


def _places(sent: dict[str, Any]) -> Iterator[tuple[Any, Any, str]]:
    """Yield what holds a name, under which key, and the name's kind."""
    body, related = sent.get("body"), sent.get("related")
    for one in (sent, sent.get("lead_image"), *(body if isinstance(body, list) else ())):
        if isinstance(one, dict):
            yield from ((one, key, kind) for key, kind in _NAMING.items() if key in one)
    if isinstance(related, list):
        yield from ((related, at, "article") for at in range(len(related)))


_NAMING = {"media_id": "media", "article_id": "article", "translation_of": "article"}


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a record."""
    described = TypeAdapter[Any](AnyRecord).json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Record", **described}
