"""What administrators send and get of licences and of their ledgers."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, StringConstraints, Tag, TypeAdapter
from pydantic import Field as Limited

from api.admin.plan_schemas import EVERYTHING, everything_or_some, which
from api.types import Id, KnownId, Language, Line, Model, Moment, Note, Slug, Time
from domain.licences import Field

LONGEST_DELAY = timedelta(days=366)
_TIME = "(?:[0-9]{1,4}H(?:[0-9]{1,5}M)?|[0-9]{1,5}M)"
_duration = TypeAdapter(timedelta)


def _delay(text: str) -> str:
    if _duration.validate_python(text) > LONGEST_DELAY:
        raise ValueError("It may last a year at most.")
    return text


Delay = Annotated[
    str,
    StringConstraints(pattern=rf"^P(?:[0-9]{{1,3}}D(?:T{_TIME})?|T{_TIME})$"),
    AfterValidator(_delay),
    Limited(examples=["PT6H"]),
]
Whole = Annotated[int, Limited(strict=True, ge=0, le=1_000_000)]


class Reach(Model):
    """Articles that have one of each kind of thing that is named here. What names nothing is about nothing."""

    tags: list[Slug] = Limited(default=[], max_length=100)
    contributors: list[Slug] = Limited(default=[], max_length=100)
    languages: list[Language] = Limited(default=[], max_length=100)
    sources: list[Line | None] = Limited(default=[], max_length=100)
    """Where articles first appeared, by their `source.name`; `null` stands for those that first appeared here."""


Reached = Annotated[
    Annotated[Literal["everything"], Tag(EVERYTHING)] | Annotated[Reach, Tag("some")],
    Discriminator(which),
    BeforeValidator(everything_or_some),
]


class LicenceChangeForm(Model):
    """What a client may take whole, when, how many, and on what terms."""

    articles: Reached
    """Which articles: `"everything"`, or those that have one of each kind that is named."""
    fields: list[Field] = Limited(default=list(Field), max_length=len(Field))
    """What of them may be left out and is not; all else comes with every one."""
    delay: Delay = "PT0M"
    """How long after its first publication an article is theirs (ISO 8601: days, hours and minutes)."""
    usage_terms: Note | None = None
    """On what terms the articles may be used. They stand in `rights`, and in ninjs in `usageTerms`."""
    starts_at: Moment | None = None
    """From now on, if it is left out."""
    ends_at: Moment | None = None
    """Until before this time; without it there is no end."""
    quota: Whole | None = None
    """How many articles that they never had they may take in a calendar month (UTC); without it any number."""


class LicenceForm(LicenceChangeForm):
    """A licence for a client, which has one at most."""

    client_id: Id


class Licence(Model):
    """A licence."""

    id: KnownId
    client_id: KnownId
    articles: Reached
    fields: list[Field]
    delay: str
    usage_terms: str | None
    starts_at: Time
    ends_at: Time | None
    quota: int | None
    is_running: bool
    """Whether it holds at this moment."""
    used: int
    """How many articles were taken for the first time this month."""
    version: int


class LicencePage(Model):
    """A page of licences."""

    items: list[Licence]
    next_cursor: str | None


class LedgerEntry(Model):
    """That an edition of an article was taken whole."""

    article_id: KnownId
    revision: int
    """Number of the publication, as readers see it."""
    taken_at: Time
    is_first: bool
    """Whether the article had never been taken before, and was not free for everybody: a quota counts these."""
    is_gone: bool
    """Whether readers have the article no more, so that the partner has to remove it."""
    acknowledged_at: Time | None
    """When the partner said that it has."""


class LedgerPage(Model):
    """A page of a ledger."""

    items: list[LedgerEntry]
    next_cursor: str | None
