"""What ids stand for, as readers may know it: tags, contributors, pictures, other articles, in one statement."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Integer,
    Row,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.credits import Contributor, ContributorKind
from domain.delivery import ArticleName, Names, Picture, Wanted
from domain.tags import Tag, TagKind
from infra import documents
from infra.publications import gate_of
from infra.tables import Moment, contributors, media, publications, tags
from infra.visibility import NOW, is_live

# One row shape for everything that has a name, so that one UNION ALL reads them all.
_SHAPE = {
    "what": Text,
    "id": Text,
    "slug": Text,
    "name": Text,
    "kind": Text,
    "first": Text,
    "second": Text,
    "third": Text,
    "renditions": Text,
    "placeholder": Text,
    "width": Integer,
    "height": Integer,
    "holds_from": Moment,
    "holds_until": Moment,
    "live_until": Moment,
    "replaced_at": Moment,
}


def _named(what: str, table: Table, **columns: Any) -> Select[Any]:  # noqa: ANN401
    given = {"what": literal(what), "id": table.c.id, **columns}
    return select(*(given.get(name, cast(null(), type_)).label(name) for name, type_ in _SHAPE.items()))


def _article_names(what: str) -> Select[Any]:
    return _named(
        what,
        publications,
        id=publications.c.article_id,
        slug=publications.c.slug,
        name=publications.c.title,
        kind=publications.c.language,
        first=publications.c.requires,
        second=publications.c.plans,
        third=publications.c.group_id,
        holds_from=publications.c.holds_from,
        holds_until=publications.c.holds_until,
        live_until=publications.c.live_until,
        replaced_at=publications.c.replaced_at,
    ).where(is_live(NOW))


def _ids(of: str) -> BindParameter[Sequence[str]]:
    return bindparam(of, expanding=True)


def _standing(what: str, table: Table, ids: str, **columns: Any) -> Select[Any]:  # noqa: ANN401
    """Select by id what was merged into nothing, or else what it was merged into; `first` is the id of that."""
    asked = table.alias()
    given = {"id": asked.c.id, "first": table.c.id, "slug": table.c.slug, "name": table.c.name, **columns}
    target = table.c.id == func.coalesce(asked.c.merged_into, asked.c.id)
    return _named(what, table, **given).select_from(asked.join(table, target)).where(asked.c.id.in_(_ids(ids)))


def _tags() -> Select[Any]:
    return _standing("tag", tags, "tags", kind=tags.c.kind, second=tags.c.names)


def _contributors() -> Select[Any]:
    return _standing("contributor", contributors, "contributors", kind=contributors.c.kind)


def _media() -> Select[Any]:
    row = _named(
        "medium",
        media,
        name=media.c.alt,
        kind=media.c.content_type,
        first=media.c.caption,
        second=media.c.credit,
        third=media.c.licence,
        renditions=media.c.renditions,
        placeholder=media.c.placeholder,
        width=media.c.width,
        height=media.c.height,
    )
    return row.where(media.c.id.in_(_ids("media")))


def _media_to_syndicate() -> Select[Any]:
    return _media().where(media.c.may_be_syndicated)


def _articles() -> Select[Any]:
    return _article_names("article").where(publications.c.article_id.in_(_ids("articles")))


def _translations() -> Select[Any]:
    return _article_names("translation").where(publications.c.group_id.in_(_ids("translations_of")))


_PARTS = {
    "tags": _tags,
    "contributors": _contributors,
    "media": _media,
    "articles": _articles,
    "translations_of": _translations,
}  # by the fields of `Wanted`


@cache
def _names_query(fields: tuple[str, ...], *, is_syndicated: bool) -> CompoundSelect[Any]:
    """Return the query for these fields of `Wanted`, made once: to put it together takes longer than to ask it."""
    parts = {**_PARTS, "media": _media_to_syndicate} if is_syndicated else _PARTS
    return union_all(*(parts[field]() for field in fields))


async def fetch(
    connection: AsyncConnection, wanted: Wanted, *, now: datetime, is_syndicated: bool = False
) -> Names:
    """Return what ids stand for, in one statement. What is not public has no name and is missing.

    So are pictures that may not be syndicated, where it is for a partner.
    """
    rows = await _rows(connection, wanted, now, is_syndicated=is_syndicated)
    of: dict[str, list[Row[Any]]] = {}
    for row in rows:
        of.setdefault(row.what, []).append(row)
    return Names(
        tags={row.id: _tag(row) for row in of.get("tag", ())},
        contributors={row.id: _contributor(row) for row in of.get("contributor", ())},
        media={row.id: _picture(row) for row in of.get("medium", ())},
        articles={row.id: _article_name(row) for row in of.get("article", ())},
        translations=_groups(of.get("translation", ())),
    )


async def _rows(
    connection: AsyncConnection, wanted: Wanted, now: datetime, *, is_syndicated: bool
) -> Sequence[Row[Any]]:
    asked = {field: sorted(ids) for field in _PARTS if (ids := getattr(wanted, field))}
    if not asked:
        return ()
    query = _names_query(tuple(asked), is_syndicated=is_syndicated)
    rows: Sequence[Row[Any]] = (await connection.execute(query, {**asked, NOW.key: now})).all()
    return rows


def _groups(rows: Sequence[Row[Any]]) -> dict[str, tuple[ArticleName, ...]]:
    """Return articles that are translations of one another, each group in the order of their languages."""
    groups: dict[str, list[ArticleName]] = {}
    for row in rows:
        groups.setdefault(row.third, []).append(_article_name(row))
    return {group: tuple(sorted(some, key=lambda one: (one.language, one.id))) for group, some in groups.items()}


def _tag(row: Row[Any]) -> Tag:
    return Tag(
        row.first,
        row.slug,
        row.name,
        documents.known(TagKind, row.kind, TagKind.TOPIC),
        documents.load_names(row.second),
    )


def _contributor(row: Row[Any]) -> Contributor:
    kind = documents.known(ContributorKind, row.kind, ContributorKind.PERSON)
    return Contributor(row.first, row.slug, row.name, kind)


def _picture(row: Row[Any]) -> Picture:
    return Picture(
        row.id,
        row.kind,
        row.width,
        row.height,
        row.name,
        row.first,
        row.second,
        row.third,
        documents.load_renditions(row.renditions),
        row.placeholder,
    )


def _article_name(row: Row[Any]) -> ArticleName:
    gate = gate_of(row.first, row.second, row.holds_from, row.holds_until)
    ends = [end for end in (row.live_until, row.replaced_at) if end]
    return ArticleName(row.id, row.slug, row.name, row.kind, gate, min(ends, default=None))
