"""From a `Delivery` or a `Card` to what the contract shows. Nothing else is rendered for readers."""

from typing import Any

from api.delivery import schemas
from api.links import A_READER, Links
from domain.access import Decision
from domain.articles import LeadImage, Publication
from domain.body import Block, Body, Divider, Embed, Image, Paywall, ReadAlso, Text
from domain.delivery import ArticleName, Card, Delivery, Names, Picture
from domain.editions import Front
from domain.media import ORIGINAL, Rendition


def article(delivery: Delivery, links: Links) -> schemas.Article:
    """Return an article as the contract shows it."""
    names, front = delivery.names, delivery.front
    return schemas.Article(
        **_front(delivery.publication, front, names, links),
        body=_blocks(delivery.body, names, links, signed=delivery.signs_media),
        related=[
            _link(names.articles[article_id], links)
            for article_id in front.related_ids
            if article_id in names.articles
        ],
        translations=[
            schemas.Translation(language=one.language, slug=one.slug, title=one.title)
            for one in names.translations
            if one.id != delivery.publication.article_id
        ],
        corrections=[],
        rights=_fields(schemas.Rights, front.rights),
        seo=schemas.Seo(title=front.seo.title, description=front.seo.description),
        extensions=dict(front.extensions),
        access=_access(delivery),
        canonical_url=links.canonical(delivery.publication),
    )


def card(one: Card, links: Links) -> schemas.Card:
    """Return an article in a list as the contract shows it."""
    return schemas.Card(
        **_front(one.publication, one.front, one.names, links),
        access=schemas.CardAccess(**_decision(one.decision, one.remaining_percent)),
        canonical_url=links.canonical(one.publication),
    )


def _front(publication: Publication, front: Front, names: Names, links: Links) -> dict[str, Any]:
    language = publication.language
    section = names.tags.get(front.section_id or "")
    return {
        "id": publication.article_id,
        "slug": publication.slug,
        "language": language,
        "kind": front.kind,
        "title": front.title,
        "standfirst": front.standfirst,
        "section": schemas.SectionName(slug=section.slug, name=section.name_in(language)) if section else None,
        "published_at": publication.published_at,
        "updated_at": publication.updated_at,
        "revision": publication.number,
        "reading_minutes": front.reading_minutes,
        "credits": [
            schemas.Credit(role=credit.role, name=maker.name, slug=maker.slug, note=credit.note)
            for credit in front.credits
            if (maker := names.contributors.get(credit.contributor_id))
        ],
        "source": _fields(schemas.Source, front.source),
        "tags": [
            schemas.TagName(slug=tag.slug, name=tag.name_in(language), kind=tag.kind)
            for tag_id in front.tag_ids
            if (tag := names.tags.get(tag_id))
        ],
        "lead_image": _lead_image(front.lead_image, names, links),
    }


def _fields(schema: Any, value: Any) -> Any:  # noqa: ANN401 - a schema and the value it mirrors
    if value is None:
        return None
    return schema(**{name: getattr(value, name) for name in schema.model_fields})


def _decision(decision: Decision, remaining_percent: int) -> dict[str, Any]:
    return {
        "requires": decision.requires,
        "plans": list(decision.plans),
        "granted": decision.granted,
        "reason": decision.reason,
        "remaining_percent": remaining_percent,
    }


def _access(delivery: Delivery) -> schemas.Access:
    return schemas.Access(
        **_decision(delivery.decision, delivery.remaining_percent),
        meter=None,
        offers=[
            schemas.Offer(
                plan=offer.plan,
                name=offer.name,
                price=_fields(schemas.Money, offer.price),
                period=offer.period,
                url=offer.url,
            )
            for offer in delivery.offers
        ],
    )


def _link(name: ArticleName, links: Links) -> schemas.ArticleLink:
    requires = name.gate.required(links.visit.now)
    return schemas.ArticleLink(
        id=name.id,
        slug=name.slug,
        title=name.title,
        language=name.language,
        access=schemas.RequiredAccess(requires=requires),
    )


def _media(picture: Picture, alt: str | None, links: Links, *, signed: bool) -> schemas.Media:
    signed_for = A_READER if signed else None
    url = links.picture(picture.id, signed_for=signed_for)
    size = {"width": picture.width, "height": picture.height, "content_type": picture.content_type}
    return schemas.Media(
        id=picture.id,
        url=url,
        alt=picture.alt if alt is None else alt,
        licence=picture.licence,
        renditions=[
            schemas.Rendition(name=ORIGINAL, url=url, **size),
            *(_rendition(picture.id, one, links, signed_for) for one in picture.renditions),
        ],
        placeholder=picture.placeholder,
        **size,
    )


def _rendition(media_id: str, rendition: Rendition, links: Links, signed_for: str | None) -> schemas.Rendition:
    return schemas.Rendition(
        name=rendition.name,
        url=links.picture(media_id, rendition.name, signed_for=signed_for),
        width=rendition.facts.width,
        height=rendition.facts.height,
        content_type=rendition.facts.content_type,
    )


def _lead_image(image: LeadImage | None, names: Names, links: Links) -> schemas.LeadImage | None:
    if image is None or (picture := names.media.get(image.media_id)) is None:
        return None
    return schemas.LeadImage(**_shown(image, picture, links, signed=False))


def _shown(image: LeadImage | Image, picture: Picture, links: Links, *, signed: bool) -> dict[str, Any]:
    return {
        "media": _media(picture, image.alt, links, signed=signed),
        "caption": picture.caption if image.caption is None else image.caption,
        "credit": picture.credit if image.credit is None else image.credit,
    }


def _blocks(body: Body, names: Names, links: Links, *, signed: bool) -> list[schemas.Block]:
    shown = (_block(block, names, links, signed=signed) for block in body)
    return [block for block in shown if block is not None]


def _block(  # noqa: PLR0911 - one a type
    block: Block, names: Names, links: Links, *, signed: bool
) -> schemas.Block | None:
    match block:
        case Text():
            return _text(block)
        case Image():
            picture = names.media.get(block.media_id)
            if picture is None:
                return None
            shown = _shown(block, picture, links, signed=signed)
            return schemas.ImageBlock(type="image", key=block.key, **shown)
        case ReadAlso():
            name = names.articles.get(block.article_id)
            if name is None:
                return None
            return schemas.RelatedBlock(type="related", key=block.key, article=_link(name, links))
        case Embed():
            return schemas.EmbedBlock(
                type="embed", key=block.key, url=block.url, provider=block.provider, title=block.title
            )
        case Divider():
            return schemas.DividerBlock(type="divider", key=block.key)
        case Paywall():
            return None


def _text(block: Text) -> schemas.TextBlock:
    return schemas.TextBlock(
        type="block",
        key=block.key,
        style=block.style,
        list_item=block.list_item,
        level=block.level,
        children=[
            schemas.Span(type="span", key=span.key, text=span.text, marks=list(span.marks))
            for span in block.children
        ],
        mark_defs=[schemas.LinkMark(type="link", key=link.key, href=link.href) for link in block.links],
    )
