"""Previews: what a guest of the newsroom may see of one revision, as one kind of reader, for a while."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.licences import Licence
from domain.people import ANONYMOUS, Person, Role


class ReaderKind(StrEnum):
    """Whom an article can be shown as, to somebody in the newsroom or to their guest. Staff is none."""

    ANONYMOUS = "anonymous"
    READER = "reader"
    SUBSCRIBER = "subscriber"
    PARTNER = "partner"


_ROLES: Mapping[ReaderKind, Role] = {
    kind: Role(kind.value) for kind in ReaderKind if kind is not ReaderKind.ANONYMOUS
}


def some_reader(kind: ReaderKind, plans: tuple[str, ...] = (), opens: frozenset[str] = frozenset()) -> Person:
    """Return some reader of a kind, with these plans, which open these headings."""
    role = _ROLES.get(kind)
    return Person("some reader", frozenset({role}), frozenset(plans), opens) if role else ANONYMOUS


def some_client(licence: Licence) -> Person:
    """Return some program of a partner's that has this licence."""
    return Person("some client", frozenset({Role.PARTNER}), is_client=True, licence=licence)


@dataclass(frozen=True, slots=True)
class Preview:
    """A link to exactly one revision, which shows it as a reader of this kind with these plans would get it."""

    id: str
    article_id: str
    revision: int
    kind: ReaderKind
    plans: tuple[str, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    version: int = 1  # it never changes: it can be read, or it is over

    def is_open(self, now: datetime) -> bool:
        """Whether it can be read at this moment."""
        return self.revoked_at is None and now < self.expires_at
