from datetime import datetime, timedelta

import pytest

from domain.access import Gate, Requires
from domain.articles import Publication
from domain.workflow import PublicationState
from tests.domain.making import BEFORE, LATER, NOW, a_publication, an_article

TICK = timedelta(microseconds=1)
SOON = NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("live_from", "live_until", "live"),
    [
        (BEFORE, None, True),
        (NOW, None, True),
        (NOW + TICK, None, False),
        (BEFORE, LATER, True),
        (BEFORE, NOW + TICK, True),
        (BEFORE, NOW, False),
        (BEFORE, NOW - TICK, False),
        (SOON, LATER, False),
    ],
)
@pytest.mark.parametrize("state", PublicationState)
def test_it_is_live_in_its_window_if_its_state_says_so(
    state: PublicationState, live_from: datetime, live_until: datetime | None, live: bool
) -> None:
    publication = a_publication(state=state, live_from=live_from, live_until=live_until)
    assert publication.is_live(NOW) is (live and state in {PublicationState.LIVE, PublicationState.SCHEDULED})


@pytest.mark.parametrize(("replaced_at", "live"), [(None, True), (LATER, True), (NOW, False), (BEFORE, False)])
def test_it_ends_when_another_takes_over(replaced_at: datetime | None, live: bool) -> None:
    assert a_publication(replaced_at=replaced_at).is_live(NOW) is live
    assert a_publication(replaced_at=replaced_at, live_until=NOW).is_live(NOW) is False
    assert a_publication(replaced_at=replaced_at).next_change(NOW) == (LATER if replaced_at == LATER else None)


@pytest.mark.parametrize(
    ("gate", "live_until", "change"),
    [
        (Gate(), None, None),
        (Gate(), LATER, LATER),
        (Gate(), NOW, None),
        (Gate(), BEFORE, None),
        (Gate(Requires.SUBSCRIBER), None, None),
        (Gate(Requires.SUBSCRIBER, (), SOON), None, SOON),
        (Gate(Requires.SUBSCRIBER, (), SOON), LATER, SOON),
        (Gate(Requires.SUBSCRIBER, (), LATER), SOON, SOON),
        (Gate(Requires.SUBSCRIBER, (), BEFORE, LATER), None, LATER),
        (Gate(Requires.SUBSCRIBER, (), BEFORE, NOW), LATER, LATER),
        (Gate(Requires.FREE, (), SOON), LATER, LATER),
    ],
)
def test_the_next_change_is_the_gates_or_the_end(
    gate: Gate, live_until: datetime | None, change: datetime | None
) -> None:
    assert a_publication(gate=gate, live_until=live_until).next_change(NOW) == change


@pytest.mark.parametrize(
    ("before", "after", "is_seen"),
    [
        (None, None, False),
        (None, a_publication(), True),
        (a_publication(), None, True),
        (a_publication(), a_publication(live_until=LATER), False),
        (a_publication(), a_publication(id="other"), True),
        (None, a_publication(live_from=LATER), False),
        (a_publication(), a_publication(live_until=NOW), True),
    ],
)
def test_readers_see_a_change_when_they_get_another_edition(
    before: Publication | None, after: Publication | None, is_seen: bool
) -> None:
    assert an_article(publication=after).is_seen_otherwise(an_article(publication=before), NOW) is is_seen
