"""Whatever a writer pastes, a body comes of it or a refusal; and the body could have been sent as blocks."""

import re
from html import escape
from itertools import count

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from api.editorial.blocks import Block, blocks_of
from api.editorial.drafts import fitting
from domain.body import DECORATORS, Body, Text
from domain.errors import Unfit
from infra.markup import body_from_html, body_from_markdown

BLOCKS: TypeAdapter[list[Block]] = TypeAdapter(list[Block])
TAGS = [
    *(
        "p",
        "b",
        "i",
        "u",
        "s",
        "em",
        "del",
        "code",
        "sub",
        "sup",
        "a",
        "ul",
        "ol",
        "li",
        "h1",
        "h2",
        "h5",
        "br",
        "hr",
    ),
    *("blockquote", "div", "figure", "figcaption", "table", "tr", "td", "pre", "span", "script", "style", "svg"),
    *("math", "template", "select", "iframe", "textarea", "title"),
]
ATTRIBUTES = st.sampled_from(
    (
        "",
        ' href="https://a.test/"',
        ' href="/x"',
        ' href="javascript:x"',
        ' href="article:x"',
        ' href="mailto:a@a.test"',
        ' class="paywall"',
        " onclick=x",
        ' title="</p>"',
        " href=",
        ' "',
    )
)
OPENING = st.builds("<{}{}>".format, st.sampled_from(TAGS), ATTRIBUTES)
CLOSING = st.sampled_from(TAGS).map("</{}>".format)
WORDS = st.sampled_from(
    (
        "a",
        " ",
        "\n",
        "&nbsp;",
        "&",
        "&#0;",
        "&#xd800;",
        "<",
        ">",
        "<!--",
        "-->",
        "<![CDATA[",
        "é",
        "\xa0",
        "]]>",
        "x y",
    )
)
NESTED = st.builds("<{0}{1}>{2}</{0}>".format, st.sampled_from(TAGS), ATTRIBUTES, WORDS)
TAG_SOUP = st.lists(st.one_of(OPENING, CLOSING, WORDS, NESTED), max_size=40).map("".join)
MARKS = st.sampled_from(
    (
        "*",
        "**",
        "_",
        "`",
        "```\n",
        "# ",
        "> ",
        "- ",
        "1. ",
        "\n",
        "\n\n",
        "[",
        "](",
        ")",
        "![",
        "<",
        ">",
        "~~",
        "    ",
        "\\",
        "a",
        "b ",
    )
)
MARK_SOUP = st.lists(st.one_of(MARKS, OPENING, CLOSING, NESTED), max_size=40).map("".join)
ANYTHING = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=200)


def made(source: str, *, is_html: bool) -> Body | None:
    number = count()
    read = body_from_html if is_html else body_from_markdown
    try:
        return fitting(read(source, lambda: f"k{next(number)}", pointer="/x"), "/x")
    except Unfit:
        return None


def check(body: Body | None) -> None:
    if body is None:
        return
    sent = [block.model_dump() for block in blocks_of(body)]
    assert tuple(block.as_block() for block in BLOCKS.validate_python(sent)) == body
    found = [
        key
        for block in body
        for key in (block.key, *([one.key for one in block.children] if isinstance(block, Text) else []))
    ]
    assert len(found) == len(set(found))
    assert all(found)
    for block in body:
        if isinstance(block, Text):
            assert block.children
            assert block.text.strip(" \n") == block.text != ""
            assert {mark for span in block.children for mark in span.marks} <= DECORATORS | {
                link.key for link in block.links
            }


@given(st.one_of(ANYTHING, TAG_SOUP))
def test_any_html_makes_a_body_or_is_refused(source: str) -> None:
    check(made(source, is_html=True))


@given(st.one_of(ANYTHING, TAG_SOUP, MARK_SOUP))
def test_any_markdown_makes_a_body_or_is_refused(source: str) -> None:
    check(made(source, is_html=False))


@given(TAG_SOUP)
def test_reading_twice_gives_the_same(source: str) -> None:
    assert made(source, is_html=True) == made(source, is_html=True)


@given(st.lists(st.text("abc é&<>\"'", min_size=1, max_size=30).filter(str.strip), max_size=5))
def test_escaped_text_comes_back_as_it_was(paragraphs: list[str]) -> None:
    body = made("".join(f"<p>{escape(text)}</p>" for text in paragraphs), is_html=True)
    assert body is not None
    shown = [block.text for block in body if isinstance(block, Text)]
    assert shown == [re.sub(" +", " ", text).strip() for text in paragraphs]
