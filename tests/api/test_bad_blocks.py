"""Blocks that are no Portable Text of ours, and markup that means harm."""

import json
from typing import Any

import pytest
from fastapi import FastAPI

from api.editorial.blocks import MAX_BLOCKS
from tests.newsroom import Json, Newsroom, paragraph
from tests.raw import MARKER, Answer, everything_kept, refused, send_raw

PICTURE = "01890000-0000-7000-8000-00000000dead"


def span(text: str = "x", *marks: str, **fields: Any) -> Json:
    return {"_type": "span", "text": text, "marks": list(marks), **fields}


def link(key: str = "l", href: str = "https://a.test/") -> Json:
    return {"_type": "link", "_key": key, "href": href}


def block(*children: Json, **fields: Any) -> Json:
    return {"_type": "block", "children": list(children), **fields}


HREFS = (
    f"javascript:{MARKER}",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,<script>",
    "vbscript:x",
    "file:///etc/passwd",
    "//a.test/x",
    "/relative",
    "#here",
    "",
    "https:",
    "https://",
    "https:///x",
    "https://[::1",
    "https://a.test/ b",
    'https://a.test/">',
    "https://a.test/" + "x" * 2000,
    "mailto:a b",
    "article:x",
)
BLOCKS: list[tuple[Json, str]] = [
    ({}, ""),
    ({"_type": MARKER}, ""),
    ({"_type": "script"}, ""),
    ({"_type": "Block", "children": []}, ""),
    ({"_type": None}, ""),
    ({"_type": ["block"]}, ""),
    ({"type": "divider"}, ""),
    ({"_type": "block"}, "/children"),
    (block({"_type": "span"}), "/children/0/text"),
    (block({"_type": "image", "text": "x"}), "/children/0/_type"),
    (block(span("x", MARKER)), ""),
    (block(span("x", "l")), ""),
    (block(span("x", "a" * 65)), "/children/0/marks/0"),
    (block(span("x", *["em"] * 21)), "/children/0/marks"),
    (block(span(), markDefs=[link(), link()]), ""),
    (block(span(), markDefs=[link("strong")]), ""),
    (block(span(), markDefs=[link("")]), "/markDefs/0/_key"),
    (block(span(), markDefs=[{**link(), "_type": "comment"}]), "/markDefs/0/_type"),
    (block(span(_key="a"), span(_key="a")), ""),
    (block(span(), style="h1"), "/style"),
    (block(span(), style=MARKER), "/style"),
    (block(span(), level=1), ""),
    (block(span(), listItem="square", level=1), "/listItem"),
    *((block(span(), listItem="bullet", level=level), "/level") for level in (0, -1, 11, 10**9, 10**40)),
    (block(*[span()] * 1001), "/children"),
    (block(span("x" * 100_001)), "/children/0/text"),
    (block(span(), _key="a b"), "/_key"),
    (block(span(), _key="é"), "/_key"),
    (block(span(), _key="a\n"), "/_key"),
    (block(span(), _key="a" * 65), "/_key"),
    *((block(span("x", "l"), markDefs=[link(href=href)]), "/markDefs/0/href") for href in HREFS),
    *(({"_type": "embed", "url": href}, "/url") for href in (*HREFS, "mailto:a@a.test", "tel:1")),
    ({"_type": "embed"}, "/url"),
    ({"_type": "image"}, "/media_id"),
    ({"_type": "image", "media_id": MARKER}, "/media_id"),
    ({"_type": "image", "media_id": PICTURE}, "/media_id"),
    ({"_type": "image", "media_id": PICTURE, "url": "https://a.test/x.png"}, "/url"),
    ({"_type": "related", "article_id": PICTURE}, "/article_id"),
    ({"_type": "related", "article_id": f"urn:uuid:{PICTURE}"}, "/article_id"),
    ({"_type": "divider", "text": "x"}, "/text"),
    ({"_type": "paywall", "children": []}, "/children"),
]


class Desk:
    """Sends drafts."""

    def __init__(self, app: FastAPI, newsroom: Newsroom) -> None:
        self.app, self.newsroom = app, newsroom

    async def send(self, **fields: Any) -> Answer:
        headers = {**self.newsroom.headers, "Content-Type": "application/json"}
        body = json.dumps({"title": "T", "language": "en", **fields}).encode()
        return await send_raw(self.app, "POST", "/v1/editorial/articles", headers=headers, body=body)


@pytest.fixture
def desk(app: FastAPI, newsroom: Newsroom) -> Desk:
    return Desk(app, newsroom)


