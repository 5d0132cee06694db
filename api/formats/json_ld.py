"""An article as schema.org `NewsArticle`, with the paywall markup that Google documents."""

from typing import Any

from api.delivery import rendering, schemas
from api.formats import blocks
from api.formats.documents import PAYWALLED, description, is_gated
from api.formats.writing import compact, rfc3339
from api.links import Links
from domain.credits import ContributorKind, CreditRole
from domain.delivery import Delivery

_PARTS = {CreditRole.AUTHOR: "author", CreditRole.TRANSLATOR: "translator", CreditRole.EDITOR: "editor"}
_IN_SCRIPTS = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"})


def json_ld(delivery: Delivery, links: Links) -> bytes:
    """Return the article as JSON-LD that can stand in a `<script>` as it is."""
    article = rendering.article(delivery, links)
    shown = {**_front(article, links), **_people(delivery), **_rest(delivery, article, links)}
    said = {name: value for name, value in shown.items() if value not in (None, "", [])}
    return compact(said).translate(_IN_SCRIPTS).encode()


def _front(article: schemas.Article, links: Links) -> dict[str, Any]:
    gated = is_gated(article)
    part = {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": f".{PAYWALLED}"}
    return {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "@id": f"urn:uuid:{article.id}",
        "mainEntityOfPage": {"@type": "WebPage", "@id": article.canonical_url},
        "url": article.canonical_url,
        "headline": article.title,
        "alternativeHeadline": article.seo.title,
        "description": description(article),
        "image": _images(article.lead_image),
        "datePublished": rfc3339(article.published_at),
        "dateModified": rfc3339(article.updated_at),
        "inLanguage": article.language,
        "articleSection": article.section.name if article.section else None,
        "keywords": [tag.name for tag in article.tags],
        "timeRequired": f"PT{article.reading_minutes}M",
        "isAccessibleForFree": not gated,
        "hasPart": part if gated else None,
        "articleBody": blocks.as_text(article.blocks, links),
        "publisher": _organisation(links.visit.parts.settings.publisher_name),
    }


def _people(delivery: Delivery) -> dict[str, Any]:
    people: dict[str, list[dict[str, str]]] = {}
    for credit, maker in delivery.names.signed_by(delivery.front.credits):
        kind = "Person" if maker.kind is ContributorKind.PERSON else "Organization"
        people.setdefault(_PARTS.get(credit.role, "contributor"), []).append({"@type": kind, "name": maker.name})
    return dict(people)


def _rest(delivery: Delivery, article: schemas.Article, links: Links) -> dict[str, Any]:
    rights = article.rights
    return {
        "isBasedOn": _source(article.source) if article.source else None,
        "workTranslation": [
            {
                "@type": "NewsArticle",
                "@id": f"urn:uuid:{one.id}",
                "url": links.site(one.id, slug=one.slug, language=one.language),
                "headline": one.title,
                "inLanguage": one.language,
            }
            for one in delivery.translations
        ],
        "correction": [
            {"@type": "CorrectionComment", "datePublished": rfc3339(one.at), "text": one.text}
            for one in article.corrections
        ],
        "copyrightHolder": _organisation(rights.holder) if rights and rights.holder else None,
        "copyrightNotice": rights.notice if rights else None,
    }


def _source(source: schemas.Source) -> dict[str, Any]:
    said = {
        "@type": "CreativeWork",
        "name": source.title or source.name,
        "url": source.url,
        "inLanguage": source.language,
        "datePublished": source.published_at,
        "publisher": _organisation(source.name),
    }
    return {name: value for name, value in said.items() if value}


def _images(lead: schemas.LeadImage | None) -> list[dict[str, Any]]:
    """Return the forms of the lead image, which is public whatever the gate."""
    if lead is None:
        return []
    said = {"caption": lead.caption, "creditText": lead.credit, "description": lead.media.alt}
    about = {name: value for name, value in said.items() if value}
    return [
        {
            "@type": "ImageObject",
            "url": one.url,
            "width": one.width,
            "height": one.height,
            "encodingFormat": one.content_type,
            **about,
        }
        for one in lead.media.renditions
    ]


def _organisation(name: str) -> dict[str, str]:
    return {"@type": "Organization", "name": name}
