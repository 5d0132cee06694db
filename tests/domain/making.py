"""Articles, drafts and people for the tests of the domain."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.access import Gate, Requires
from domain.articles import Article, Draft, Publication
from domain.people import Person, Role
from domain.workflow import DraftState, PublicationState
from tests.domain.bodies import many, para

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEFORE, LATER = NOW - timedelta(days=9), NOW + timedelta(days=9)

EDITOR = Person("editor", frozenset({Role.EDITOR}))
ADMIN = Person("admin", frozenset({Role.ADMIN}))
WRITER = Person("writer", frozenset({Role.CONTRIBUTOR}))
READER = Person("reader", frozenset({Role.READER}))
SUBSCRIBERS = Gate(Requires.SUBSCRIBER)


def a_draft(**fields: Any) -> Draft:
    return Draft(**{"title": "T", "slug": "t", "language": "en", "body": (para(many(100)),), **fields})


def a_publication(**fields: Any) -> Publication:
    made = Publication(
        id="p1",
        article_id="article",
        group_id="group",
        number=4,
        revision=7,
        slug="old",
        language="en",
        gate=Gate(),
        published_at=BEFORE,
        updated_at=BEFORE,
        live_from=BEFORE,
    )
    return replace(made, **fields)


def an_article(draft: Draft | None = None, **fields: Any) -> Article:
    """A draft of the writer's at version 5 and revision 7, never published unless told otherwise."""
    made = Article(
        id="article",
        group_id="group",
        version=5,
        revision=7,
        draft=draft or a_draft(),
        draft_state=DraftState.DRAFT,
        created_by="writer",
        edited_by="writer",
        created_at=BEFORE,
        updated_at=BEFORE,
    )
    return replace(made, **fields)


COMING = a_publication(id="p2", number=5, state=PublicationState.SCHEDULED, live_from=LATER)
_EDITIONS: dict[PublicationState, dict[str, Any]] = {
    PublicationState.NONE: {},
    PublicationState.SCHEDULED: {"coming": COMING},
    PublicationState.LIVE: {"publication": a_publication()},
    PublicationState.LIVE_SCHEDULED: {"publication": a_publication(replaced_at=LATER), "coming": COMING},
    PublicationState.EXPIRED: {"publication": a_publication(live_until=NOW)},
    PublicationState.UNPUBLISHED: {"publication": a_publication(state=PublicationState.UNPUBLISHED)},
    PublicationState.WITHDRAWN: {"publication": a_publication(state=PublicationState.WITHDRAWN)},
}


def in_state(draft: DraftState, publication: PublicationState) -> Article:
    """An article that stands there at NOW."""
    return an_article(draft_state=draft, **_EDITIONS[publication])
