"""Between what a writer sends and a draft: slugs become ids, markup becomes blocks, and back again."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool

from api.editorial import patches, schemas
from api.editorial.blocks import MAX_BLOCKS, Block, blocks_of
from api.parts import Visit
from api.problems import told
from domain import credits as domain_credits
from domain import teaser as domain_teaser
from domain.access import Gate
from domain.articles import Article, Draft, LeadImage, Publication, Seo
from domain.body import Body, with_keys
from domain.delivery import Names, Wanted
from domain.editions import cut_teaser
from domain.errors import Flaw, Unfit
from domain.keys import with_kept_keys
from domain.permissions import Permission, may
from domain.workflow import PublicationState, allowed_actions
from infra import articles, markup, media, names
from infra.contributors import CONTRIBUTORS
from infra.db import Connection
from infra.ids import slug_of
from infra.naming import ids_by_slug
from infra.tags import TAGS

Ids = Mapping[str, str]
_blocks: TypeAdapter[list[Block]] = TypeAdapter(list[Block])


async def body_of(form: schemas.WrittenForm, visit: Visit, *, before: Body = ()) -> Body:
    """Return the body that a form holds, in whichever of the three forms it came, every key given.

    Markup has no keys: what it says as the body before did has the keys that it had there.
    """
    is_markup = any(getattr(form, name) is not None for name in _MARKUP)
    new_key = visit.parts.sources.new_key
    return await run_in_threadpool(body_in, form, new_key, before) if is_markup else body_in(form, new_key, before)


def body_in(form: schemas.WrittenForm, new_key: Callable[[], str], before: Body = ()) -> Body:
    """Return the body that a form holds; markup may take its time."""
    for name, reads in _MARKUP.items():
        if (sent := getattr(form, name)) is not None:
            return _read(reads, sent, new_key, before, pointer=f"/{name}")
    return with_keys(tuple(block.as_block() for block in form.body), new_key)


_MARKUP: dict[str, Callable[..., Body]] = {
    "body_html": markup.body_from_html,
    "body_markdown": markup.body_from_markdown,
}


def _read(
    reads: Callable[..., Body], sent: str, new_key: Callable[[], str], before: Body, *, pointer: str
) -> Body:
    return with_kept_keys(fitting(reads(sent, new_key, pointer=pointer), pointer), before)


def fitting(body: Body, pointer: str) -> Body:
    """Return a body that was markup, if it could have been sent as blocks too."""
    if len(body) > MAX_BLOCKS:
        raise Unfit(Flaw(pointer, f"It may make up to {MAX_BLOCKS} blocks."))
    try:
        sent = [block.model_dump() for block in blocks_of(body)]
        return tuple(block.as_block() for block in _blocks.validate_python(sent))
    except ValidationError as error:
        raise Unfit(*(Flaw(pointer, told(one)) for one in error.errors())) from None


def tried(draft: Draft, named: Names, visit: Visit) -> schemas.DryRun:
    """Return what saving a draft would give, and what of it everybody could read."""
    cut = cut_teaser(draft, visit.parts.settings.teaser)
    teaser = schemas.TeaserCut(body=blocks_of(cut.body), remaining_percent=cut.remaining_percent)
    return schemas.DryRun(article=form_of(draft, named), teaser=teaser)


async def draft_of(
    form: schemas.ArticleForm, body: Body, visit: Visit, connection: Connection, *, before: Draft | None = None
) -> Draft:
    """Return the draft that a form says, or refuse what names things that do not exist.

    Links that the draft before had may stay: an editor may have set them to what its writer cannot know of.
    """
    tag_ids = await ids_by_slug(
        connection, TAGS, frozenset([*form.tags, *([form.section] if form.section else [])])
    )
    maker_ids = await ids_by_slug(connection, CONTRIBUTORS, frozenset(one.contributor for one in form.credits))
    draft = drafted(form, body, tag_ids, maker_ids, visit.parts.settings.teaser.policy)
    await check_links(draft, visit, connection, before=before)
    return draft


def drafted(
    form: schemas.ArticleForm, body: Body, tag_ids: Ids, maker_ids: Ids, house: domain_teaser.Policy
) -> Draft:
    """Return the draft that a form says, or refuse slugs that are not among these ids."""
    _refuse(_unknown_names(form, tag_ids, maker_ids))
    return _draft(form, body, tag_ids, maker_ids, form.teaser.as_policy(house) if form.teaser else None)


async def restored(
    draft: Draft, visit: Visit, connection: Connection, *, before: Draft
) -> tuple[Draft, tuple[str, ...]]:
    """Return an old draft as it can be taken up again, and pointers to what of it is not there any more."""
    named = await names_for(connection, [draft], visit)
    pictures, known = await _known(draft, visit, connection, before=before)

    def is_there(use: object) -> bool:
        medium, article = getattr(use, "media_id", None), getattr(use, "article_id", None)
        return medium in {None, *pictures} and article in {None, *known}

    kept = replace(
        draft,
        body=tuple(block for block in draft.body if is_there(block)),
        section_id=draft.section_id if draft.section_id in named.tags else None,
        tag_ids=tuple(tag_id for tag_id in draft.tag_ids if tag_id in named.tags),
        credits=tuple(one for one in draft.credits if one.contributor_id in named.contributors),
        lead_image=draft.lead_image if is_there(draft.lead_image) else None,
        related_ids=tuple(article_id for article_id in draft.related_ids if article_id in known),
        translation_of=draft.translation_of if draft.translation_of in known else None,
    )
    return kept, tuple(flaw.pointer for flaw in _unknown_ids(draft, pictures, known))


async def check_links(draft: Draft, visit: Visit, connection: Connection, *, before: Draft | None) -> None:
    """Refuse a draft that names pictures or articles that its writer cannot know of, unless it did so before."""
    check_ids(draft, *await _known(draft, visit, connection, before=before))


def check_ids(draft: Draft, pictures: frozenset[str], known: frozenset[str]) -> None:
    """Refuse a draft that names other pictures or articles than these."""
    _refuse(_unknown_ids(draft, pictures, known))


async def _known(
    draft: Draft, visit: Visit, connection: Connection, *, before: Draft | None
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the pictures and articles that this writer may let a draft name.

    What the draft before named may stay: an editor may have put it there, or it may have been removed since.
    """
    sees_all = may(visit.person, Permission.EDIT_ALL_ARTICLES)
    pictures = await media.existing(
        connection,
        draft.media_ids,
        only_public_or=None if sees_all else before.media_ids if before else frozenset(),
        now=visit.now,
    )
    known = await articles.existing(
        connection,
        draft.article_ids,
        known_to=None if sees_all else visit.person.account_id,
        now=visit.now,
    )
    return pictures, known | (before.article_ids if before else frozenset())


