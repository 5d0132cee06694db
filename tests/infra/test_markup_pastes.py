"""What word processors put on the clipboard, and the clean blocks that come of it."""

import time

import pytest

from domain.errors import Unfit
from infra.ids import new_key
from infra.markup import body_from_html, html_of
from tests.infra.test_markup import html, told


def word_item(text: str, level: int, marker: str, font: str = "Symbol") -> str:
    return (
        f"<p class=MsoListParagraphCxSpMiddle style='margin-left:{level}.0in;mso-add-space:auto;"
        f"text-indent:-.25in;mso-list:l0 level{level} lfo1'><![if !supportLists]>"
        f"<span lang=EN-GB style='font-family:{font};mso-ascii-font-family:{font}'>"
        f"<span style='mso-list:Ignore'>{marker}<span style='font:7.0pt "
        f'"Times New Roman"\'>&nbsp;&nbsp;&nbsp;&nbsp;\n</span></span></span><![endif]>{text}<o:p></o:p></p>\n'
    )


WORD = f"""<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"
xmlns:w="urn:schemas-microsoft-com:office:word" xmlns="http://www.w3.org/TR/REC-html40"><head>
<meta http-equiv=Content-Type content="text/html; charset=utf-8"><meta name=Generator content="Microsoft Word 15">
<title>The ferry</title><link rel=File-List href="file:///C:/clip_filelist.xml">
<!--[if gte mso 9]><xml><o:OfficeDocumentSettings><o:AllowPNG/></o:OfficeDocumentSettings></xml><![endif]-->
<style><!-- /* Font Definitions */ @font-face {{font-family:Wingdings;}} p.MsoNormal {{margin:0cm;}} --></style>
</head><body lang=FR style='tab-interval:35.4pt'><!--StartFragment-->
<h1><span lang=EN-GB>The ferry<o:p></o:p></span></h1>
<p class=MsoNormal><b style='mso-bidi-font-weight:normal'><span style='font-size:12.0pt'>Gras</span></b><span> et
<i>italique</i> à <st1:place w:st="on"><st1:City w:st="on">Nantes</st1:City></st1:place><a
style='mso-footnote-id:ftn1' href="#_ftn1" name="_ftnref1"><span class=MsoFootnoteReference><sup><span
style='mso-special-character:footnote'><![if !supportFootnotes]>[1]<![endif]></span></sup></span></a>.</span></p>
<p class=MsoNormal><o:p>&nbsp;</o:p></p>
{word_item("First", 1, "·")}{word_item("Below <b>it</b>", 2, "o", "Courier New")}{word_item("Deep", 3, "§")}
{word_item("One", 1, "1.")}{word_item("Letter", 2, "a)")}
<p class=MsoNormal style='mso-pagination:none'><span style='mso-hide:all'>Hidden</span>Seen <a
href="https://a.test/?a=1&amp;b=2">there</a> H<sub>2</sub>O <s>gone</s><o:p></o:p></p>
<!--EndFragment--></body></html>"""
DOCS_SPAN = (
    "font-size:11pt;font-family:Arial,sans-serif;color:#000000;background-color:transparent;font-weight:{};"
    "font-style:{};font-variant:normal;text-decoration:{};vertical-align:{};white-space:pre;white-space:pre-wrap;"
)


def docs(text: str, weight: int = 400, style: str = "normal", line: str = "none", align: str = "baseline") -> str:
    return f'<span style="{DOCS_SPAN.format(weight, style, line, align)}">{text}</span>'


