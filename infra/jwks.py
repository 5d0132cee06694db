"""The keys of a JSON Web Key Set (RFC 7517) that can verify: public, strong, each bound to its algorithms.

Whatever else stands in the set is passed over: secrets, private keys, keys to encrypt with, and two of one name.
"""

import binascii
import re
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from infra.signatures import OF_CURVES, OF_RSA, PublicKey, verifier

MOST_KEYS = 100
LONGEST_KID = 255
LEAST_BITS, MOST_BITS = 2048, 8192
_MOST_EXPONENT = 1 << 32
_CURVES: Mapping[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}
_BASE64 = re.compile(r"[\w-]{1,2000}", re.ASCII)
_OF_SECRETS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


@dataclass(frozen=True)
class OutsideKey:
    """A key of an outside issuer's; what verifies with it, by each algorithm that it may be used with."""

    members: Mapping[str, str]
    """What makes it another key: two with the same are the same."""
    verifiers: Mapping[str, Any]


KeysByName = Mapping[str, OutsideKey]


def keys_in(document: Mapping[str, Any], algorithms: Iterable[str]) -> KeysByName:
    """Return the keys that can verify by these algorithms, by their `kid`."""
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise ValueError("no set of keys")
    named = [one for one in listed if isinstance(one, dict) and _is_name(one.get("kid"))]
    times = Counter(one["kid"] for one in named)
    read = {one["kid"]: _key(one, frozenset(algorithms)) for one in named if times[one["kid"]] == 1}
    return {kid: key for kid, key in read.items() if key is not None}


def _is_name(kid: object) -> bool:
    return isinstance(kid, str) and 0 < len(kid) <= LONGEST_KID


def _key(jwk: Mapping[str, Any], algorithms: frozenset[str]) -> OutsideKey | None:
    if not _is_to_verify(jwk):
        return None
    try:
        public, fitting = _public(jwk)
    except (ValueError, TypeError, KeyError, binascii.Error):
        return None
    usable = {one for one in fitting if one in algorithms and jwk.get("alg", one) == one}
    members = {name: jwk[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in jwk}
    verifiers = {algorithm: verifier(public, algorithm) for algorithm in sorted(usable)}
    return OutsideKey({**members, "for": " ".join(verifiers)}, verifiers) if usable else None


def _is_to_verify(jwk: Mapping[str, Any]) -> bool:
    operations = jwk.get("key_ops", ["verify"])
    is_public = _OF_SECRETS.isdisjoint(jwk)
    return is_public and jwk.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


def _public(jwk: Mapping[str, Any]) -> tuple[PublicKey, tuple[str, ...]]:
    """Return the key, and the algorithms that its kind is for (RFC 7518, sections 3.3 and 3.4)."""
    if jwk["kty"] == "RSA":
        e, n = _number(jwk["e"]), _number(jwk["n"])
        if not (LEAST_BITS <= n.bit_length() <= MOST_BITS and n % 2 and e % 2 and 1 < e < _MOST_EXPONENT):
            raise ValueError("strength")
        return rsa.RSAPublicNumbers(e, n).public_key(), OF_RSA
    if jwk["kty"] != "EC":
        raise ValueError("kty")
    point = ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), _CURVES[jwk["crv"]])
    return point.public_key(), (OF_CURVES[jwk["crv"]],)


def _number(encoded: str) -> int:
    if not _BASE64.fullmatch(encoded):
        raise ValueError("Base64")
    return int.from_bytes(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
