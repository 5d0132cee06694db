"""HTML and Markdown made into blocks: tables of what writers paste and what becomes of it."""

from itertools import count
from typing import Any

import pytest

from domain.body import Body, Divider, Embed, Image, Paywall, ReadAlso, Text
from domain.errors import Unfit
from infra.ids import new_key
from infra.markup import body_from_html, body_from_markdown

ID = "01890000-0000-7000-8000-000000000001"
OTHER = "01890000-0000-7000-8000-000000000002"


def html(source: str) -> Body:
    keys = count()
    return body_from_html(source, lambda: f"k{next(keys)}", pointer="/body_html")


def markdown(source: str) -> Body:
    keys = count()
    return body_from_markdown(source, lambda: f"k{next(keys)}", pointer="/body_markdown")


def told(body: Body) -> list[str]:
    """The blocks in a short form: a marked span as «text|marks», a link by its address."""
    return [line(block) for block in body]


def line(block: object) -> str:
    match block:
        case Text():
            links = {link.key: link.href for link in block.links}
            spans = "".join(
                f"«{span.text}|{' '.join(links.get(mark, mark) for mark in span.marks)}»"
                if span.marks
                else span.text
                for span in block.children
            )
            listed = f"{block.list_item}{block.level} " if block.list_item else ""
            return f"{listed}{block.style}: {spans}"
        case Image():
            return f"image {block.media_id} {block.caption} {block.alt}"
        case ReadAlso():
            return f"also {block.article_id}"
        case Embed():
            return f"embed {block.url} {block.provider} {block.title}"
        case Divider():
            return "---"
        case Paywall():
            return "paywall"
        case _:
            raise AssertionError(block)


