"""Tokens that say they are of an outside issuer's and are not, and good ones that are for something else."""

import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI
from httpx import AsyncClient

from infra.keys import Keyring, SigningKey, load_keyring
from infra.settings import Settings
from infra.tables import accounts, identities
from infra.tokens import MAX_BYTES
from tests.api.serving import serving
from tests.forging import b64, bearers, claims_of, es256, header_of, hs, not_refused, own, ps256, rs256, token_of
from tests.newsroom import Clock, People
from tests.oidc import Provider, key_number, provider_at, trusting


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provider_at() as provider:
        yield provider


@pytest.fixture
def other() -> Iterator[Provider]:
    """Another issuer that is trusted, for less."""
    with provider_at("/other") as provider:
        provider.keys = [key_number(2), key_number(3)]
        yield provider


@pytest.fixture
def settings(settings: Settings, provider: Provider, other: Provider) -> Settings:
    return trusting(settings, provider.setting(), other.setting(role_claim=None, roles=None, audience="other"))


@pytest.fixture
def keyring(settings: Settings) -> Keyring:
    return load_keyring(settings)


@pytest.fixture(autouse=True)
async def _nobody_came_of_it(app: FastAPI, client: AsyncClient, clock: Clock, provider: Provider) -> Any:
    """A good token is good before and after; what was refused has left no row."""
    good = provider.bearer(clock, "chef", sub="good")
    assert (await client.get("/v1/me", headers=good)).json()["roles"] == ["admin", "reader"]
    yield
    assert (await client.get("/v1/me", headers=good)).status_code == 200
    async with app.state.parts.database.read() as connection:
        subjects = {row.subject for row in await connection.execute(identities.select())}
        names = {row.name for row in await connection.execute(accounts.select())}
    assert subjects <= {"good"}
    assert names <= {"Reader", "Somebody"}


def public_forms(key: SigningKey) -> dict[str, bytes]:
    """A public key in every form that somebody may take for a secret."""
    public = key.private.public_key()
    forms = {
        "PEM": key.public_pem.encode(),
        "PEM without its last newline": key.public_pem.strip().encode(),
        "DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "JWK": json.dumps(key.public_jwk).encode(),
        "JWK, compact": json.dumps(key.public_jwk, separators=(",", ":")).encode(),
        "JWK, members only": json.dumps(key.public_jwk_members).encode(),
        "JWKS": json.dumps({"keys": [key.public_jwk]}).encode(),
        "kid": key.kid.encode(),
        "nothing": b"",
    }
    for name in ("n", "x", "y"):
        if encoded := key.public_jwk_members.get(name):
            forms[f"{name}, encoded"] = encoded.encode()
            forms[f"{name}, raw"] = b64decode(encoded + "==", altchars=b"-_")
    return forms


@pytest.mark.parametrize("at", [0, 1])
async def test_no_public_key_is_a_secret_neither_theirs_nor_ours(
    client: AsyncClient, clock: Clock, provider: Provider, keyring: Keyring, at: int
) -> None:
    given: dict[str, str] = {}
    for whose, key in (("theirs", provider.keys[at]), ("ours", keyring[at])):
        for kid in {provider.keys[at].kid, key.kid}:
            claims = provider.claims(clock, "chef")
            for name, secret in public_forms(key).items():
                for bits in (256, 384, 512):
                    header = provider.header(alg=f"HS{bits}", kid=kid)
                    given[f"HS{bits} with {whose}, {name}, {kid}"] = token_of(header, claims, hs(secret, bits))
                header = provider.header(provider.keys[at], kid=kid)
                given[f"HMAC with {whose}, {name}, {kid}"] = token_of(header, claims, hs(secret))
    assert await not_refused(client, bearers(given)) == {}


async def test_no_algorithm_is_none_of_theirs(client: AsyncClient, clock: Clock, provider: Provider) -> None:
    key, given = provider.keys[0], dict[str, str]()
    algorithms: tuple[object, ...] = ("none", "None", "nOnE", "", " ", 0, False, [], {}, ["RS256"], None, "PS256")
    for algorithm in (*algorithms, "rs256", "RS384", "RS512", "ES384", "HS256", "EdDSA", "dir", "RSA-OAEP"):
        signed = token_of(provider.header(alg=algorithm), provider.claims(clock, "chef"), own(key))
        start, signature = signed.rsplit(".", 1)
        given |= {
            f"{algorithm!r} well signed": signed,
            f"{algorithm!r} with no signature": f"{start}.",
            f"{algorithm!r} in two segments": start,
            f"{algorithm!r} in four": f"{start}.{signature}.",
            f"{algorithm!r} in five": f"{start}.{signature}.{signature}.{signature}",
        }
    del given["None well signed"]
    given["no algorithm"] = token_of(
        {name: value for name, value in provider.header().items() if name != "alg"},
        provider.claims(clock, "chef"),
        own(key),
    )
    assert await not_refused(client, bearers(given)) == {}


