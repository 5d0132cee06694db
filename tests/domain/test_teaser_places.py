import pytest

from domain.body import Body, Style, Text
from domain.teaser import Boundary, Measure, Policy, TeaserSettings, cut
from tests.domain.bodies import DIVIDER, EMBED, IMAGE, PAYWALL, RELATED, head, many, para, seen

PLAIN = TeaserSettings(ellipsis="")
A, B, LONG = para("One two three.", "a"), para("Four five.", "b"), para(many(100), "long")


def shown(body: Body, policy: Policy, standfirst: str = "") -> list[str]:
    return seen(cut(standfirst, body, policy, PLAIN).body)


def by_blocks(amount: int, boundary: Boundary = Boundary.WORD) -> Policy:
    return Policy(Measure.BLOCKS, amount, boundary)


def by_marker(boundary: Boundary = Boundary.WORD) -> Policy:
    return Policy(Measure.MARKER, 0, boundary)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (0, []),
        (1, [A.text]),
        (2, [A.text, "<image>"]),
        (3, [A.text, "<image>", B.text]),
        (4, [A.text, "<image>", B.text, "<related>"]),
        (5, [A.text, "<image>", B.text, "<related>", "<divider>"]),
    ],
)
@pytest.mark.parametrize("boundary", Boundary)
def test_so_many_blocks_are_shown(amount: int, boundary: Boundary, expected: list[str]) -> None:
    assert shown((A, IMAGE, B, RELATED, DIVIDER, LONG), by_blocks(amount, boundary)) == expected


def test_paywall_blocks_are_no_blocks() -> None:
    assert shown((PAYWALL, A, PAYWALL, B, PAYWALL, LONG), by_blocks(2)) == [A.text, B.text]
    assert shown((PAYWALL, PAYWALL), by_blocks(1)) == []


@pytest.mark.parametrize("boundary", Boundary)
def test_the_marker_ends_the_free_part_whatever_the_boundary(boundary: Boundary) -> None:
    assert shown((A, IMAGE, PAYWALL, B, LONG), by_marker(boundary)) == [A.text, "<image>"]
    assert shown((A, EMBED, B, RELATED, PAYWALL, LONG), by_marker(boundary)) == [
        A.text,
        "<embed>",
        B.text,
        "<related>",
    ]


def test_the_first_marker_counts() -> None:
    assert shown((A, PAYWALL, B, PAYWALL, LONG), by_marker()) == [A.text]


@pytest.mark.parametrize("body", [(PAYWALL, A, LONG), (PAYWALL, IMAGE, LONG), (A, LONG), (IMAGE,), (PAYWALL,)])
def test_a_leading_or_missing_marker_shows_an_empty_body(body: Body) -> None:
    assert shown(body, by_marker()) == []


@pytest.mark.parametrize(
    ("boundary", "expected"),
    [
        (Boundary.WORD, ["One two three.", "Four"]),
        (Boundary.SENTENCE, ["One two three."]),
        (Boundary.BLOCK, ["One two three."]),
    ],
)
@pytest.mark.parametrize("policy", [Measure.BLOCKS, Measure.MARKER])
def test_a_place_too_far_down_falls_back_to_nine_tenths(
    policy: Measure, boundary: Boundary, expected: list[str]
) -> None:
    body = (A, B, IMAGE, PAYWALL, EMBED)
    assert shown(body, Policy(policy, 100, boundary)) == expected


def test_a_place_at_exactly_nine_tenths_is_kept() -> None:
    rest = para(many(10), "rest")
    assert shown((para(many(90)), IMAGE, PAYWALL, rest), by_marker()) == [many(90), "<image>"]
    assert shown((para(many(91)), IMAGE, PAYWALL, rest), by_marker()) == [many(90)]


def test_the_standfirst_is_no_block_but_counts_towards_nine_tenths() -> None:
    assert shown((A, LONG), by_blocks(1), many(50)) == [A.text]
    assert shown((A, para("last")), by_blocks(1), many(5)) == ["One two three."]
    assert shown((A, para("last")), by_blocks(1), many(7)) == ["One two"]
    assert shown((A, IMAGE, PAYWALL, IMAGE), by_marker(), many(40)) == []


@pytest.mark.parametrize("style", [Style.H2, Style.H3, Style.H4])
def test_headings_before_the_marker_go_with_what_follows_them(style: Style) -> None:
    assert shown((A, head("Next", style), PAYWALL, LONG), by_marker()) == [A.text]
    assert shown((A, head("Next", style), head("More"), LONG), by_blocks(3)) == [A.text]
    assert shown((head("Next", style), PAYWALL, LONG), by_marker()) == []
    assert shown((A, head("Next", style), B, PAYWALL, LONG), by_marker()) == [A.text, "Next", B.text]


@pytest.mark.parametrize("empty", [para(""), para(" \n"), para("\u00a0"), Text("empty")])
def test_an_empty_paragraph_does_not_hold_a_heading_up(empty: Text) -> None:
    assert shown((A, head(), empty, PAYWALL, LONG), by_marker()) == [A.text]
    assert shown((A, empty, PAYWALL, LONG), by_marker()) == [A.text]
    assert shown((empty, A, PAYWALL, LONG), by_marker()) == [empty.text, A.text]


def test_the_ellipsis_stands_only_on_text() -> None:
    style = TeaserSettings(ellipsis=" . . .")
    assert seen(cut("", (A, PAYWALL, LONG), by_marker(), style).body) == ["One two three. . . ."]
    assert seen(cut("", (A, IMAGE, PAYWALL, LONG), by_marker(), style).body) == [A.text, "<image>"]


def test_what_remains_is_counted_in_words_not_blocks() -> None:
    teaser = cut("", (para(many(40), "a"), PAYWALL, IMAGE, para(many(60), "b")), by_marker(), PLAIN)
    assert teaser.remaining_percent == 60
