from dataclasses import replace

import pytest

from domain.access import Decision, Gate, Granted, Reason, Requires
from domain.articles import LeadImage
from domain.body import Body
from domain.credits import Contributor, Credit, CreditRole
from domain.delivery import Delivery, Names, Wanted, wanted_by_article, wanted_by_card
from domain.editions import Front, front_of
from domain.tags import Tag
from tests.domain.bodies import DIVIDER, EMBED, IMAGE, RELATED, para
from tests.domain.making import BEFORE, LATER, NOW, a_draft, a_publication

FRONT = front_of(
    a_draft(
        tag_ids=("one", "two"),
        section_id="section",
        credits=(
            Credit(CreditRole.AUTHOR, "ann"),
            Credit(CreditRole.EDITOR, "ben"),
            Credit(CreditRole.AGENCY, "ann"),
        ),
        lead_image=LeadImage("lead"),
        related_ids=("listed",),
        body=(IMAGE, RELATED),
    )
)
CARD = Wanted(
    tags=frozenset({"one", "two", "section"}),
    contributors=frozenset({"ann", "ben"}),
    media=frozenset({"lead"}),
)
BARE = front_of(a_draft())


SEA = Tag("sea", "sea", "Sea")
OSLO = Tag("oslo", "oslo", "Oslo", names={"fr": "Oslo"})
ADA = Contributor("ada", "ada", "Ada")
NAMES = Names(tags={"sea": SEA, "ocean": SEA, "oslo": OSLO}, contributors={"ada": ADA, "ada-l": ADA})


@pytest.mark.parametrize(
    ("ids", "shown"),
    [
        ((), ()),
        (("removed",), ()),
        (("sea", "oslo"), (SEA, OSLO)),
        (("ocean", "removed", "oslo", "sea"), (SEA, OSLO)),
    ],
)
def test_tags_that_were_merged_are_shown_once_and_in_order(ids: tuple[str, ...], shown: tuple[Tag, ...]) -> None:
    assert NAMES.tags_of(ids) == shown


def test_what_is_said_twice_of_a_contributor_is_said_once() -> None:
    author, other = Credit(CreditRole.AUTHOR, "ada-l"), Credit(CreditRole.AUTHOR, "ada")
    verse, editor = replace(author, note="verse"), Credit(CreditRole.EDITOR, "ada")
    removed = Credit(CreditRole.AUTHOR, "removed")
    shown = NAMES.signed_by((author, removed, other, verse, editor, editor))
    assert [(one.role, one.note, maker) for one, maker in shown] == [
        (CreditRole.AUTHOR, None, ADA),
        (CreditRole.AUTHOR, "verse", ADA),
        (CreditRole.EDITOR, None, ADA),
    ]


@pytest.mark.parametrize(("front", "wanted"), [(FRONT, CARD), (BARE, Wanted())])
def test_a_card_wants_the_names_on_its_front(front: Front, wanted: Wanted) -> None:
    assert wanted_by_card(front) == wanted


@pytest.mark.parametrize(
    ("body", "media", "articles"),
    [
        ((), {"lead"}, {"listed"}),
        ((para("a"), DIVIDER, EMBED), {"lead"}, {"listed"}),
        ((IMAGE,), {"lead", "medium"}, {"listed"}),
        ((RELATED, replace(RELATED, article_id="b")), {"lead"}, {"listed", "article", "b"}),
    ],
)
def test_an_article_wants_what_is_in_the_body_that_is_shown(
    body: Body, media: set[str], articles: set[str]
) -> None:
    assert wanted_by_article(FRONT, body, "group") == replace(
        CARD, media=frozenset(media), articles=frozenset(articles), translations_of="group"
    )


def test_wants_can_be_put_together() -> None:
    one, two = frozenset({"1"}), frozenset({"2"})
    both = one | two
    put = Wanted(one, one, one, one, None) | Wanted(two, two, two, two, "g")
    assert put == Wanted(both, both, both, both, "g")
    assert (put | Wanted()) == put == (Wanted() | put)
    assert (put | Wanted(translations_of="h")).translations_of == "g"


@pytest.mark.parametrize(
    ("gate", "granted", "signs"),
    [
        (Gate(), Granted.FULL, False),
        (Gate(Requires.SUBSCRIBER), Granted.FULL, True),
        (Gate(Requires.SUBSCRIBER), Granted.TEASER, False),
        (Gate(Requires.REGISTERED), Granted.FULL, True),
        (Gate(Requires.SUBSCRIBER, (), LATER), Granted.FULL, False),
        (Gate(Requires.SUBSCRIBER, (), None, BEFORE), Granted.FULL, False),
    ],
)
def test_pictures_are_signed_behind_a_gate_that_stands_for_who_may_read_all(
    gate: Gate, granted: Granted, signs: bool
) -> None:
    decision = Decision(granted, Reason.STAFF, gate.required(NOW))
    delivery = Delivery(a_publication(gate=gate), FRONT, (), decision, 0, (), Names(), NOW)
    assert delivery.signs_media is signs
