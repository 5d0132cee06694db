"""Rotation: what each signing key is for at a moment, and a new one when it is time.

Of keys that were given the first signs and the others verify. Those in the data folder have an age: a new one
stands in front and is told of in the JWKS for a while before it signs. The one before verifies until the last
token that it signed has run out, and what was sealed with it can be opened for longer.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic

from infra import ids
from infra.keys import Keyring, SigningKey, alone, file_of, generate, load_keyring, read, write
from infra.settings import Settings, WrongSettings

logger = logging.getLogger("standfirst.keys")

SEALS_LAST = timedelta(days=90)  # cursors, previews and letters are opened after their key was replaced
LOOK_EVERY = 5.0  # seconds until the file is looked at again
ROTATE_EVERY = 3600.0  # seconds until it is asked again whether a new key is due


@dataclass(frozen=True)
class Ring:
    """What each key is for at a moment."""

    signing: SigningKey
    verifying: Keyring
    """Those whose tokens are good, and those that will sign soon: the JWKS."""
    opening: Keyring
    """Those whose seals are opened, the one that seals first."""
    until: datetime | None
    """When time makes it another."""


def ring_at(keys: Keyring, now: datetime, *, tokens_last: timedelta) -> Ring:
    """Return what each of these keys, the newest first, is for at a moment."""
    at = next((at for at, key in enumerate(keys) if key.signs_from <= now), len(keys) - 1)
    replaced = zip(keys[1:], keys, strict=False)  # each with the key in front of it
    over = {old.kid: new.signs_from + tokens_last for old, new in replaced if new.made_at}
    verifying = tuple(key for key in keys if key.kid not in over or now < over[key.kid])
    coming = [moment for moment in (*over.values(), *(key.signs_from for key in keys)) if moment > now]
    signing = keys[at]
    others = tuple(key for key in keys if key.kid != signing.kid)
    return Ring(signing, verifying, (signing, *others), min(coming, default=None))


class Keys:
    """The keys as they are now. Made once a process; it notices when another process has rotated them."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime] = ids.now) -> None:
        self._settings, self._clock = settings, clock
        self._look_at = monotonic() + LOOK_EVERY
        self._told: list[Callable[[], None]] = []
        self._ring: Ring
        self._take(seen=self._state_of_file())

    def tell(self, somebody: Callable[[], None]) -> None:
        """Call this when there are other keys than before: what one that is gone has made is worth nothing."""
        self._told.append(somebody)

    @property
    def all(self) -> Keyring:
        """Every key that is kept, the newest first."""
        return self._keys

    @property
    def ring(self) -> Ring:
        """What each key is for now."""
        if monotonic() >= self._look_at:
            self.look_again()
        now = self._clock()
        if self._ring.until is not None and now >= self._ring.until:
            self._ring = self._at(now)
        return self._ring

    def look_again(self) -> None:
        """Read the file if it is another than before. One that is not good changes nothing."""
        self._look_at = monotonic() + LOOK_EVERY
        seen = self._state_of_file()
        if seen is None or seen == self._seen:
            return
        try:
            self._take(seen=seen)
        except (WrongSettings, OSError) as error:
            logger.error("The signing keys stay what they were: %s", error)  # noqa: TRY400 - no trace of a key
            return
        for tell in self._told:
            tell()

    async def follow(self) -> None:
        """Rotate the keys when it is time, and notice who else has. It ends when it is cancelled."""
        rotate_at = monotonic()
        while True:
            if monotonic() >= rotate_at:
                rotate_at = monotonic() + ROTATE_EVERY
                try:
                    await asyncio.to_thread(rotate_if_due, self._settings, self._clock())
                except (WrongSettings, OSError) as error:
                    logger.error("The signing keys could not be rotated: %s", error)  # noqa: TRY400
            self.look_again()
            await asyncio.sleep(LOOK_EVERY)

    def _take(self, *, seen: tuple[int, ...] | None) -> None:
        """Take the keys of a file that looked like this before it is read, so that no later change is missed."""
        self._keys = load_keyring(self._settings)
        self._seen, self._ring = seen, self._at(self._clock())

    def _at(self, now: datetime) -> Ring:
        lasting = timedelta(seconds=self._settings.access_token_seconds)
        return ring_at(self._keys, now, tokens_last=lasting)

    def _state_of_file(self) -> tuple[int, ...] | None:
        if self._settings.signing_keys.get_secret_value():
            return None
        try:
            found = file_of(self._settings).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def rotate_if_due(settings: Settings, now: datetime) -> bool:
    """Put a new key in front if the newest has been there for as long as the settings say. Tell if it was."""
    days = timedelta(days=settings.key_rotation_days)
    if settings.signing_keys.get_secret_value() or not days:
        return False
    with alone(settings):
        made_at = read(settings)[0].made_at
        is_due = made_at is None or now - made_at >= days
        if is_due:
            _rotate(settings, now)
    return is_due


def rotate(settings: Settings, now: datetime, *, at_once: bool = False) -> None:
    """Put a new key in front of those in the data folder; `at_once` in their place, because one has leaked."""
    if settings.signing_keys.get_secret_value():
        raise WrongSettings("STANDFIRST_SIGNING_KEYS: holds the keys, so put a new one in front of them there.")
    load_keyring(settings)  # so that there is one to go on verifying, even in a new folder
    with alone(settings):
        _rotate(settings, now, at_once=at_once)


def _rotate(settings: Settings, now: datetime, *, at_once: bool = False) -> None:
    keys = read(settings)
    new = replace(generate(settings.token_algorithm), made_at=now)
    after = zip(keys, (new, *keys), strict=False)  # each with the key in front of it
    kept = () if at_once else tuple(old for old, newer in after if now < newer.signs_from + SEALS_LAST)
    write(settings, (new, *kept))
