from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from domain.articles import (
    Article,
    LeadImage,
    check_may_delete,
    check_may_edit,
    check_may_see,
    edit,
)
from domain.errors import NotThere, Refusal, WrongState
from domain.events import Event, Subject
from domain.people import ANONYMOUS, Person
from domain.workflow import DraftState, PublicationState, State
from tests.domain.bodies import IMAGE, RELATED, para
from tests.domain.making import (
    ADMIN,
    BEFORE,
    COMING,
    EDITOR,
    NOW,
    READER,
    WRITER,
    a_draft,
    a_publication,
    an_article,
    in_state,
)

SUBMITTED = DraftState.SUBMITTED
STATES = list(product(DraftState, PublicationState))


def rule_of(refused: Callable[[], object]) -> str:
    with pytest.raises(WrongState) as refusal:
        refused()
    return refusal.value.rule


def test_an_edit_is_a_new_revision_and_touches_nothing_that_readers_see() -> None:
    before, draft = an_article(publication=a_publication()), a_draft(title="New", slug="new")
    after = edit(before, draft, by=WRITER, now=NOW)
    assert after == replace(before, draft=draft, version=6, revision=8, updated_at=NOW)
    assert edit(before, draft, by=EDITOR, now=NOW).edited_by == "editor"
    assert after.publication is before.publication
    assert before == an_article(publication=a_publication())


@pytest.mark.parametrize("publication", PublicationState)
def test_what_is_submitted_can_be_edited_by_editors_only(publication: PublicationState) -> None:
    article = in_state(SUBMITTED, publication)
    assert rule_of(lambda: edit(article, a_draft(), by=WRITER, now=NOW)) == "edit-submitted"
    assert rule_of(lambda: check_may_edit(article, WRITER)) == "edit-submitted"
    for by in (EDITOR, ADMIN):
        assert edit(article, a_draft(title="N"), by=by, now=NOW).draft_state is SUBMITTED
    check_may_edit(in_state(DraftState.DRAFT, publication), WRITER)


@pytest.mark.parametrize("state", STATES)
def test_only_what_was_never_published_can_be_deleted(state: tuple[DraftState, PublicationState]) -> None:
    article = in_state(*state)
    if state[1] is PublicationState.NONE:
        check_may_delete(article, EDITOR)
    else:
        assert rule_of(lambda: check_may_delete(article, EDITOR)) == "delete-published"


def test_a_writer_deletes_drafts_but_nothing_that_was_submitted() -> None:
    check_may_delete(an_article(), WRITER)
    submitted = in_state(SUBMITTED, PublicationState.NONE)
    assert rule_of(lambda: check_may_delete(submitted, WRITER)) == "edit-submitted"


@pytest.mark.parametrize("by", [WRITER, EDITOR, ADMIN])
def test_who_may_see_an_article_gets_it(by: Person) -> None:
    article = an_article()
    assert check_may_see(article, by) is article


@pytest.mark.parametrize(
    "by", [ANONYMOUS, READER, replace(WRITER, account_id="other"), replace(WRITER, roles=frozenset())]
)
def test_forbidden_and_missing_look_alike(by: Person) -> None:
    refusals: list[Refusal] = []
    for article in (None, an_article()):
        with pytest.raises(NotThere) as refusal:
            check_may_see(article, by)
        refusals.append(refusal.value)
    assert refusals[0].args == refusals[1].args == ("There is nothing here.",)


@pytest.mark.parametrize("by", [WRITER, EDITOR, ADMIN])
def test_nobody_sees_what_does_not_exist(by: Person) -> None:
    with pytest.raises(NotThere):
        check_may_see(None, by)


@pytest.mark.parametrize("state", STATES)
def test_an_article_stands_where_its_draft_and_publications_do(state: tuple[DraftState, PublicationState]) -> None:
    assert in_state(*state).state(NOW) == State(*state)


@pytest.mark.parametrize(
    ("article", "state"),
    [
        (an_article(publication=replace(COMING, live_from=NOW)), PublicationState.LIVE),
        (an_article(publication=a_publication(live_until=NOW), coming=COMING), PublicationState.SCHEDULED),
        (in_state(DraftState.DRAFT, PublicationState.UNPUBLISHED), PublicationState.UNPUBLISHED),
        (
            an_article(publication=a_publication(state=PublicationState.UNPUBLISHED), coming=COMING),
            PublicationState.SCHEDULED,
        ),
    ],
)
def test_time_alone_moves_an_article(article: Article, state: PublicationState) -> None:
    assert article.state(NOW).publication is state


def test_an_event_tells_who_did_what_when_and_at_which_version() -> None:
    told = an_article().event("submit", WRITER, NOW)
    assert told == Event(Subject.ARTICLE, "article", "submit", "writer", NOW, 5, 7)
    assert an_article().event("expire", ANONYMOUS, NOW).by is None


def test_a_draft_knows_what_it_names() -> None:
    bare = a_draft()
    assert (bare.media_ids, bare.all_tag_ids, bare.article_ids) == (frozenset(), frozenset(), frozenset())
    full = a_draft(
        body=(para("a"), IMAGE, RELATED),
        lead_image=LeadImage("lead"),
        tag_ids=("one", "two"),
        section_id="section",
        related_ids=("listed",),
        translation_of="original",
    )
    assert full.media_ids == {"medium", "lead"}
    assert full.all_tag_ids == {"one", "two", "section"}
    assert full.article_ids == {"article", "listed", "original"}


def test_times_and_states_of_a_change_are_its_own() -> None:
    assert edit(an_article(), a_draft(), by=WRITER, now=NOW + timedelta(days=1)).created_at == BEFORE