async def test_nobody_is_asked_for_a_key_that_would_make_nothing_good(
    client: AsyncClient, clock: Clock, provider: Provider
) -> None:
    claims, key, before = provider.claims(clock, "chef"), key_number(4), len(provider.asked)
    headers = [provider.header(key, alg=algorithm) for algorithm in ("none", "HS256", "PS256", "RS512")]
    headers += [
        provider.header(key, typ="JWT"),
        provider.header(key, crit=["b64"]),
        provider.header(kid="k" * 256),
    ]
    given = {str(at): token_of(header, claims, own(key)) for at, header in enumerate(headers)}
    assert await not_refused(client, bearers(given)) == {}
    assert len(provider.asked) == before


async def test_the_token_does_not_choose_its_key(
    client: AsyncClient, clock: Clock, provider: Provider, other: Provider, keyring: Keyring
) -> None:
    rsa, curve = provider.keys
    stranger, strange_curve = key_number(4), key_number(5)
    claims, theirs = provider.claims(clock, "chef"), rs256(stranger)
    ours, with_jwk = provider.header(rsa), {"jwk": stranger.public_jwk}
    kids: list[Any] = [
        "",
        " ",
        "../../../dev/null",
        "..\\keys",
        "' OR 1=1--",
        "\x00",
        "\ud800",
        0,
        True,
        [rsa.kid],
    ]
    kids += [{}, "k" * 4000, f"{rsa.kid} ", rsa.kid.upper(), f"{provider.issuer}/keys", "file:///etc/passwd"]
    given = {f"kid {kid!r}"[:60]: token_of(provider.header(kid=kid), claims, rs256(rsa)) for kid in kids}
    given |= {
        "no kid": token_of(provider.header(kid=None), claims, rs256(rsa)),
        "a stranger's key and a good kid": token_of(ours, claims, theirs),
        "a stranger's key and kid": token_of(provider.header(stranger), claims, theirs),
        "embedded jwk": token_of({**ours, **with_jwk}, claims, theirs),
        "embedded jwk and its kid": token_of({**provider.header(stranger), **with_jwk}, claims, theirs),
        "only an embedded jwk": token_of({**provider.header(kid=None), **with_jwk}, claims, theirs),
        "jku": token_of({**ours, "jku": f"{other.issuer}/keys"}, claims, theirs),
        "jku of another issuer": token_of(
            {**provider.header(other.keys[0]), "jku": f"{other.issuer}/keys"}, claims, rs256(other.keys[0])
        ),
        "x5u": token_of({**ours, "x5u": "https://keys.example/chain.pem"}, claims, theirs),
        "x5c": token_of({**ours, "x5c": ["MIIB"], "x5t": "", "x5t#S256": ""}, claims, theirs),
        "our kid and their key": token_of(provider.header(kid=keyring[0].kid), claims, rs256(rsa)),
        "our kid and our key": token_of(provider.header(keyring[0]), claims, own(keyring[0])),
        "our curve": token_of(provider.header(keyring[1]), claims, own(keyring[1])),
        "their kid and our key": token_of(ours, claims, own(keyring[0])),
        "RS256 with the kid of the curve": token_of(provider.header(curve, alg="RS256"), claims, rs256(rsa)),
        "ES256 with the kid of RSA": token_of(provider.header(rsa, alg="ES256"), claims, es256(curve)),
        "PS256 that says RS256": token_of(ours, claims, ps256(rsa)),
        "another curve key": token_of(provider.header(curve), claims, es256(strange_curve)),
        "ES256 of zeros": token_of(provider.header(curve), claims, lambda _: bytes(64)),
        "ES256 of ones": token_of(provider.header(curve), claims, lambda _: b"\xff" * 64),
        "ES256 of nothing": token_of(provider.header(curve), claims, lambda _: b"\x00"),
        "ES256 in DER": token_of(provider.header(curve), claims, lambda _: b"\x30\x06\x02\x01\x00\x02\x01\x00"),
    }
    before = len(provider.asked) + len(other.asked)
    assert await not_refused(client, bearers(given)) == {}
    assert len(provider.asked) + len(other.asked) <= before + 2, "metadata and keys, once"