GOOGLE = "https://www.google.com/url?q=https://a.test/x?y%3D1%26z&amp;sa=D&amp;source=editors&amp;ust=17&amp;usg=A"
DOCS = f"""<meta charset='utf-8'><meta charset="utf-8"><b style="font-weight:normal;"
id="docs-internal-guid-7f3a"><h2 dir="ltr" style="line-height:1.38;">{docs("A heading")}</h2>
<p dir="ltr" style="line-height:1.38;">{docs("Plain, ")}{docs("bold", 700)}{docs(", ")}{
    docs("both", 700, "italic")
} {docs("under", line="underline")}{docs("gone", line="line-through")}{docs("2", align="super")}{
    docs("n", align="sub")
}
</p><br /><p dir="ltr"><a href="{GOOGLE}" style="text-decoration:none;">{docs("a ", line="underline")}</a><a
href="{GOOGLE}" style="text-decoration:none;">{docs("link", 700, line="underline")}</a></p><br><br>
<ul style="margin-top:0;"><li dir="ltr" style="list-style-type:disc;font-weight:400;" aria-level="1"><p dir="ltr"
role="presentation">{docs("One")}</p></li><ul><li dir="ltr" style="list-style-type:circle;" aria-level="2"><p
dir="ltr" role="presentation">{docs("Two")}</p></li></ul></ul><ol><li aria-level="3">{docs("Three")}</li></ol></b>
<br class="Apple-interchange-newline">"""
LIBRE = """<!DOCTYPE html><html><head><meta name="generator" content="LibreOffice 7.5"/><style type="text/css">
p { line-height: 115% }</style></head><body lang="en-GB" dir="ltr">
<p style="line-height: 100%; margin-bottom: 0cm">
<font color="#000000"><font face="Liberation Serif"><b>Bold</b> <span style="font-style: normal">not</span>
<span style="text-decoration: underline line-through">both</span></font></font></p>
<p style="margin-bottom: 0cm"><br/>

</p><ol><li><p>Item</p></li></ol></body></html>"""
PASTES = [
    (
        WORD,
        [
            "h2: The ferry",
            "normal: «Gras|strong» et «italique|em» à Nantes«[1]|sup».",
            "bullet1 normal: First",
            "bullet2 normal: Below «it|strong»",
            "bullet3 normal: Deep",
            "number1 normal: One",
            "number2 normal: Letter",
            "normal: Seen «there|https://a.test/?a=1&b=2» H«2|sub»O «gone|strike-through»",
        ],
    ),
    (
        DOCS,
        [
            "h2: A heading",
            "normal: Plain, «bold|strong», «both|strong em» «under|underline»«gone|strike-through»«2|sup»«n|sub»",
            "normal: «a |https://a.test/x?y=1&z»«link|https://a.test/x?y=1&z strong»",
            "bullet1 normal: One",
            "bullet2 normal: Two",
            "number3 normal: Three",
        ],
    ),
    (LIBRE, ["normal: «Bold|strong» not «both|underline strike-through»", "number1 normal: Item"]),
]


@pytest.mark.parametrize(("source", "expected"), PASTES, ids=["word", "docs", "libre"])
def test_a_paste_comes_out_clean(source: str, expected: list[str]) -> None:
    body = html(source)
    assert told(body) == expected
    assert told(html(html_of(body))) == expected


STYLES = [
    ("<span style='FONT-WEIGHT: Bold'>a</span>", "«a|strong»"),
    ("<span style='font-weight:600'>a</span><span style='font-weight:500'>b</span>", "«a|strong»b"),
    ("<span style='font-weight:700 !important'>a</span>", "«a|strong»"),
    ("<b>a<span style='font-weight:normal'>b</span>c</b>", "«a|strong»b«c|strong»"),
    ("<b style='font-weight:400'>a<b>b</b></b>", "a«b|strong»"),
    ("<em style='font-style:normal'>a</em><i>b</i>", "a«b|em»"),
    ("<span style='font-weight:inherit;font-style:oblique'>a</span>", "«a|em»"),
    ("<span style='text-decoration-line:line-through'>a</span>", "«a|strike-through»"),
    ("<a href='https://a.test/'><u>a</u></a>", "«a|https://a.test/ underline»"),
    ("<span style='vertical-align:sub'>a</span>", "«a|sub»"),
    ("<span style='font-weight'>a</span><span style=';;:'>b</span>", "ab"),
    ("<span style='font-weight:9٩9'>a</span><span style='font-weight:²'>b</span>", "«a|strong»b"),
    ("<span style='display:none'>a<img src='https://a.test/pixel.gif'><b>b</b></span>c", "c"),
    ("a<img style='display:none' src='https://a.test/pixel.gif'>b", "ab"),
    ("<p style='mso-list:l0 level3 lfo1'>no marker</p>", "no marker"),
    ("<a href='https://www.google.com/url?q=javascript:x'>a</a>", "«a|https://www.google.com/url?q=javascript:x»"),
    ("<a href='https://www.google.com/url?sa=D'>a</a>", "«a|https://www.google.com/url?sa=D»"),
    ("<a href='https://www.google.com.evil.test/url?q=https://a.test/'>a</a>",
     "«a|https://www.google.com.evil.test/url?q=https://a.test/»"),
    ("<a href='https://[x/'>a</a>", "a"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), STYLES, ids=[source[:40] for source, _ in STYLES])
