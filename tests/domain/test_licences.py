"""What a licence covers, over the full product of what it names and of times; and what it refuses to be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from domain.access import (
    Decision,
    Gate,
    Granted,
    Item,
    Leave,
    Reason,
    Requires,
    decide,
)
from domain.articles import LeadImage, Seo
from domain.body import Divider, Embed, Image, ReadAlso
from domain.credits import Rights
from domain.editions import front_of
from domain.errors import Unfit
from domain.headings import EVERYTHING, from_source, under
from domain.licences import ALL_FIELDS, Field, Licence, Reach, check_licence
from domain.meters import LAST, Meter, month_of
from domain.people import Person, Role
from domain.syndication import body_under, front_under
from tests.domain.making import a_draft

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)
FIRST = datetime.min.replace(tzinfo=UTC)
ARTICLE = frozenset({EVERYTHING, "tag:sea", "section:sea", "contributor:ann", "language:en", from_source(None)})
GATED = [
    Gate(requires, plans) for requires in (Requires.REGISTERED, Requires.SUBSCRIBER) for plans in ((), ("gold",))
]


def a_licence(*headings: frozenset[str], **said: object) -> Licence:
    one = Licence("l", "c", Reach(), NOW - 24 * HOUR, headings=headings or (frozenset({EVERYTHING}),))
    return replace(one, **said)  # type: ignore[arg-type]


def a_client(licence: Licence | None, *, quota: Meter | None = None) -> Person:
    return Person("c", frozenset({Role.PARTNER}), is_client=True, licence=licence, quota=quota)


NAMED = {  # what a licence may name of a kind, and whether the article has it
    "tag": ((), False, True),
    "contributor": ((), False, True),
    "language": ((), False, True),
    "source": ((), False, True),
}
HEADINGS = {
    ("tag", True): {"tag:sea", "tag:air"},
    ("tag", False): {"tag:air", "tag:land"},
    ("contributor", True): {"contributor:ann"},
    ("contributor", False): {"contributor:bob"},
    ("language", True): {"language:en", "language:fr"},
    ("language", False): {"language:fr"},
    ("source", True): {from_source(None)},
    ("source", False): {from_source("Wire")},
}


def test_an_article_has_to_have_one_of_each_kind_that_is_named() -> None:
    for told in product(*NAMED.values()):
        named = [(kind, fits) for kind, fits in zip(NAMED, told, strict=True) if fits != ()]
        headings = tuple(frozenset(HEADINGS[kind, fits]) for kind, fits in named)  # type: ignore[index]
        expected = bool(named) and all(fits for _, fits in named)
        licence = replace(a_licence(), headings=headings)
        assert licence.covers(ARTICLE, NOW, now=NOW) is expected, told


TIMES = {  # starts, ends, delay, first published: in hours from now
    (0, None, 0, 0): True,
    (1, None, 0, 0): False,
    (-1, 1, 0, -9): True,
    (-1, 0, 0, -9): False,
    (-9, None, 2, -2): True,
    (-9, None, 2, -1): False,
    (-9, None, 0, 1): False,
    (-9, 1, 2, -3): True,
}


@pytest.mark.parametrize(("times", "covers"), TIMES.items())
def test_it_holds_from_its_start_until_before_its_end_and_after_the_delay(
    times: tuple[int, int | None, int, int], covers: bool
) -> None:
    starts, ends, delay, published = times
    licence = a_licence(
        starts_at=NOW + starts * HOUR, ends_at=None if ends is None else NOW + ends * HOUR, delay=delay * HOUR
    )
    assert licence.covers(ARTICLE, NOW + published * HOUR, now=NOW) is covers


def test_the_very_moment_counts() -> None:
    delayed = a_licence(delay=HOUR)
    assert not delayed.covers(ARTICLE, NOW, now=NOW + HOUR - TICK)
    assert delayed.covers(ARTICLE, NOW, now=NOW + HOUR)
    ending = a_licence(ends_at=NOW)
    assert ending.covers(ARTICLE, NOW - HOUR, now=NOW - TICK)
    assert not ending.covers(ARTICLE, NOW - HOUR, now=NOW)


def test_a_delay_that_ends_after_the_last_moment_never_does() -> None:
    ever = a_licence(starts_at=FIRST, delay=timedelta(days=366))
    for published_at, covers in ((LAST, False), (LAST - timedelta(days=365), False), (FIRST, True)):
        assert ever.covers(ARTICLE, published_at, now=LAST) is covers
    assert ever.covers(ARTICLE, LAST - timedelta(days=366), now=LAST)
    assert not ever.covers(ARTICLE, LAST, now=FIRST)


def test_what_was_never_published_is_under_no_licence() -> None:
    assert not a_licence().covers(ARTICLE, None, now=NOW)


LEFT = Meter(5, 4, NOW + HOUR)
REACHED = Meter(5, 5, NOW + HOUR)
BEYOND = Meter(5, 6, NOW + HOUR)
REFUSED = {
    (Requires.REGISTERED, ()): Reason.REGISTRATION_REQUIRED,
    (Requires.REGISTERED, ("gold",)): Reason.REGISTRATION_REQUIRED,
    (Requires.SUBSCRIBER, ()): Reason.SUBSCRIPTION_REQUIRED,
    (Requires.SUBSCRIBER, ("gold",)): Reason.PLAN_REQUIRED,
}


@pytest.mark.parametrize("quota", [None, LEFT, REACHED, BEYOND])
@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize("gate", GATED)
def test_a_partner_gets_what_is_covered_and_written_down(gate: Gate, taken: bool, quota: Meter | None) -> None:
    person = a_client(a_licence(), quota=quota)
    decision = decide(Item(gate, ARTICLE, NOW), person, Leave(taken, quota), now=NOW)
    if taken:
        told = (Granted.FULL, Reason.LICENCE)
    elif quota in (REACHED, BEYOND):
        told = (Granted.TEASER, Reason.METER_EXHAUSTED)
    else:
        told = (Granted.TEASER, Reason.METERED_AVAILABLE)
    assert (decision.granted, decision.reason) == told
    assert decision.meter == quota
    assert decision.licence == person.licence


@pytest.mark.parametrize(
    "licence",
    [
        None,
        a_licence(frozenset({"tag:air"})),
        a_licence(starts_at=NOW + TICK),
        a_licence(ends_at=NOW),
        a_licence(delay=TICK),
        replace(a_licence(), headings=()),
    ],
)
@pytest.mark.parametrize("gate", GATED)
def test_nothing_else_is_opened_whatever_is_written_down(gate: Gate, licence: Licence | None) -> None:
    decision = decide(Item(gate, ARTICLE, NOW), a_client(licence), Leave(is_taken=True, meter=LEFT), now=NOW)
    refused = REFUSED[gate.requires, gate.plans]
    assert decision == Decision(Granted.TEASER, refused, gate.requires, gate.plans)


@pytest.mark.parametrize(
    "person",
    [
        replace(a_client(a_licence()), is_client=False),
        replace(a_client(a_licence()), roles=frozenset()),
        replace(a_client(a_licence()), roles=frozenset({Role.READER})),
        replace(a_client(a_licence()), account_id=None),
    ],
)
def test_a_licence_is_for_a_partners_client_alone(person: Person) -> None:
    item = Item(Gate(Requires.SUBSCRIBER), ARTICLE, NOW)
    assert not decide(item, person, Leave(is_taken=True), now=NOW).opens_everything


def test_an_unknown_gate_is_under_no_licence() -> None:
    for gate in (Gate("members"), Gate(Requires.SUBSCRIBER, ("unknown gate",))):  # type: ignore[arg-type]
        decision = decide(Item(gate, ARTICLE, NOW), a_client(a_licence()), Leave(True, LEFT, True), now=NOW)
        assert (decision.granted, decision.reason) == (Granted.TEASER, Reason.PLAN_REQUIRED)


def test_a_free_article_is_free_and_still_under_the_licences_terms() -> None:
    decision = decide(Item(Gate(), ARTICLE, NOW), a_client(a_licence()), now=NOW)
    assert (decision.reason, decision.licence) == (Reason.FREE, a_licence())


FRONT = replace(
    front_of(a_draft()),
    standfirst="Stands",
    lead_image=LeadImage("m"),
    section_id="sea",
    tag_ids=("sea",),
    related_ids=("r",),
    seo=Seo("t"),
    extensions={"a": 1},
)
BODY = (Divider("d"), Image("i", "m"), Embed("e", "https://e.test"), ReadAlso("r", "a"))
LEFT_OUT = {
    Field.STANDFIRST: {"standfirst": ""},
    Field.LEAD_IMAGE: {"lead_image": None},
    Field.TAGS: {"section_id": None, "tag_ids": ()},
    Field.RELATED: {"related_ids": ()},
    Field.SEO: {"seo": Seo()},
    Field.EXTENSIONS: {"extensions": {}},
}
BLOCKS = {Field.IMAGES: Image, Field.EMBEDS: Embed, Field.RELATED: ReadAlso}


@pytest.mark.parametrize("field", Field)
def test_a_field_that_is_not_given_is_left_out_and_nothing_else(field: Field) -> None:
    decision = Decision(
        Granted.FULL, Reason.LICENCE, Requires.SUBSCRIBER, licence=a_licence(fields=ALL_FIELDS - {field})
    )
    assert front_under(decision, FRONT) == replace(FRONT, **LEFT_OUT.get(field, {}))  # type: ignore[arg-type]
    left = [block for block in BODY if field not in BLOCKS or not isinstance(block, BLOCKS[field])]
    assert body_under(decision, BODY) == tuple(left)


def test_without_a_licence_nothing_is_left_out() -> None:
    decision = Decision(Granted.FULL, Reason.SUBSCRIBER, Requires.SUBSCRIBER)
    assert front_under(decision, FRONT) is FRONT
    assert body_under(decision, BODY) is BODY


def test_the_terms_agreed_on_come_before_the_articles_own() -> None:
    decision = Decision(Granted.FULL, Reason.FREE, Requires.FREE, licence=a_licence(usage_terms="Web only."))
    assert front_under(decision, replace(FRONT, rights=None)).rights == Rights(usage_terms="Web only.")
    own = Rights("Holder", "Notice", "Anything")
    assert front_under(decision, replace(FRONT, rights=own)).rights == Rights("Holder", "Notice", "Web only.")
    silent = replace(decision, licence=a_licence())
    assert front_under(silent, replace(FRONT, rights=own)).rights == own


def test_a_source_is_known_by_its_name_however_it_is_spaced_or_capitalised() -> None:
    assert from_source("Central  Asian\nNews ") == from_source("central asian news") != from_source(None)
    assert from_source(" ") == from_source("") == from_source(None) == under("source", "")
    assert len(from_source("x" * 10_000)) < 100


@pytest.mark.parametrize(
    ("said", "pointers"),
    [
        ({"reach": Reach(everything=True)}, []),
        ({"reach": Reach()}, ["/articles"]),
        ({"reach": Reach(sources=(None,))}, []),
        ({"reach": Reach(everything=True), "ends_at": NOW - 24 * HOUR}, ["/ends_at"]),
        ({"ends_at": NOW - 25 * HOUR}, ["/ends_at", "/articles"]),
    ],
)
def test_a_licence_that_says_nothing_or_contradicts_itself_is_refused(
    said: dict[str, object], pointers: list[str]
) -> None:
    if not pointers:
        check_licence(a_licence(**said))
        return
    with pytest.raises(Unfit) as refused:
        check_licence(a_licence(**said))
    assert [flaw.pointer for flaw in refused.value.flaws] == pointers


def test_a_month_is_the_calendars() -> None:
    assert month_of(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == (
        datetime(2026, 12, 1, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
    )
    assert month_of(datetime(2026, 2, 1, tzinfo=UTC)) == (
        datetime(2026, 2, 1, tzinfo=UTC),
        datetime(2026, 3, 1, tzinfo=UTC),
    )
