"""Tags as rows."""

from typing import Any

from sqlalchemy import Row

from domain.tags import Tag, TagKind
from infra import documents
from infra.naming import Kind
from infra.tables import licence_tags, plan_tags, publication_tags, tag_slugs, tags


def _tag(row: Row[Any]) -> Tag:
    return Tag(
        row.id,
        row.slug,
        row.name,
        documents.known(TagKind, row.kind, TagKind.TOPIC),
        documents.load_names(row.names),
        row.version,
    )


def _values(tag: Tag) -> dict[str, Any]:
    return {
        "id": tag.id,
        "slug": tag.slug,
        "name": tag.name,
        "kind": tag.kind,
        "names": documents.dump_names(tag.names),
        "version": tag.version,
    }


_OPENED_BY = (("plan", plan_tags.c.tag_id), ("licence", licence_tags.c.tag_id))
TAGS = Kind("tag", tags, tag_slugs, publication_tags, _tag, _values, _OPENED_BY)
