"""The workflow, over the full product of states, actions and roles, against a table written out here."""

from itertools import product
from typing import cast

import pytest

from domain.errors import NotAllowed, WrongState
from domain.people import ANONYMOUS, Person, Role
from domain.workflow import RULES, Action, DraftState, PublicationState, State, allowed_actions, check

WRITERS = {Role.CONTRIBUTOR, Role.EDITOR, Role.ADMIN}
EDITORS = {Role.EDITOR, Role.ADMIN}

# What works where: D from a draft, S from a submitted one.
TABLE = """
                 submit return publish schedule unschedule unpublish correct withdraw
none             D      S      DS      DS       -          -         -       -
scheduled        D      S      DS      DS       DS         -         -       -
live             D      S      DS      DS       -          DS        DS      DS
live-scheduled   D      S      DS      DS       DS         DS        DS      DS
expired          D      S      DS      DS       -          DS        -       DS
unpublished      D      S      DS      DS       -          -         -       -
withdrawn        -      -      -       -        -          -         -       -
"""
LEADS_TO = {"submit": "submitted", "return": "draft", "publish": "draft", "schedule": "draft", "correct": "draft"}
LEADS_TO |= {"withdraw": "draft"}
SECOND_PERSON = {"publish", "schedule", "correct"}

_HEAD, *_ROWS = (line.split() for line in TABLE.strip().splitlines())
WORKS = {
    (draft, row[0], action)
    for row in _ROWS
    for action, cell in zip(_HEAD, row[1:], strict=True)
    for draft in ("draft", "submitted")
    if draft[0].upper() in cell
}
STATES = [State(draft, publication) for draft, publication in product(DraftState, PublicationState)]
PEOPLE = [
    ANONYMOUS,
    Person(None, frozenset(Role)),
    *(
        Person("a", frozenset(role for at, role in enumerate(Role) if bits >> at & 1))
        for bits in range(2 ** len(Role))
    ),
    Person("a", frozenset({cast("Role", "chief")})),
]


def named(state: State) -> str:
    return f"{state.draft} {state.publication}"


def outcome(state: State, action: Action, by: Person, last_editor: str | None) -> str | None:
    try:
        return str(check(state, action, by, last_editor=last_editor).leads_to)
    except NotAllowed as refusal:
        return refusal.rule
    except WrongState as refusal:
        return refusal.rule


def expected(state: State, action: Action, by: Person, last_editor: str | None) -> str:
    if (state.draft, state.publication, action) not in WORKS:
        return f"{action}-from-{state.draft}-{state.publication}"
    if not (by.account_id and by.roles & (WRITERS if action == "submit" else EDITORS)):
        return f"{action}-roles"
    moves_only = action == "schedule" and "scheduled" in state.publication
    if action in SECOND_PERSON and not moves_only and by.account_id == last_editor:
        return "four-eyes"
    return LEADS_TO.get(action, "None")


def test_the_table_speaks_of_states_and_actions_that_exist() -> None:
    assert [str(action) for action in Action] == _HEAD
    assert [row[0] for row in _ROWS] == [str(state) for state in PublicationState]
    assert set(RULES) == set(Action)
    assert len(WORKS) == 56


@pytest.mark.parametrize("state", STATES, ids=named)
@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("last_editor", [None, "a", "b"])
def test_an_action_is_admitted_or_refused_by_the_rule_that_the_table_says(
    state: State, action: Action, last_editor: str | None
) -> None:
    for by in PEOPLE:
        assert outcome(state, action, by, last_editor) == expected(state, action, by, last_editor), by


@pytest.mark.parametrize("state", STATES, ids=named)
@pytest.mark.parametrize("last_editor", [None, "a", "b"])
def test_the_allowed_actions_are_those_that_work_in_the_contracts_order(
    state: State, last_editor: str | None
) -> None:
    for by in PEOPLE:
        works = [
            action
            for action in Action
            if expected(state, action, by, last_editor) in {"draft", "submitted", "None"}
        ]
        assert list(allowed_actions(state, by, last_editor=last_editor)) == works


def test_a_refusal_tells_the_state_in_words() -> None:
    editor = Person("a", frozenset({Role.EDITOR}))
    for publication, words in (
        (PublicationState.NONE, "never published"),
        (PublicationState.WITHDRAWN, "withdrawn"),
    ):
        with pytest.raises(WrongState) as refusal:
            check(State(DraftState.SUBMITTED, publication), Action.UNPUBLISH, editor)
        assert refusal.value.rule == f"unpublish-from-submitted-{publication}"
        assert refusal.value.detail == (
            f"The draft is in state 'submitted' and the article is {words}; "
            "'unpublish' is not possible from there."
        )


def test_who_may_not_is_told_why() -> None:
    with pytest.raises(NotAllowed) as refusal:
        check(State(), Action.PUBLISH, Person("a", frozenset({Role.CONTRIBUTOR})))
    assert refusal.value.detail == "Your roles may not publish articles."
    with pytest.raises(NotAllowed) as refusal:
        check(State(), Action.SCHEDULE, Person("a", frozenset({Role.ADMIN})), last_editor="a")
    assert refusal.value.detail == "You edited the draft last; to schedule it takes a second person."


@pytest.mark.parametrize(
    ("state", "action"),
    [
        (State(cast("DraftState", "lost"), PublicationState.LIVE), Action.PUBLISH),
        (State(DraftState.DRAFT, cast("PublicationState", "sold")), Action.PUBLISH),
        (State(), cast("Action", "sell")),
        (State(), cast("Action", "")),
    ],
)
def test_an_unknown_state_or_action_denies(state: State, action: Action) -> None:
    admin = Person("a", frozenset({Role.ADMIN}))
    with pytest.raises(WrongState) as refusal:
        check(state, action, admin)
    assert refusal.value.rule == f"{action}-from-{state.draft}-{state.publication}"
    assert action not in allowed_actions(state, admin)
