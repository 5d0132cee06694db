"""Access tokens: RFC 9068 JWTs that this server signs and verifies; others' are for `infra/issuers.py`.

The algorithm is the one of *our* key that `kid` names, never the token's word for it (RFC 8725, section
3.1). Only asymmetric keys exist here, and a public key is never used as a secret.
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from cachetools import LRUCache
from jose import jwk, jws, jwt
from jose.exceptions import JOSEError

from domain.errors import Unidentified
from domain.people import Role
from infra.keys import SigningKey
from infra.rotation import Keys, Ring

MAX_BYTES = 8 * 1024
TYPE = "at+jwt"
FIRST_PARTY = "standfirst"  # the client of whoever signs in with a password: the publisher's own programs
REMEMBERED = 10_000
LEEWAY = timedelta(seconds=5)  # machines whose clocks are apart
_FAR_FUTURE = 253_402_300_799  # the end of the year 9999, in seconds
_COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)  # jose would skip what is no Base64
# Times are required too, below: jose would check them by its own clock instead of ours.
_REQUIRED = {f"require_{claim}": True for claim in ("iss", "aud", "sub", "jti")}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified access token says."""

    subject: str
    """The account's id, or the client's."""
    roles: frozenset[Role]
    session_id: str | None
    """The session that it was given in, or the client's secret that got it; with that it ends."""
    not_before: datetime
    expires_at: datetime
    is_client: bool = False


class Tokens:
    """Signs and verifies access tokens. What was verified is remembered until it runs out or keys change."""

    def __init__(self, keys: Keys, *, issuer: str, audience: str) -> None:
        self._keys, self._issuer, self._audience = keys, issuer, audience
        self._verified: LRUCache[bytes, Claims] = LRUCache(REMEMBERED)
        self._take(keys.ring)

    def _take(self, ring: Ring) -> None:
        """Make of a ring's keys what jose works with: reading a PEM takes 40 ms."""
        self._ring = ring
        self._signer = jwk.construct(ring.signing.private, ring.signing.algorithm)
        self._by_kid = {key.kid: (key, jwk.construct(key.public_pem, key.algorithm)) for key in ring.verifying}
        self._verified.clear()

    def _follow(self) -> None:
        if (ring := self._keys.ring) is not self._ring:
            self._take(ring)

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys (RFC 7517)."""
        self._follow()
        return {"keys": [key.public_jwk for key, _ in self._by_kid.values()]}

    def issue(
        self,
        subject: str,
        roles: Iterable[Role],
        *,
        now: datetime,
        seconds: int,
        token_id: str,
        session_id: str | None = None,
        is_client: bool = False,
    ) -> str:
        """Return a signed access token for an account, or for a client itself (RFC 9068, section 2.2)."""
        self._follow()
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": subject,
            "client_id": subject if is_client else FIRST_PARTY,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(seconds=seconds)).timestamp()),
            "jti": token_id,
            "roles": sorted(roles),
        }
        if session_id is not None:
            claims["sid"] = session_id
        key = self._ring.signing
        signed: str = jwt.encode(
            claims, self._signer, algorithm=key.algorithm, headers={"typ": TYPE, "kid": key.kid}
        )
        return signed

    def verify(self, token: str, *, now: datetime) -> Claims:
        """Return what a token says, or raise `Unidentified`."""
        if len(token) > MAX_BYTES:
            raise Unidentified("The access token is too long.", presented=True)
        claims = self.read(token)
        if claims.expires_at <= now:
            raise Unidentified("The access token has expired.", presented=True)
        if claims.not_before > now + LEEWAY:
            raise Unidentified("The access token is not valid yet.", presented=True)
        return claims

    def read(self, token: str) -> Claims:
        """Return what a token of ours says, be it good now or not, or raise `Unidentified`."""
        self._follow()
        digest = sha256(token.encode(errors="replace")).digest()
        known = self._verified.get(digest)
        if known is None:
            known = self._verified[digest] = self._verify(token)
        return known

    def _verify(self, token: str) -> Claims:
        try:
            claims = self._verified_claims(token)
        except (JOSEError, ValueError, TypeError, KeyError, RecursionError):
            raise Unidentified("The access token is not one of ours.", presented=True) from None
        if not _are_well_formed(claims):
            raise Unidentified("The access token lacks a claim.", presented=True)
        return Claims(
            claims["sub"],
            frozenset(Role(role) for role in claims["roles"] if role in set(Role)),
            claims.get("sid"),
            _moment(max(claims["iat"], claims.get("nbf", 0))),
            _moment(claims["exp"]),
            is_client=_is_of_client(claims),
        )

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
        if header["kid"] not in self._by_kid:  # perhaps another process has rotated the keys just now
            self._keys.look_again()
            self._follow()
        key, verifier = self._by_kid[header["kid"]]
        if header.get("alg") != key.algorithm:
            raise ValueError("alg")
        if str(header.get("typ", "")).lower().removeprefix("application/") != TYPE:
            raise ValueError("typ")
        if "crit" in header:
            raise ValueError("crit")
        return key, verifier


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(min(max(seconds, 0), _FAR_FUTURE), UTC)


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


def _is_of_client(claims: dict[str, Any]) -> bool:
    """Tell a client's own token, whose subject is the client and which a secret got (RFC 9068, section 2.2)."""
    return "sid" in claims and claims.get("client_id") == claims.get("sub") != FIRST_PARTY


def _are_well_formed(claims: dict[str, Any]) -> bool:
    if "nbf" in claims and not _is_time(claims["nbf"]):
        return False
    if "sid" in claims and not _is_text(claims["sid"]):
        return False
    if claims.get("client_id", FIRST_PARTY) != FIRST_PARTY and not _is_of_client(claims):
        return False
    return all(name in claims and shape(claims[name]) for name, shape in _SHAPES.items())