def test_few_styles_mean_something(source: str, expected: str) -> None:
    assert told(html(source)) == [f"normal: {expected}"]


def test_a_list_of_word_in_a_list_is_of_that_list() -> None:
    source = "<ul><li style='mso-list:l0 level1 lfo1'><p style='mso-list:l0 level4 lfo1'>a</p>b</li></ul>"
    assert told(html(source)) == ["bullet1 normal: a", "bullet1 normal: b"]


@pytest.mark.parametrize("level", ["0", "11", "-1", "x", "", "2"])
def test_levels_are_those_that_there_are(level: str) -> None:
    expected = "bullet2" if level == "2" else "bullet1"
    assert told(html(f"<ul><li aria-level='{level}'>a</ul>")) == [f"{expected} normal: a"]


HOSTILE = [
    "<span style=\"background:url('javascript:alert(1)');font-weight:700\" onmouseover=alert(1)>a</span>",
    "<p style='mso-list:l0 level1 lfo1;behavior:url(x)'><span style='mso-list:Ignore'><script>1</script>·</span>a",
    "<a href='https://www.google.com/url?q=javascript:alert(1)' onclick=alert(1)>a</a>",
    "<a href='&#106;avascript:alert(1)'>a</a><a href='vbscript:alert(1)'>b</a><a href=' data:text/html,x'>c</a>",
    "<span data-link='javascript:alert(1)'>a</span><span data-link=' https://a.test/'>b</span>",
    "<figure data-embed='javascript:alert(1)'></figure>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<svg><foreignObject><p style='display:none'></p><script>alert(1)</script></foreignObject></svg>a",
    "<![if !supportLists]><script>alert(1)</script><![endif]>a<!--[if mso]><script>alert(1)</script><![endif]-->",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_nothing_that_runs_comes_through(source: str) -> None:
    try:
        body = body_from_html(source, new_key, pointer="/body_html")
    except Unfit:
        return
    shown = html_of(body).lower()
    links = [link.href for block in body for link in getattr(block, "links", ())]
    assert all(href.startswith("https://") for href in links)
    assert not any(word in shown for word in ("<script", "onclick=", "onmouseover=", "onerror=", "style="))


@pytest.mark.parametrize(
    "piece",
    [
        *("<span style='font-weight:700'>", "<b></b>", "<br>", "<span data-space=''></span> "),
        *("<p style='mso-list:l0 level1'><span style='mso-list:ignore'>·</span>", "<ul><li aria-level=2>"),
        *("<p style='" + ";" * 500 + "'>", "<a href='https://www.google.com/url?q=", "level1 ", "- "),
        *("&nbsp;", "<span data-space=' '>", "*a"),
    ],
)  # fmt: skip
def test_the_most_that_may_be_sent_is_read_in_time(piece: str) -> None:
    source = piece * (200_000 // len(piece))
    started = time.process_time()
    for text in (source, f"<p style='{source}'>a</p>"):
        try:
            html_of(body_from_html(text, new_key, pointer="/body_html"))
        except Unfit:
            continue
    assert time.process_time() - started < 5
