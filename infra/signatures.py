"""Signatures of others (RFC 7515), by public keys. Beside `infra/tokens.py` the only file that knows `jose`.

A key comes here with the one algorithm that it is used with (RFC 8725, section 3.1); a secret never comes.
"""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jose import jwk, jws
from jose.exceptions import JOSEError

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
OF_RSA = ("RS256", "RS384", "RS512")
OF_CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
ALGORITHMS = (*OF_RSA, *OF_CURVES.values())


def verifier(key: PublicKey, algorithm: str) -> Any:  # noqa: ANN401 - jose has no types
    """Return what verifies with a key by one algorithm."""
    return jwk.construct(key, algorithm)


def signed_by(token: str, verifying: Any, algorithm: str) -> bytes:  # noqa: ANN401
    """Return the payload of a compact JWS that this key has signed by this algorithm, or raise `ValueError`."""
    try:
        payload: bytes = jws.verify(token, verifying, algorithms=[algorithm])
    except (JOSEError, TypeError, ValueError, RecursionError):
        raise ValueError("signature") from None
    return payload
