"""The workflow: which action may be taken in which state, and by whom. One table; what it does not name is denied.

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
    """What readers have of an article at a moment; NONE before its first publication."""

    NONE = "none"
    SCHEDULED = "scheduled"
    LIVE = "live"
    LIVE_SCHEDULED = "live-scheduled"  # live, and another edition takes over at its time
    EXPIRED = "expired"
    UNPUBLISHED = "unpublished"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    """What can be done to an article besides editing it."""

    SUBMIT = "submit"
    RETURN = "return"
    PUBLISH = "publish"
    SCHEDULE = "schedule"
    UNSCHEDULE = "unschedule"
    UNPUBLISH = "unpublish"
    CORRECT = "correct"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class State:
    """Where an article stands: its draft and its publication."""

    draft: DraftState = DraftState.DRAFT
    publication: PublicationState = PublicationState.NONE


@dataclass(frozen=True, slots=True)
class Rule:
    """From which states an action may be taken and by whom, and where it leads the draft (None: nowhere).

    If the house asks for four eyes, `second_person` says in which states it takes somebody else than the draft's
    last editor. `takes` names the times that may be said with the action, and `needs` what must be said.
    """

    drafts: frozenset[DraftState]
    publications: frozenset[PublicationState]
    roles: frozenset[Role]
    leads_to: DraftState | None = None
    second_person: frozenset[PublicationState] = frozenset()
    takes: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()


_EDITORS = frozenset({Role.EDITOR, Role.ADMIN})
_WRITERS = _EDITORS | {Role.CONTRIBUTOR}
_DRAFT, _SUBMITTED = frozenset({DraftState.DRAFT}), frozenset({DraftState.SUBMITTED})
_ANY_DRAFT = _DRAFT | _SUBMITTED
_LIVE = frozenset({PublicationState.LIVE, PublicationState.LIVE_SCHEDULED})
_COMING = frozenset({PublicationState.SCHEDULED, PublicationState.LIVE_SCHEDULED})
_SHOWN = _LIVE | {PublicationState.EXPIRED}
_OPEN = frozenset(PublicationState) - {PublicationState.WITHDRAWN}  # a withdrawal is for ever

RULES: Mapping[Action, Rule] = {
    Action.SUBMIT: Rule(_DRAFT, _OPEN, _WRITERS, DraftState.SUBMITTED),
    Action.RETURN: Rule(_SUBMITTED, _OPEN, _EDITORS, DraftState.DRAFT),
    Action.PUBLISH: Rule(
        _ANY_DRAFT, _OPEN, _EDITORS, DraftState.DRAFT, second_person=_OPEN, takes=frozenset({"until"})
    ),
    Action.SCHEDULE: Rule(
        _ANY_DRAFT,
        _OPEN,
        _EDITORS,
        DraftState.DRAFT,
        second_person=_OPEN - _COMING,  # to move what is scheduled releases nothing
        takes=frozenset({"at", "until"}),
        needs=frozenset({"at"}),
    ),
    Action.UNSCHEDULE: Rule(_ANY_DRAFT, _COMING, _EDITORS),
    Action.UNPUBLISH: Rule(_ANY_DRAFT, _SHOWN, _EDITORS),
    Action.CORRECT: Rule(
        _ANY_DRAFT,
        _LIVE,
        _EDITORS,
        DraftState.DRAFT,
        second_person=_LIVE,
        takes=frozenset({"until"}),
        needs=frozenset({"public_note"}),
    ),
    Action.WITHDRAW: Rule(
        _ANY_DRAFT,
        _SHOWN,
        _EDITORS,
        DraftState.DRAFT,
        needs=frozenset({"public_note"}),
    ),
}


def check(state: State, action: Action, by: Person, *, last_editor: str | None = None) -> Rule:
    """Return the rule that admits an action, or refuse it and say which rule did.

    `last_editor` is the account that may not release the draft: None unless the house asks for four eyes.
    Whether this person may see the article has been asked before.
    """
    refusal = _refusal(state, action, by, last_editor)
    if refusal is not None:
        raise refusal
    return RULES[action]


def allowed_actions(state: State, by: Person, *, last_editor: str | None = None) -> tuple[Action, ...]:
    """Return the actions that this person may take now, in the order of the contract."""
    return tuple(action for action in Action if _refusal(state, action, by, last_editor) is None)


def _refusal(state: State, action: Action, by: Person, last_editor: str | None) -> WrongState | NotAllowed | None:
    rule = RULES.get(action)
    if rule is None or state.draft not in rule.drafts or state.publication not in rule.publications:
        return WrongState(_told(state, action), rule=f"{action}-from-{state.draft}-{state.publication}")
    if not by.has_any(rule.roles):
        return NotAllowed(f"Your roles may not {action} articles.", rule=f"{action}-roles")
    if state.publication in rule.second_person and by.account_id == last_editor:
        return NotAllowed(f"You edited the draft last; to {action} it takes a second person.", rule="four-eyes")
    return None


_IN_WORDS = {
    PublicationState.NONE: "never published",
    PublicationState.LIVE_SCHEDULED: "live with another edition scheduled",
}


def _told(state: State, action: Action) -> str:
    publication = _IN_WORDS.get(state.publication, str(state.publication))
    return (
        f"The draft is in state '{state.draft}' and the article is {publication}; "
        f"'{action}' is not possible from there."
    )
