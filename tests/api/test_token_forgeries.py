"""Access tokens that somebody else made: by other keys, other algorithms, or no algorithm at all."""

import json
from base64 import b64decode
from zlib import compress

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from httpx import AsyncClient

from infra.keys import Keyring, SigningKey, generate, load_keyring
from infra.settings import Settings
from tests.forging import b64, bearers, claims_of, es256, header_of, hs, not_refused, own, ps256, rs256, token_of
from tests.newsroom import Clock, Json, Office, People
from tests.partners import program

KID_OF_NOBODY = "c3RhbmRmaXJzdC1vZi1ub2JvZHkta25vd24taGVyZS4"


@pytest.fixture
def keyring(settings: Settings) -> Keyring:
    return load_keyring(settings)


@pytest.fixture(scope="module")
def stranger() -> SigningKey:
    return generate("RS256")


@pytest.fixture(params=["account", "client"])
async def claims(request: pytest.FixtureRequest, people: People, office: Office, clock: Clock) -> Json:
    """What tokens of ours say: of an administrator, and of a partner's program."""
    account = await people.add("admin")
    if request.param == "account":
        return claims_of(account, clock())
    one = await program(office)
    own_claims = {"sub": one.id, "client_id": one.id, "sid": one.made["secrets"][0]["id"], "roles": ["partner"]}
    return claims_of(account, clock(), **own_claims)


async def test_our_own_kind_of_token_is_taken(client: AsyncClient, keyring: Keyring, claims: Json) -> None:
    token = token_of(header_of(keyring[0]), claims, own(keyring[0]))
    assert (await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})).status_code == 200


def _secrets(key: SigningKey) -> dict[str, bytes]:
    """Our public key in every form that somebody may take for a secret."""
    public = key.private.public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    forms = {
        "PEM": key.public_pem.encode(),
        "PEM without its last newline": key.public_pem.strip().encode(),
        "PEM with CRLF": key.public_pem.replace("\n", "\r\n").encode(),
        "DER": der,
        "JWK": json.dumps(key.public_jwk).encode(),
        "JWK, compact": json.dumps(key.public_jwk, separators=(",", ":")).encode(),
        "JWK, members only": json.dumps(key.public_jwk_members).encode(),
        "JWKS": json.dumps({"keys": [key.public_jwk]}).encode(),
        "kid": key.kid.encode(),
        "nothing": b"",
    }
    more = {
        "OpenSSH": (Encoding.OpenSSH, PublicFormat.OpenSSH),
        "PKCS#1, PEM": (Encoding.PEM, PublicFormat.PKCS1),
        "PKCS#1, DER": (Encoding.DER, PublicFormat.PKCS1),
        "point": (Encoding.X962, PublicFormat.UncompressedPoint),
        "point, compressed": (Encoding.X962, PublicFormat.CompressedPoint),
    }
    for name, (encoding, form) in more.items():
        if name == "OpenSSH" or ("PKCS" in name) is (key.algorithm == "RS256"):
            forms[name] = public.public_bytes(encoding, form)
    for name in ("n", "x", "y"):
        if encoded := key.public_jwk_members.get(name):
            forms[f"{name}, encoded"] = encoded.encode()
            forms[f"{name}, raw"] = b64decode(encoded + "==", altchars=b"-_")
    return forms


@pytest.mark.parametrize("at", [0, 1])
async def test_our_public_key_is_no_secret(client: AsyncClient, keyring: Keyring, claims: Json, at: int) -> None:
    key = keyring[at]
    given: dict[str, str] = {}
    for name, secret in _secrets(key).items():
        for bits in (256, 384, 512):
            said = header_of(key, alg=f"HS{bits}")
            given[f"HS{bits} with {name}"] = token_of(said, claims, hs(secret, bits))
        given[f"HMAC with {name} that says {key.algorithm}"] = token_of(header_of(key), claims, hs(secret))
    assert await not_refused(client, bearers(given)) == {}


ALGORITHMS: tuple[object, ...] = (
    "none",
    "None",
    "NONE",
    "nOnE",
    "",
    " ",
    "null",
    0,
    False,
    [],
    {},
    ["none"],
    ["RS256"],
    None,
)


async def test_no_algorithm_is_none_of_ours(client: AsyncClient, keyring: Keyring, claims: Json) -> None:
    key = keyring[0]
    signature = token_of(header_of(key), claims, own(key)).rsplit(".", 1)[1]
    given: dict[str, str] = {}
    for algorithm in ALGORITHMS:
        signed = token_of(header_of(key, alg=algorithm), claims, own(key))
        start = signed.rsplit(".", 1)[0]
        given |= {
            f"{algorithm!r} with an empty signature": f"{start}.",
            f"{algorithm!r} with the signature of another": f"{start}.{signature}",
            f"{algorithm!r} well signed": signed,
            f"{algorithm!r} in two segments": start,
        }
    assert await not_refused(client, bearers(given)) == {}


