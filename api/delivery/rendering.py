"""From a `Delivery` or a `Card` to what the contract shows. Nothing else is rendered for readers.

What stands inside is written as plain members here, and made and checked by the schema of the whole at once: to
call each schema by itself would take twice the time.
"""

from datetime import datetime
from typing import Any

from api.delivery import schemas
from api.links import A_READER, THE_NEWSROOM, Links
from domain.access import Decision
from domain.articles import LeadImage, Publication
from domain.body import Block, Divider, Embed, Image, Paywall, ReadAlso, Text
from domain.credits import Contributor
from domain.delivery import ArticleName, Card, Delivery, Explanation, Names, Picture
from domain.editions import Front
from domain.media import ORIGINAL, Rendition
from infra.search.pages import Match

Members = dict[str, Any]


def article(delivery: Delivery, links: Links) -> schemas.Article:
    """Return an article as the contract shows it."""
    return schemas.Article(**_content(delivery, links), access=access(delivery))


def synced(delivery: Delivery, links: Links) -> schemas.SyncedArticle:
    """Return an article as followers get it."""
    decided = schemas.CardAccess(**_decision(delivery.decision, delivery.remaining_percent))
    return schemas.SyncedArticle(**_content(delivery, links), access=decided)


def _content(delivery: Delivery, links: Links) -> Members:
    names, front, at = delivery.names, delivery.front, delivery.read_at
    guest = THE_NEWSROOM if delivery.is_preview else None
    shown = (
        _block(block, delivery, links, guest or (A_READER if delivery.signs_media else None))
        for block in delivery.body
    )
    return {
        **_front(delivery.publication, front, names, links, signed_for=guest),
        "body": [block for block in shown if block is not None],
        "related": [
            _link(names.articles[article_id], at)
            for article_id in front.related_ids
            if article_id in names.articles
        ],
        "translations": [
            {"language": one.language, "slug": one.slug, "title": one.title} for one in delivery.translations
        ],
        "corrections": [{"at": one.at, "text": one.text} for one in delivery.publication.corrections],
        "rights": _fields(schemas.Rights, front.rights),
        "seo": {"title": front.seo.title, "description": front.seo.description},
        "extensions": dict(front.extensions),
        "canonical_url": links.canonical(delivery.publication),
    }


def card(one: Card, links: Links) -> schemas.Card:
    """Return an article in a list as the contract shows it."""
    return schemas.Card(
        **_front(one.publication, one.front, one.names, links),
        access=schemas.CardAccess(**_decision(one.decision, one.remaining_percent)),
        canonical_url=links.canonical(one.publication),
    )


def hit(one: Match, links: Links) -> schemas.Hit:
    """Return an article that was found as the contract shows it: a card, and where it says what was asked."""
    shown = card(one.card, links)
    highlights = [
        schemas.Highlight.model_validate(
            {"field": place.field, "parts": [{"text": part.text, "match": part.match} for part in place.parts]}
        )
        for place in one.highlights
    ]
    return schemas.Hit(**dict(shown), highlights=highlights)


def contributor(one: Contributor, picture: Picture | None, articles: int, links: Links) -> schemas.Contributor:
    """Return a contributor who is public as the contract shows them, with the number of their live articles."""
    return schemas.Contributor(
        slug=one.slug,
        name=one.name,
        kind=one.kind,
        bio=one.bio,
        picture=_media(picture, None, links, None) if picture else None,
        links=[schemas.WebLink(url=link.url, label=link.label) for link in one.links],
        articles=articles,
    )


def _front(
    publication: Publication, front: Front, names: Names, links: Links, *, signed_for: str | None = None
) -> Members:
    language = publication.language
    section = names.tags.get(front.section_id or "")
    return {
        "id": publication.article_id,
        "slug": publication.slug,
        "language": language,
        "kind": front.kind,
        "title": front.title,
        "standfirst": front.standfirst,
        "section": {"slug": section.slug, "name": section.name_in(language)} if section else None,
        "published_at": publication.published_at,
        "updated_at": publication.updated_at,
        "revision": publication.number,
        "reading_minutes": front.reading_minutes,
        "credits": [
            {"role": credit.role, "name": maker.name, "slug": maker.slug, "note": credit.note}
            for credit, maker in names.signed_by(front.credits)
        ],
        "source": _fields(schemas.Source, front.source),
        "tags": [
            {"slug": tag.slug, "name": tag.name_in(language), "kind": tag.kind}
            for tag in names.tags_of(front.tag_ids)
        ],
        "lead_image": _lead_image(front.lead_image, names, links, signed_for),
    }


