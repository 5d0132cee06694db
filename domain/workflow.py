"""The workflow: which action may be taken in which state, and by whom. One table; a missing row denies.

A draft's state and its publication's are two things: a published article may have a newer draft in review.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import NotAllowed, WrongState
from domain.people import Person, Role


class DraftState(StrEnum):
    """Where the working draft is."""

    DRAFT = "draft"
    SUBMITTED = "submitted"


class PublicationState(StrEnum):
    """What has become of the latest publication; NONE before the first."""

    NONE = "none"
    LIVE = "live"
    UNPUBLISHED = "unpublished"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    """What can be done to an article besides editing it."""

    SUBMIT = "submit"
    RETURN = "return"
    PUBLISH = "publish"
    UNPUBLISH = "unpublish"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class State:
    """Where an article stands: its draft and its publication."""

    draft: DraftState = DraftState.DRAFT
    publication: PublicationState = PublicationState.NONE


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may take an action, and where it leads."""

    target: State
    roles: frozenset[Role]


_EDITORS = frozenset({Role.EDITOR, Role.ADMIN})
_WRITERS = _EDITORS | {Role.CONTRIBUTOR}
_DRAFT, _SUBMITTED = DraftState.DRAFT, DraftState.SUBMITTED
_NONE, _LIVE = PublicationState.NONE, PublicationState.LIVE
_UNPUBLISHED, _WITHDRAWN = PublicationState.UNPUBLISHED, PublicationState.WITHDRAWN

TRANSITIONS: Mapping[tuple[State, Action], Rule] = {
    (State(_DRAFT, _NONE), Action.SUBMIT): Rule(State(_SUBMITTED, _NONE), _WRITERS),
    (State(_DRAFT, _LIVE), Action.SUBMIT): Rule(State(_SUBMITTED, _LIVE), _WRITERS),
    (State(_DRAFT, _UNPUBLISHED), Action.SUBMIT): Rule(State(_SUBMITTED, _UNPUBLISHED), _WRITERS),
    (State(_SUBMITTED, _NONE), Action.RETURN): Rule(State(_DRAFT, _NONE), _EDITORS),
    (State(_SUBMITTED, _LIVE), Action.RETURN): Rule(State(_DRAFT, _LIVE), _EDITORS),
    (State(_SUBMITTED, _UNPUBLISHED), Action.RETURN): Rule(State(_DRAFT, _UNPUBLISHED), _EDITORS),
    (State(_DRAFT, _NONE), Action.PUBLISH): Rule(State(_DRAFT, _LIVE), _EDITORS),
    (State(_DRAFT, _LIVE), Action.PUBLISH): Rule(State(_DRAFT, _LIVE), _EDITORS),
    (State(_DRAFT, _UNPUBLISHED), Action.PUBLISH): Rule(State(_DRAFT, _LIVE), _EDITORS),
    (State(_SUBMITTED, _NONE), Action.PUBLISH): Rule(State(_DRAFT, _LIVE), _EDITORS),
    (State(_SUBMITTED, _LIVE), Action.PUBLISH): Rule(State(_DRAFT, _LIVE), _EDITORS),
    (State(_SUBMITTED, _UNPUBLISHED), Action.PUBLISH): Rule(State(_DRAFT, _LIVE), _EDITORS),
    (State(_DRAFT, _LIVE), Action.UNPUBLISH): Rule(State(_DRAFT, _UNPUBLISHED), _EDITORS),
    (State(_SUBMITTED, _LIVE), Action.UNPUBLISH): Rule(State(_SUBMITTED, _UNPUBLISHED), _EDITORS),
    (State(_DRAFT, _LIVE), Action.WITHDRAW): Rule(State(_DRAFT, _WITHDRAWN), _EDITORS),
    (State(_SUBMITTED, _LIVE), Action.WITHDRAW): Rule(State(_DRAFT, _WITHDRAWN), _EDITORS),
}


def apply(state: State, action: Action, by: Person) -> State:
    """Return where the action leads. Whether this person may see the article has been asked before."""
    rule = TRANSITIONS.get((state, action))
    if rule is None:
        raise WrongState(_refusal(state, action), rule=f"{action}-from-{state.draft}-{state.publication}")
    if not by.has_any(rule.roles):
        raise NotAllowed(f"Your roles may not {action} articles.")
    return rule.target


def allowed_actions(state: State, by: Person) -> tuple[Action, ...]:
    """Return the actions that this person may take now, in the order of the contract."""
    return tuple(
        action
        for action in Action
        if (rule := TRANSITIONS.get((state, action))) is not None and by.has_any(rule.roles)
    )


def _refusal(state: State, action: Action) -> str:
    publication = "never published" if state.publication is _NONE else str(state.publication)
    return (
        f"The draft is in state '{state.draft}' and the article is {publication}; "
        f"'{action}' is not possible from there."
    )
