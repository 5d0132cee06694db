"""What a partner gets of an article: less, where its licence leaves something out, and on the terms agreed on."""

from dataclasses import replace

from domain.access import Decision
from domain.articles import Seo
from domain.body import Body, Embed, Image, ReadAlso
from domain.credits import Rights
from domain.editions import Front
from domain.licences import Field, Licence

_BLOCKS = {Field.IMAGES: Image, Field.EMBEDS: Embed, Field.RELATED: ReadAlso}


def front_under(decision: Decision, front: Front) -> Front:
    """Return the front that a decision's licence gives: the whole of it without one."""
    licence = decision.licence
    if licence is None:
        return front
    gives = licence.fields
    return replace(
        front,
        standfirst=front.standfirst if Field.STANDFIRST in gives else "",
        lead_image=front.lead_image if Field.LEAD_IMAGE in gives else None,
        section_id=front.section_id if Field.TAGS in gives else None,
        tag_ids=front.tag_ids if Field.TAGS in gives else (),
        related_ids=front.related_ids if Field.RELATED in gives else (),
        seo=front.seo if Field.SEO in gives else Seo(),
        extensions=front.extensions if Field.EXTENSIONS in gives else {},
        rights=_rights(front.rights, licence),
    )


def body_under(decision: Decision, body: Body) -> Body:
    """Return the blocks that a decision's licence gives: all of them without one."""
    if decision.licence is None:
        return body
    left_out = tuple(kind for field, kind in _BLOCKS.items() if field not in decision.licence.fields)
    return tuple(block for block in body if not isinstance(block, left_out))


def _rights(rights: Rights | None, licence: Licence) -> Rights | None:
    """Say on what terms the article may be used: those that were agreed on come before the article's own."""
    if licence.usage_terms is None:
        return rights
    return replace(rights or Rights(), usage_terms=licence.usage_terms)
