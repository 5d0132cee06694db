"""What becomes of an article that comes from elsewhere, once and again."""

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from domain.articles import Article, Correction
from domain.desk import House, Order, Step
from domain.errors import Unfit
from domain.imports import IMPORTER, Release, Taken, take, take_again
from domain.teaser import Boundary, Measure, Policy, TeaserSettings
from domain.workflow import PublicationState
from tests.domain.making import BEFORE, COMING, LATER, NOW, a_draft, a_publication, an_article

STYLE = TeaserSettings(Policy(Measure.WORDS, 10, Boundary.WORD), " …", 10)
STEP = Step(Order(), IMPORTER, NOW, "new", House(STYLE))
NOTED = Correction(BEFORE, "The year was wrong.")
SOON = NOW + timedelta(hours=1)


def taken(**told: Any) -> Taken:
    ids = count(1)
    return take(an_article(), Release(**told), STEP, lambda: f"old-{next(ids)}")


def again(article: Article, said: Article | None = None, **told: Any) -> Taken:
    return take_again(article, said or article, Release(**told), STEP)


def live(**fields: Any) -> Article:
    return an_article(publication=a_publication(slug="t", **fields))


def test_a_draft_is_taken_as_it_is() -> None:
    assert take(an_article(), None, STEP, str) == Taken(an_article())


def test_what_was_published_keeps_its_times_end_and_corrections() -> None:
    since = BEFORE + timedelta(days=1)
    one = taken(published_at=BEFORE, updated_at=since, until=LATER, corrections=(NOTED,))
    (edition,) = one.editions
    header = edition.publication
    assert header == one.article.publication
    assert (header.published_at, header.live_from, header.updated_at) == (BEFORE, BEFORE, since)
    assert (header.live_until, header.corrections, header.number) == (LATER, (NOTED,), 1)
    assert one.article.updated_at == since
    assert one.superseded == ()


def test_without_a_time_it_is_published_now() -> None:
    header = taken().article.publication
    assert header is not None
    assert (header.published_at, header.updated_at, header.live_until) == (NOW, NOW, None)


def test_an_update_before_the_publication_counts_as_none() -> None:
    header = taken(published_at=BEFORE, updated_at=BEFORE - timedelta(days=1)).article.publication
    assert header is not None
    assert header.updated_at == BEFORE


def test_old_slugs_are_kept_by_editions_that_others_took_the_place_of() -> None:
    one = taken(published_at=BEFORE, old_slugs=("first", "second"))
    assert [edition.publication.id for edition in one.superseded] == ["old-1", "old-2"]
    assert [edition.publication.slug for edition in one.superseded] == ["first", "second"]
    (last,) = one.editions
    assert (last.publication.slug, last.publication.number) == ("t", 3)
    assert last.publication == one.article.publication
    assert one.article.draft.slug == "t"


def test_what_could_not_be_published_has_no_old_slugs_either() -> None:
    with pytest.raises(Unfit):
        take(an_article(a_draft(body=())), Release(BEFORE, old_slugs=("first",)), STEP, str)


def test_what_was_withdrawn_stays_so_with_its_reason() -> None:
    one = taken(published_at=BEFORE, public_note="It was not true.")
    header = one.article.publication
    assert header is not None
    assert (header.state, header.public_note) == (PublicationState.WITHDRAWN, "It was not true.")
    assert [edition.publication for edition in one.editions] == [header]


def test_a_time_that_lies_ahead_is_a_schedule() -> None:
    one = taken(published_at=SOON, until=LATER)
    coming = one.article.coming
    assert coming is not None
    assert (coming.state, coming.live_from, coming.live_until) == (PublicationState.SCHEDULED, SOON, LATER)
    assert [edition.publication for edition in one.editions] == [coming]
    assert one.article.publication is None


def test_what_is_scheduled_has_no_past() -> None:
    with pytest.raises(Unfit) as refusal:
        taken(published_at=SOON, old_slugs=("first",), public_note="No.", corrections=(NOTED,))
    assert [flaw.pointer for flaw in refusal.value.flaws] == ["/old_slugs", "/withdrawn", "/corrections"]


def test_a_record_that_tells_of_no_publication_takes_none_back() -> None:
    article = live()
    said = replace(article, draft=a_draft(title="Other"))
    one = take_again(article, said, None, STEP)
    assert (one.article.draft.title, one.article.revision, one.article.version) == ("Other", 8, 6)
    assert (one.article.publication, one.editions) == (article.publication, ())
    assert take_again(article, article, None, STEP) == Taken(article)


@pytest.mark.parametrize(
    "told", [{}, {"published_at": BEFORE}, {"published_at": BEFORE, "updated_at": BEFORE}, {"updated_at": BEFORE}]
)
def test_what_says_the_same_changes_nothing(told: dict[str, Any]) -> None:
    assert again(live(), **told) == Taken(live())


@pytest.mark.parametrize(
    "told",
    [
        {"published_at": BEFORE - timedelta(days=1)},
        {"updated_at": NOW - timedelta(days=1)},
        {"until": LATER},
        {"corrections": (NOTED,)},
        {"public_note": "It was not true."},
    ],
)
def test_what_says_something_else_is_published_anew(told: dict[str, Any]) -> None:
    one = again(live(), **told)
    (edition,) = one.editions
    assert (edition.publication.id, edition.publication.number) == ("new", 5)
    assert edition.publication == one.article.publication


def test_another_draft_is_published_anew() -> None:
    one = again(live(), replace(live(), draft=a_draft(title="Other")))
    (edition,) = one.editions
    assert (edition.front.title, edition.publication.revision) == ("Other", 8)


@pytest.mark.parametrize("article", [an_article(), live(state=PublicationState.UNPUBLISHED)])
def test_what_nobody_can_read_here_is_published(article: Article) -> None:
    one = again(article)
    assert one.article.publication is not None
    assert one.article.publication.state is PublicationState.LIVE


def test_what_is_withdrawn_here_and_there_is_left_so() -> None:
    article = live(state=PublicationState.WITHDRAWN)
    assert again(article, public_note="Another reason.") == Taken(article)


def test_a_new_schedule_makes_an_edition_and_a_moved_one_makes_none() -> None:
    (edition,) = again(an_article(), published_at=SOON).editions
    assert edition.publication.live_from == SOON
    moved = again(an_article(coming=COMING), published_at=SOON)
    assert moved.article.coming is not None
    assert (moved.article.coming.live_from, moved.editions) == (SOON, ())