HTML: list[tuple[str, list[str]]] = [
    ("", []),
    (" \n\t ", []),
    ("<p></p><p> </p><p><br></p>", []),
    ("bare", ["normal: bare"]),
    ("<p>one</p><p>two</p>", ["normal: one", "normal: two"]),
    ("<p>one<p>two", ["normal: one", "normal: two"]),
    ("<div>one<div>two</div>three</div>", ["normal: one", "normal: two", "normal: three"]),
    ("<h1>a</h1><h2>b</h2><h3>c</h3><h4>d</h4><h5>e</h5><h6>f</h6>", [
        "h2: a", "h2: b", "h3: c", "h4: d", "h4: e", "h4: f",
    ]),
    ("<h2>a <em>b</em></h2>after", ["h2: a «b|em»", "normal: after"]),
    # marks
    ("<b>a</b><strong>b</strong>", ["normal: «ab|strong»"]),
    ("<i>a</i><em>b</em>", ["normal: «ab|em»"]),
    ("<u>a</u>", ["normal: «a|underline»"]),
    ("<s>a</s><del>b</del><strike>c</strike>", ["normal: «abc|strike-through»"]),
    ("<code>a</code>", ["normal: «a|code»"]),
    ("H<sub>2</sub>O<sup>3</sup>", ["normal: H«2|sub»O«3|sup»"]),
    ("<b>a<i>b</i>c</b>d", ["normal: «a|strong»«b|strong em»«c|strong»d"]),
    ("<b><b>a</b>b</b>c", ["normal: «ab|strong»c"]),
    ("<p><b>one<p>two</b>three</p>", ["normal: «one|strong»", "normal: «two|strong»three"]),
    ("<span style='x'>a</span><mark>b</mark>", ["normal: ab"]),
    # white space
    ("<p>  a \n\t b  </p>", ["normal: a b"]),
    ("<p>a <b> b</b> c</p>", ["normal: a «b|strong» c"]),
    ("<p>a<b> b </b>c</p>", ["normal: a« b |strong»c"]),
    ("<p>a&nbsp;b\u202f:</p>", ["normal: a\xa0b\u202f:"]),
    ("<p>\xa0</p><p> \u2003 </p>", []),
    ("<p>\xa0 a\xa0</p>", ["normal: a"]),
    ("a<br>b", ["normal: a\nb"]),
    ("a <br> b<br><br>c", ["normal: a \nb\n\nc"]),
    ("<br>a<br>", ["normal: a"]),
    # entities
    ("&amp;&lt;b&gt;&quot;&#39;&eacute;&#8364;&#x20ac;", ["normal: &<b>\"'é€€"]),
    ("a & b < c", ["normal: a & b < c"]),
    ("&amp;lt;b&amp;gt;", ["normal: &lt;b&gt;"]),
    ("&nosuch; &", ["normal: &nosuch; &"]),
    # lists
    ("<ul><li>a<li>b</ul>", ["bullet1 normal: a", "bullet1 normal: b"]),
    ("<ol><li>a</li></ol>b", ["number1 normal: a", "normal: b"]),
    ("<ul><li>a<ol><li>b<ul><li>c</ul></ol></li><li>d</ul>", [
        "bullet1 normal: a", "number2 normal: b", "bullet3 normal: c", "bullet1 normal: d",
    ]),
    ("<ul><li><p>a</p><p>b</p></li></ul>", ["bullet1 normal: a", "bullet1 normal: b"]),
    ("<ul>" * 14 + "<li>deep", ["bullet10 normal: deep"]),
    ("<li>alone", ["normal: alone"]),
    # quotes
    ("<blockquote>a</blockquote>b", ["blockquote: a", "normal: b"]),
    ("<blockquote><p>a</p><p>b</p></blockquote>", ["blockquote: a", "blockquote: b"]),
    ("<blockquote>a<blockquote>b</blockquote>c</blockquote>d", [
        "blockquote: a", "blockquote: b", "blockquote: c", "normal: d",
    ]),
    ("<blockquote><h3>a</h3>b</blockquote>", ["h3: a", "blockquote: b"]),
    # links
    ("<a href='https://a.test/?x=1&amp;y=2'>a</a>", ["normal: «a|https://a.test/?x=1&y=2»"]),
    ("<a href='mailto:a@a.test'>a</a> <a href='tel:+1'>b</a>", ["normal: «a|mailto:a@a.test» «b|tel:+1»"]),
    ("<b>x <a href='https://a.test/'>a</a></b>", ["normal: «x |strong»«a|strong https://a.test/»"]),
    ("<a href='https://a.test/'>one<p>two</p></a>", ["normal: «one|https://a.test/»", "normal: «two|https://a.test/»"]),
    ("<a>a</a><a href=''>b</a><a name=x>c</a>", ["normal: abc"]),
    ("<a href='/x'>a</a><a href='#n'>b</a><a href='//c.test'>c</a>", ["normal: abc"]),
    ("<a href='javascript:x'>a</a><a href='data:,x'>b</a><a href='java\nscript:x'>c</a>", ["normal: abc"]),
    ("<a href='https://a.test/'></a>b", ["normal: b"]),
    # pictures
    (f"<img src='media:{ID}'>", [f"image {ID} None None"]),
    (f"a<img src='media:{ID}' title='T' alt='A'>b", ["normal: a", f"image {ID} T A", "normal: b"]),
    (f"<figure><img src='media:{ID}'><figcaption>a <b>b</b></figcaption></figure>c", [
        f"image {ID} a b None", "normal: c",
    ]),
    (f"<figure><img src='media:{ID}' title='T'><figcaption></figcaption></figure>", [f"image {ID} T None"]),
    (f"<figure><img src='media:{ID}' title='T'><figcaption>C</figcaption></figure>", [f"image {ID} C None"]),
    ("<figcaption>alone</figcaption>", ["normal: alone"]),
    ("<p>a</p><figcaption>after text</figcaption>", ["normal: a", "normal: after text"]),
    # our own
    (f"<p><a href='article:{OTHER}'>Read <b>this</b></a></p>", [f"also {OTHER}"]),
    (f"<p> <a href='article:{OTHER}'>Read</a> </p>x", [f"also {OTHER}", "normal: x"]),
    (f"<A HREF='ARTICLE:{OTHER}'>Read</A>", [f"also {OTHER}"]),
    (f"<IMG SRC='MEDIA:{ID}'>", [f"image {ID} None None"]),
    ("<a href='HTTPS://A.test/B'>a</a>", ["normal: «a|https://A.test/B»"]),
    ("<hr>", ["---"]),
    ("a<hr class=paywall>b<hr class='x'>", ["normal: a", "paywall", "normal: b", "---"]),
    ("<figure data-embed='https://v.test/1' data-provider='V' data-title='T'></figure>", [
        "embed https://v.test/1 V T",
    ]),
    ("<figure data-embed='https://v.test/1'>text</figure>", ["embed https://v.test/1 None None", "normal: text"]),
    (f"<img src='media:{ID}' title='' alt=''>", [f"image {ID}  None"]),
    (f"<img src='media:{ID}' alt='' role='presentation'>", [f"image {ID} None "]),
    ("<figure data-embed='https://v.test/1' data-title=''></figure>", ["embed https://v.test/1 None "]),
    ("<p><span data-space='  '> </span>a<span data-space='&#9;'> </span>b</p>", ["normal:   a\tb"]),
    ("<p><span data-space=''></span></p>", ["normal: "]),
    ("<p><span data-space='text'>a</span></p>", ["normal: a"]),
    ("<a href='https://a.test/'>a</a><a href='https://a.test/'><b>b</b></a>", [
        "normal: «a|https://a.test/»«b|https://a.test/ strong»",
    ]),
    ("<a href='https://a.test/'>a<span data-link='https://b.test/'>b</span></a>", [
        "normal: «a|https://a.test/»«b|https://a.test/ https://b.test/»",
    ]),
    ("<span data-link='javascript:x'>a</span><span data-link='article:x'>b</span>", ["normal: ab"]),
    # what is left out
    ("<script>x</script><style>x</style>a<!-- x -->", ["normal: a"]),
    ("<p onclick=x class=y id=z>a</p>", ["normal: a"]),
    ("<title>x</title><svg><title>x</title><script>y</script></svg>a", ["normal: a"]),
    ("<iframe src='https://x.test'></iframe>a<video src=x>b</video>", ["normal: ab"]),
    ("<table><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></table>", ["normal: a", "normal: b", "normal: c"]),
    ("<b>a</i></b></p></ul></blockquote>b", ["normal: «a|strong»", "normal: b"]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), HTML, ids=[source[:50] for source, _ in HTML])