async def test_an_embedded_key_is_not_looked_at_in_a_good_token(
    client: AsyncClient, clock: Clock, provider: Provider
) -> None:
    header = {
        **provider.header(),
        "jwk": key_number(4).public_jwk,
        "jku": "https://keys.example/",
        "x5u": 1,
        "x5c": [],
    }
    token = token_of(header, provider.claims(clock, sub="good"), own(provider.keys[0]))
    assert (await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})).status_code == 200


async def test_issuers_are_never_mixed_up(
    client: AsyncClient, people: People, clock: Clock, provider: Provider, other: Provider, keyring: Keyring
) -> None:
    admin = await people.add("admin")
    ours = claims_of(admin, clock())
    given: dict[str, str] = {}
    names = {"provider": provider.issuer, "other": other.issuer, "us": "https://api.test"}
    keys = {"provider": provider.keys[0], "other": other.keys[0], "us": keyring[0]}
    for named, issuer in names.items():
        for signing, key in keys.items():
            for audience in (
                "https://api.test",
                "other",
                "standfirst",
                ["https://api.test", "other", "standfirst"],
            ):
                is_good = named == signing and audience != "other" if named == "provider" else False
                if is_good and audience != "standfirst":
                    continue
                if named == signing == "other" and "other" in audience:
                    continue
                if named == signing == "us":
                    continue
                claims = {
                    **provider.claims(clock, "chef"),
                    **ours,
                    "iss": issuer,
                    "aud": audience,
                    "sub": admin.id,
                }
                given[f"{named} by {signing} for {audience}"] = token_of(provider.header(key), claims, own(key))
    assert len(given) > 20
    variants: list[Any] = [
        f"{provider.issuer}/",
        provider.issuer.upper(),
        provider.issuer.replace("127.0.0.1", "localhost"),
    ]
    variants += [
        provider.issuer[:-1],
        f" {provider.issuer}",
        f"{provider.issuer}#",
        f"{provider.issuer}\x00",
        "",
        None,
    ]
    variants += [[provider.issuer], {provider.issuer: 1}, 1, True, f"https://api.test {provider.issuer}"]
    for issuer in variants:
        for key in (provider.keys[0], keyring[0]):
            claims = {**provider.claims(clock, "chef", sub=admin.id), "iss": issuer}
            given[f"{issuer!r} by {key.kid}"] = token_of(provider.header(key), claims, own(key))
    assert await not_refused(client, bearers(given)) == {}


async def test_our_own_token_is_not_theirs_and_says_the_same_as_before(
    client: AsyncClient, people: People, clock: Clock, keyring: Keyring
) -> None:
    admin = await people.add("admin")
    token = token_of(header_of(keyring[0]), claims_of(admin, clock()), own(keyring[0]))
    me = (await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})).json()
    assert (me["id"], me["issuer"], me["roles"]) == (admin.id, None, ["admin"])


async def test_no_part_of_a_token_can_be_changed(client: AsyncClient, clock: Clock, provider: Provider) -> None:
    given: dict[str, str] = {}
    for key in provider.keys:
        header, payload, signature = provider.token(clock, key=key, sub="good").split(".")
        more = b64(json.dumps(provider.claims(clock, "chef")).encode())
        another = b64(json.dumps({**provider.header(key), "x": 1}).encode())
        given |= {
            f"{key.algorithm} other claims": f"{header}.{more}.{signature}",
            f"{key.algorithm} other header": f"{another}.{payload}.{signature}",
            f"{key.algorithm} signature cut": f"{header}.{payload}.{signature[:-4]}",
            f"{key.algorithm} signature longer": f"{header}.{payload}.{signature}AAAA",
            f"{key.algorithm} signature with junk": f"{header}.{payload}.{signature}!!!!",
            f"{key.algorithm} padded": f"{header}.{payload}.{signature}==",
            f"{key.algorithm} space within": f"{header}.{payload}. {signature}",
            f"{key.algorithm} payload padded": f"{header}.{payload}=.{signature}",
            f"{key.algorithm} no header": f".{payload}.{signature}",
            f"{key.algorithm} no payload": f"{header}..{signature}",
        }
    assert await not_refused(client, bearers(given)) == {}


