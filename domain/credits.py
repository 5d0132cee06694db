"""Who made an article: contributors, the credits that name them, and where a piece first appeared."""

from dataclasses import dataclass
from enum import StrEnum


class CreditRole(StrEnum):
    """What a contributor did for an article."""

    AUTHOR = "author"
    TRANSLATOR = "translator"
    PHOTOGRAPHER = "photographer"
    ILLUSTRATOR = "illustrator"
    EDITOR = "editor"
    CONTRIBUTOR = "contributor"
    AGENCY = "agency"


class ContributorKind(StrEnum):
    """Whether a byline stands for somebody or for an agency."""

    PERSON = "person"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class WebLink:
    """A place on the web where somebody is found; `label` says what it is."""

    url: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Contributor:
    """A byline: a public name, which is nobody's account. `media_id` is its picture."""

    id: str
    slug: str
    name: str
    kind: ContributorKind = ContributorKind.PERSON
    bio: str | None = None
    media_id: str | None = None
    links: tuple[WebLink, ...] = ()
    version: int = 1


@dataclass(frozen=True, slots=True)
class Credit:
    """One contributor's part in an article; `note` is printed with the name («translated from Russian»)."""

    role: CreditRole
    contributor_id: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a republished piece first appeared."""

    name: str
    url: str | None = None
    title: str | None = None
    language: str | None = None
    published_at: str | None = None


@dataclass(frozen=True, slots=True)
class Rights:
    """Who holds the rights in an article, and on what terms it may be used."""

    holder: str | None = None
    notice: str | None = None
    usage_terms: str | None = None
