"""What goes out as HTML or Markdown comes back saying the same: any body that could be sent as blocks."""

from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.editorial.drafts import fitting
from domain.body import (
    DECORATORS,
    Block,
    Body,
    Divider,
    Embed,
    Image,
    Link,
    ListItem,
    Paywall,
    ReadAlso,
    Span,
    Style,
    Text,
)
from domain.keys import said
from infra.markup import body_from_html, body_from_markdown, html_of, markdown_of
from tests.domain.bodies import PIECES, para

ID = "01890000-0000-7000-8000-000000000001"
OUT_AND_IN: list[tuple[Callable[[Body], str], Callable[..., Body]]] = [
    (html_of, body_from_html),
    (markdown_of, body_from_markdown),
]
SIGNS = st.sampled_from(
    [
        *r"* ** _ __ ` `` ~ ~~ [ ] ( ) ![ ]( < > <b> </p> <!-- & &amp; &lt &#65; &nbsp; \ \\ # ## - +".split(),  # noqa: SIM905
        *"1. 12) > === a_b ``` ~~~ | ! : https://a.test/ <https://a.test> [a]:b \" ' a b 1 שלום \u202e 🧂".split(),  # noqa: SIM905
        *("---", "]]>", "# ", "## ", "- ", "+ ", "* ", "1. ", "    a", "\ufeff"),
        *(" ", "  ", "\n", "\n\n", " \n", "\n ", "\t", "\r", "\f", "\x0b", "\x85"),
    ]
)
CHARACTERS = st.characters(codec="utf-8", exclude_characters="\x00")
TEXTS = st.one_of(
    st.lists(st.one_of(SIGNS, PIECES), max_size=10).map("".join), st.text(CHARACTERS, max_size=10), st.just("")
)
NOTES = st.one_of(st.none(), TEXTS.map(str.strip))
ADDRESSES = st.sampled_from(
    [
        *("https://a.test/", "https://a.test/?x=1&y=2", "https://a.test/?a&copy", "https://a.test/&amp;"),
        *(
            "http://A.test/é(1)_*[x]`|\\",
            "HTTPS://B.test",
            "https://a:99999/",
            "https://[::1]/",
            "https://é.test/",
        ),
        *("https://a.test/%zz", "https://www.google.com/url?q=https://b.test/&sa=D", "mailto:d@a.test", "tel:+41"),
    ]
)


@st.composite
def texts(draw: st.DrawFn) -> Text:
    links = tuple(Link(f"l{at}", draw(ADDRESSES)) for at in range(draw(st.integers(0, 3))))
    marks = st.lists(
        st.sampled_from([*sorted(DECORATORS), *(link.key for link in links)]), max_size=4, unique=True
    ).map(tuple)
    spans = tuple(Span("", text, draw(marks)) for text in draw(st.lists(TEXTS, max_size=5)))
    item = draw(st.sampled_from([None, None, *ListItem]))
    level = draw(st.sampled_from([1, 1, 2, 2, 3, 10])) if item else None
    style = draw(st.sampled_from([Style.NORMAL, Style.NORMAL, *Style]))
    return Text("", spans, links, style, item, level)


BLOCKS: st.SearchStrategy[Block] = st.one_of(
    texts(),
    texts(),
    texts(),
    st.builds(Image, st.just(""), st.just(ID), NOTES, NOTES, NOTES),
    st.just(ReadAlso("", ID)),
    st.builds(Embed, st.just(""), st.just("https://video.test/?a=1&b=\\'|é"), NOTES, NOTES),
    st.just(Divider("")),
    st.just(Paywall("")),
)
BODIES = st.lists(BLOCKS, max_size=6).map(tuple)


def read(markup: str, reads: Callable[..., Body]) -> Body:
    keys = count()
    return fitting(reads(markup, lambda: f"k{next(keys)}", pointer="/x"), "/x")


def saying(body: Body) -> list[Block]:
    return list(map(said, body))


@pytest.mark.parametrize(("writes", "reads"), OUT_AND_IN)
@given(body=BODIES)
@example(body=(para("a\r"), para(" \n"), para(""), Text("")))
def test_a_body_comes_back_saying_the_same(
    writes: Callable[[Body], str], reads: Callable[..., Body], body: Body
) -> None:
    markup = writes(body)
    back = read(markup, reads)
    assert saying(back) == saying(body), markup
    assert writes(back) == markup


MARKDOWN = [
    "It is **bold** and *thin*, ~~gone~~ and `x = 1`.",
    "## A heading",
    "> A quote",
    "[a **link**](https://a.test/?x=1&y=2)\\![another](mailto:desk@a.test)",
    "- a\n  1. b\n  2. c\n     - d\n- e\n1. f\n- g",
    f'![Seen](media:{ID} "Said")',
    f"![](media:{ID})",
    f"[{ID}](article:{ID})",
    "a\n\n---\n\nb",
    'a\n\n<hr class="paywall">\n\nb',
    "snake_case, \\_a\\_ \\*b\\* 1. C\\# & D",
    "1\\. no list",
    "a<br>b <u>c</u> H<sub>2</sub>O",
    "**a**<!-- -->*b*",
    "<ul><li><h3>a</h3></li></ul>",
    '<figure data-embed="https://video.test/1" data-title="T"></figure>',
    f'<figure><img src="media:{ID}" alt="" role="presentation" title="" data-credit="C"></figure>',
]


@pytest.mark.parametrize("source", MARKDOWN)
def test_markdown_that_is_written_so_stays_so(source: str) -> None:
    assert markdown_of(read(source, body_from_markdown)) == source


HTML = [
    "<p>a <strong>b <em>c</em></strong> &amp; &lt;d&gt;</p>",
    "<ul><li>a<ol><li>b</li></ol></li><li>c</li></ul>\n<p>d</p>\n<ol><li><ol><li><h2>e</h2></li></ol></li></ol>",
    "<blockquote><p>a</p></blockquote>\n<ul><li><blockquote>b</blockquote></li></ul>",
    f'<figure><img src="media:{ID}" alt="Seen" data-credit="C"><figcaption>Said<br>so</figcaption></figure>',
    '<p>a<span data-space="&#9; "> </span>b<span data-space="\xa0"></span></p>',
    '<p><span data-space=""></span></p>',
    '<p><a href="https://a.test/?x=1&amp;y=2">a <span data-link="https://b.test/">b</span></a></p>',
    '<p><span data-link="https://www.google.com/url?q=https://b.test/">a</span></p>',
]


@pytest.mark.parametrize("source", HTML)
def test_html_that_is_written_so_stays_so(source: str) -> None:
    assert html_of(read(source, body_from_html)) == source
