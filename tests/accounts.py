"""An account by the API, as tests need one: signing up with the link from the letter, and signing in."""

from httpx import AsyncClient

from tests.letters import letters_to, token_in
from tests.newsroom import Json, People
from tests.signing_in import TOKEN

ACCOUNTS = "/v1/accounts"
PASSWORD = "a long enough password"
ANOTHER = "another long password"
ADA = "ada@example.org"


def form(**changes: object) -> Json:
    return {"email": ADA, "password": PASSWORD, "name": "Ada Moor", "language": "fr", **changes}


async def sign_up(client: AsyncClient, people: People, email: str = ADA, **changes: object) -> Json:
    """Make an account, and return the tokens that it signs in with."""
    assert (await client.post(ACCOUNTS, json=form(email=email, **changes))).status_code == 202
    letter = (await letters_to(people.parts, email))[-1]
    link = {"token": token_in(letter), "password": changes.get("password", PASSWORD)}
    confirmed = await client.post(f"{ACCOUNTS}/confirm", json=link)
    assert confirmed.status_code == 200, confirmed.text
    return await sign_in(client, email)


async def sign_in(client: AsyncClient, email: str = ADA, password: str = PASSWORD) -> Json:
    """The tokens that somebody gets, or why not."""
    response = await client.post(TOKEN, data={"grant_type": "password", "username": email, "password": password})
    answer: Json = response.json()
    return answer if response.status_code == 200 else {"refused": answer["error"]}


def bearer(tokens: Json) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}
