import pytest

from domain.body import Body, Divider, Link, ListItem, Span, Style, Text
from domain.teaser import Boundary, prefix
from tests.domain.bodies import DIVIDER, EMBED, IMAGE, PAYWALL, RELATED, head, many, para, seen

WORD, SENTENCE, BLOCK = Boundary.WORD, Boundary.SENTENCE, Boundary.BLOCK
TWO = (para("One two. Three four five.", "a"), para("Six seven! Eight nine.", "b"))


@pytest.mark.parametrize(
    ("words", "boundary", "shown"),
    [
        (-1, WORD, []),
        (0, WORD, []),
        (1, WORD, ["One"]),
        (3, WORD, ["One two. Three"]),
        (5, WORD, ["One two. Three four five."]),
        (6, WORD, ["One two. Three four five.", "Six"]),
        (9, WORD, ["One two. Three four five.", "Six seven! Eight nine."]),
        (1000, WORD, ["One two. Three four five.", "Six seven! Eight nine."]),
        (-1, SENTENCE, []),
        (1, SENTENCE, []),
        (2, SENTENCE, ["One two."]),
        (4, SENTENCE, ["One two."]),
        (5, SENTENCE, ["One two. Three four five."]),
        (6, SENTENCE, ["One two. Three four five."]),
        (8, SENTENCE, ["One two. Three four five.", "Six seven!"]),
        (-1, BLOCK, []),
        (4, BLOCK, []),
        (5, BLOCK, ["One two. Three four five."]),
        (8, BLOCK, ["One two. Three four five."]),
        (9, BLOCK, ["One two. Three four five.", "Six seven! Eight nine."]),
    ],
)
def test_it_ends_at_its_boundary(words: int, boundary: Boundary, shown: list[str]) -> None:
    assert seen(prefix(TWO, words, boundary)) == shown


def test_the_boundary_is_the_word_unless_told_otherwise() -> None:
    assert prefix(TWO, 3) == prefix(TWO, 3, WORD)


@pytest.mark.parametrize(
    ("text", "words", "boundary", "shown"),
    [
        ("漢字、かな。次の文", 3, WORD, "漢字、か"),
        ("漢字、かな。次の文", 5, SENTENCE, "漢字、かな。"),
        ("「漢字。」次", 3, SENTENCE, "「漢字。」"),
        ("ที่นี่คือ", 2, WORD, "ที่นี่"),
        ("ខ្មែរ", 2, WORD, "ខ្មែ"),
        ("ລາວ", 2, WORD, "ລາ"),
        ("မြန်မာ", 2, WORD, "မြန်"),
        ("10\u00a0000\u00a0km plus", 1, WORD, "10\u00a0000\u00a0km"),
        ("Il dit «\u00a0oui\u00a0!\u00a0» Et puis", 3, SENTENCE, "Il dit «\u00a0oui\u00a0!\u00a0»"),
        ("He said “go.” She went", 3, SENTENCE, "He said “go.”"),
        ("« Oui ! » Puis non.", 4, SENTENCE, "« Oui ! »"),
        ("  one  two  three", 2, WORD, "  one  two"),
        ("e\u0301te\u0301 noir", 1, WORD, "e\u0301te\u0301"),
    ],
)
def test_it_parts_texts_of_every_script(text: str, words: int, boundary: Boundary, shown: str) -> None:
    assert seen(prefix((para(text),), words, boundary)) == [shown]


def test_a_closing_quote_that_stands_alone_is_waited_for() -> None:
    assert prefix((para("« Oui ! » Puis non."),), 3, SENTENCE) == ()


@pytest.mark.parametrize("block", [IMAGE, EMBED, RELATED, DIVIDER])
def test_what_has_no_words_is_shown_only_before_text_that_is_shown(block: Divider) -> None:
    body = (para("one two", "a"), block, para("three four", "b"), block)
    assert seen(prefix(body, 2)) == ["one two"]
    assert seen(prefix(body, 3)) == ["one two", f"<{block.type}>", "three"]
    assert seen(prefix(body, 9)) == ["one two", f"<{block.type}>", "three four"]
    assert seen(prefix(body, 3, BLOCK)) == ["one two"]


@pytest.mark.parametrize("style", [Style.H2, Style.H3, Style.H4])
def test_a_heading_is_never_the_last_thing(style: Style) -> None:
    body = (para("one two", "a"), head("three four", style), head("five", Style.H4), para("six seven", "b"))
    for words in (2, 3, 4, 5):
        assert seen(prefix(body, words)) == ["one two"]
    assert seen(prefix(body, 6)) == ["one two", "three four", "five", "six"]


def test_a_heading_is_never_parted() -> None:
    assert prefix((head("one. two. three."), para("four")), 2) == ()


def test_a_heading_and_its_picture_wait_for_the_text() -> None:
    body = (para("one", "a"), head("two"), IMAGE, para("three four", "b"))
    assert seen(prefix(body, 2)) == ["one"]
    assert seen(prefix(body, 3)) == ["one", "two", "<image>", "three"]


def test_an_empty_paragraph_brings_nothing_to_light() -> None:
    body = (
        para("one", "a"),
        head("two"),
        IMAGE,
        para("", "b"),
        para("\u00a0", "c"),
        Text("d"),
        para("three", "e"),
    )
    assert seen(prefix(body, 2)) == ["one"]
    assert seen(prefix(body, 3)) == ["one", "two", "<image>", "", "\u00a0", "", "three"]


@pytest.mark.parametrize("body", [(), (IMAGE, EMBED), (DIVIDER,), (head("one"),), (para(""),), (RELATED, PAYWALL)])
def test_a_body_without_text_shows_nothing(body: Body) -> None:
    for words in (0, 1, 100):
        assert prefix(body, words) == ()


def test_quotes_and_list_items_are_parted_like_paragraphs() -> None:
    item = Text("l", (Span("l-s", "one two"),), list_item=ListItem.NUMBER, level=2)
    assert prefix((item,), 1) == (Text("l", (Span("l-s", "one"),), list_item=ListItem.NUMBER, level=2),)
    assert prefix((para("one two", style=Style.QUOTE),), 1) == (para("one", style=Style.QUOTE),)


def test_marks_links_and_spans_of_the_hidden_part_stay_there() -> None:
    links = (Link("one", "https://one.test"), Link("two", "https://two.test"), Link("unused", "https://un.test"))
    spans = (
        Span("s1", "Some ", ("em",)),
        Span("s2", "linked", ("one", "strong")),
        Span("s3", " and more", ()),
        Span("s4", " linked", ("two",)),
    )
    block = Text("k", spans, links)
    assert prefix((block,), 2) == (Text("k", spans[:2], links[:1]),)
    assert prefix((block,), 3) == (Text("k", (*spans[:2], Span("s3", " and")), links[:1]),)
    assert prefix((block,), 5) == (block,)


def test_a_word_over_several_spans_is_not_parted() -> None:
    spans = (Span("s1", "un"), Span("s2", ""), Span("s3", "brok", ("em",)), Span("s4", "en word"))
    assert prefix((Text("k", spans),), 1) == (Text("k", (*spans[:3], Span("s4", "en"))),)


def test_captions_embeds_and_related_have_no_words() -> None:
    body = (IMAGE, RELATED, EMBED, para(many(10)))
    assert prefix(body, 10) == body
