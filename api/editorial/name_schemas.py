"""What the newsroom sends and gets of tags and contributors."""

from pydantic import Field

from api.types import Id, KnownId, Line, Model, Names, Note, Slug, WebAddress
from domain.credits import ContributorKind
from domain.tags import TagKind


class TagForm(Model):
    """A tag; a section is one too."""

    slug: Slug | None = None
    """Made from the name if it is left out."""
    name: Line
    kind: TagKind = TagKind.TOPIC
    names: Names = Field(default={}, max_length=100)
    """The name by language, where it differs."""


class Tag(TagForm):
    """A tag in the newsroom."""

    id: KnownId
    slug: Slug
    version: int


class TagPage(Model):
    """A page of tags."""

    items: list[Tag]
    next_cursor: str | None


class MergeForm(Model):
    """What something is merged into."""

    into: Slug
    """An old slug is as good as the present one."""


class WebLink(Model):
    """A place on the web where somebody is found."""

    url: WebAddress
    label: Line | None = None


class ContributorForm(Model):
    """A byline: a person or an agency. It is nobody's account."""

    slug: Slug | None = None
    """Made from the name if it is left out."""
    name: Line
    kind: ContributorKind = ContributorKind.PERSON
    bio: Note | None = None
    media_id: Id | None = None
    """A picture of the library. Everybody sees it while the contributor has a live article."""
    links: list[WebLink] = Field(default=[], max_length=20)


class Contributor(ContributorForm):
    """A byline in the newsroom."""

    id: KnownId
    slug: Slug
    version: int


class ContributorPage(Model):
    """A page of contributors."""

    items: list[Contributor]
    next_cursor: str | None
