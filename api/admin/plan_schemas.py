"""What administrators send and get of plans."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, StrictBool, StringConstraints, Tag

from api.types import KnownId, Model, Names, Slug, WebAddress

_PERIOD = r"^P(?:[1-9][0-9]{0,3}W|(?:[1-9][0-9]{0,3}Y)?(?:[1-9][0-9]{0,3}M)?(?:[1-9][0-9]{0,3}D)?)$"

Period = Annotated[str, StringConstraints(pattern=_PERIOD, min_length=3, max_length=20), Field(examples=["P1M"])]


class Price(Model):
    """An amount of money, in an ISO 4217 currency."""

    amount: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}(?:\.[0-9]{1,4})?$")]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class Covered(Model):
    """Articles that have one of these tags, or one of these sections as their primary tag."""

    tags: list[Slug] = Field(default=[], max_length=100)
    sections: list[Slug] = Field(default=[], max_length=100)


def everything_or_some(value: object) -> object:
    """Refuse what is neither "everything" nor an object, before Pydantic says so of each by itself."""
    if value == EVERYTHING or isinstance(value, dict | Model):
        return value
    raise ValueError('It must be "everything", or an object that names some.')


def which(value: object) -> str:
    """Return the tag of what is everything or some."""
    return EVERYTHING if isinstance(value, str) else "some"


EVERYTHING = "everything"
Opened = Annotated[
    Annotated[Literal["everything"], Tag(EVERYTHING)] | Annotated[Covered, Tag("some")],
    Discriminator(which),
    BeforeValidator(everything_or_some),
]


class PlanChangeForm(Model):
    """What readers can subscribe to."""

    names: Names = Field(min_length=1, max_length=100)
    """The name by language; it is offered by the name in the article's language, or else in the default one."""
    price: Price
    period: Period
    """How long one payment lasts: an ISO 8601 duration of years, months, weeks or days."""
    trial: Period | None = None
    """How long the first subscription costs nothing, if it does."""
    url: WebAddress
    """Where it is bought."""
    opens: Opened = Field(default_factory=Covered)
    """Which of the articles for subscribers that name no plan it opens. Those that name it, it opens anyway."""
    is_offered: StrictBool = True
    """Whether readers are told of it. One that is offered no more goes on opening what it opens."""
    position: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 0
    """Its place among offers; the slug decides between equals."""


class PlanForm(PlanChangeForm):
    """What readers can subscribe to, and the slug that articles and subscriptions name it by."""

    slug: Slug
    """It can never be changed."""


class Plan(PlanForm):
    """A plan. Its times are answered as they are kept; what is sent may be looked at more closely since."""

    period: str
    """How long one payment lasts: an ISO 8601 duration."""
    trial: str | None = None
    """How long the first subscription costs nothing, if it does."""
    id: KnownId
    version: int


class PlanPage(Model):
    """A page of plans."""

    items: list[Plan]
    next_cursor: str | None