async def test_what_is_no_token_is_refused(client: AsyncClient, clock: Clock, provider: Provider) -> None:
    key, claims = provider.keys[0], provider.claims(clock, "chef")
    deep = b'{"a":' * 900 + b"1" + b"}" * 900
    very_deep = b"[" * 2900 + b"]" * 2900
    given = {
        "too long": provider.token(clock, "chef", padding="a" * MAX_BYTES),
        "a list as claims": token_of(provider.header(), b"[]", own(key)),
        "text as claims": token_of(provider.header(), b'"a"', own(key)),
        "no JSON as claims": token_of(provider.header(), b"{", own(key)),
        "not UTF-8": token_of(provider.header(), b'{"iss": "\xff"}', own(key)),
        "UTF-16": token_of(provider.header(), json.dumps(claims).encode("utf-16"), own(key)),
        "a list as header": token_of(b"[]", claims, own(key)),
        "null as header": token_of(b"null", claims, own(key)),
        "deep header": token_of(deep, claims, own(key)),
        "very deep claims": token_of(provider.header(), very_deep, own(key)),
        "nothing": "..",
        "dots": "....",
        "a name": provider.issuer,
    }
    assert await not_refused(client, bearers(given)) == {}


async def test_an_issuer_that_marks_nothing_is_taken_with_its_id_tokens_left_out(
    settings: Settings, clock: Clock, provider: Provider
) -> None:
    async with serving(trusting(settings, provider.setting(types=["JWT"])), clock) as client:
        key = provider.keys[0]

        def token(**claims: Any) -> str:
            return token_of(provider.header(typ="JWT"), provider.claims(clock, sub="good", **claims), own(key))

        for good in ({}, {"typ": "Bearer"}, {"token_use": "access"}):
            me = await client.get("/v1/me", headers={"Authorization": f"Bearer {token(**good)}"})
            assert me.status_code == 200, me.text
        given = {
            "an ID token": token(nonce="n"),
            "another": token(at_hash="h", c_hash="h"),
            "Keycloak's": token(typ="ID"),
            "a refresh token": token(typ="Refresh"),
            "for the site": token(aud="site"),
            "at+jwt": provider.token(clock),
        }
        assert await not_refused(client, bearers(given)) == {}


async def test_an_issuer_without_types_is_taken_where_claims_say_what_a_token_is(
    settings: Settings, clock: Clock, provider: Provider
) -> None:
    key = provider.keys[0]

    def token(typ: str | None = None, **claims: Any) -> str:
        return token_of(provider.header(typ=typ), provider.claims(clock, sub="good", **claims), own(key))

    untyped: dict[str, dict[str, Any]] = {
        "a scope": {"scope": "openid"},
        "scopes": {"scp": ["openid"]},
        "a use": {"token_use": "access"},
    }
    given = bearers({name: token(**claims) for name, claims in untyped.items()})
    async with serving(trusting(settings, provider.setting(types=[None])), clock) as client:
        for name, value in given.items():
            me = await client.get("/v1/me", headers={"Authorization": value})
            assert me.status_code == 200, name
        others = {
            "as an ID token has it": token(),
            "an ID token with a scope": token(scope="openid", nonce="n"),
            "used as an ID token": token(scope="openid", token_use="id"),
            "for the site": token(scope="openid", aud="site"),
            "JWT": token("JWT", scope="openid"),
            "at+jwt": token("at+jwt", scope="openid"),
            "no word": token("", scope="openid"),
        }
        header = json.dumps(provider.header() | {"typ": None}).encode()
        others["null"] = token_of(header, provider.claims(clock, sub="good", scope="openid"), own(key))
        assert await not_refused(client, bearers(others)) == {}
    async with serving(trusting(settings, provider.setting(types=["JWT", "at+jwt"])), clock) as client:
        assert await not_refused(client, given) == {}


async def test_no_flag_of_a_request_widens_what_somebody_may(
    client: AsyncClient, clock: Clock, provider: Provider
) -> None:
    headers = provider.bearer(clock, sub="good")
    for more in (
        {"X-Roles": "admin", "X-Forwarded-User": "admin", "X-Forwarded-Groups": "chef"},
        {"X-Issuer": "https://api.test", "X-Original-Authorization": "Bearer a"},
    ):
        me = (await client.get("/v1/me", headers={**headers, **more})).json()
        assert me["roles"] == ["reader"]
        assert (await client.get("/v1/admin/accounts", headers={**headers, **more})).status_code == 403
    for asked in ({"roles": "admin"}, {"issuer": "https://api.test"}, {"access_token": "a"}):
        assert (await client.get("/v1/me", headers=headers, params=asked)).status_code == 400
    for sent in (
        {"roles": ["admin"]},
        {"issuer": "https://api.test"},
        {"subject": "a"},
        {"id": "a"},
        {"is_blocked": False},
    ):
        assert (await client.patch("/v1/me", headers=headers, json=sent)).status_code == 422
    both = [
        ("Authorization", headers["Authorization"]),
        ("Authorization", provider.bearer(clock, "chef")["Authorization"]),
    ]
    assert (await client.get("/v1/me", headers=both)).status_code == 401
