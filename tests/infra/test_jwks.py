"""What of a set of keys can verify, and what is passed over."""

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from infra.jwks import keys_in
from infra.keys import SigningKey
from tests.forging import b64
from tests.newsroom import Json
from tests.oidc import key_number


def jwk(key: SigningKey, **changes: Any) -> Json:
    return {name: value for name, value in {**key.public_jwk, **changes}.items() if value is not None}


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8 or 1))


def _unusable() -> Iterator[tuple[str, Json]]:
    rs, es = key_number(0), key_number(1)
    assert isinstance(rs.private, rsa.RSAPrivateKey)
    n = rs.private.public_key().public_numbers().n
    yield "a secret", {"kty": "oct", "k": "c2VjcmV0", "kid": "a", "alg": "HS256"}
    yield "a secret that says RS256", {"kty": "oct", "k": "c2VjcmV0", "kid": "a", "alg": "RS256"}
    yield "an RSA key with a secret", jwk(rs, k="c2VjcmV0")
    yield "a private key", jwk(rs, d="AQAB")
    yield "to encrypt with", jwk(rs, use="enc")
    yield "to sign with", jwk(rs, key_ops=["sign"])
    yield "operations that are no list", jwk(rs, key_ops="verify")
    yield "of another algorithm", jwk(rs, alg="RSA-OAEP")
    yield "of an algorithm that is not taken", jwk(rs, alg="RS512")
    yield "of RSA for a curve", jwk(rs, alg="ES256")
    yield "of a curve for RSA", jwk(es, alg="RS256")
    yield "without alg, of another kind", jwk(es, alg=None, kty="RSA")
    yield "without a name", jwk(rs, kid=None)
    yield "with an empty name", jwk(rs, kid="")
    yield "with a list as name", jwk(rs, kid=["a"])
    yield "with a long name", jwk(rs, kid="a" * 256)
    yield "weak", jwk(rs, n=number(n >> 1024))
    yield "endless", jwk(rs, n=number((1 << 8192) + n))
    yield "with exponent 1", jwk(rs, e=number(1))
    yield "with exponent 2", jwk(rs, e=number(2))
    yield "with a huge exponent", jwk(rs, e=number((1 << 33) + 1))
    yield "an even modulus", jwk(rs, n=number(n + 1))
    yield "with padding", jwk(rs, e="AQAB=")
    yield "with a number as number", jwk(rs, e=65537)
    yield "without e", jwk(rs, e=None)
    yield "beside the curve", jwk(es, x=number(1))
    yield "at infinity", jwk(es, x=b64(bytes(32)), y=b64(bytes(32)))
    yield "on another curve", jwk(es, crv="P-384")
    yield "on a curve that is not known", jwk(es, crv="secp256k1")
    yield "on a list of curves", jwk(es, crv=["P-256"])
    yield "of no kind", jwk(es, kty=None)
    yield "of a kind that is not taken", {"kty": "OKP", "crv": "Ed25519", "x": b64(bytes(32)), "kid": "a"}


@pytest.mark.parametrize("entry", [pytest.param(entry, id=name) for name, entry in _unusable()])
def test_what_cannot_verify_safely_is_passed_over(entry: Json) -> None:
    good = key_number(3)
    assert keys_in({"keys": [entry, good.public_jwk]}, ("RS256", "ES256")).keys() == {good.kid}


def test_of_two_keys_of_a_name_none_is_taken() -> None:
    one, other = key_number(0), key_number(2)
    twice = [one.public_jwk, jwk(other, kid=one.kid), key_number(1).public_jwk]
    assert keys_in({"keys": twice}, ("RS256", "ES256")).keys() == {key_number(1).kid}
    assert keys_in({"keys": [one.public_jwk, one.public_jwk]}, ("RS256",)) == {}


@pytest.mark.parametrize(
    ("curve", "algorithm"), [(ec.SECP256R1(), "ES256"), (ec.SECP384R1(), "ES384"), (ec.SECP521R1(), "ES512")]
)
def test_a_curve_has_one_algorithm(curve: ec.EllipticCurve, algorithm: str) -> None:
    numbers = ec.generate_private_key(curve).public_key().public_numbers()
    name = {256: "P-256", 384: "P-384", 521: "P-521"}[curve.key_size]
    entry = {"kty": "EC", "crv": name, "x": number(numbers.x), "y": number(numbers.y), "kid": "a"}
    keys = keys_in({"keys": [entry]}, ("RS256", "ES256", "ES384", "ES512"))
    assert keys["a"].verifiers.keys() == {algorithm}


def test_an_rsa_key_that_says_nothing_is_for_the_algorithms_that_are_taken() -> None:
    entry = jwk(key_number(0), alg=None, use=None)
    assert keys_in({"keys": [entry]}, ("RS256", "RS512"))[entry["kid"]].verifiers.keys() == {"RS256", "RS512"}
