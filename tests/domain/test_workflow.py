"""The workflow, over the full product of states, actions and roles, against a table written out here."""

from itertools import product
from typing import cast

import pytest

from domain.errors import NotAllowed, WrongState
from domain.people import ANONYMOUS, Person, Role
from domain.workflow import Action, DraftState, PublicationState, State, allowed_actions, apply

WRITERS = {Role.CONTRIBUTOR, Role.EDITOR, Role.ADMIN}
EDITORS = {Role.EDITOR, Role.ADMIN}

# Draft and publication, before and after; what is not here is refused.
TABLE: dict[tuple[str, str], tuple[str, set[Role]]] = {
    ("draft none", "submit"): ("submitted none", WRITERS),
    ("draft none", "publish"): ("draft live", EDITORS),
    ("submitted none", "return"): ("draft none", EDITORS),
    ("submitted none", "publish"): ("draft live", EDITORS),
    ("draft live", "submit"): ("submitted live", WRITERS),
    ("draft live", "publish"): ("draft live", EDITORS),
    ("draft live", "unpublish"): ("draft unpublished", EDITORS),
    ("draft live", "withdraw"): ("draft withdrawn", EDITORS),
    ("submitted live", "return"): ("draft live", EDITORS),
    ("submitted live", "publish"): ("draft live", EDITORS),
    ("submitted live", "unpublish"): ("submitted unpublished", EDITORS),
    ("submitted live", "withdraw"): ("draft withdrawn", EDITORS),
    ("draft unpublished", "submit"): ("submitted unpublished", WRITERS),
    ("draft unpublished", "publish"): ("draft live", EDITORS),
    ("submitted unpublished", "return"): ("draft unpublished", EDITORS),
    ("submitted unpublished", "publish"): ("draft live", EDITORS),
}
STATES = [State(draft, publication) for draft, publication in product(DraftState, PublicationState)]
PEOPLE = [
    ANONYMOUS,
    Person(None, frozenset(Role)),
    *(Person("a", frozenset(role for at, role in enumerate(Role) if bits >> at & 1)) for bits in range(64)),
    Person("a", frozenset({cast("Role", "chief")})),
]


def named(state: State) -> str:
    return f"{state.draft} {state.publication}"


def outcome(state: State, action: Action, by: Person) -> str:
    try:
        return named(apply(state, action, by))
    except NotAllowed:
        return "not allowed"
    except WrongState:
        return "wrong state"


def expected(state: State, action: Action, by: Person) -> str:
    if (named(state), action.value) not in TABLE:
        return "wrong state"
    target, roles = TABLE[named(state), action.value]
    return target if by.account_id and by.roles & roles else "not allowed"


def test_the_table_speaks_of_states_and_actions_that_exist() -> None:
    assert {state for state, _ in TABLE} | {target for target, _ in TABLE.values()} <= set(map(named, STATES))
    assert {action for _, action in TABLE} == set(Action)
    assert len(STATES) == 8


@pytest.mark.parametrize("state", STATES, ids=named)
@pytest.mark.parametrize("action", Action)
def test_an_action_leads_where_the_table_says(state: State, action: Action) -> None:
    for by in PEOPLE:
        assert outcome(state, action, by) == expected(state, action, by), by


@pytest.mark.parametrize("state", STATES, ids=named)
def test_the_allowed_actions_are_those_that_work_in_the_contracts_order(state: State) -> None:
    order = [Action.SUBMIT, Action.RETURN, Action.PUBLISH, Action.UNPUBLISH, Action.WITHDRAW]
    refused = {"not allowed", "wrong state"}
    for by in PEOPLE:
        works = [action for action in order if outcome(state, action, by) not in refused]
        assert list(allowed_actions(state, by)) == works


@pytest.mark.parametrize("role", Role)
def test_a_missing_row_denies_whoever_asks_and_names_the_rule(role: Role) -> None:
    missing = [pair for pair in product(STATES, Action) if (named(pair[0]), pair[1].value) not in TABLE]
    assert len(missing) == 8 * 5 - 16
    for state, action in missing:
        with pytest.raises(WrongState) as refusal:
            apply(state, action, Person("a", frozenset({role})))
        assert refusal.value.rule == f"{action.value}-from-{state.draft.value}-{state.publication.value}"


def test_a_refusal_tells_the_state_in_words() -> None:
    editor = Person("a", frozenset({Role.EDITOR}))
    with pytest.raises(WrongState) as refusal:
        apply(State(), Action.WITHDRAW, editor)
    assert refusal.value.rule == "withdraw-from-draft-none"
    assert refusal.value.detail == (
        "The draft is in state 'draft' and the article is never published; 'withdraw' is not possible from there."
    )
    with pytest.raises(WrongState) as refusal:
        apply(State(DraftState.SUBMITTED, PublicationState.WITHDRAWN), Action.PUBLISH, editor)
    assert refusal.value.rule == "publish-from-submitted-withdrawn"
    assert "the article is withdrawn" in refusal.value.detail


def test_who_may_not_is_told_the_action() -> None:
    with pytest.raises(NotAllowed) as refusal:
        apply(State(), Action.PUBLISH, Person("a", frozenset({Role.CONTRIBUTOR})))
    assert refusal.value.detail == "Your roles may not publish articles."


@pytest.mark.parametrize(
    ("state", "action"),
    [
        (State(cast("DraftState", "lost"), PublicationState.LIVE), Action.PUBLISH),
        (State(DraftState.DRAFT, cast("PublicationState", "expired")), Action.PUBLISH),
        (State(), cast("Action", "schedule")),
        (State(), cast("Action", "")),
    ],
)
def test_an_unknown_state_or_action_denies(state: State, action: Action) -> None:
    admin = Person("a", frozenset({Role.ADMIN}))
    with pytest.raises(WrongState) as refusal:
        apply(state, action, admin)
    assert refusal.value.rule == f"{action}-from-{state.draft}-{state.publication}"
    assert action not in allowed_actions(state, admin)
