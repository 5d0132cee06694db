"""What comes in `Authorization` and is no access token at all."""

import random
from datetime import UTC, datetime

import pytest
from httpx import AsyncClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from domain.errors import Unidentified
from infra.ids import new_id
from infra.passwords import hash_password
from infra.rotation import Keys
from infra.settings import Settings
from infra.tokens import MAX_BYTES, Tokens
from tests.forging import b64, bearers, not_refused
from tests.newsroom import People

WHEN = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
HALF_A_PAIR = rb'{"kid": "\ud800", "alg": "RS256"}'
LONG_NUMBER = b'{"kid": ' + b"9" * 5000 + b"}"
NO_TOKENS = {
    "one word": "garbage",
    "dots": "..",
    "many dots": "." * 2000,
    "one segment": "a",
    "two segments": "a.b",
    "three of nothing": "a.b.c",
    "no header": ".e30.c2ln",
    "no claims": "e30..c2ln",
    "header null": f"{b64(b'null')}.e30.c2ln",
    "header list": f"{b64(b'[]')}.e30.c2ln",
    "header number": f"{b64(b'1')}.e30.c2ln",
    "header broken": f"{b64(b'{')}.e30.c2ln",
    "header empty": "e30.e30.c2ln",
    "header not UTF-8": f"{b64(bytes([0xFF, 0xFE, 0x80]))}.e30.c2ln",
    "header UTF-16": f"{b64('{}'.encode('utf-16'))}.e30.c2ln",
    "header with half a surrogate pair": f"{b64(HALF_A_PAIR)}.e30.c2ln",
    "header nested deep": f"{b64(b'[' * 5000)}.e30.c2ln",
    "header with a long number": f"{b64(LONG_NUMBER)}.e30.c2ln",
    "JWE of five parts": ".".join(b64(part) for part in (b'{"alg":"dir","enc":"A256GCM"}', b"", b"i", b"c", b"t")),
    "JWS in JSON": '{"payload":"e30","signatures":[]}',
    "not Base64": "!!!.!!!.!!!",
    "a comma": "a.b.c, Bearer a.b.c",
    "a quote": 'a"b',
}


async def test_garbage_is_a_401(client: AsyncClient) -> None:
    assert await not_refused(client, bearers(NO_TOKENS)) == {}


async def test_a_good_token_cut_anywhere_is_a_401(client: AsyncClient, people: People) -> None:
    token = people.token(await people.add("admin"))
    cuts = random.Random(2).sample(range(len(token) - 1), 40)
    dots = [at for at, character in enumerate(token) if character == "."]
    given = {f"first {at}": token[:at] for at in [*cuts, *dots, *(dot + 1 for dot in dots)]}
    given |= {f"without the first {at}": token[at:] for at in (1, 5, *(dot + 1 for dot in dots))}
    given |= {
        "no header": token[dots[0] :],
        "no signature": token[: dots[1] + 1],
        "empty middle": f"{token[: dots[0]]}..{token[dots[1] + 1 :]}",
        "a fourth part": f"{token}.e30",
        "twice": token + token,
        "five parts": f"{token}.a.b",
    }
    assert await not_refused(client, bearers(given)) == {}


async def test_other_credentials_are_a_401(client: AsyncClient, people: People) -> None:
    token = people.token(await people.add("admin"))
    values = {
        "nothing": "",
        "space": " ",
        "only the scheme": "Bearer",
        "the scheme and spaces": "Bearer    ",
        "no scheme": token,
        "basic": "Basic YWRtaW46YWRtaW4=",
        "digest": 'Digest username="a"',
        "DPoP": f"DPoP {token}",
        "token": f"Token {token}",
        "bearers": f"Bearers {token}",
        "a colon": f"Bearer: {token}",
        "a tab": f"Bearer\t{token}",
        "two tokens": f"Bearer {token} {token}",
        "a list": f"Bearer {token}, Basic YTpi",
        "quoted": f'Bearer "{token}"',
        "not UTF-8": b"Bearer \xff\xfe\x80",
        "not UTF-8 after a token": b"Bearer " + token.encode() + b"\xe9",
        "half a surrogate pair": b"Bearer \xed\xa0\x80.\xed\xa0\x80.\xed\xb0\x80",
        "another script": "Bearer ключ.ключ.ключ".encode(),
        "scheme not ASCII": b"Bear\xe9r " + token.encode(),
    }
    assert await not_refused(client, values) == {}


async def test_several_headers_are_a_401_even_when_one_is_good(client: AsyncClient, people: People) -> None:
    good = f"Bearer {people.token(await people.add('admin'))}"
    pairs = {
        "good and bad": [good, "Bearer a.b.c"],
        "bad and good": ["Bearer a.b.c", good],
        "good twice": [good, good],
        "basic and good": ["Basic YTpi", good],
        "nothing and good": ["", good],
    }
    given = {name: [("Authorization", value) for value in values] for name, values in pairs.items()}
    assert await not_refused(client, given) == {}


async def test_a_huge_token_is_a_401(client: AsyncClient, people: People) -> None:
    token = people.token(await people.add("admin"))
    for size in (MAX_BYTES + 1, 100_000, 1_000_000):
        assert await not_refused(client, bearers(_huge(token, size))) == {}


def _huge(token: str, size: int) -> dict[str, str]:
    return {
        "letters": "a" * size,
        "dots": "." * size,
        "a good one and more": token + "a" * size,
        "three huge parts": ".".join(["e" * (size // 3)] * 3),
        "brackets": f"{b64(b'[' * size)}.e30.c2ln",
    }


async def test_a_refresh_token_is_no_access_token(client: AsyncClient, people: People) -> None:
    account = await people.add("admin", password_hash=hash_password("correct horse"))
    form = {"grant_type": "password", "username": account.email, "password": "correct horse"}
    got = (await client.post("/v1/auth/token", data=form)).json()
    given = {"refresh token": got["refresh_token"], "id of a token": new_id(), "account": account.id}
    assert await not_refused(client, bearers(given)) == {}


async def test_nobody_is_told_that_a_token_is_missing_as_if_it_were_bad(client: AsyncClient) -> None:
    answer = await client.get("/v1/me")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="standfirst"'
    assert (await client.get("/v1/articles")).status_code == 200


ANYTHING = (
    st.text() | st.from_regex(r"[\w-]+\.[\w-]+\.[\w-]+") | st.binary().map(lambda data: f"{b64(data)}.e30.e30")
)


@pytest.fixture(scope="module")
def tokens(signing_keys: str) -> Tokens:
    settings = Settings(_env_file=None, signing_keys=SecretStr(signing_keys))
    return Tokens(Keys(settings), issuer="https://api.test", audience="standfirst")


@given(token=ANYTHING)
def test_whatever_it_is_it_is_refused_and_breaks_nothing(tokens: Tokens, token: str) -> None:
    with pytest.raises(Unidentified):
        tokens.verify(token, now=WHEN)


def test_a_huge_token_is_refused_for_its_size_alone(tokens: Tokens) -> None:
    good = tokens.issue("somebody", [], now=WHEN, seconds=60, token_id="t")
    long = tokens.issue("somebody", [], now=WHEN, seconds=60, token_id="t" * MAX_BYTES)
    assert tokens.verify(good, now=WHEN).subject == "somebody"
    with pytest.raises(Unidentified, match="too long"):
        tokens.verify(long, now=WHEN)