async def test_the_token_does_not_choose_its_key(
    client: AsyncClient, keyring: Keyring, claims: Json, stranger: SigningKey
) -> None:
    rsa, curve = keyring
    ours, theirs = header_of(rsa), rs256(stranger)
    kids = [
        KID_OF_NOBODY,
        "",
        " ",
        "../../dev/null",
        "' OR 1=1",
        "\x00",
        "\ud800",
        0,
        True,
        [rsa.kid],
        {},
        "k" * 4000,
    ]
    given = {f"kid {kid!r}"[:60]: token_of(header_of(rsa, kid=kid), claims, rs256(rsa)) for kid in kids}
    given |= {
        "no kid": token_of(header_of(rsa, kid=None), claims, rs256(rsa)),
        "their key and our kid": token_of(ours, claims, theirs),
        "their key and their kid": token_of(header_of(stranger), claims, theirs),
        "embedded jwk": token_of({**ours, "jwk": stranger.public_jwk}, claims, theirs),
        "embedded jwk and their kid": token_of(
            {**header_of(stranger), "jwk": stranger.public_jwk}, claims, theirs
        ),
        "only an embedded jwk": token_of({**header_of(rsa, kid=None), "jwk": stranger.public_jwk}, claims, theirs),
        "jku": token_of({**ours, "jku": "https://keys.example/jwks.json"}, claims, theirs),
        "x5u": token_of({**ours, "x5u": "https://keys.example/chain.pem"}, claims, theirs),
        "x5c": token_of({**ours, "x5c": ["MIIB"]}, claims, theirs),
        "all of them": token_of(
            {**ours, "jwk": stranger.public_jwk, "jku": "https://a.example", "x5u": "", "x5c": [], "x5t": ""},
            claims,
            theirs,
        ),
        "RS256 with the kid of the curve": token_of(header_of(curve, alg="RS256"), claims, rs256(rsa)),
        "RS256 with the header of the curve": token_of(header_of(curve), claims, rs256(rsa)),
        "ES256 with the kid of RSA": token_of(header_of(rsa, alg="ES256"), claims, es256(curve)),
        "ES256 with the header of RSA": token_of(header_of(rsa), claims, es256(curve)),
        "PS256": token_of(header_of(rsa, alg="PS256"), claims, ps256(rsa)),
        "PS256 that says RS256": token_of(ours, claims, ps256(rsa)),
        "RS512": token_of(header_of(rsa, alg="RS512"), claims, rs256(rsa)),
        "rs256": token_of(header_of(rsa, alg="rs256"), claims, rs256(rsa)),
        "ES256 of zeros": token_of(header_of(curve), claims, lambda _: bytes(64)),
        "ES256 of nothing": token_of(header_of(curve), claims, lambda _: b""),
    }
    assert await not_refused(client, bearers(given)) == {}


async def test_an_embedded_key_is_not_looked_at_in_a_good_token(
    client: AsyncClient, keyring: Keyring, claims: Json, stranger: SigningKey
) -> None:
    header = {**header_of(keyring[0]), "jwk": stranger.public_jwk, "jku": "https://keys.example/jwks.json"}
    token = token_of(header, claims, own(keyring[0]))
    assert (await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})).status_code == 200


async def test_only_access_tokens_are_access_tokens(client: AsyncClient, keyring: Keyring, claims: Json) -> None:
    key = keyring[0]
    types = ["JWT", "jwt", "", "at-jwt", "rt+jwt", "application/jwt", "at+jwt ", 1, True, [], {}, ["at+jwt"]]
    given = {f"typ {kind!r}": token_of(header_of(key, typ=kind), claims, own(key)) for kind in types}
    id_token = {"nonce": "n", "at_hash": "h", "auth_time": claims["iat"], "email": "a@example.org"}
    given |= {
        "no typ": token_of(header_of(key, typ=None), claims, own(key)),
        "an id token": token_of(header_of(key, typ="JWT"), {**claims, **id_token}, own(key)),
        "an id token that says at+jwt": token_of(header_of(key), {**claims, **id_token}, own(key)),
    }
    inner = token_of(header_of(key), claims, own(key))
    deflated = compress(json.dumps(claims).encode(), wbits=-15)
    given |= {
        "a token in a token": token_of(header_of(key, cty="JWT"), inner.encode(), own(key)),
        "a token in a token, quoted": token_of(header_of(key, cty="JWT"), json.dumps(inner).encode(), own(key)),
        "compressed": token_of(header_of(key, zip="DEF"), deflated, own(key)),
    }
    critical: list[object] = [["b64"], ["exp"], [], "exp", None, {}, 1]
    given |= {
        f"crit {names!r}": token_of(json.dumps({**header_of(key), "crit": names}).encode(), claims, own(key))
        for names in critical
    }
    assert await not_refused(client, bearers(given)) == {}


async def test_no_part_of_a_token_can_be_changed(client: AsyncClient, keyring: Keyring, claims: Json) -> None:
    given: dict[str, str] = {}
    for key in keyring:
        header, payload, signature = token_of(header_of(key), claims, own(key)).split(".")
        other = b64(json.dumps({**claims, "roles": ["admin", "editor"]}).encode())
        another = b64(json.dumps(header_of(key, x=1)).encode())
        given |= {
            f"{key.algorithm} other claims": f"{header}.{other}.{signature}",
            f"{key.algorithm} other header": f"{another}.{payload}.{signature}",
            f"{key.algorithm} signature cut": f"{header}.{payload}.{signature[:-4]}",
            f"{key.algorithm} signature longer": f"{header}.{payload}.{signature}AAAA",
            f"{key.algorithm} signature turned": f"{header}.{payload}.{signature[::-1]}",
            f"{key.algorithm} signature with junk": f"{header}.{payload}.{signature}!!!!",
            f"{key.algorithm} junk in the signature": f"{header}.{payload}.{signature[:9]}!{signature[9:]}",
            f"{key.algorithm} padded": f"{header}.{payload}.{signature}==",
            f"{key.algorithm} space within": f"{header}.{payload}. {signature}",
            f"{key.algorithm} payload padded": f"{header}.{payload}=.{signature}",
        }
    assert await not_refused(client, bearers(given)) == {}
