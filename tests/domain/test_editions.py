from dataclasses import fields, replace

import pytest

from domain.access import Gate, Requires
from domain.articles import Draft, LeadImage, Seo
from domain.body import Body, without_paywall
from domain.credits import Credit, CreditRole, Rights, Source
from domain.editions import Front, check_publishable, cut_teaser, front_of, make_edition, reading_minutes
from domain.errors import Unfit
from domain.teaser import Boundary, Measure, Policy, Teaser, TeaserSettings
from tests.domain.bodies import DIVIDER, IMAGE, PAYWALL, RELATED, head, many, para
from tests.domain.making import (
    BEFORE,
    NOW,
    SUBSCRIBERS,
    a_draft,
    an_article,
)

STYLE = TeaserSettings(Policy(Measure.WORDS, 10, Boundary.WORD), " …", 10)
MARKER = Policy(Measure.MARKER, 0)
FULL = a_draft(
    title="Title",
    kind="essay",
    standfirst="One two",
    gate=SUBSCRIBERS,
    section_id="section",
    tag_ids=("one", "two"),
    credits=(Credit(CreditRole.AUTHOR, "somebody", "a note"),),
    source=Source("A paper"),
    lead_image=LeadImage("lead"),
    related_ids=("listed",),
    rights=Rights("holder"),
    seo=Seo("seo"),
    extensions={"a.b": 1},
)


def pointers(draft: Draft) -> list[str]:
    with pytest.raises(Unfit) as refusal:
        check_publishable(draft, {})
    return [flaw.pointer for flaw in refusal.value.flaws]


@pytest.mark.parametrize("body", [(), (PAYWALL,), (PAYWALL, PAYWALL)])
def test_there_must_be_something_to_read(body: Body) -> None:
    assert pointers(a_draft(body=body)) == ["/body"]


@pytest.mark.parametrize("requires", [Requires.REGISTERED, Requires.SUBSCRIBER])
def test_a_teaser_up_to_the_marker_needs_a_marker(requires: Requires) -> None:
    gate = Gate(requires)
    assert pointers(a_draft(gate=gate, teaser=MARKER)) == ["/teaser"]
    assert pointers(a_draft(gate=gate, teaser=MARKER, body=())) == ["/body", "/teaser"]
    check_publishable(a_draft(gate=gate, teaser=MARKER, body=(PAYWALL, para("a"))), {})
    check_publishable(a_draft(gate=gate, teaser=Policy(Measure.BLOCKS, 1)), {})
    check_publishable(a_draft(gate=gate), {})
    check_publishable(a_draft(teaser=MARKER), {})


def test_teaser_and_full_text_are_two_documents() -> None:
    body = (para(many(60), "a"), PAYWALL, IMAGE, para(many(40), "b"))
    edition = make_edition(
        an_article(replace(FULL, body=body)), publication_id="new", live_from=NOW, live_until=None, style=STYLE
    )
    assert edition.full == without_paywall(body)
    assert edition.teaser == Teaser((para(many(60) + " …", "a"),), 30)
    assert edition.front == front_of(replace(FULL, body=body))


def test_a_paywall_block_ends_the_free_part_unless_the_article_says_otherwise() -> None:
    draft = a_draft(gate=SUBSCRIBERS, body=(para(many(3)), PAYWALL, para(many(97))))
    assert cut_teaser(draft, STYLE).body == (para(many(3) + " …"),)
    own = replace(draft, teaser=Policy(Measure.WORDS, 2, Boundary.WORD))
    assert cut_teaser(own, STYLE).body == (para("w1 w2 …"),)


def test_the_articles_own_teaser_comes_before_the_house_style() -> None:
    draft = a_draft(gate=SUBSCRIBERS, teaser=Policy(Measure.WORDS, 2, Boundary.WORD))
    assert cut_teaser(draft, STYLE).body == (para("w1 w2 …"),)
    assert cut_teaser(replace(draft, teaser=None), STYLE).body == (para(many(10) + " …"),)


def test_the_teaser_of_a_free_article_is_all_of_it() -> None:
    body = (para("a"), PAYWALL, head(), RELATED, DIVIDER)
    assert cut_teaser(a_draft(body=body, teaser=MARKER), STYLE) == Teaser((para("a"), head(), RELATED, DIVIDER), 0)


def test_a_gate_that_does_not_stand_yet_cuts_all_the_same() -> None:
    for gate in (Gate(Requires.SUBSCRIBER, (), NOW), Gate(Requires.REGISTERED, (), None, BEFORE)):
        assert cut_teaser(a_draft(gate=gate), STYLE).body == (para(many(10) + " …"),)


def test_the_front_has_every_public_field_and_no_body() -> None:
    front = front_of(FULL)
    of_draft = {field.name for field in fields(Draft)}
    assert {field.name for field in fields(Front)} - of_draft == {"reading_minutes"}
    assert of_draft - {field.name for field in fields(Front)} == {
        *("slug", "language", "body", "gate", "teaser", "translation_of")
    }
    for field in fields(Front):
        if field.name != "reading_minutes":
            assert getattr(front, field.name) == getattr(FULL, field.name)
    assert front.reading_minutes == 5


@pytest.mark.parametrize(("section", "ids"), [(None, {"one", "two"}), ("section", {"one", "two", "section"})])
def test_a_front_names_its_section_among_its_tags(section: str | None, ids: set[str]) -> None:
    assert front_of(replace(FULL, section_id=section)).all_tag_ids == ids


@pytest.mark.parametrize(
    ("total", "free", "gated"),
    [(0, 1, 5), (1, 1, 5), (220, 1, 5), (221, 2, 5), (440, 2, 5), (1100, 5, 5), (1101, 6, 10), (2200, 10, 10)],
)
def test_reading_takes_minutes_or_behind_a_gate_fives_of_them(total: int, free: int, gated: int) -> None:
    draft = a_draft(body=(para(many(total)), IMAGE, RELATED, PAYWALL))
    assert reading_minutes(draft) == free
    for gate in (SUBSCRIBERS, Gate(Requires.REGISTERED, (), NOW)):
        assert reading_minutes(replace(draft, gate=gate)) == gated


def test_the_standfirst_is_read_too() -> None:
    assert reading_minutes(a_draft(standfirst=many(121))) == 2


def test_media_in_the_teaser_are_those_that_everybody_may_see() -> None:
    body = (para(many(5), "a"), IMAGE, para(many(20), "b"), replace(IMAGE, media_id="hidden"), para(many(75), "c"))
    draft = a_draft(body=body, gate=SUBSCRIBERS, lead_image=LeadImage("lead"))
    edition = make_edition(an_article(draft), publication_id="new", live_from=NOW, live_until=None, style=STYLE)
    assert edition.media_in_teaser == {"medium", "lead"}
    bare = make_edition(
        an_article(replace(draft, lead_image=None)),
        publication_id="new",
        live_from=NOW,
        live_until=None,
        style=STYLE,
    )
    assert bare.media_in_teaser == {"medium"}
