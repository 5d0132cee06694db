"""Licences: which articles a partner may take whole, what of them, when, how many, and on what terms."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.errors import Flaw, Unfit

MINUTE = timedelta(minutes=1)


class Field(StrEnum):
    """What of an article a licence can leave out. All else comes with every one."""

    STANDFIRST = "standfirst"
    LEAD_IMAGE = "lead_image"
    IMAGES = "images"
    EMBEDS = "embeds"
    RELATED = "related"
    TAGS = "tags"
    SEO = "seo"
    EXTENSIONS = "extensions"


ALL_FIELDS = frozenset(Field)


@dataclass(frozen=True, slots=True)
class Reach:
    """Which articles a licence is about: everything, or what has one of each that it names.

    A source is named as credits name it; `None` among them stands for what first appeared here.
    """

    everything: bool = False
    tag_ids: tuple[str, ...] = ()
    contributor_ids: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    sources: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Licence:
    """What a client has been given, from `starts_at` until before `ends_at`, or without an end.

    `delay` is counted from an article's first publication. `quota` is how many articles a calendar month may be
    taken that never were before. Each of `headings` must meet an article's own; the rows know them.
    """

    id: str
    client_id: str
    reach: Reach
    starts_at: datetime
    ends_at: datetime | None = None
    fields: frozenset[Field] = ALL_FIELDS
    delay: timedelta = timedelta()
    usage_terms: str | None = None
    quota: int | None = None
    version: int = 1
    headings: tuple[frozenset[str], ...] = ()

    def is_running(self, now: datetime) -> bool:
        """Whether it holds at this moment."""
        return self.starts_at <= now and (self.ends_at is None or now < self.ends_at)

    def covers(self, headings: frozenset[str], published_at: datetime | None, *, now: datetime) -> bool:
        """Whether it gives what is listed under these headings and was first published then."""
        if not self.is_running(now) or published_at is None:
            return False
        if now - published_at < self.delay:  # in this order, for a delay may end later than there are times
            return False
        return bool(self.headings) and all(not some.isdisjoint(headings) for some in self.headings)


def check_licence(one: Licence) -> None:
    """Refuse what contradicts itself, or is about nothing; every flaw is told."""
    flaws = []
    if one.ends_at is not None and one.ends_at <= one.starts_at:
        flaws.append(Flaw("/ends_at", "It must be after `starts_at`."))
    if one.reach == Reach():
        flaws.append(Flaw("/articles", 'Name what it is about, or say "everything".'))
    if flaws:
        raise Unfit(*flaws)