def _fields(schema: Any, value: Any) -> Any:  # noqa: ANN401 - a schema and the value it mirrors
    if value is None:
        return None
    return schema(**{name: getattr(value, name) for name in schema.model_fields})


def _decision(decision: Decision, remaining_percent: int) -> Members:
    return {
        "requires": decision.requires,
        "plans": list(decision.plans),
        "granted": decision.granted,
        "reason": decision.reason,
        "remaining_percent": remaining_percent,
    }


def access(shown: Delivery | Explanation) -> schemas.Access:
    """Return the decision as the contract shows it, with what would open the article."""
    return schemas.Access(
        **_decision(shown.decision, shown.remaining_percent),
        meter=_fields(schemas.Meter, shown.decision.meter),
        offers=[
            schemas.Offer(
                plan=offer.plan,
                name=offer.name,
                price=_fields(schemas.Money, offer.price),
                period=offer.period,
                url=offer.url,
                trial=offer.trial,
            )
            for offer in shown.offers
        ],
    )


def _link(name: ArticleName, at: datetime) -> Members:
    return {
        "id": name.id,
        "slug": name.slug,
        "title": name.title,
        "language": name.language,
        "access": {"requires": name.gate.required(at)},
    }


def _media(picture: Picture, alt: str | None, links: Links, signed_for: str | None) -> Members:
    url = links.picture(picture.id, signed_for=signed_for)
    size = {"width": picture.width, "height": picture.height, "content_type": picture.content_type}
    return {
        "id": picture.id,
        "url": url,
        "alt": picture.alt if alt is None else alt,
        "licence": picture.licence,
        "renditions": [
            {"name": ORIGINAL, "url": url, **size},
            *(_rendition(picture.id, one, links, signed_for) for one in picture.renditions),
        ],
        "placeholder": picture.placeholder,
        **size,
    }


def _rendition(media_id: str, rendition: Rendition, links: Links, signed_for: str | None) -> Members:
    return {
        "name": rendition.name,
        "url": links.picture(media_id, rendition.name, signed_for=signed_for),
        "width": rendition.facts.width,
        "height": rendition.facts.height,
        "content_type": rendition.facts.content_type,
    }


def _lead_image(image: LeadImage | None, names: Names, links: Links, signed_for: str | None) -> Members | None:
    if image is None or (picture := names.media.get(image.media_id)) is None:
        return None
    return _shown(image, picture, links, signed_for)


def _shown(image: LeadImage | Image, picture: Picture, links: Links, signed_for: str | None) -> Members:
    return {
        "media": _media(picture, image.alt, links, signed_for),
        "caption": picture.caption if image.caption is None else image.caption,
        "credit": picture.credit if image.credit is None else image.credit,
    }


def _block(block: Block, delivery: Delivery, links: Links, signed_for: str | None) -> Members | None:
    names, named = delivery.names, {"_type": block.type, "_key": block.key}
    match block:
        case Text():
            return named | _text(block)
        case Image():
            picture = names.media.get(block.media_id)
            return named | _shown(block, picture, links, signed_for) if picture else None
        case ReadAlso():
            name = names.articles.get(block.article_id)
            return named | {"article": _link(name, delivery.read_at)} if name else None
        case Embed():
            return named | {"url": block.url, "provider": block.provider, "title": block.title}
        case Divider():
            return named
        case Paywall():
            return None


def _text(block: Text) -> Members:
    return {
        "style": block.style,
        "listItem": block.list_item,
        "level": block.level,
        "children": [
            {"_type": "span", "_key": span.key, "text": span.text, "marks": list(span.marks)}
            for span in block.children
        ],
        "markDefs": [{"_type": "link", "_key": link.key, "href": link.href} for link in block.links],
    }
