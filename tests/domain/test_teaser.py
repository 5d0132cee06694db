import pytest

from domain.body import Body, Link, Span, Style, Text
from domain.teaser import Boundary, Measure, Policy, Teaser, TeaserSettings, cut, with_ellipsis, words_of
from tests.domain.bodies import DIVIDER, EMBED, IMAGE, PAYWALL, RELATED, head, many, para, seen

PLAIN = TeaserSettings(ellipsis="")
WORD = Boundary.WORD


def words(amount: int, boundary: Boundary = WORD) -> Policy:
    return Policy(Measure.WORDS, amount, boundary)


def shown(standfirst: str, body: Body, policy: Policy) -> list[str]:
    return seen(cut(standfirst, body, policy, PLAIN).body)


def test_words_are_those_of_text_blocks() -> None:
    quote, item = para("six", style=Style.QUOTE), para("seven eight")
    assert words_of((para("one two"), head("three four five"), IMAGE, RELATED, EMBED, DIVIDER, quote, item)) == 8


@pytest.mark.parametrize(
    ("standfirst", "amount", "expected"),
    [
        ("", 3, ["w1 w2 w3"]),
        ("one", 3, ["w1 w2"]),
        ("one two", 3, ["w1"]),
        ("one two three", 3, []),
        ("one two three four", 3, []),
        (many(500), 3, []),
        ("漢字", 3, ["w1"]),
        ("a\u00a0b", 3, ["w1 w2"]),
        ("", 0, []),
        ("one", 0, []),
    ],
)
def test_the_standfirst_counts_as_the_first_words(standfirst: str, amount: int, expected: list[str]) -> None:
    assert shown(standfirst, (para(many(50)),), words(amount)) == expected


@pytest.mark.parametrize(
    ("standfirst", "percent", "expected"),
    [(0, 20, 20), (10, 20, 12), (30, 20, 0), (0, 0, 0), (0, 99, 90), (50, 100, 85)],
)
def test_percents_are_of_standfirst_and_body_together(standfirst: int, percent: int, expected: int) -> None:
    policy = Policy(Measure.PERCENT, percent, WORD)
    assert shown(many(standfirst), (para(many(100)),), policy) == ([many(expected)] if expected else [])


def test_the_house_policy_is_a_fifth_up_to_a_sentence() -> None:
    assert TeaserSettings() == TeaserSettings(Policy(Measure.PERCENT, 20, Boundary.SENTENCE), " …", 10)
    text = "One two three. Four five six. Seven eight nine. " * 5
    teaser = cut("", (para(text),), TeaserSettings().policy, TeaserSettings())
    assert teaser == Teaser((para("One two three. Four five six. Seven eight nine. …"),), 80)


@pytest.mark.parametrize("total", [1, 2, 5, 10, 11, 25])
def test_a_tenth_of_the_words_but_at_least_one_is_always_hidden(total: int) -> None:
    hidden = {1: 1, 2: 1, 5: 1, 10: 1, 11: 2, 25: 3}[total]
    assert words_of(cut("", (para(many(total)),), words(1000), PLAIN).body) == total - hidden


@pytest.mark.parametrize(
    "policy", [words(100), Policy(Measure.PERCENT, 100), Policy(Measure.BLOCKS, 9), Policy(Measure.MARKER, 0)]
)
@pytest.mark.parametrize("standfirst", ["", "Pictures of a town"])
@pytest.mark.parametrize(
    "body", [(IMAGE, IMAGE), (EMBED,), (DIVIDER, IMAGE, RELATED, EMBED), (RELATED, DIVIDER), ()]
)
def test_of_a_body_without_words_nothing_is_shown(body: Body, standfirst: str, policy: Policy) -> None:
    assert shown(standfirst, (*body, PAYWALL), policy) == []
    assert shown(standfirst, (PAYWALL, *body), policy) == []


@pytest.mark.parametrize("boundary", Boundary)
def test_a_photo_essay_shows_none_of_its_pictures(boundary: Boundary) -> None:
    body = (para("Light. Stone."), IMAGE, IMAGE, EMBED)
    expected = {WORD: ["Light."], Boundary.SENTENCE: ["Light."], Boundary.BLOCK: []}
    assert shown("", body, words(261, boundary)) == expected[boundary]
    assert shown(many(20), body, words(261, boundary)) == []


@pytest.mark.parametrize("block", [IMAGE, EMBED, RELATED])
def test_pictures_embeds_and_related_are_shown_before_the_cut_only(block: Text) -> None:
    body = (para(many(10), "a"), block, para(many(90), "b"), block)
    assert shown("", body, words(10)) == [many(10)]
    assert shown("", body, words(11)) == [many(10), f"<{block.type}>", "w1"]


def test_a_paywall_block_is_never_shown_nor_counted() -> None:
    body = (PAYWALL, para(many(10), "a"), PAYWALL, para(many(90), "b"), PAYWALL)
    assert shown("", body, words(20)) == [many(10), many(10)]


def test_a_heading_is_never_the_last_thing() -> None:
    body = (para(many(10), "a"), head("two words"), para(many(88), "b"))
    for amount in (10, 11, 12):
        assert shown("", body, words(amount)) == [many(10)]
    assert shown("", body, words(13)) == [many(10), "two words", "w1"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ((), ()),
        ((para("one"),), (para("one …"),)),
        ((para("one \u00a0\n"),), (para("one …"),)),
        ((para("one"), IMAGE), (para("one"), IMAGE)),
        ((para("one", "a"), para("two", "b")), (para("one", "a"), para("two …", "b"))),
        ((Text("k"),), (Text("k"),)),
        (
            (Text("k", (Span("a", "one "), Span("b", "two", ("l",))), (Link("l", "https://a.test"),)),),
            (Text("k", (Span("a", "one "), Span("b", "two …", ("l",))), (Link("l", "https://a.test"),)),),
        ),
    ],
)
def test_the_ellipsis_stands_on_the_text_that_ends_the_teaser(body: Body, expected: Body) -> None:
    assert with_ellipsis(body, " …") == expected
    assert with_ellipsis(body, "") == body


@pytest.mark.parametrize("ellipsis", ["", " …", " . . .", " " + many(300)])
def test_the_ellipsis_is_outside_all_counting(ellipsis: str) -> None:
    for amount in (0, 1, 50, 90):
        teaser = cut("", (para(many(100)),), words(amount), TeaserSettings(ellipsis=ellipsis))
        plain = cut("", (para(many(100)),), words(amount), PLAIN)
        assert teaser.remaining_percent == plain.remaining_percent
        assert seen(teaser.body) == [text + ellipsis for text in seen(plain.body)]
