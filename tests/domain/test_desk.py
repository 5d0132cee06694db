"""What each action makes of an article and of what readers have of it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.articles import Article, Correction, Publication
from domain.desk import House, Order, Outcome, Step, act
from domain.errors import NotAllowed, Unfit, WrongState
from domain.people import Person
from domain.teaser import Boundary, Measure, Policy, TeaserSettings
from domain.workflow import RULES, Action, DraftState, PublicationState
from tests.domain.making import (
    BEFORE,
    COMING,
    EDITOR,
    LATER,
    NOW,
    SUBSCRIBERS,
    WRITER,
    a_draft,
    a_publication,
    an_article,
    in_state,
)

DRAFT, SUBMITTED = DraftState
STYLE = TeaserSettings(Policy(Measure.WORDS, 10, Boundary.WORD), " …", 10)
SOON, MUCH_LATER = NOW + timedelta(hours=1), LATER + timedelta(days=9)


def step(*, by: Person = EDITOR, four_eyes: bool = False, **said: Any) -> Step:
    times = frozenset(said) & {"at", "until"}
    return Step(Order(**said, said=times), by=by, now=NOW, publication_id="new", house=House(STYLE, four_eyes))


def did(article: Article, action: Action, **said: Any) -> Outcome:
    return act(article, action, step(**said))


def flaws(article: Article, action: Action, **said: Any) -> list[str]:
    with pytest.raises(Unfit) as refusal:
        did(article, action, **said)
    return [flaw.pointer for flaw in refusal.value.flaws]


def made(**fields: Any) -> Publication:
    """The edition that is made of the article of `an_article`, when nothing was before it."""
    first: dict[str, Any] = {"id": "new", "number": 1, "slug": "t", "published_at": NOW, "updated_at": NOW}
    return a_publication(**{**first, "live_from": NOW, **fields})


def test_submitting_and_returning_move_the_draft_alone() -> None:
    article = an_article(publication=a_publication())
    submitted, edition = did(article, Action.SUBMIT, by=WRITER)
    assert submitted == replace(article, draft_state=SUBMITTED, version=6, updated_at=NOW)
    returned, other = did(submitted, Action.RETURN)
    assert returned == replace(article, version=7, updated_at=NOW)
    assert (edition, other) == (None, None)


def test_the_first_publication_is_number_one_and_begins_now() -> None:
    article = an_article(a_draft(gate=SUBSCRIBERS))
    after, edition = did(article, Action.PUBLISH)
    assert edition is not None
    assert edition.publication == made(gate=SUBSCRIBERS)
    assert after == replace(article, publication=edition.publication, version=6, updated_at=NOW)


@pytest.mark.parametrize("state", [PublicationState.LIVE, PublicationState.EXPIRED, PublicationState.UNPUBLISHED])
def test_a_later_publication_counts_on_and_keeps_the_first_time(state: PublicationState) -> None:
    article = replace(in_state(SUBMITTED, state), revision=9)
    after, _ = did(article, Action.PUBLISH)
    goes_on = BEFORE if state is PublicationState.LIVE else NOW
    assert after.publication == made(number=5, revision=9, published_at=BEFORE, live_from=goes_on)
    assert (after.draft_state, after.draft) == (DRAFT, article.draft)


def test_every_action_asks_the_workflow_before_anything_else() -> None:
    for action in Action:
        with pytest.raises(WrongState):
            did(in_state(SUBMITTED, PublicationState.WITHDRAWN), action, at=BEFORE)
    for action in set(Action) - {Action.SUBMIT, Action.RETURN}:
        with pytest.raises(NotAllowed):
            did(in_state(DRAFT, PublicationState.LIVE_SCHEDULED), action, by=WRITER, at=BEFORE)


def test_four_eyes_are_those_of_another_than_the_last_editor() -> None:
    article = in_state(DRAFT, PublicationState.LIVE)
    own = replace(article, edited_by="editor")
    for action in (Action.PUBLISH, Action.SCHEDULE, Action.CORRECT):
        with pytest.raises(NotAllowed) as refusal:
            did(own, action, four_eyes=True)
        assert refusal.value.rule == "four-eyes"
        for asked, four_eyes in ((own, False), (article, True)):
            order: dict[str, Any] = {name: {"at": LATER}.get(name, "x") for name in RULES[action].needs}
            assert did(asked, action, four_eyes=four_eyes, **order)[0].version == 6
    assert did(own, Action.WITHDRAW, four_eyes=True, public_note="Wrong.")[1] is None


def test_what_cannot_be_published_is_refused_by_all_that_publish() -> None:
    article = replace(in_state(DRAFT, PublicationState.LIVE), draft=a_draft(body=()))
    assert flaws(article, Action.PUBLISH) == ["/body"]
    assert flaws(article, Action.CORRECT, public_note="x") == ["/body"]
    assert flaws(article, Action.SCHEDULE, at=LATER) == ["/body"]


@pytest.mark.parametrize(
    ("action", "said", "pointers"),
    [
        (Action.SCHEDULE, {}, ["/at"]),
        (Action.SCHEDULE, {"at": None}, ["/at"]),
        (Action.SCHEDULE, {"at": NOW}, ["/at"]),
        (Action.SCHEDULE, {"at": BEFORE}, ["/at"]),
        (Action.SCHEDULE, {"at": LATER, "until": LATER}, ["/until"]),
        (Action.SCHEDULE, {"at": LATER, "until": SOON}, ["/until"]),
        (Action.PUBLISH, {"at": LATER}, ["/at"]),
        (Action.PUBLISH, {"until": NOW}, ["/until"]),
        (Action.CORRECT, {}, ["/public_note"]),
        (Action.CORRECT, {"public_note": "", "until": BEFORE}, ["/public_note", "/until"]),
        (Action.WITHDRAW, {}, ["/public_note"]),
        (Action.WITHDRAW, {"public_note": ""}, ["/public_note"]),
        (Action.WITHDRAW, {"public_note": "x", "at": LATER}, ["/at"]),
        (Action.UNPUBLISH, {"until": LATER}, ["/until"]),
        (Action.SUBMIT, {"at": LATER, "until": MUCH_LATER}, ["/at", "/until"]),
    ],
)
def test_what_is_said_with_an_action_must_fit_it(
    action: Action, said: dict[str, Any], pointers: list[str]
) -> None:
    assert flaws(in_state(DRAFT, PublicationState.LIVE), action, **said) == pointers


def test_scheduling_fixes_the_draft_of_this_moment() -> None:
    article = an_article()
    after, edition = did(article, Action.SCHEDULE, at=LATER, until=MUCH_LATER)
    coming = made(
        state=PublicationState.SCHEDULED,
        published_at=LATER,
        updated_at=LATER,
        live_from=LATER,
        live_until=MUCH_LATER,
    )
    assert after == replace(article, coming=coming, version=6, updated_at=NOW)
    assert edition is not None
    assert edition.publication == coming


def test_a_scheduled_edition_takes_over_from_the_live_one_to_the_moment() -> None:
    after, _ = did(in_state(DRAFT, PublicationState.LIVE), Action.SCHEDULE, at=LATER)
    assert after.publication == a_publication(replaced_at=LATER)
    assert after.coming is not None
    assert (after.coming.number, after.coming.published_at, after.coming.live_from) == (5, BEFORE, LATER)
    assert after.publication.is_live(LATER - timedelta(microseconds=1))
    assert not after.publication.is_live(LATER)
    assert after.coming.is_live(LATER)


def test_scheduling_again_moves_the_same_revision() -> None:
    article = replace(
        in_state(SUBMITTED, PublicationState.LIVE_SCHEDULED), draft=a_draft(title="Newer"), revision=8
    )
    after, edition = did(article, Action.SCHEDULE, at=MUCH_LATER)
    assert edition is None
    assert after.coming == replace(COMING, live_from=MUCH_LATER, updated_at=MUCH_LATER)
    assert after.publication == a_publication(replaced_at=MUCH_LATER)
    assert after.draft_state is SUBMITTED, "what is moved is not the draft that was handed in"
    first, _ = did(in_state(DRAFT, PublicationState.SCHEDULED), Action.SCHEDULE, at=SOON)
    assert first.coming == replace(COMING, live_from=SOON, updated_at=SOON, published_at=SOON)


def test_scheduling_again_keeps_the_end_unless_told() -> None:
    article = an_article(coming=replace(COMING, live_until=MUCH_LATER))

    def end(**said: Any) -> datetime | None:
        coming = did(article, Action.SCHEDULE, at=SOON, **said)[0].coming
        assert coming is not None
        return coming.live_until

    assert (end(), end(until=LATER), end(until=None)) == (MUCH_LATER, LATER, None)
    assert flaws(article, Action.SCHEDULE, at=MUCH_LATER) == ["/until"]


@pytest.mark.parametrize("state", [PublicationState.SCHEDULED, PublicationState.LIVE_SCHEDULED])
def test_what_is_unscheduled_never_was(state: PublicationState) -> None:
    after, edition = did(in_state(SUBMITTED, state), Action.UNSCHEDULE)
    was_live = state is PublicationState.LIVE_SCHEDULED
    assert (after.coming, edition, after.draft_state) == (None, None, SUBMITTED)
    assert after.publication == (a_publication() if was_live else None)


@pytest.mark.parametrize("state", [PublicationState.SCHEDULED, PublicationState.LIVE_SCHEDULED])
def test_publishing_meanwhile_puts_what_was_scheduled_aside(state: PublicationState) -> None:
    after, _ = did(in_state(DRAFT, state), Action.PUBLISH)
    assert after.coming is None
    assert after.publication is not None
    assert after.publication.replaced_at is None
    assert after.publication.is_live(MUCH_LATER)


def test_an_edition_whose_time_has_come_is_the_live_one() -> None:
    due = replace(COMING, live_from=NOW)
    article = an_article(publication=due, draft_state=DRAFT)
    assert did(article, Action.SUBMIT)[0].publication == replace(due, state=PublicationState.LIVE)
    assert did(article, Action.UNPUBLISH)[0].publication == replace(due, state=PublicationState.UNPUBLISHED)
    again = did(article, Action.PUBLISH)[0].publication
    assert again is not None
    assert (again.number, again.published_at) == (6, due.published_at)


ENDS: list[tuple[datetime | None, dict[str, Any], datetime | None]] = [
    (None, {}, None),
    (None, {"until": LATER}, LATER),
    (LATER, {}, LATER),
    (LATER, {"until": None}, None),
    (LATER, {"until": MUCH_LATER}, MUCH_LATER),
    (NOW, {}, None),
]


@pytest.mark.parametrize(("before", "said", "after"), ENDS)
@pytest.mark.parametrize("action", [Action.PUBLISH, Action.CORRECT])
def test_the_end_stays_unless_it_is_past_or_told(
    action: Action, before: datetime | None, said: dict[str, Any], after: datetime | None
) -> None:
    article = an_article(publication=a_publication(live_until=before))
    if action is Action.CORRECT and before == NOW:
        with pytest.raises(WrongState):  # what has ended is not corrected
            did(article, action, public_note="x")
        return
    publication = did(article, action, public_note="x", **said)[0].publication
    assert publication is not None
    assert publication.live_until == after


def test_a_scheduled_edition_keeps_the_end_only_if_it_comes_before_it() -> None:
    article = an_article(publication=a_publication(live_until=LATER))
    for at, end in ((SOON, LATER), (LATER, None), (MUCH_LATER, None)):
        coming = did(article, Action.SCHEDULE, at=at)[0].coming
        assert coming is not None
        assert coming.live_until == end


def test_corrections_are_appended_and_stay_for_ever() -> None:
    old = Correction(BEFORE, "Old.")
    article = an_article(publication=a_publication(corrections=(old,)))
    corrected, edition = did(article, Action.CORRECT, public_note="The river is the Ob.")
    assert edition is not None
    both = (old, Correction(NOW, "The river is the Ob."))
    assert edition.publication.corrections == both
    assert corrected.publication == edition.publication
    for action in (Action.PUBLISH, Action.UNPUBLISH):
        later = did(corrected, action)[0].publication
        assert later is not None
        assert later.corrections == both
    coming = did(corrected, Action.SCHEDULE, at=LATER)[0].coming
    assert coming is not None
    assert coming.corrections == both


@pytest.mark.parametrize("draft", DraftState)
def test_a_withdrawal_keeps_its_public_reason_and_ends_the_review(draft: DraftState) -> None:
    article = in_state(draft, PublicationState.LIVE_SCHEDULED)
    after, edition = did(article, Action.WITHDRAW, public_note="It was wrong.")
    withdrawn = a_publication(state=PublicationState.WITHDRAWN, public_note="It was wrong.")
    assert after == replace(
        article, draft_state=DRAFT, publication=withdrawn, coming=None, version=6, updated_at=NOW
    )
    assert edition is None


@pytest.mark.parametrize("draft", DraftState)
def test_unpublishing_leaves_the_draft_where_it_is_and_no_reason(draft: DraftState) -> None:
    article = in_state(draft, PublicationState.LIVE_SCHEDULED)
    after, _ = did(article, Action.UNPUBLISH, public_note="Not for readers.")
    unpublished = a_publication(state=PublicationState.UNPUBLISHED)
    assert after == replace(article, publication=unpublished, coming=None, version=6, updated_at=NOW)
