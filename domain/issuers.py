"""Outside issuers of access tokens: whom they may vouch for, and what that makes of somebody here.

Somebody from outside is known by issuer and subject together, and by nothing else: an e-mail address in a token
leads to no account. What a claim says becomes a role only where the publisher's mapping names the value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.people import Account, Person, Role

GIVEN = frozenset(Role) - {Role.PARTNER}
"""The roles that an outside issuer can be let give. What a partner is, a client and its licence say."""
NAME = "Reader"  # what somebody from outside is called until they say otherwise
_LISTS_IN_TEXT = frozenset({"scope", "scp"})  # claims that are one text of words (RFC 8693, section 4.2)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Somebody else's identity provider, as far as the publisher trusts it."""

    name: str
    """What its tokens have as `iss`, to the letter."""
    audience: str
    """What one of its tokens has in `aud` when it is for us."""
    keys_url: str | None = None
    """Where its keys are; without, its metadata (OpenID Connect Discovery 1.0, section 4) tells."""
    algorithms: frozenset[str] = frozenset({"RS256"})
    types: frozenset[str | None] = frozenset({"at+jwt"})
    """What its access tokens may have as `typ`, in small letters; with None they may have no `typ`."""
    role_claim: tuple[str, ...] = ()
    """The names that lead to the claim with roles, from the outside in."""
    roles: Mapping[str, Role] = field(default_factory=dict)
    """Which value of that claim gives which role. One that does not stand here gives none."""
    default_role: Role | None = None
    """What everybody is whom the issuer vouches for; without, whoever has no mapped value is nobody."""

    def roles_of(self, claims: Mapping[str, object]) -> frozenset[Role]:
        """Return the roles that these claims give."""
        mapped = {self.roles[value] for value in self._values(claims) if value in self.roles}
        default = {self.default_role} if self.default_role is not None else set()
        return frozenset(mapped | default) & GIVEN

    def _values(self, claims: Mapping[str, object]) -> frozenset[str]:
        found: object = dict(claims) if self.role_claim else None
        for name in self.role_claim:
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, str):
            return frozenset(found.split(" ") if self.role_claim[-1] in _LISTS_IN_TEXT else [found])
        return frozenset(one for one in found if isinstance(one, str)) if isinstance(found, list) else frozenset()


@dataclass(frozen=True, slots=True)
class Outsider:
    """Somebody whom an outside issuer vouches for, for as long as their token lasts."""

    issuer: str
    subject: str
    roles: frozenset[Role]
    issued_at: datetime
    not_before: datetime
    expires_at: datetime

    def person(self, account: Account) -> Person:
        """Return who this is, by what the token gives today and by what the account has."""
        plans, opens = account.plans, account.opens
        return Person(account.id, self.roles, plans, opens, language=account.language, issuer=self.issuer)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is elsewhere."""

    issuer: str
    subject: str
