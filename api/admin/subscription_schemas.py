"""What administrators and payment systems send and get of subscriptions."""

from typing import Annotated

from pydantic import StringConstraints

from api.types import Id, KnownId, Model, Moment, Slug, Time
from domain.subscriptions import ADMIN, State

Source = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=40)]
ExternalId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]


class SubscriptionChangeForm(Model):
    """A plan of an account's, from when and until when."""

    plan: Slug
    starts_at: Moment | None = None
    """From now on, if it is left out."""
    ends_at: Moment | None = None
    """Until before this time; without it there is no end."""
    trial_until: Moment | None = None
    """Until when it costs nothing. It opens as much."""
    grace_until: Moment | None = None
    """Until when it opens as much as before, though it has ended: a payment may be late."""


class SubscriptionForm(SubscriptionChangeForm):
    """A plan for an account, from when and until when, and whose record of it this is."""

    account_id: Id
    source: Source = ADMIN
    """Who says so: `admin`, or the name of a payment system."""
    external_id: ExternalId | None = None
    """What the source calls it. Sent twice by the same one, it is made once."""


class Subscription(Model):
    """A plan of an account's, and what it is at this moment."""

    id: KnownId
    account_id: KnownId
    plan: str
    state: State
    """It changes by itself when a time comes. In `trial`, `active` and `grace` the plan opens what it opens."""
    starts_at: Time
    ends_at: Time | None
    trial_until: Time | None
    grace_until: Time | None
    revoked_at: Time | None
    source: str
    external_id: str | None
    version: int


class SubscriptionPage(Model):
    """A page of subscriptions."""

    items: list[Subscription]
    next_cursor: str | None
