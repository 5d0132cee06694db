"""The article as JSON-LD, by the rules that Google documents for articles and for text behind a paywall."""

import re
from datetime import timedelta

import httpx
import pytest

from tests.api import rich
from tests.newsroom import Clock, Json, Newsroom, People, paragraph, words


async def json_ld(client: httpx.AsyncClient, slug: str, headers: dict[str, str] | None = None) -> Json:
    answer = await client.get(f"/v1/articles/{slug}/jsonld", headers=headers or {})
    assert answer.headers["content-type"] == "application/ld+json"
    shown: Json = answer.json()
    return shown


async def test_a_republished_article_says_whose_it_is(client: httpx.AsyncClient, newsroom: Newsroom) -> None:
    written = await rich.write(newsroom)
    shown = await json_ld(client, "la-maree")
    images = shown.pop("image")
    assert [image["url"].rpartition("/")[2] for image in images] == ["original", "square", "wide"]
    assert images[0] == {
        "@type": "ImageObject",
        "url": f"https://api.test/media/{written.lead['id']}/original",
        "width": 8,
        "height": 6,
        "encodingFormat": "image/png",
        "caption": "Lead caption",
        "creditText": "Lead credit",
        "description": "Lead alt",
    }
    assert shown == {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "@id": f"urn:uuid:{written.article['id']}",
        "mainEntityOfPage": {"@type": "WebPage", "@id": "https://www.test/fr/la-maree"},
        "url": "https://www.test/fr/la-maree",
        "headline": "La marée",
        "alternativeHeadline": "Marée",
        "description": "Alpha beta gamma.",
        "datePublished": "2026-01-31T12:00:00Z",
        "dateModified": "2026-01-31T12:00:00Z",
        "inLanguage": "fr",
        "articleSection": "La mer",
        "keywords": ["Kazakhstan (fr)", "Salt"],
        "timeRequired": "PT5M",
        "isAccessibleForFree": False,
        "hasPart": {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".paywalled"},
        "articleBody": "One two three four five.\n\nOwn caption Photo: us\n\nHead\n\nSix …",
        "publisher": {"@type": "Organization", "name": "Standfirst"},
        "author": [{"@type": "Person", "name": "Ana Author"}],
        "translator": [{"@type": "Person", "name": "Teo Translator"}],
        "isBasedOn": {
            "@type": "CreativeWork",
            "name": "The tide",
            "url": "https://tide.test/a",
            "inLanguage": "ru",
            "datePublished": "2026-01-02",
            "publisher": {"@type": "Organization", "name": "The Tide Times"},
        },
        "workTranslation": [
            {
                "@type": "NewsArticle",
                "@id": f"urn:uuid:{written.original['id']}",
                "url": "https://www.test/en/the-tide",
                "headline": "The tide",
                "inLanguage": "en",
            }
        ],
        "copyrightHolder": {"@type": "Organization", "name": "The paper"},
        "copyrightNotice": "© 2026",
    }


@pytest.mark.parametrize("role", ["anonymous", "subscriber", "editor"])
async def test_the_gate_is_told_to_whoever_reads_and_its_class_is_in_the_page(
    client: httpx.AsyncClient, newsroom: Newsroom, people: People, role: str
) -> None:
    await newsroom.published(slug="gated", access={"requires": "registered"}, body=[paragraph(words(99))])
    headers = await people.headers(role)
    shown = await json_ld(client, "gated", headers)
    assert shown["isAccessibleForFree"] is False
    selector = shown["hasPart"]["cssSelector"]
    page = (await client.get("/v1/articles/gated/html", headers=headers)).text
    (body,) = re.findall(rf'<div class="[^"]*\b{selector.removeprefix(".")}\b[^"]*">(.*?)</div>', page, re.DOTALL)
    assert ("w98" in body) == (role != "anonymous")
    assert ("w98" in shown["articleBody"]) == (role != "anonymous")


async def test_a_gate_that_is_open_is_none(client: httpx.AsyncClient, newsroom: Newsroom, clock: Clock) -> None:
    later = (clock.time + timedelta(days=1)).isoformat()
    await newsroom.published(slug="free")
    await newsroom.published(slug="later", access={"requires": "subscriber", "from": later})
    for slug in ("free", "later"):
        shown = await json_ld(client, slug)
        assert shown["isAccessibleForFree"] is True
        assert "hasPart" not in shown
    clock.move(days=2)
    assert (await json_ld(client, "later"))["isAccessibleForFree"] is False


async def test_makers_are_persons_or_organisations(client: httpx.AsyncClient, newsroom: Newsroom) -> None:
    await newsroom.contributor("ana", name="Ana")
    await newsroom.contributor("agency", name="The Agency", kind="organisation")
    roles = ("author", "editor", "photographer")
    credits_ = [{"role": role, "contributor": maker} for role in roles for maker in ("ana", "agency")]
    article = await newsroom.published(slug="made", credits=credits_)
    await newsroom.act(article, "correct", public_note="It was Tuesday.")
    shown = await json_ld(client, "made")
    both = [{"@type": "Person", "name": "Ana"}, {"@type": "Organization", "name": "The Agency"}]
    assert shown["author"] == shown["editor"] == shown["contributor"] == both
    (correction,) = shown["correction"]
    assert correction["@type"] == "CorrectionComment"
    assert correction["text"] == "It was Tuesday."


async def test_what_search_engines_are_told_comes_from_what_is_public(
    client: httpx.AsyncClient, newsroom: Newsroom
) -> None:
    await newsroom.published(slug="told", standfirst="First.", seo={"description": "For engines."})
    await newsroom.published(slug="bare", access={"requires": "subscriber"}, teaser={"words": 0})
    assert (await json_ld(client, "told"))["description"] == "For engines."
    assert not (await json_ld(client, "bare")).keys() & {"description", "articleBody", "image", "author"}
