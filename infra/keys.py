"""The signing keys: given by the settings, or made on the first start and kept in the data folder.

Of those that are given the first signs and the others verify. Those in the data folder are rotated here: a new one
stands in front, is told in the JWKS for a while before it signs, and the one before verifies until the last token
that it signed has run out. What was sealed with it can be opened for longer.
"""

import asyncio
import hashlib
import logging
import os
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from time import monotonic

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from infra import ids
from infra.settings import Settings, WrongSettings

logger = logging.getLogger("standfirst.keys")

RSA_BITS = 2048
AHEAD = timedelta(hours=2)  # a new key is told of before it signs: others keep our JWKS for an hour
SEALS_LAST = timedelta(days=90)  # cursors, previews and letters are opened after their key was replaced
LOOK_EVERY = 5.0  # seconds until the file is looked at again
ROTATE_EVERY = 3600.0  # seconds until it is asked again whether a new key is due
FROM_EVER = datetime.min.replace(tzinfo=UTC)
_PEM = re.compile(
    r"(?:made: (\S+)\s+)?(-----BEGIN [A-Z ]*PRIVATE KEY-----.+?-----END [A-Z ]*PRIVATE KEY-----)", re.DOTALL
)


@dataclass(frozen=True)
class SigningKey:
    """A private key of ours. Its `kid` is its RFC 7638 thumbprint, so it needs no bookkeeping."""

    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    made_at: datetime | None = None
    """When it was made here; unknown of a key that was given."""

    @property
    def signs_from(self) -> datetime:
        """When it takes over from the key behind it."""
        return self.made_at + AHEAD if self.made_at else FROM_EVER

    @property
    def algorithm(self) -> str:
        """The only algorithm that this key is ever used with."""
        return "RS256" if isinstance(self.private, rsa.RSAPrivateKey) else "ES256"

    @cached_property
    def kid(self) -> str:
        """The RFC 7638 thumbprint."""
        names = ("e", "kty", "n") if self.algorithm == "RS256" else ("crv", "kty", "x", "y")
        jwk = self.public_jwk_members
        canonical = "{" + ",".join(f'"{name}":"{jwk[name]}"' for name in names) + "}"
        return _base64(hashlib.sha256(canonical.encode()).digest())

    @cached_property
    def public_jwk_members(self) -> dict[str, str]:
        """The key type's own members of the public JWK (RFC 7518, section 6)."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            rsa_numbers = self.private.public_key().public_numbers()
            return {"kty": "RSA", "n": _base64_int(rsa_numbers.n), "e": _base64_int(rsa_numbers.e)}
        numbers = self.private.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": _base64(x), "y": _base64(y)}

    @property
    def public_jwk(self) -> dict[str, str]:
        """The public JWK as it stands in the JWKS."""
        return {**self.public_jwk_members, "kid": self.kid, "use": "sig", "alg": self.algorithm}

    @cached_property
    def private_pem(self) -> str:
        """The private key as PKCS #8 PEM."""
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    @cached_property
    def public_pem(self) -> str:
        """The public key as SubjectPublicKeyInfo PEM."""
        return (
            self.private.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode()
        )

    def secret(self, purpose: str) -> bytes:
        """Return 64 bytes of secret for one purpose; what is sealed for one is never good for another."""
        if purpose not in self._secrets:
            hkdf = HKDF(hashes.SHA256(), 64, salt=None, info=f"standfirst {purpose}".encode())
            self._secrets[purpose] = hkdf.derive(self.private_pem.encode())
        return self._secrets[purpose]

    @cached_property
    def _secrets(self) -> dict[str, bytes]:
        return {}


