"""The setting `STANDFIRST_ISSUERS`: which outside issuers are trusted, for what. What is not said is not given."""

from ipaddress import ip_address
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from domain.issuers import GIVEN, Issuer
from domain.people import Role
from infra.signatures import ALGORITHMS

LONGEST = 255
_TYPES = ("at+jwt", "jwt", None)
Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST, pattern=r"^[^\x00-\x1f\x7f]+$")]


class IssuerSetting(BaseModel):
    """One outside issuer, as a publisher writes it down."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    issuer: Annotated[str, StringConstraints(max_length=LONGEST)]
    audience: Text
    jwks_url: str | None = None
    algorithms: tuple[str, ...] = ("RS256",)
    types: tuple[str | None, ...] = ("at+jwt",)
    role_claim: Text | Annotated[tuple[Text, ...], Field(min_length=1, max_length=8)] | None = None
    roles: dict[Text, Role] = {}
    default_role: Literal["reader"] | None = None

    @field_validator("issuer")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if refusal := refusal_of_url(value):
            raise ValueError(refusal)
        return value

    @field_validator("jwks_url")
    @classmethod
    def _is_address_of_keys(cls, value: str | None) -> str | None:
        if value is not None and (refusal := refusal_of_url(value, may_ask=True)):
            raise ValueError(refusal)
        return value

    @field_validator("algorithms")
    @classmethod
    def _are_asymmetric(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not set(value) <= set(ALGORITHMS):
            raise ValueError(f"takes some of {', '.join(ALGORITHMS)}, and nothing that needs a shared secret")
        return value

    @field_validator("types")
    @classmethod
    def _are_of_access_tokens(cls, value: tuple[str | None, ...]) -> tuple[str | None, ...]:
        small = tuple(one and one.lower().removeprefix("application/") for one in value)
        if not small or not set(small) <= set(_TYPES):
            raise ValueError(
                "takes at+jwt, and for an issuer that marks access tokens in no better way JWT, or null: no typ"
            )
        return small

    @field_validator("roles")
    @classmethod
    def _may_be_given(cls, value: dict[str, Role]) -> dict[str, Role]:
        if not set(value.values()) <= GIVEN:
            raise ValueError("cannot give the role partner: partners are clients with a licence")
        return value

    @model_validator(mode="after")
    def _gives_something(self) -> Self:
        if bool(self.roles) is not (self.role_claim is not None):
            raise ValueError("needs role_claim and roles together: where the values stand, and what each gives")
        if not self.roles and self.default_role is None:
            raise ValueError("gives nobody anything: set role_claim and roles, or default_role to reader")
        return self

    @property
    def trusted(self) -> Issuer:
        """The issuer as the rest of the program sees it."""
        path = (self.role_claim,) if isinstance(self.role_claim, str) else self.role_claim or ()
        return Issuer(
            name=self.issuer,
            audience=self.audience,
            keys_url=self.jwks_url,
            algorithms=frozenset(self.algorithms),
            types=frozenset(self.types),
            role_claim=path,
            roles=self.roles,
            default_role=Role(self.default_role) if self.default_role else None,
        )


def refusal_of_url(url: str, *, may_ask: bool = False, like: str | None = None) -> str | None:
    """Return why an address is none that keys or identities may come from; nothing if it is one.

    `may_ask` lets it have a query. Only what is `like` an address of this machine may be another.
    """
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return "must be an address such as https://login.example.org/realms/readers"
    try:
        parts = urlsplit(url)
        is_near = _is_this_machine(parts) and (like is None or _is_this_machine(urlsplit(like)))
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return "is no address"
    if parts.scheme != "https" and not (parts.scheme == "http" and is_near):
        return "must begin with https:// (http:// is for a server on this machine)"
    if not parts.hostname or not has_port or "@" in parts.netloc:
        return "takes a host and no user"
    return "takes no query and no fragment" if "#" in url or ("?" in url and not may_ask) else None


def _is_this_machine(parts: SplitResult) -> bool:
    if parts.hostname == "localhost":
        return True
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def refusal_of_all(issuers: tuple[IssuerSetting, ...], own: str) -> str | None:
    """Return why these issuers cannot stand beside each other and our own; nothing if they can."""
    names = [one.issuer for one in issuers]
    if len(set(names)) != len(names):
        return "STANDFIRST_ISSUERS names an issuer twice: write all that it may give into one"
    if own.rstrip("/").lower() in {name.rstrip("/").lower() for name in names}:
        return "STANDFIRST_ISSUERS names STANDFIRST_PUBLIC_URL, which is the issuer of our own tokens: take it out"
    return None
