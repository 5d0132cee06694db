"""No text becomes markup: not in HTML, not in Markdown, not in a script, not in a feed."""

import json
from html.parser import HTMLParser

import httpx
import pytest
from markdown_it import MarkdownIt

from tests.newsroom import Json, Newsroom, paragraph

NASTY = "<script>alert(1)</script> ]]> \"'&amp; --> </title></style> \u202e{{x}} [a](javascript:b) `c` *d*"


class Page(HTMLParser):
    """What a browser makes of a page: its elements, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture
async def nasty(client: httpx.AsyncClient, newsroom: Newsroom) -> Json:
    """An article with markup in every text that somebody can write."""
    await newsroom.tag("nasty", name=NASTY, kind="section")
    await newsroom.contributor("nasty", name=NASTY)
    medium = await newsroom.medium(alt=NASTY, caption=NASTY, credit=NASTY, licence=NASTY)
    other = await newsroom.published(title=NASTY, slug="other")
    return await newsroom.published(
        title=NASTY,
        slug="nasty",
        standfirst=NASTY,
        section="nasty",
        tags=["nasty"],
        credits=[{"role": "author", "contributor": "nasty", "note": NASTY}],
        source={"name": NASTY, "title": NASTY, "url": "https://a.test/?a=1&b=(2)"},
        lead_image={"media_id": medium["id"], "caption": NASTY, "alt": NASTY, "credit": NASTY},
        related=[other["id"]],
        rights={"holder": NASTY, "notice": NASTY, "usage_terms": NASTY},
        seo={"title": NASTY, "description": NASTY},
        body=[
            paragraph(NASTY),
            paragraph(NASTY, style="h2"),
            paragraph(NASTY, style="blockquote"),
            paragraph(NASTY, listItem="number", level=1),
            {"_type": "image", "media_id": medium["id"]},
            {"_type": "related", "article_id": other["id"]},
            {"_type": "embed", "url": "https://a.test/?a=1&b=(2)'", "provider": NASTY, "title": NASTY},
        ],
    )


async def test_no_text_becomes_markup_in_html(client: httpx.AsyncClient, nasty: Json) -> None:
    page = Page((await client.get("/v1/articles/nasty/html")).text)
    names = {name for name, _ in page.elements}
    assert names <= {
        *("html", "head", "meta", "title", "link", "body", "article", "header", "h1", "h2", "p", "time", "hr"),
        *("figure", "img", "figcaption", "small", "div", "blockquote", "ol", "li", "a", "footer", "ul"),
    }
    assert all(not name.startswith("on") for _, attributes in page.elements for name in attributes)
    links = [attributes for name, attributes in page.elements if name == "a"]
    assert len(links) == 4
    for attributes in links:
        assert str(attributes["href"]).startswith("https://")
        assert attributes["rel"] == "noopener"
    said = "".join(page.words)
    assert said.count(NASTY) == 21
    alts = [attributes["alt"] for name, attributes in page.elements if name == "img"]
    assert alts == [NASTY, NASTY]


async def test_no_text_becomes_markup_in_markdown(client: httpx.AsyncClient, nasty: Json) -> None:
    text = (await client.get("/v1/articles/nasty/markdown")).text
    page = Page(MarkdownIt("commonmark").enable("strikethrough").render(text))
    assert {name for name, _ in page.elements} == {
        *("h1", "h2", "p", "strong", "img", "blockquote", "ol", "ul", "li", "a")
    }
    assert all(str(attributes["href"]).startswith("https://") for name, attributes in page.elements if name == "a")
    assert "".join(page.words).count("<script>alert(1)</script>") >= 16


async def test_json_ld_can_stand_in_a_script(client: httpx.AsyncClient, nasty: Json) -> None:
    said = (await client.get("/v1/articles/nasty/jsonld")).text
    assert not set("<>&\u2028\u2029") & set(said)
    assert json.loads(said)["headline"] == NASTY
