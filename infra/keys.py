"""The signing keys: given by the settings, or made on the first start and kept in the data folder.

What each is for, and when, follows from its age (`infra/rotation.py`).
"""

import fcntl
import hashlib
import os
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from infra import ids
from infra.settings import Settings, WrongSettings

RSA_BITS = 2048
AHEAD = timedelta(hours=2)  # a new key is told of before it signs: others keep our JWKS for an hour
_FIRST_YEAR, _LAST_YEAR = 2000, 9000
FROM_EVER = datetime.min.replace(tzinfo=UTC)
_PEM = re.compile(
    r"(?:made: ([^\n]*)\n)?(-----BEGIN [A-Z ]*PRIVATE KEY-----.+?-----END [A-Z ]*PRIVATE KEY-----)", re.DOTALL
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


def load_keyring(settings: Settings) -> Keyring:
    """Return the signing keys, the newest first; make and keep one where there is none."""
    given = settings.signing_keys.get_secret_value()
    if given:
        return _parse(given, "STANDFIRST_SIGNING_KEYS")
    path = file_of(settings)
    if not path.exists():
        with alone(settings):
            if not path.exists():
                write(settings, (replace(generate(settings.token_algorithm), made_at=ids.now()),))
    return read(settings)


def read(settings: Settings) -> Keyring:
    """Return the keys that were made here. Whoever is `alone` asks this: it makes none, so it never waits."""
    path = file_of(settings)
    return _parse(path.read_text(errors="replace"), str(path))


def file_of(settings: Settings) -> Path:
    """Return where the keys are kept that were made here."""
    return settings.data_dir / "signing-keys.pem"


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Keep every other process of this machine from writing the keys meanwhile."""
    path = file_of(settings).with_suffix(".lock")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write(settings: Settings, keys: Keyring) -> None:
    """Write the keys whole or not at all, in the place of those that are there. Be alone."""
    path = file_of(settings)
    if path.is_symlink():
        raise WrongSettings(f"{path}: is a link. Put the new key where it leads, or the keys here.")
    for left in path.parent.glob(f"{path.name}.*"):  # by a process that was killed here
        left.unlink()
    draft = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        if path.exists() and os.geteuid() == 0:  # whoever could read them can go on to
            os.fchown(file.fileno(), path.stat().st_uid, path.stat().st_gid)
        file.write("".join(map(_text_of, keys)))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _text_of(key: SigningKey) -> str:
    return (f"made: {key.made_at.isoformat()}\n" if key.made_at else "") + key.private_pem


def _parse(text: str, where: str) -> Keyring:
    text = text.replace("\\n", "\n")
    found = _PEM.findall(text)
    if not found:
        raise WrongSettings(f"{where}: holds no PEM private key.")
    if len(found) != text.count("-----BEGIN ") or len(found) != text.count("-----END "):
        raise WrongSettings(f"{where}: holds a key that was cut, or something that is no private key.")
    return tuple(replace(_parse_one(pem, where), made_at=_moment(made, where)) for made, pem in found)


def _moment(made: str, where: str) -> datetime | None:
    if not made:
        return None
    try:
        moment = datetime.fromisoformat(made.strip())
    except ValueError:
        moment = FROM_EVER
    if moment.tzinfo is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise WrongSettings(f"{where}: says of a key that it was made at a time that is none.")
    return moment.astimezone(UTC)


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


def generate(algorithm: str) -> SigningKey:
    """Return a new key."""
    if algorithm == "ES256":
        return SigningKey(ec.generate_private_key(ec.SECP256R1()))
    return SigningKey(rsa.generate_private_key(public_exponent=65_537, key_size=RSA_BITS))


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _base64_int(number: int) -> str:
    return _base64(number.to_bytes((number.bit_length() + 7) // 8, "big"))