def test_html_becomes_blocks(source: str, expected: list[str]) -> None:
    assert told(html(source)) == expected


MARKDOWN: list[tuple[str, list[str]]] = [
    ("", []),
    ("one\ntwo\n\nthree", ["normal: one two", "normal: three"]),
    ("a  \nb\\\nc", ["normal: a\nb\nc"]),
    ("# a\n## b\n### c\n#### d\n##### e", ["h2: a", "h2: b", "h3: c", "h4: d", "h4: e"]),
    ("a\n=\nb\n-", ["h2: a", "h2: b"]),
    ("**a** *b* ***c*** ~~d~~ `e`", ["normal: «a|strong» «b|em» «c|em strong» «d|strike-through» «e|code»"]),
    ("- a\n  1. b\n- c", ["bullet1 normal: a", "number2 normal: b", "bullet1 normal: c"]),
    ("- a\n\n- b", ["bullet1 normal: a", "bullet1 normal: b"]),
    ("> a\n>\n> b\n\nc", ["blockquote: a", "blockquote: b", "normal: c"]),
    ('[a](https://a.test/ "t") <https://b.test/>', ["normal: «a|https://a.test/» «https://b.test/|https://b.test/»"]),
    ("[a][r]\n\n[r]: https://a.test/", ["normal: «a|https://a.test/»"]),
    ("[a](/x) [b](#n)", ["normal: a b"]),
    ("[a](javascript:x)", ["normal: [a](javascript:x)"]),
    (f'![A](media:{ID} "T")', [f"image {ID} T A"]),
    (f"[Read](article:{OTHER})", [f"also {OTHER}"]),
    ("a\n\n---\n\nb", ["normal: a", "---", "normal: b"]),
    ('a\n\n<hr class="paywall">\n\nb', ["normal: a", "paywall", "normal: b"]),
    ("<u>a</u> x<sub>2</sub>", ["normal: «a|underline» x«2|sub»"]),
    ("<script>x</script>\n\na", ["normal: a"]),
    ("```\na\n b\n```", ["normal: «a\n b|code»"]),
    ("\\*a\\* &amp; &copy;", ["normal: *a* & ©"]),
    ("a|b\n-|-\nc|d", ["normal: a|b -|- c|d"]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), MARKDOWN, ids=[source[:50] for source, _ in MARKDOWN])
