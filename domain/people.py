"""Who asks: the roles of the contract, and a person as the rest of the domain sees one."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.licences import Licence
from domain.meters import Meter


class Role(StrEnum):
    """What an account or a client is to the publication. An account may have several."""

    READER = "reader"
    SUBSCRIBER = "subscriber"
    PARTNER = "partner"
    CASHIER = "cashier"
    CONTRIBUTOR = "contributor"
    EDITOR = "editor"
    ADMIN = "admin"


STAFF = frozenset({Role.EDITOR, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who asks. Without an account it is an anonymous reader, whatever else is set."""

    account_id: str | None = None
    roles: frozenset[Role] = frozenset()
    plans: frozenset[str] = frozenset()
    opens: frozenset[str] = frozenset()
    """The headings that these plans open, of articles with a subscriber gate."""
    session_id: str | None = None
    """The session that they speak in, if they signed in here."""
    language: str | None = None
    """The language (BCP 47) that they have chosen."""
    is_client: bool = False
    """Whether it is a partner's program or a till: `account_id` is then the client's, and no account has it."""
    issuer: str | None = None
    """The outside issuer that vouches for them, if they did not sign in here."""
    licence: Licence | None = None
    """What a client has been given and holds now."""
    quota: Meter | None = None
    """How much of that it may still take, if that is counted."""

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody signed in."""
        return self.account_id is None

    def has_any(self, roles: frozenset[Role]) -> bool:
        """Whether the person is known and has one of these roles."""
        return not self.is_anonymous and not self.roles.isdisjoint(roles)


ANONYMOUS = Person()


@dataclass(frozen=True, slots=True)
class Account:
    """An account: how somebody signs in and what they have. Not a byline (see `credits.Contributor`)."""

    id: str
    email: str
    """Where its letters go; empty of an outsider, who signs in elsewhere and is written to from there."""
    name: str
    roles: frozenset[Role]
    plans: frozenset[str]
    plans_until: datetime | None = None
    """When its plans change by themselves next."""
    opens: frozenset[str] = frozenset()
    """The headings that its plans open."""
    is_blocked: bool = False
    version: int = 1
    created_at: datetime | None = None
    language: str | None = None
    """The language (BCP 47) of its letters and offers; unknown of most."""

    @property
    def is_outside(self) -> bool:
        """Whether it is somebody's whom an outside issuer vouches for: it has no address, password or roles."""
        return self.email == ""

    def as_person(self, claimed: frozenset[Role], session_id: str | None = None) -> Person:
        """Return who this is with a token that claims some roles: never more than the account still has."""
        return Person(self.id, self.roles & claimed, self.plans, self.opens, session_id, self.language)

    def still(self, person: Person) -> Person:
        """Return a person of this account with what it has by now: outside issuers say the roles of theirs."""
        roles = person.roles if self.is_outside and person.issuer else person.roles & self.roles
        return replace(person, roles=roles, plans=self.plans, opens=self.opens, language=self.language)
