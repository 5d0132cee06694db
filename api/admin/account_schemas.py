"""What administrators send and get of accounts. No password ever comes out."""

from typing import Annotated

from pydantic import AfterValidator, Field, StrictBool, StringConstraints

from api.types import KnownId, Line, Model, Time
from domain.people import Role
from infra.passwords import MAX_LENGTH, MIN_LENGTH

EMAIL_PATTERN = r"^[^@\s]{1,64}@[^@\s]{1,250}$"


def _once(roles: list[Role]) -> list[Role]:
    if len(set(roles)) != len(roles):
        raise ValueError("A role may stand there only once.")
    return sorted(roles)


Email = Annotated[str, StringConstraints(pattern=EMAIL_PATTERN, max_length=320)]
Roles = Annotated[
    list[Role], Field(max_length=len(Role), json_schema_extra={"uniqueItems": True}), AfterValidator(_once)
]
Password = Annotated[str, StringConstraints(min_length=MIN_LENGTH, max_length=MAX_LENGTH)]


class AccountChangeForm(Model):
    """How somebody signs in, and what they may do."""

    email: Email | None
    """None of somebody whom an outside issuer vouches for; everybody else keeps one."""
    name: Line
    roles: Roles
    """What tokens of this account may be good for. A token that is out loses at once what is taken away here."""
    is_blocked: StrictBool = False
    """Whether it is shut out: every session ends, and signing in is refused as with a wrong password."""


class AccountForm(Model):
    """Somebody new."""

    email: Email
    name: Line
    roles: Roles
    password: Password | None = None
    """Without one nobody can sign in with a password."""


class Identity(Model):
    """Who somebody is elsewhere."""

    issuer: str
    subject: str


class Account(AccountChangeForm):
    """An account as administrators see it."""

    id: KnownId
    identity: Identity | None
    """Who it is to the outside issuer that vouches for it, by tokens that say which roles it has each time."""
    plans: list[str]
    """The plans that it has now, by its subscriptions."""
    created_at: Time
    version: int


class AccountPage(Model):
    """A page of accounts."""

    items: list[Account]
    next_cursor: str | None
