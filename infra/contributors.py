"""Contributors as rows."""

from typing import Any

from sqlalchemy import Row

from domain.credits import Contributor, ContributorKind
from infra import documents
from infra.naming import Kind
from infra.tables import contributor_slugs, contributors, licence_contributors, publication_contributors


def _contributor(row: Row[Any]) -> Contributor:
    return Contributor(
        id=row.id,
        slug=row.slug,
        name=row.name,
        kind=documents.known(ContributorKind, row.kind, ContributorKind.PERSON),
        bio=row.bio,
        media_id=row.media_id,
        links=documents.load_links(row.links),
        version=row.version,
    )


def _values(contributor: Contributor) -> dict[str, Any]:
    return {
        "id": contributor.id,
        "slug": contributor.slug,
        "name": contributor.name,
        "kind": contributor.kind,
        "bio": contributor.bio,
        "media_id": contributor.media_id,
        "links": documents.dump_links(contributor.links),
        "version": contributor.version,
    }


_OPENED_BY = (("licence", licence_contributors.c.contributor_id),)
CONTRIBUTORS = Kind(
    "contributor", contributors, contributor_slugs, publication_contributors, _contributor, _values, _OPENED_BY
)
