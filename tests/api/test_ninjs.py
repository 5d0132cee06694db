"""The article as ninjs 3.1: its own fields, and valid against the standard where that is at hand."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.api import rich
from tests.newsroom import Json, Newsroom, People, paragraph, words

STANDARD = Path(__file__).parents[3] / "shared" / "standards" / "ninjs-schema_3.1.json"


async def ninjs(client: httpx.AsyncClient, slug: str, headers: dict[str, str]) -> Json:
    answer = await client.get(f"/v1/articles/{slug}/ninjs", headers=headers)
    assert answer.status_code == 200
    shown: Json = answer.json()
    return shown


def named(shown: Json, rel: str) -> list[Json]:
    return [one for one in shown["associations"] if one["rel"] == rel]


async def test_a_republished_article_says_whose_it_is(client: httpx.AsyncClient, newsroom: Newsroom) -> None:
    written = await rich.write(newsroom)
    shown = await ninjs(client, "la-maree", {})
    assert shown["uri"] == f"urn:uuid:{written.article['id']}"
    expected = {
        "type": "text",
        "representationType": "partial",
        "version": "1",
        "firstCreated": "2026-01-31T12:00:00Z",
        "versionCreated": "2026-01-31T12:00:00Z",
        "pubStatus": "usable",
        "language": "fr",
        "by": "Ana Author, Teo Translator (Traduit du russe)",
        "copyrightHolder": "The paper",
        "copyrightNotice": "© 2026",
        "people": [
            {"name": "Ana Author", "rel": "author", "literal": "ana"},
            {"name": "Teo Translator", "rel": "translator", "literal": "teo"},
        ],
        "places": [{"name": "Kazakhstan (fr)", "rel": "about", "literal": "kaz"}],
        "subjects": [
            {"name": "Salt", "rel": "about", "literal": "salt"},
            {"name": "La mer", "rel": "section", "literal": "mer"},
        ],
        "infoSources": [{"name": "The Tide Times", "role": "originator", "uri": "https://tide.test/a"}],
        "genres": [{"name": "feature"}],
    }
    assert {name: shown[name] for name in expected} == expected
    assert [one["value"] for one in shown["headlines"]] == ["La marée", "Marée"]
    assert [one["value"] for one in shown["descriptions"]] == ["Alpha beta gamma."]
    assert {one["role"]: one["value"] for one in shown["altIds"]} == {
        "slug": "la-maree",
        "canonical": "https://www.test/fr/la-maree",
    }


async def test_what_an_article_shows_is_associated_with_it(
    client: httpx.AsyncClient, newsroom: Newsroom, people: People
) -> None:
    written = await rich.write(newsroom)
    teaser = await ninjs(client, "la-maree", {})
    whole = await ninjs(client, "la-maree", await people.headers("subscriber"))
    assert [teaser["representationType"], whole["representationType"]] == ["partial", "full"]
    assert [one["contentType"] for one in whole["bodies"]] == ["text/html", "text/plain"]
    for shown, hidden in ((teaser, 0), (whole, 1)):
        assert len(named(shown, "read-also")) == len(named(shown, "embed")) == hidden
        (lead,) = named(shown, "lead-image")
        assert lead["uri"] == f"urn:uuid:{written.lead['id']}"
        assert lead["by"] == "Lead credit"
        assert lead["usageTerms"] == "CC BY 4.0"
        assert {one["name"] for one in lead["renditions"]} == {"original", "square", "wide"}
        assert not any("signature" in one["href"] for one in lead["renditions"])
        (listed,) = named(shown, "related")
        assert listed["uri"] == f"urn:uuid:{written.listed['id']}"
        (translation,) = named(shown, "translation")
        assert translation["renditions"][0]["href"] == "https://www.test/en/the-tide"
    (inner,) = named(whole, "body-image")
    assert all("signature=" in one["href"] for one in inner["renditions"])
    assert named(whole, "embed") == [{"name": "Waves", "uri": "https://video.test/1", "rel": "embed"}]


async def test_corrections_and_organisations_are_told(client: httpx.AsyncClient, newsroom: Newsroom) -> None:
    await newsroom.contributor("agency", name="The Agency", kind="organisation")
    await newsroom.tag("guild", name="The Guild", kind="organisation")
    article = await newsroom.published(
        slug="bare", credits=[{"role": "agency", "contributor": "agency"}], tags=["guild"]
    )
    await newsroom.act(article, "correct", public_note="It was Tuesday.")
    shown = await ninjs(client, "bare", {})
    assert shown["organisations"] == [
        {"name": "The Agency", "rel": "agency", "literal": "agency"},
        {"name": "The Guild", "rel": "about", "literal": "guild"},
    ]
    told = {"role": "correction", "contentType": "text/plain", "value": "It was Tuesday."}
    assert told in shown["descriptions"]
    assert not shown.keys() & {"people", "infoSources", "copyrightHolder", "associations"}


def validator() -> Draft202012Validator:
    """The standard's own schema; places of ours have no coordinates, so the foreign schema of those is open."""
    anything = Resource.from_contents({}, default_specification=DRAFT202012)
    registry: Any = Registry().with_resource("https://geojson.org/schema/GeoJSON.json", anything)
    schema = json.loads(STANDARD.read_text())
    return Draft202012Validator(schema, registry=registry, format_checker=FormatChecker())


if STANDARD.exists():  # it is not ours to copy; without it, the tests above hold the fields

    @pytest.mark.parametrize("role", ["anonymous", "subscriber", "editor"])
    async def test_it_is_valid_against_the_standard(
        client: httpx.AsyncClient, newsroom: Newsroom, people: People, role: str
    ) -> None:
        await rich.write(newsroom)
        free = await newsroom.published(slug="bare", body=[paragraph(words(9))])
        await newsroom.act(free, "correct", public_note="It was Tuesday.")
        medium = await newsroom.medium()
        essay: list[Any] = [{"_type": "image", "media_id": medium["id"]}]
        await newsroom.published(slug="essay", body=essay, access={"requires": "registered"}, teaser={"words": 0})
        headers = await people.headers(role)
        for slug in ("la-maree", "bare", "essay", "inline", "the-tide"):
            flaws = list(validator().iter_errors(await ninjs(client, slug, headers)))
            assert flaws == []

    def test_the_standard_s_schema_refuses_what_is_not_ninjs() -> None:
        assert not validator().is_valid({"uri": "urn:uuid:x", "representationType": "complete"})
        assert not validator().is_valid({"type": "text"})
        assert not validator().is_valid({"uri": "urn:uuid:x", "associations": [{"uri": "urn:uuid:y", "x": 1}]})
