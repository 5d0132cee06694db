"""What can be refused, in newsroom words; `api/problems.py` gives each its HTTP answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing wrong with what was handed in; `pointer` is an RFC 6901 path into it."""

    pointer: str
    detail: str


class Refusal(Exception):
    """Base of everything that this program refuses on purpose; it always changes nothing."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotThere(Refusal):
    """It does not exist, or this person may not know that it does: the two look alike."""

    def __init__(self) -> None:
        super().__init__("There is nothing here.")


@dataclass(frozen=True, slots=True)
class Use:
    """Where a thing is used: by what kind of thing, by which, and its title for whoever may know it."""

    type: str
    id: str
    title: str | None = None


class InUse(Refusal):
    """It cannot be removed while other things name it; `used_by` tells some of them."""

    def __init__(self, detail: str, *, used_by: tuple[Use, ...]) -> None:
        super().__init__(detail)
        self.used_by = used_by


class Withdrawn(Refusal):
    """It was public and was taken back for the reason in `detail`, which is public too."""


class SyncReset(Refusal):
    """Whoever follows changes may read other things now, and has to start anew."""


class Unidentified(Refusal):
    """The credentials are missing (`presented` is false) or not good."""

    def __init__(self, detail: str, *, presented: bool) -> None:
        super().__init__(detail)
        self.presented = presented


class NotAllowed(Refusal):
    """The person is known, and may not do this; `rule` names the permission or the rule that refused."""

    def __init__(self, detail: str, *, rule: str) -> None:
        super().__init__(detail)
        self.rule = rule


class WrongState(Refusal):
    """The article's state does not admit the action; `rule` names the row of the workflow that refused."""

    def __init__(self, detail: str, *, rule: str) -> None:
        super().__init__(detail)
        self.rule = rule


class Conflict(Refusal):
    """It collides with something that exists; `rule` names what must be unique."""

    def __init__(self, detail: str, *, rule: str) -> None:
        super().__init__(detail)
        self.rule = rule


class Stale(Refusal):
    """Somebody saved a newer version since the writer read theirs.

    `fields` and `blocks` (each with its fate) are what has changed since, where that can be told.
    """

    def __init__(
        self, *, current: int, fields: tuple[str, ...] = (), blocks: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(f"It is at version {current} now. Read it again, put your change on top, and retry.")
        self.current = current
        self.fields = fields
        self.blocks = blocks


def expect_version(named: int, *, current: int) -> None:
    """Refuse a write that was made on another version than the present one."""
    if named != current:
        raise Stale(current=current)


class VersionNeeded(Refusal):
    """A write must say which version it was made on."""

    def __init__(self) -> None:
        super().__init__("Send `If-Match` with the `ETag` of the version that you read.")


class KeyReused(Refusal):
    """The key of a request that may be sent again stands for another one."""

    def __init__(self) -> None:
        super().__init__("This key was sent with another request. Make a new key for each.")


class Unfit(Refusal):
    """What was handed in can be parsed but does not fit; every flaw is told."""

    def __init__(self, *flaws: Flaw) -> None:
        super().__init__("What was sent does not fit. `errors` tells what to change.")
        self.flaws = flaws


class BadRequest(Refusal):
    """A part of the request outside its body is wrong; `parameter` names it."""

    def __init__(self, detail: str, *, parameter: str | None = None) -> None:
        super().__init__(detail)
        self.parameter = parameter


class WrongMedia(Refusal):
    """The bytes or their declared type are none that is taken here."""


class TooLarge(Refusal):
    """There is more of it than is taken here."""


class TooMany(Refusal):
    """So much was asked for lately that this is not looked at; in `wait` seconds there is room for it again.

    `rule` names the limit.
    """

    def __init__(self, *, rule: str, wait: int) -> None:
        super().__init__(
            "You ask for too much in too short a time. Wait for as many seconds as `Retry-After` says."
        )
        self.rule = rule
        self.wait = wait


class LinkRefused(Refusal):
    """The link of a letter is not good: altered, too old, used or overtaken. All look alike."""

    def __init__(self) -> None:
        super().__init__("This link is not good (any more). Ask for a new letter.")


class GrantRefused(Refusal):
    """A token was refused at the token endpoint; `error` is the code of RFC 6749, section 5.2."""

    def __init__(self, error: str, detail: str) -> None:
        super().__init__(detail)
        self.error = error


class ClientRefused(GrantRefused):
    """A client was not let in: it is unknown or blocked, its secret is wrong, or it comes from elsewhere."""

    def __init__(self) -> None:
        detail = "The client's id or secret is wrong, or it may not sign in from here or in this way."
        super().__init__("invalid_client", detail)