async def test_a_block_that_is_none_is_refused_where_it_stands(desk: Desk) -> None:
    before = await everything_kept(desk.app)
    for bad, place in BLOCKS:
        problem = refused(await desk.send(body=[paragraph("fine"), bad]), 422, note=bad)
        flaws = [flaw["pointer"] for flaw in problem["errors"]]
        assert any(flaw.startswith(f"/body/1{place}") for flaw in flaws), (bad, flaws)
    assert await everything_kept(desk.app) == before


async def test_a_body_has_an_end_and_no_key_twice(desk: Desk) -> None:
    before = await everything_kept(desk.app)
    twice = [paragraph("a", _key="same"), paragraph("b", _key="same")]
    for body in ([paragraph("x")] * 10_000, [paragraph("x")] * (MAX_BLOCKS + 1), twice):
        problem = refused(await desk.send(body=body), 422)
        assert [flaw["pointer"] for flaw in problem["errors"]] == ["/body"]
    assert await everything_kept(desk.app) == before
    assert (await desk.send(body=[paragraph("x")] * MAX_BLOCKS)).status == 201


UNFIT = [
    '<p>a</p><img src="https://a.test/x.png">',
    '<img src="data:image/png;base64,AAAA">',
    "<img>",
    '<img src="media:">',
    f'<img src="media:{MARKER}">',
    f'<img src="media:{PICTURE}">',
    f'<p><a href="article:{MARKER}">x</a></p>',
    f'<p><a href="article:{PICTURE}">x</a></p>',
    f'<p>Read <a href="article:{PICTURE}">x</a></p>',
    f'<figure data-embed="javascript:{MARKER}"></figure>',
    '<figure data-embed="data:text/html,x"></figure>',
    '<figure data-embed="/x"></figure>',
    f'<p><a href="https://a.test/{"x" * 2000}">x</a></p>',
    '<p><a href="mailto:a b">x</a></p>',
    "<div>" * 100_000,
    "<b>" * 100_000 + "x",
    "<blockquote>" * 40_000 + "x",
    "</b>" * 60_000 + "<b>" * 60_000,
    "<p>x</p>" * 10_000,
    "<p>" + "<b>a</b>b" * 1_000,
    "<p>" + "x" * 100_001,
]


async def test_markup_that_fits_no_body_is_refused_and_saved_nowhere(desk: Desk) -> None:
    before = await everything_kept(desk.app)
    for html in UNFIT:
        problem = refused(await desk.send(body_html=html), 422, note=html[:80])
        assert all(flaw["pointer"].startswith("/body") for flaw in problem["errors"]), problem
        refused(await desk.send(body_markdown=html), 422, note=html[:80])
    for markdown in ("![a](https://a.test/x.png)", "![a](x)", f"[x](article:{PICTURE})", "- x\n\n" * 5_000):
        refused(await desk.send(body_markdown=markdown), 422, note=markdown[:80])
    assert await everything_kept(desk.app) == before


HOSTILE = [
    f"<script>{MARKER}</script><p>fine</p>",
    f"<p onclick='{MARKER}' style='{MARKER}' id='{MARKER}'>fine</p>",
    f"<iframe src='https://{MARKER}.test'></iframe><p>fine</p>",
    f"<svg onload='{MARKER}'><script>{MARKER}</script></svg><p>fine</p>",
    f"<p>fine<a href='javascript:{MARKER}'></a></p>",
    f"<style>{MARKER}</style><p>fine</p>",
    f"<!-- {MARKER} --><p>fine</p>",
    f"<p>fine<object data='{MARKER}'></object><embed src='{MARKER}'><link href='{MARKER}'></p>",
    f"<form action='{MARKER}'><input value='{MARKER}'></form><p>fine",
    f"<p>fine<p title='{MARKER}' data-x='{MARKER}'>",
    f"<base href='{MARKER}'><meta http-equiv=refresh content='{MARKER}'><p>fine",
    f"<p class='{MARKER}'>fine</p></div></p></b></table>",
]


async def test_hostile_markup_is_cleaned(desk: Desk) -> None:
    for name in ("body_html", "body_markdown"):
        for html in HOSTILE:
            made = await desk.send(**{name: html})
            assert made.status == 201, (html, made.text)
            assert MARKER not in made.text, html
            assert [one["text"] for part in made.json()["body"] for one in part["children"]] == ["fine"], html


async def test_markup_that_is_saved_can_be_read_listed_and_published(desk: Desk) -> None:
    html = (
        '<p><a href="/x">relative</a> <a href="#n">note</a> <a href="javascript:x">script</a></p><p>&#0;\x0b</p>'
    )
    made = (await desk.send(body_html=html)).json()
    assert (await desk.newsroom.send("GET", f"/articles/{made['id']}")).json() == made
    assert len((await desk.newsroom.send("GET", "/articles")).json()["items"]) == 1
    assert (await desk.newsroom.act(made, "publish"))["publication"]["state"] == "live"
    assert made["body"][0]["markDefs"] == []
