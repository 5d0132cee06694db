"""`GET /v1/me`, the public keys, and the metadata of the token endpoint."""

import json
from base64 import urlsafe_b64decode

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from httpx import AsyncClient

from infra.ids import new_id
from infra.keys import load_keyring
from infra.settings import Settings
from infra.tokens import Tokens
from tests.newsroom import Clock, Json, People
from tests.signing_in import account_of, keys_of, sign_in

FULL, TEASER = "full", "teaser"


@pytest.mark.parametrize(
    ("role", "registered", "subscriber"),
    [
        ("reader", FULL, TEASER),
        ("subscriber", FULL, FULL),
        ("partner", TEASER, TEASER),
        ("contributor", FULL, TEASER),
        ("editor", FULL, FULL),
        ("admin", FULL, FULL),
    ],
)
async def test_everybody_is_told_who_they_are(
    client: AsyncClient, people: People, role: str, registered: str, subscriber: str
) -> None:
    account = await people.add(role, plans=("yearly", "monthly"))
    response = await client.get("/v1/me", headers={"Authorization": f"Bearer {people.token(account)}"})
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert response.json() == {
        "id": account.id,
        "email": account.email,
        "name": "Somebody",
        "language": None,
        "issuer": None,
        "roles": [role],
        "plans": ["monthly", "yearly"],
        "may_read": {"free": FULL, "registered": registered, "subscriber": subscriber},
    }


async def test_nobody_is_told_to_sign_in(client: AsyncClient) -> None:
    response = await client.get("/v1/me")
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer ")


def _verify(token: str, jwks: Json) -> Json:
    """Verify a token with what the JWKS says and nothing of ours."""
    header, payload, signature = (urlsafe_b64decode(part + "==") for part in token.split("."))
    said = json.loads(header)
    [key] = [key for key in jwks["keys"] if key["kid"] == said["kid"]]
    assert said == {"alg": key["alg"], "kid": key["kid"], "typ": "at+jwt"}
    signed = token.rpartition(".")[0].encode()
    number = {
        name: int.from_bytes(urlsafe_b64decode(key[name] + "=="), "big")
        for name in ("n", "e", "x", "y")
        if name in key
    }
    if key["kty"] == "RSA":
        rsa.RSAPublicNumbers(number["e"], number["n"]).public_key().verify(
            signature, signed, padding.PKCS1v15(), hashes.SHA256()
        )
    else:
        public = ec.EllipticCurvePublicNumbers(number["x"], number["y"], ec.SECP256R1()).public_key()
        halves = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        public.verify(encode_dss_signature(*halves), signed, ec.ECDSA(hashes.SHA256()))
    claims: Json = json.loads(payload)
    return claims


async def test_another_library_verifies_our_tokens_by_the_public_keys(
    client: AsyncClient, people: People, clock: Clock
) -> None:
    jwks = (await client.get("/.well-known/jwks.json")).json()
    account = await account_of(people, "subscriber", "reader")
    now = int(clock().timestamp())
    claims = _verify((await sign_in(client, account))["access_token"], jwks)
    assert (claims.pop("iat"), claims.pop("exp")) == (now, now + 600)
    assert claims.pop("jti")
    assert claims.pop("sid")
    assert claims == {
        "iss": "https://api.test",
        "aud": "standfirst",
        "sub": account.id,
        "client_id": "standfirst",
        "roles": ["reader", "subscriber"],
    }


async def test_a_token_of_the_second_key_verifies_by_the_public_keys_too(
    client: AsyncClient, settings: Settings, clock: Clock
) -> None:
    jwks = (await client.get("/.well-known/jwks.json")).json()
    second_first = Tokens(keys_of(*load_keyring(settings)[::-1]), issuer="https://api.test", audience="standfirst")
    token = second_first.issue("somebody", [], now=clock(), seconds=60, token_id=new_id())
    assert _verify(token, jwks)["sub"] == "somebody"
    with pytest.raises(InvalidSignature):
        _verify(token[:-8] + "AAAAAAAA", jwks)


async def test_the_public_keys_are_public_and_nothing_else_is(client: AsyncClient) -> None:
    response = await client.get("/.well-known/jwks.json")
    assert response.headers["cache-control"] == "public, max-age=3600"
    rsa_key, curve = response.json()["keys"]
    assert set(rsa_key) == {"kty", "n", "e", "kid", "use", "alg"}
    assert set(curve) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert (rsa_key["alg"], curve["alg"]) == ("RS256", "ES256")
    assert rsa_key["use"] == curve["use"] == "sig"
    assert rsa_key["e"] == "AQAB"


async def test_the_metadata_name_what_there_is(client: AsyncClient) -> None:
    response = await client.get("/.well-known/oauth-authorization-server")
    metadata = response.json()
    assert response.headers["cache-control"] == "public, max-age=3600"
    assert metadata == {
        "issuer": "https://api.test",
        "token_endpoint": "https://api.test/v1/auth/token",
        "revocation_endpoint": "https://api.test/v1/auth/revoke",
        "jwks_uri": "https://api.test/.well-known/jwks.json",
        "grant_types_supported": ["password", "refresh_token", "client_credentials"],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "revocation_endpoint_auth_methods_supported": ["none"],
    }
    assert (await client.get(metadata["jwks_uri"])).status_code == 200
    for endpoint in ("token_endpoint", "revocation_endpoint"):
        assert (await client.post(metadata[endpoint])).status_code == 400
