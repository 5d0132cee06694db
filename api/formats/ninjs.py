"""An article as ninjs 3.1, the news agencies' JSON (IPTC). What is not there is left out."""

from collections.abc import Iterator, Mapping
from typing import Any

from api.delivery import rendering, schemas
from api.formats import blocks
from api.formats.documents import signed
from api.formats.writing import compact, rfc3339
from api.links import Links
from domain.access import Granted
from domain.credits import ContributorKind
from domain.delivery import ArticleName, Delivery
from domain.tags import TagKind

STANDARD = {
    "name": "ninjs",
    "version": "3.1",
    "schema": "http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json#",
}
_CONCEPTS = {TagKind.PLACE: "places", TagKind.PERSON: "people", TagKind.ORGANISATION: "organisations"}


def ninjs(delivery: Delivery, links: Links) -> bytes:
    """Return the article as ninjs: `full`, or `partial` where the caller gets a teaser."""
    article = rendering.article(delivery, links)
    shown = {**_about(article), **_concepts(delivery, article), **_contents(delivery, article, links)}
    return compact(_said(shown)).encode()


def _about(article: schemas.Article) -> dict[str, Any]:
    rights = article.rights or schemas.Rights(holder=None, notice=None, usage_terms=None)
    return {
        "standard": STANDARD,
        "uri": f"urn:uuid:{article.id}",
        "type": "text",
        "representationType": "full" if article.access.granted is Granted.FULL else "partial",
        "version": str(article.revision),
        "firstCreated": rfc3339(article.published_at),
        "versionCreated": rfc3339(article.updated_at),
        "pubStatus": "usable",
        "language": article.language,
        "title": article.title,
        "slugline": article.slug,
        "by": ", ".join(map(signed, article.credits)),
        "copyrightHolder": rights.holder,
        "copyrightNotice": rights.notice,
        "usageTerms": rights.usage_terms,
        "genres": [{"name": article.kind}],
        "altIds": [{"role": "slug", "value": article.slug}, {"role": "canonical", "value": article.canonical_url}],
    }


def _concepts(delivery: Delivery, article: schemas.Article) -> dict[str, Any]:
    """Return whom and what the article is by and about."""
    found: dict[str, list[dict[str, str]]] = {}
    for credit, maker in delivery.names.signed_by(delivery.front.credits):
        kind = "people" if maker.kind is ContributorKind.PERSON else "organisations"
        found.setdefault(kind, []).append({"name": maker.name, "rel": credit.role, "literal": maker.slug})
    for tag in article.tags:
        concept = {"name": tag.name, "rel": "about", "literal": tag.slug}
        found.setdefault(_CONCEPTS.get(tag.kind, "subjects"), []).append(concept)
    if article.section:
        section = {"name": article.section.name, "rel": "section", "literal": article.section.slug}
        found.setdefault("subjects", []).append(section)
    if article.source:
        source = _said({"name": article.source.name, "role": "originator", "uri": article.source.url})
        found["infoSources"] = [source]
    return dict(found)


def _contents(delivery: Delivery, article: schemas.Article, links: Links) -> dict[str, Any]:
    written = (("text/html", blocks.as_html), ("text/plain", blocks.as_text))
    descriptions = [("summary", article.standfirst), ("seo", article.seo.description)]
    descriptions += [("correction", correction.text) for correction in article.corrections]
    return {
        "headlines": _roles(("main", article.title), ("seo", article.seo.title)),
        "descriptions": _roles(*descriptions),
        "bodies": [
            {"role": "main", "contentType": kind, "value": write(article.blocks, links)} for kind, write in written
        ],
        "renditions": [{"name": "web", "href": article.canonical_url, "contentType": "text/html"}],
        "associations": [*_associations(delivery, article, links)],
    }


def _associations(delivery: Delivery, article: schemas.Article, links: Links) -> Iterator[dict[str, Any]]:
    """Yield what the article shows or leads to, in the order in which a reader meets it."""
    if article.lead_image:
        yield _picture(article.lead_image, "lead-image")
    for block in article.blocks:
        match block:
            case schemas.ImageBlock():
                yield _picture(block, "body-image")
            case schemas.RelatedBlock():
                yield _article(block.article, "read-also", links)
            case schemas.EmbedBlock():
                yield {"name": block.title or block.provider or block.url, "uri": block.url, "rel": "embed"}
            case _:
                pass
    for related in article.related:
        yield _article(related, "related", links)
    for translation in delivery.translations:
        yield _article(translation, "translation", links)


def _picture(image: schemas.ImageBlock | schemas.LeadImage, rel: str) -> dict[str, Any]:
    media = image.media
    return _said(
        {
            "name": media.alt or rel,
            "uri": f"urn:uuid:{media.id}",
            "type": "picture",
            "rel": rel,
            "by": image.credit,
            "usageTerms": media.licence,
            "descriptions": _roles(("caption", image.caption), ("alt", media.alt)),
            "renditions": [
                {
                    "name": one.name,
                    "href": one.url,
                    "contentType": one.content_type,
                    "width": one.width,
                    "height": one.height,
                }
                for one in media.renditions
            ],
        }
    )


def _article(one: schemas.ArticleLink | ArticleName, rel: str, links: Links) -> dict[str, Any]:
    there = links.site(one.id, slug=one.slug, language=one.language)
    return {
        "name": one.title,
        "uri": f"urn:uuid:{one.id}",
        "type": "text",
        "rel": rel,
        "language": one.language,
        "headlines": _roles(("main", one.title)),
        "renditions": [{"name": "web", "href": there, "contentType": "text/html"}],
    }


def _roles(*said: tuple[str, str | None]) -> list[dict[str, str]]:
    return [{"role": role, "contentType": "text/plain", "value": value} for role, value in said if value]


def _said(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}