def _draft(
    form: schemas.ArticleForm, body: Body, tag_ids: Ids, maker_ids: Ids, policy: domain_teaser.Policy | None
) -> Draft:
    return Draft(
        title=form.title,
        slug=form.slug or slug_of(form.title),
        language=form.language,
        kind=form.kind,
        standfirst=form.standfirst,
        body=body,
        gate=Gate(
            form.access.requires,
            tuple(form.access.plans),
            form.access.holds_from,
            form.access.holds_until,
            form.access.metered,
        ),
        teaser=policy,
        section_id=tag_ids[form.section] if form.section else None,
        tag_ids=tuple(dict.fromkeys(tag_ids[slug] for slug in form.tags)),
        credits=tuple(
            domain_credits.Credit(one.role, maker_ids[one.contributor], one.note) for one in form.credits
        ),
        source=domain_credits.Source(**form.source.model_dump()) if form.source else None,
        lead_image=LeadImage(**form.lead_image.model_dump()) if form.lead_image else None,
        related_ids=tuple(dict.fromkeys(form.related)),
        translation_of=form.translation_of,
        rights=domain_credits.Rights(**form.rights.model_dump()) if form.rights else None,
        seo=Seo(**form.seo.model_dump()),
        extensions=form.extensions,
    )


def _refuse(flaws: Iterable[Flaw]) -> None:
    found = tuple(flaws)
    if found:
        raise Unfit(*found)


def _unknown_names(form: schemas.ArticleForm, tag_ids: Ids, maker_ids: Ids) -> Iterable[Flaw]:
    if form.section and form.section not in tag_ids:
        yield Flaw("/section", "There is no such tag. Create it first.")
    for at, slug in enumerate(form.tags):
        if slug not in tag_ids:
            yield Flaw(f"/tags/{at}", "There is no such tag. Create it first.")
    for at, credit in enumerate(form.credits):
        if credit.contributor not in maker_ids:
            yield Flaw(f"/credits/{at}/contributor", "There is no such contributor. Create one first.")


def _unknown_ids(draft: Draft, known_media: frozenset[str], known_articles: frozenset[str]) -> Iterable[Flaw]:
    if draft.lead_image and draft.lead_image.media_id not in known_media:
        yield Flaw("/lead_image/media_id", "There is no such picture. Upload it first.")
    for at, block in enumerate(draft.body):
        if getattr(block, "media_id", None) not in {None, *known_media}:
            yield Flaw(f"/body/{at}/media_id", "There is no such picture. Upload it first.")
        if getattr(block, "article_id", None) not in {None, *known_articles}:
            yield Flaw(f"/body/{at}/article_id", "There is no such article.")
    for at, article_id in enumerate(draft.related_ids):
        if article_id not in known_articles:
            yield Flaw(f"/related/{at}", "There is no such article.")
    if draft.translation_of and draft.translation_of not in known_articles:
        yield Flaw("/translation_of", "There is no such article.")


