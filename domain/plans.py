"""Plans: what readers can subscribe to, and what a subscription opens besides the articles that name its plan."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.access import Decision, Money, Offer, offers_for
from domain.headings import EVERYTHING, under
from domain.languages import name_in


@dataclass(frozen=True, slots=True)
class Opens:
    """What of the articles that name no plan a plan opens: everything, or what has a tag or a section (ids)."""

    everything: bool = False
    tag_ids: tuple[str, ...] = ()
    section_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What readers can buy. Gates and subscriptions name it by its slug, which never changes.

    `headings` are those that it opens, with all that was merged into its tags; the rows know.
    """

    id: str
    slug: str
    names: Mapping[str, str]
    price: Money
    period: str
    url: str
    trial: str | None = None
    opens: Opens = Opens()
    is_offered: bool = True
    position: int = 0
    version: int = 1
    headings: frozenset[str] = frozenset()

    def offer(self, languages: Iterable[str]) -> Offer:
        """Return it as it is offered: by its name in the first of these languages that it has, or in any."""
        named = (name_in(self.names, language) for language in languages)
        name = next((one for one in named if one), None) or next(iter(self.names.values()), self.slug)
        return Offer(self.slug, name, self.price, self.period, self.url, self.trial)


def openings(slug: str, headings: Iterable[str], *, everything: bool) -> frozenset[str]:
    """Return the headings that a plan opens: its own, those of its tags and sections, and all if it is told so."""
    return frozenset({under("plan", slug), *headings, *([EVERYTHING] if everything else [])})


def plans_offered(
    decision: Decision, plans: Iterable[Plan], headings: frozenset[str], languages: tuple[str, ...]
) -> tuple[Offer, ...]:
    """Return what would open what was refused: plans that it names, or that cover it if it names none."""
    opening = [one for one in plans if one.is_offered and (decision.plans or one.headings & headings)]
    return offers_for(decision, tuple(one.offer(languages) for one in opening))


@dataclass(frozen=True, slots=True)
class Shop:
    """What the settings say of offers: which there are while there are no plans, and in which language."""

    offers: tuple[Offer, ...] = ()
    language: str = ""