Keyring = tuple[SigningKey, ...]


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
        self._keys = load_keyring(settings)
        self._seen, self._look_at = self._state_of_file(), monotonic() + LOOK_EVERY
        self._ring = self._at(clock())

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
        """Read the file if it is another than before. One that cannot be read changes nothing."""
        self._look_at = monotonic() + LOOK_EVERY
        seen = self._state_of_file()
        if seen is None or seen == self._seen:
            return
        try:
            self._keys = load_keyring(self._settings)
        except (WrongSettings, OSError) as error:
            logger.error("The signing keys stay what they were: %s", error)  # noqa: TRY400 - no trace of a key
        self._seen, self._ring = seen, self._at(self._clock())

    def rotate_if_due(self) -> bool:
        """Put a new key in front if the newest has been there for as long as the settings say. Tell if it was."""
        days, newest = self._settings.key_rotation_days, self._keys[0].made_at
        now = self._clock()
        if self._settings.signing_keys.get_secret_value() or not days:
            return False
        if newest is not None and now - newest < timedelta(days=days):
            return False
        rotate(self._settings, now)
        self.look_again()
        return True

    async def keep_rotating(self) -> None:
        """Rotate the keys whenever that is due. It ends when it is cancelled."""
        while True:
            try:
                await asyncio.to_thread(self.rotate_if_due)
            except (WrongSettings, OSError) as error:
                logger.error("The signing keys could not be rotated: %s", error)  # noqa: TRY400
            await asyncio.sleep(ROTATE_EVERY)

    def _at(self, now: datetime) -> Ring:
        lasting = timedelta(seconds=self._settings.access_token_seconds)
        return ring_at(self._keys, now, tokens_last=lasting)

    def _state_of_file(self) -> tuple[int, int] | None:
        if self._settings.signing_keys.get_secret_value():
            return None
        try:
            found = _file(self._settings).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino


def load_keyring(settings: Settings) -> Keyring:
    """Return the signing keys, the newest first; make and keep one where there is none."""
    given = settings.signing_keys.get_secret_value()
    if given:
        return _parse(given, "STANDFIRST_SIGNING_KEYS")
    path = _file(settings)
    if not path.exists():
        _write_new(path, _text_of(replace(_generate(settings.token_algorithm), made_at=ids.now())))
    return _parse(path.read_text(errors="replace"), str(path))


def rotate(settings: Settings, now: datetime, *, at_once: bool = False) -> None:
    """Put a new key in front of those in the data folder; `at_once` in their place, because one has leaked.

    Of several processes that do it at the same time the last wins. The others' new keys had signed nothing yet.
    """
    if settings.signing_keys.get_secret_value():
        raise WrongSettings("STANDFIRST_SIGNING_KEYS: holds the keys, so put a new one in front of them there.")
    keys = load_keyring(settings)
    new = replace(_generate(settings.token_algorithm), made_at=now)
    after = zip(keys, (new, *keys), strict=False)  # each with the key in front of it
    kept = () if at_once else tuple(old for old, newer in after if now < newer.signs_from + SEALS_LAST)
    _write(_file(settings), "".join(map(_text_of, (new, *kept))))


def _file(settings: Settings) -> Path:
    return settings.data_dir / "signing-keys.pem"


def _text_of(key: SigningKey) -> str:
    return (f"made: {key.made_at.isoformat()}\n" if key.made_at else "") + key.private_pem


def _parse(text: str, where: str) -> Keyring:
    found = _PEM.findall(text.replace("\\n", "\n"))
    if not found:
        raise WrongSettings(f"{where}: holds no PEM private key.")
    return tuple(replace(_parse_one(pem, where), made_at=_moment(made, where)) for made, pem in found)


def _moment(made: str, where: str) -> datetime | None:
    try:
        return datetime.fromisoformat(made).astimezone(UTC) if made else None
    except ValueError:
        raise WrongSettings(f"{where}: says of a key that it was made at a time that is none.") from None


@cache
def _parse_one(pem: str, where: str) -> SigningKey:
    try:
        private = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise WrongSettings(f"{where}: holds a private key that cannot be read.") from None
    if isinstance(private, rsa.RSAPrivateKey) and private.key_size >= RSA_BITS:
        return SigningKey(private)
    if isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(private.curve, ec.SECP256R1):
        return SigningKey(private)
    raise WrongSettings(f"{where}: keys must be RSA of at least {RSA_BITS} bits, or on the curve P-256.")


def _generate(algorithm: str) -> SigningKey:
    if algorithm == "ES256":
        return SigningKey(ec.generate_private_key(ec.SECP256R1()))
    return SigningKey(rsa.generate_private_key(public_exponent=65_537, key_size=RSA_BITS))


def _write_new(path: Path, text: str) -> None:
    """Write a secret file whole or not at all; of several processes that start at once the first wins."""
    draft = _draft(path, text)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _write(path: Path, text: str) -> None:
    """Write a secret file whole or not at all, in the place of the one that is there."""
    _draft(path, text).replace(path)


def _draft(path: Path, text: str) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")  # not the pid: containers share those
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _base64_int(number: int) -> str:
    return _base64(number.to_bytes((number.bit_length() + 7) // 8, "big"))