def test_markdown_becomes_blocks(source: str, expected: list[str]) -> None:
    assert told(markdown(source)) == expected


@pytest.mark.parametrize(
    "source",
    [
        "<img src='https://a.test/x.png'>",
        "<img src='data:image/png;base64,AA'>",
        "<img src='x.png'>",
        "<img>",
        f"<p>Read <a href='article:{OTHER}'>this</a></p>",
        f"<p><a href='article:{OTHER}'>a</a><a href='article:{ID}'>b</a></p>",
        "<div>" * 257,
        "</b>" * 300 + "<b>" * 300,
        "<div>" * 100_000,
        "<b>" * 100_000,
    ],
)
def test_what_cannot_be_a_body_is_refused(source: str) -> None:
    for made, pointer in ((html, "/body_html"), (markdown, "/body_markdown")):
        with pytest.raises(Unfit) as refused:
            made(source)
        assert [flaw.pointer for flaw in refused.value.flaws] == [pointer]


def test_as_deep_as_it_may_be_is_read() -> None:
    assert told(html("<div>" * 256 + "x")) == ["normal: x"]


def test_links_keep_to_the_blocks_that_show_them() -> None:
    body = html("<p><a href='https://a.test/'>a</a></p><p>b</p><p><a href='https://c.test/'>c</a></p>")
    assert [[link.href for link in block.links] for block in body if isinstance(block, Text)] == [
        ["https://a.test/"],
        [],
        ["https://c.test/"],
    ]


@pytest.mark.parametrize("mark", ["> ", "- "])
@pytest.mark.parametrize("depth", [1, 10, 19, 20, 25])
def test_nested_markdown_is_kept_whole(mark: str, depth: int) -> None:
    body = body_from_markdown(mark * depth + "LASTWORD", new_key, pointer="/body_markdown")
    assert [block.text for block in body if isinstance(block, Text)] == ["LASTWORD"]


@pytest.mark.parametrize("mark", ["> ", "- "])
@pytest.mark.parametrize("depth", [70, 150, 10_000])
def test_markdown_that_is_nested_too_deep_is_refused(mark: str, depth: int) -> None:
    with pytest.raises(Unfit) as refusal:
        body_from_markdown(mark * depth + "LASTWORD", new_key, pointer="/body_markdown")
    assert refusal.value.flaws[0].pointer == "/body_markdown"


@pytest.mark.parametrize(
    ("read", "source"),
    [
        (body_from_html, "<pre>one\n  two\n</pre>"),
        (body_from_html, "<pre><code>one\r\n  two</code></pre>"),
        (body_from_markdown, "```py\none\n  two\n```"),
        (body_from_markdown, "    one\n      two\n"),
    ],
)
def test_preformatted_text_keeps_its_lines(read: Any, source: str) -> None:
    (block,) = read(source, new_key, pointer="/body_html")
    assert block.text == "one\n  two"
