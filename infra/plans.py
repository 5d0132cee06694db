"""Plans as rows. One that opens a tag opens all that was merged with it too, for fronts name any of these."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Money
from domain.errors import Conflict, InUse, Stale, Use
from domain.headings import under
from domain.plans import Opens, Plan, openings
from infra import changes, documents
from infra.naming import USES_TOLD
from infra.tables import articles, plan_tags, plans, publications, revisions, subscriptions, tags
from infra.visibility import SUPERSEDED, names_plan

TAG, SECTION = "tag", "section"

_NAMED, _SAME = tags.alias("named"), tags.alias("same")
_STANDS = func.coalesce(_NAMED.c.merged_into, _NAMED.c.id)
_OPENED = (
    select(
        plan_tags.c.plan_id, plan_tags.c.kind, _SAME.c.id.label("tag_id"), (_SAME.c.id == _STANDS).label("stands")
    )
    .join(_NAMED, _NAMED.c.id == plan_tags.c.tag_id)
    .join(_SAME, or_(_SAME.c.id == _STANDS, _SAME.c.merged_into == _STANDS))
)
_HEADINGS_OF = _OPENED.where(plan_tags.c.plan_id.in_(bindparam("plan_ids", expanding=True)))


def _with_what_it_opens(query: Select[Any]) -> Select[Any]:
    """Return the query for plans with a row for each tag that they open, in the order of offers."""
    of, opened = query.subquery("of"), _OPENED.subquery("opened")
    rows = select(of, opened.c.kind, opened.c.tag_id, opened.c.stands).outerjoin(
        opened, opened.c.plan_id == of.c.id
    )
    return rows.order_by(of.c.position, of.c.slug)


_EVERY = _with_what_it_opens(select(plans))
_BY_SLUGS = _with_what_it_opens(select(plans).where(plans.c.slug.in_(bindparam("slugs", expanding=True))))


async def every(connection: AsyncConnection) -> tuple[Plan, ...]:
    """Return all plans, those that are offered no more among them, in their order."""
    return _plans((await connection.execute(_EVERY)).all())


async def get(connection: AsyncConnection, slug: str) -> Plan | None:
    """Return the plan with this slug."""
    found = _plans((await connection.execute(_BY_SLUGS, {"slugs": [slug]})).all())
    return found[0] if found else None


async def page(connection: AsyncConnection, *, after: tuple[int, str] | None, limit: int) -> tuple[Plan, ...]:
    """Return the next plans in the order of offers."""
    query = select(plans).order_by(plans.c.position, plans.c.slug).limit(limit)
    if after is not None:
        position, slug = after
        later = and_(plans.c.position == position, plans.c.slug > slug)
        query = query.where(or_(plans.c.position > position, later))
    return _plans((await connection.execute(_with_what_it_opens(query))).all())


async def opened_by(connection: AsyncConnection, slugs: Collection[str]) -> frozenset[str]:
    """Return the headings that the plans with these slugs open; what is no plan of ours opens none."""
    if not slugs:
        return frozenset()
    found = _plans((await connection.execute(_BY_SLUGS, {"slugs": sorted(slugs)})).all())
    return frozenset[str]().union(*(one.headings for one in found))


async def headings_of(connection: AsyncConnection, plan_ids: Collection[str]) -> frozenset[str]:
    """Return the headings of the tags and sections that these plans open."""
    if not plan_ids:
        return frozenset()
    rows = await connection.execute(_HEADINGS_OF, {"plan_ids": sorted(plan_ids)})
    return frozenset(under(row.kind, row.tag_id) for row in rows)


def _plans(rows: Iterable[Row[Any]]) -> tuple[Plan, ...]:
    by_id: dict[str, list[Row[Any]]] = {}
    for row in rows:
        by_id.setdefault(row.id, []).append(row)
    return tuple(map(_plan, by_id.values()))


def _plan(rows: Sequence[Row[Any]]) -> Plan:
    first, opened = rows[0], [row for row in rows if row.tag_id is not None]
    standing = {
        kind: sorted(row.tag_id for row in opened if row.kind == kind and row.stands) for kind in (TAG, SECTION)
    }
    return Plan(
        id=first.id,
        slug=first.slug,
        names=documents.load_names(first.names),
        price=Money(first.amount, first.currency),
        period=first.period,
        url=first.url,
        trial=first.trial,
        opens=Opens(
            first.opens_everything, tuple(dict.fromkeys(standing[TAG])), tuple(dict.fromkeys(standing[SECTION]))
        ),
        is_offered=first.is_offered,
        position=first.position,
        version=first.version,
        headings=openings(
            first.slug, (under(row.kind, row.tag_id) for row in opened), everything=first.opens_everything
        ),
    )


async def tag_slugs(connection: AsyncConnection, some: Iterable[Plan]) -> dict[str, str]:
    """Return the slugs of the tags and sections that plans open, by their ids."""
    ids = {id_ for one in some for id_ in (*one.opens.tag_ids, *one.opens.section_ids)}
    if not ids:
        return {}
    rows = await connection.execute(select(tags.c.id, tags.c.slug).where(tags.c.id.in_(sorted(ids))))
    return {row.id: row.slug for row in rows}


async def add(connection: AsyncConnection, plan: Plan) -> None:
    """Add a plan."""
    if await connection.scalar(select(plans.c.id).where(plans.c.slug == plan.slug)) is not None:
        raise Conflict("There is a plan with this slug already.", rule="plan-slug")
    await connection.execute(insert(plans).values(id=plan.id, slug=plan.slug, **_values(plan)))
    await _open(connection, plan)
    changes.note(connection, "plan", plan.id)


async def save(connection: AsyncConnection, plan: Plan, *, before: Plan) -> None:
    """Save a changed plan, unless somebody was faster."""
    same = and_(plans.c.id == plan.id, plans.c.version == before.version)
    result = await connection.execute(update(plans).where(same).values(**_values(plan)))
    if result.rowcount != 1:
        raise Stale(current=plan.version)
    await connection.execute(delete(plan_tags).where(plan_tags.c.plan_id == plan.id))
    await _open(connection, plan)
    changes.note(connection, "plan", plan.id)


async def _open(connection: AsyncConnection, plan: Plan) -> None:
    opened = ((TAG, plan.opens.tag_ids), (SECTION, plan.opens.section_ids))
    rows = [{"plan_id": plan.id, "kind": kind, "tag_id": id_} for kind, ids in opened for id_ in sorted(set(ids))]
    if rows:
        await connection.execute(insert(plan_tags), rows)


def _values(plan: Plan) -> dict[str, Any]:
    return {
        "names": documents.dump_names(plan.names),
        "amount": plan.price.amount,
        "currency": plan.price.currency,
        "period": plan.period,
        "trial": plan.trial,
        "url": plan.url,
        "opens_everything": plan.opens.everything,
        "is_offered": plan.is_offered,
        "position": plan.position,
        "version": plan.version,
    }


async def keep(connection: AsyncConnection, slug: str) -> bool:
    """Tell whether there is such a plan, and let nobody remove it until this transaction ends."""
    query = select(plans.c.id).where(plans.c.slug == slug)
    return await connection.scalar(query.with_for_update(read=True, key_share=True)) is not None


async def remove(connection: AsyncConnection, plan: Plan) -> None:
    """Remove a plan that nobody has or had, and that no article names."""
    await connection.execute(select(plans.c.id).where(plans.c.id == plan.id).with_for_update())
    had = select(subscriptions.c.id).where(subscriptions.c.plan == plan.slug).order_by(subscriptions.c.id)
    if uses := tuple(Use("subscription", id_) for id_ in await connection.scalars(had.limit(USES_TOLD))):
        raise InUse("There are subscriptions to this plan. Offer it no more instead.", used_by=uses)
    if uses := tuple(Use("article", id_) for id_ in await _named_by(connection, plan.slug)):
        raise InUse("Articles name this plan. Take it out of their `access` first.", used_by=uses)
    await connection.execute(delete(plans).where(plans.c.id == plan.id))
    changes.note(connection, "plan", plan.id)


async def _named_by(connection: AsyncConnection, slug: str) -> list[str]:
    """Return the first articles that name a plan: in their working draft, or in what was or is to be public."""
    shown = select(publications.c.article_id).where(
        publications.c.state != SUPERSEDED, names_plan(publications, slug)
    )
    found = set(await connection.scalars(shown.distinct()))
    newest = and_(revisions.c.article_id == articles.c.id, revisions.c.number == articles.c.revision)
    says = revisions.c.draft.contains(f'"{slug}"', autoescape=True)  # it may say so of something else, too
    drafts = select(revisions.c.article_id, revisions.c.draft).join(articles, newest).where(says)
    for row in await connection.execute(drafts):
        if slug in documents.load_draft(row.draft).gate.plans:
            found.add(row.article_id)
    return sorted(found)[:USES_TOLD]