def patched_form(article: Article, named: Names, patch: dict[str, Any]) -> schemas.WrittenForm:
    """Return the form that a merge patch makes of a working draft (RFC 7396)."""
    current = form_of(article.draft, named).model_dump(mode="json")
    if patch.get("body_html") is not None or patch.get("body_markdown") is not None:
        current.pop("body")
    return patches.patched(schemas.WrittenForm, current, patch)


async def written_as(shown: schemas.Article, body: Body, body_format: schemas.BodyFormat) -> schemas.Article:
    """Return an article whose body is in the form that was asked for; it can be sent back so."""
    if body_format is schemas.BodyFormat.BLOCKS:
        return shown
    fields = {name: getattr(shown, name) for name in schemas.Article.model_fields if name != "body"}
    if body_format is schemas.BodyFormat.HTML:
        return schemas.HtmlArticle(**fields, body_html=await run_in_threadpool(markup.html_of, body))
    return schemas.MarkdownArticle(**fields, body_markdown=await run_in_threadpool(markup.markdown_of, body))


async def names_for(connection: Connection, written: Iterable[Draft], visit: Visit) -> Names:
    """Return the slugs of what drafts name by id."""
    wanted = Wanted()
    for draft in written:
        makers = frozenset(credit.contributor_id for credit in draft.credits)
        wanted |= Wanted(tags=draft.all_tag_ids, contributors=makers)
    return await names.fetch(connection, wanted, now=visit.now)


def form_of(draft: Draft, named: Names) -> schemas.ArticleForm:
    """Return a draft as a writer sends it."""
    return schemas.ArticleForm(**_form(draft, named))


def _form(draft: Draft, named: Names) -> dict[str, Any]:
    return {
        "title": draft.title,
        "slug": draft.slug,
        "language": draft.language,
        "kind": draft.kind,
        "standfirst": draft.standfirst,
        "body": blocks_of(draft.body),
        "access": schemas.Gate.of(
            requires=draft.gate.requires,
            plans=list(draft.gate.plans),
            holds_from=draft.gate.holds_from,
            holds_until=draft.gate.holds_until,
            metered=draft.gate.is_metered,
        ),
        "teaser": schemas.Teaser.of(draft.teaser) if draft.teaser else None,
        "section": next((tag.slug for tag in named.tags_of([draft.section_id or ""])), None),
        "tags": [tag.slug for tag in named.tags_of(draft.tag_ids)],
        "credits": [
            schemas.Credit(role=one.role, contributor=maker.slug, note=one.note)
            for one, maker in named.signed_by(draft.credits)
        ],
        "source": draft.source and schemas.Source(**_members(draft.source, schemas.Source)),
        "lead_image": draft.lead_image and schemas.LeadImage(**_members(draft.lead_image, schemas.LeadImage)),
        "related": list(draft.related_ids),
        "translation_of": draft.translation_of,
        "rights": draft.rights and schemas.Rights(**_members(draft.rights, schemas.Rights)),
        "seo": schemas.Seo(**_members(draft.seo, schemas.Seo)),
        "extensions": dict(draft.extensions),
    }


def _members(value: object, schema: Any) -> dict[str, Any]:  # noqa: ANN401 - a schema
    return {name: getattr(value, name) for name in schema.model_fields}


def resource_of(article: Article, named: Names, visit: Visit) -> schemas.Article:
    """Return an article as the newsroom sees it."""
    last_editor = article.edited_by if visit.parts.settings.four_eyes else None
    return schemas.Article(
        **_form(article.draft, named),
        id=article.id,
        version=article.version,
        revision=article.revision,
        state=article.draft_state,
        publication=_publication(article, visit),
        allowed_actions=list(allowed_actions(article.state(visit.now), visit.person, last_editor=last_editor)),
        created_by=article.created_by,
        edited_by=article.edited_by,
        created_at=article.created_at,
        updated_at=article.updated_at,
    )


_SHOWN_AS = {PublicationState.LIVE_SCHEDULED: PublicationState.LIVE}


def _publication(article: Article, visit: Visit) -> schemas.Publication | None:
    state = article.state(visit.now).publication
    is_scheduled = state is PublicationState.SCHEDULED
    shown = article.coming if is_scheduled else article.publication
    if shown is None:
        return None
    return schemas.Publication.model_validate(
        {
            **_edition(shown),
            "state": _SHOWN_AS.get(state, state).value,
            "has_newer_draft": article.revision > shown.revision,
            "public_note": shown.public_note,
            "corrections": [{"at": one.at, "text": one.text} for one in shown.corrections],
            "scheduled": _edition(article.coming) if article.coming and not is_scheduled else None,
        }
    )


def _edition(publication: Publication) -> dict[str, Any]:
    return {
        "revision": publication.number,
        "draft_revision": publication.revision,
        "slug": publication.slug,
        "live_from": publication.live_from,
        "live_until": publication.live_until,
    }
