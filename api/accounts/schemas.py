"""What readers send and get of their accounts."""

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from api.types import KnownId, Language, Model, Time
from domain.access import Granted
from domain.people import Role
from infra import email_addresses
from infra.passwords import MAX_LENGTH, MIN_LENGTH
from infra.seals import MAX_LINK

Email = Annotated[
    str,
    StringConstraints(max_length=email_addresses.MAX_LENGTH),
    AfterValidator(email_addresses.checked),
    Field(json_schema_extra={"pattern": "^[^@]+@[^@]+$"}),
]
_BREAKS = r"\x00-\x1f\x7f-\x9f\u2028\u2029"  # what is never part of a line
PersonName = Annotated[
    str,
    StringConstraints(max_length=200, pattern=rf"^[^{_BREAKS}]*[^\s{_BREAKS}][^{_BREAKS}]*$"),
    AfterValidator(str.strip),
]
Password = Annotated[str, StringConstraints(min_length=MIN_LENGTH, max_length=MAX_LENGTH)]
PresentPassword = Annotated[str, StringConstraints(max_length=MAX_LENGTH)]
LinkToken = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LINK)]


class SignUpForm(Model):
    """Somebody who wants an account."""

    email: Email
    password: Password
    name: PersonName
    language: Language | None = None
    """The language of letters to you; without one, the publication's."""


class ConfirmationForm(Model):
    """The token of a link that confirms an e-mail address."""

    token: LinkToken
    password: str | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_LENGTH,
        description="The one that you signed up with: whoever signed up with your address does not know it",
    )


class ResetRequest(Model):
    """Somebody who has forgotten their password."""

    email: Email


class NewPasswordForm(Model):
    """The token of a link for a new password, and that."""

    token: LinkToken
    password: Password


class LetterSent(Model):
    """What is answered whether there is an account with the address or not."""

    message: str


class Confirmed(Model):
    """What a link has confirmed."""

    email: str
    """You sign in with this address from now on."""


class ProfileForm(Model):
    """Your account."""

    model_config = ConfigDict(json_schema_extra={"required": ["name", "email", "password", "current_password"]})

    name: PersonName
    language: Language | None = None
    """The language of letters to you."""
    email: Email | None = None
    """Takes effect when the link in a letter to this address is used. Needs `current_password`."""
    password: Password | None = None
    """Signs you out everywhere else. Needs `current_password`."""
    current_password: PresentPassword | None = None


class MayRead(Model):
    """How much you get of an article behind each gate, wherever it is filed. A plan may open some more of them.

    Articles that name plans ask for one of those.
    """

    free: Granted
    registered: Granted
    subscriber: Granted


class Me(Model):
    """Who you are and what you may read."""

    id: KnownId
    email: str | None
    """A client has none: it is no account. Nor has somebody whom an outside issuer vouches for."""
    name: str
    language: str | None
    issuer: str | None
    """The outside issuer that vouches for you: your roles, address and password are for it to change."""
    roles: list[Role] = Field(description="What this token lets you be: its roles that your account still has")
    plans: list[str]
    may_read: MayRead


class ChangedMe(Me):
    """Your account after a change."""

    email_to_confirm: str | None
    """The address that a letter with a link was sent to: it becomes yours when the link is used."""


class KeptAccount(Model):
    """The account itself."""

    id: KnownId
    email: str | None
    name: str
    language: str | None
    roles: list[str]
    created_at: Time


class KeptIdentity(Model):
    """Who you are to the outside issuer that vouches for you."""

    issuer: str
    subject: str
    created_at: Time


class KeptSubscription(Model):
    """A plan that the account has or had."""

    id: KnownId
    plan: str
    starts_at: Time
    ends_at: Time | None
    trial_until: Time | None
    grace_until: Time | None
    revoked_at: Time | None
    source: str
    external_id: str | None


class KeptSession(Model):
    """A sign-in that is kept."""

    id: KnownId
    client: str | None
    address: str | None
    started_at: Time
    last_used_at: Time
    expires_at: Time


class KeptGift(Model):
    """A gift that you gave; its link is kept as a digest only, and who opened it is not."""

    id: KnownId
    article_id: KnownId
    created_at: Time
    expires_at: Time
    revoked_at: Time | None


class KeptReading(Model):
    """An article that you took out of your meter."""

    article_id: KnownId
    read_at: Time


class KeptEvent(Model):
    """Something that you did, or that was done to your account."""

    id: KnownId
    subject: str
    subject_id: KnownId
    action: str
    at: Time
    from_address: str | None


class KeptRequest(Model):
    """A request that may be sent again under its `Idempotency-Key`."""

    key: str
    created_at: Time


class Export(Model):
    """Everything that is kept of you, but for what others must not have: your password is kept as a hash."""

    exported_at: Time
    account: KeptAccount
    identities: list[KeptIdentity]
    subscriptions: list[KeptSubscription]
    sessions: list[KeptSession]
    gifts: list[KeptGift]
    meter_readings: list[KeptReading]
    events: list[KeptEvent]
    requests: list[KeptRequest]
