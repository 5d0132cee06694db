"""Tokens made by hand, without the library that the server verifies them with."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from domain.people import Account
from infra.keys import SigningKey
from tests.newsroom import Json

Signer = Callable[[bytes], bytes]
READS = ("/v1/me", "/v1/articles/there-is-none")


class _Reads(Protocol):
    async def get(self, url: str, *, headers: Any) -> httpx.Response: ...


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def token_of(header: Json | bytes, claims: Json | bytes, sign: Signer) -> str:
    """A compact JWS of exactly this."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)]
    signed = ".".join(map(b64, parts))
    return f"{signed}.{b64(sign(signed.encode()))}"


def own(key: SigningKey) -> Signer:
    """The signature that this key is for."""
    return rs256(key) if key.algorithm == "RS256" else es256(key)


def rs256(key: SigningKey) -> Signer:
    private = key.private
    assert isinstance(private, rsa.RSAPrivateKey)
    return lambda data: private.sign(data, padding.PKCS1v15(), hashes.SHA256())


def ps256(key: SigningKey) -> Signer:
    private = key.private
    assert isinstance(private, rsa.RSAPrivateKey)
    return lambda data: private.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def es256(key: SigningKey) -> Signer:
    private = key.private
    assert isinstance(private, ec.EllipticCurvePrivateKey)

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return sign


def hs(secret: bytes, bits: int = 256) -> Signer:
    return lambda data: hmac.new(secret, data, f"sha{bits}").digest()


def header_of(key: SigningKey, **changes: Any) -> Json:
    """The header of our own tokens, changed; None takes a member out."""
    return _changed({"typ": "at+jwt", "alg": key.algorithm, "kid": key.kid}, changes)


def claims_of(account: Account, now: datetime, **changes: Any) -> Json:
    """The claims of our own tokens, changed; None takes one out."""
    seconds = int(now.timestamp())
    good = {
        "iss": "https://api.test",
        "aud": "standfirst",
        "sub": account.id,
        "iat": seconds,
        "exp": seconds + 600,
        "jti": "0197-made-by-hand",
        "roles": sorted(account.roles),
    }
    return _changed(good, changes)


def _changed(good: Json, changes: Json) -> Json:
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


async def not_refused(client: _Reads, given: dict[str, Any]) -> dict[str, str]:
    """Send each `Authorization` (or list of headers) to both operations; return what is no proper 401."""
    wrong = {}
    for name, value in given.items():
        headers = value if isinstance(value, list) else [("Authorization", value)]
        for path in READS:
            response = await client.get(path, headers=headers)
            if not _is_refusal(response):
                wrong[f"{name} at {path}"] = f"{response.status_code} {response.text}"
    return wrong


def _is_refusal(response: httpx.Response) -> bool:
    if response.status_code != 401 or response.headers["content-type"] != "application/problem+json":
        return False
    challenge = response.headers["www-authenticate"]
    problem = response.json()
    return (
        challenge.startswith("Bearer ")
        and 'error="invalid_token"' in challenge
        and response.headers["cache-control"] == "no-store"
        and problem["type"] == "/problems/unauthorized"
        and problem["status"] == 401
    )


def bearers(tokens: dict[str, str]) -> dict[str, str]:
    return {name: f"Bearer {token}" for name, token in tokens.items()}
