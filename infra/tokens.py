"""Access tokens: RFC 9068 JWTs that this server signs and verifies. The only file that knows `jose`.

The algorithm is the one of *our* key that `kid` names, never the token's word for it (RFC 8725, section
3.1). Only asymmetric keys exist here, and a public key is never used as a secret.
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from jose import jwk, jws, jwt
from jose.exceptions import JOSEError

from domain.errors import Unidentified
from domain.people import Role
from infra.keys import Keyring, SigningKey

MAX_BYTES = 8 * 1024
TYPE = "at+jwt"
_FAR_FUTURE = 253_402_300_799  # the end of the year 9999, in seconds
_COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)  # jose would skip what is no Base64
# Times are required too, below: jose would check them by its own clock instead of ours.
_REQUIRED = {f"require_{claim}": True for claim in ("iss", "aud", "sub", "jti")}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified access token says."""

    account_id: str
    roles: frozenset[Role]
    expires_at: datetime


class Tokens:
    """Signs and verifies access tokens."""

    def __init__(self, keyring: Keyring, *, issuer: str, audience: str) -> None:
        self._signing = keyring[0]
        self._signer = jwk.construct(keyring[0].private, keyring[0].algorithm)  # reading a PEM takes 40 ms
        self._by_kid = {key.kid: (key, jwk.construct(key.public_pem, key.algorithm)) for key in keyring}
        self._issuer = issuer
        self._audience = audience

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys (RFC 7517)."""
        return {"keys": [key.public_jwk for key, _ in self._by_kid.values()]}

    def issue(self, account_id: str, roles: Iterable[Role], *, now: datetime, seconds: int, token_id: str) -> str:
        """Return a signed access token for an account."""
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": account_id,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(seconds=seconds)).timestamp()),
            "jti": token_id,
            "roles": sorted(roles),
        }
        key = self._signing
        signed: str = jwt.encode(
            claims, self._signer, algorithm=key.algorithm, headers={"typ": TYPE, "kid": key.kid}
        )
        return signed

    def verify(self, token: str, *, now: datetime) -> Claims:
        """Return what a token says, or raise `Unidentified`."""
        if len(token) > MAX_BYTES:
            raise Unidentified("The access token is too long.", presented=True)
        try:
            claims = self._verified_claims(token)
        except (JOSEError, ValueError, TypeError, KeyError, RecursionError):
            raise Unidentified("The access token is not one of ours.", presented=True) from None
        self._check(claims, now)
        roles = frozenset(Role(role) for role in claims["roles"] if role in set(Role))
        expires_at = datetime.fromtimestamp(min(claims["exp"], _FAR_FUTURE), UTC)
        return Claims(claims["sub"], roles, expires_at)

    def _verified_claims(self, token: str) -> dict[str, Any]:
        if not _COMPACT.fullmatch(token):
            raise ValueError("form")
        header = jws.get_unverified_header(token)
        key, verifier = self._key_for(header)
        claims: dict[str, Any] = jwt.decode(
            token,
            verifier,
            algorithms=[key.algorithm],
            audience=self._audience,
            issuer=self._issuer,
            options={**_REQUIRED, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
        return claims

    def _key_for(self, header: dict[str, Any]) -> tuple[SigningKey, Any]:
        key, verifier = self._by_kid[header["kid"]]
        if header.get("alg") != key.algorithm:
            raise ValueError("alg")
        if str(header.get("typ", "")).lower().removeprefix("application/") != TYPE:
            raise ValueError("typ")
        if "crit" in header:
            raise ValueError("crit")
        return key, verifier

    @staticmethod
    def _check(claims: dict[str, Any], now: datetime) -> None:
        """Check types and times by our own clock; signature, issuer and audience have been checked."""
        if not _are_well_formed(claims):
            raise Unidentified("The access token lacks a claim.", presented=True)
        moment = now.timestamp()
        if claims["exp"] <= moment:
            raise Unidentified("The access token has expired.", presented=True)
        if max(claims["iat"], claims.get("nbf", 0)) > moment + 1:
            raise Unidentified("The access token is not valid yet.", presented=True)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != "" and value.isprintable()


def _is_time(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)  # JSON as Python reads it knows NaN, which never expires
    return isinstance(value, int) and not isinstance(value, bool)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_SHAPES: dict[str, Callable[[object], bool]] = {
    "iss": _is_text,
    "aud": _is_text,
    "sub": _is_text,
    "jti": _is_text,
    "exp": _is_time,
    "iat": _is_time,
    "roles": _is_texts,
}


def _are_well_formed(claims: dict[str, Any]) -> bool:
    if "nbf" in claims and not _is_time(claims["nbf"]):
        return False
    return all(name in claims and shape(claims[name]) for name, shape in _SHAPES.items())
