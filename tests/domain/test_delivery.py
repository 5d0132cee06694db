from dataclasses import replace
from datetime import timedelta

import pytest

from domain.access import Decision, Gate, Granted, Reason, Requires
from domain.articles import LeadImage
from domain.body import Body
from domain.credits import Contributor, Credit, CreditRole
from domain.delivery import ArticleName, Delivery, Names, Picture, Wanted, wanted_by_article, wanted_by_card
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
PICTURE = Picture("lead", "image/png", 8, 6, "Alt", None, None, None)
SEA_LINK = ArticleName("other", "sea", "Sea", "en", Gate())
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
        CARD, media=frozenset(media), articles=frozenset(articles), translations_of=frozenset({"group"})
    )


def test_wants_can_be_put_together() -> None:
    one, two = frozenset({"1"}), frozenset({"2"})
    both = one | two
    put = Wanted(one, one, one, one, one) | Wanted(two, two, two, two, two)
    assert put == Wanted(both, both, both, both, both)
    assert (put | Wanted()) == put == (Wanted() | put)


def test_of_many_names_only_those_of_one_article_go_with_it() -> None:
    other = replace(SEA_LINK, id="another")
    many = Names(
        tags={"a": SEA, "b": SEA},
        contributors={"a": ADA, "b": ADA},
        media={"a": PICTURE, "b": PICTURE},
        articles={"a": SEA_LINK, "b": other},
        translations={"a": (SEA_LINK,), "b": (other,)},
    )
    one = frozenset({"a", "missing"})
    assert many.only(Wanted(one, one, one, one, one)) == Names(
        tags={"a": SEA},
        contributors={"a": ADA},
        media={"a": PICTURE},
        articles={"a": SEA_LINK},
        translations={"a": (SEA_LINK,)},
    )
    assert many.only(Wanted()) == Names()


def test_an_article_is_no_translation_of_itself() -> None:
    publication = a_publication()
    itself, other = replace(SEA_LINK, id=publication.article_id), replace(SEA_LINK, id="other")
    names = Names(translations={publication.group_id: (itself, other), "elsewhere": (SEA_LINK,)})
    decision = Decision(Granted.FULL, Reason.FREE, Requires.FREE)
    assert Delivery(publication, FRONT, (), decision, 0, (), names, NOW).translations == (other,)


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


def test_everything_that_is_shown_has_a_key() -> None:
    names = replace(NAMES, media={"lead": PICTURE}, articles={"other": SEA_LINK})
    names = replace(names, translations={"group": (replace(SEA_LINK, id="mer"),)})
    keys = {"tag:sea", "tag:oslo", "contributor:ada", "media:lead", "article:other", "article:mer"}
    assert names.keys == keys
    decision = Decision(Granted.FULL, Reason.FREE, Requires.FREE)
    shown = Delivery(a_publication(), BARE, (), decision, 0, (), names, NOW)
    assert shown.keys == keys | {"article:article"}


def test_what_is_shown_changes_next_when_the_article_or_a_link_in_it_does() -> None:
    decision = Decision(Granted.FULL, Reason.FREE, Requires.FREE)
    link = replace(SEA_LINK, until=LATER - timedelta(days=1))
    names = Names(articles={"other": link}, translations={"group": (replace(link, until=NOW),)})
    shown = Delivery(a_publication(live_until=LATER), BARE, (), decision, 0, (), names, NOW)
    assert shown.next_change(NOW) == link.until
    assert replace(shown, names=Names()).next_change(NOW) == LATER
    assert shown.next_change(LATER) is None
