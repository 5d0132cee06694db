"""Whatever is handed out for one thing opens no other: each token, cursor and signature is tried as each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx import AsyncClient, Response

from infra.settings import Settings
from tests.newsroom import Clock, Newsroom, Office, People, paragraph, words
from tests.oidc import Provider, provider_at, trusting
from tests.partners import posted, program
from tests.signing_in import REVOKE, TOKEN, account_of, refresh, sign_in

USES = (
    "access",
    "outside",
    "refresh",
    "preview",
    "gift",
    "list cursor",
    "sync cursor",
    "search cursor",
    "signature",
    "secret",
)
BEHIND = "qzbehind"


@dataclass(frozen=True)
class Things:
    """One of each, the picture whose address is signed, and the client whose secret it is."""

    given: dict[str, str]
    picture: str
    expires: str
    client_id: str


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provider_at() as provider:
        yield provider


@pytest.fixture
def settings(settings: Settings, provider: Provider) -> Settings:
    return trusting(settings, provider.setting())


@pytest.fixture
async def things(newsroom: Newsroom, office: Office, people: People, clock: Clock, provider: Provider) -> Things:
    client = newsroom.client
    medium = await newsroom.medium()
    body = [
        paragraph(words(100)),
        {"_type": "image", "media_id": medium["id"]},
        paragraph(f"{words(20)} {BEHIND}"),
    ]
    for at in range(2):
        await newsroom.published(
            title=f"Harbour {at}", slug=f"one-{at}", body=body, access={"requires": "subscriber"}
        )
    draft = await newsroom.draft()
    preview = (await newsroom.send("POST", f"/articles/{draft['id']}/previews")).json()
    signed_in = await sign_in(client, await account_of(people, "subscriber"))
    bearer = {"Authorization": f"Bearer {signed_in['access_token']}"}
    article = (await client.get("/v1/articles/one-0", headers=bearer)).json()
    image = next(block for block in article["body"] if block["_type"] == "image")
    address = urlsplit(image["media"]["url"])
    query = parse_qs(address.query)

    async def cursor(path: str) -> str:
        token: str = (await client.get(path)).json()["next_cursor"]
        return token

    partner = await program(office)
    gift = (await client.post("/v1/articles/one-0/gifts", headers=bearer)).json()["url"]
    given = {
        "gift": gift.partition("gift=")[2],
        "secret": partner.secret,
        "access": signed_in["access_token"],
        "refresh": signed_in["refresh_token"],
        "outside": provider.token(clock, "abonne"),
        "preview": preview["token"],
        "list cursor": await cursor("/v1/articles?limit=1"),
        "sync cursor": await cursor("/v1/sync?limit=1"),
        "search cursor": await cursor("/v1/search?q=harbour&limit=1"),
        "signature": query["signature"][0],
    }
    return Things(given, address.path, query["expires"][0], partner.id)


async def used(  # noqa: PLR0911 - one a use
    client: AsyncClient, things: Things, use: str, thing: str
) -> Response:
    match use:
        case "access" | "outside":
            return await client.get("/v1/me", headers={"Authorization": f"Bearer {thing}"})
        case "refresh":
            return await refresh(client, thing)
        case "revoke":
            return await client.post(REVOKE, data={"token": thing})
        case "secret":
            return await client.post(TOKEN, data=posted(things.client_id, thing))
        case "gift":
            return await client.get("/v1/articles/one-0", params={"gift": thing})
        case "preview":
            return await client.get(f"/v1/previews/{thing}")
        case "signature":
            return await client.get(things.picture, params={"expires": things.expires, "signature": thing})
        case _:
            path, asked = use.removesuffix(" cursor"), {"limit": "1", "cursor": thing}
            if path == "search":
                asked["q"] = "harbour"
            return await client.get("/v1/articles" if path == "list" else f"/v1/{path}", params=asked)


@pytest.mark.parametrize("use", USES)
async def test_nothing_is_good_for_anything_else(client: AsyncClient, things: Things, use: str) -> None:
    for kind, thing in things.given.items():
        if kind != use and {kind, use} != {"access", "outside"}:  # both are access tokens
            response = await used(client, things, use, thing)
            is_teaser = use == "gift" and BEHIND not in response.text
            assert is_teaser or response.status_code in {400, 401, 404}, (kind, use, response.text)
            assert thing not in response.text, (kind, use)
    good = await used(client, things, use, things.given[use])
    assert good.is_success, "as what it is, it is good"
    assert (BEHIND in good.text) is (use == "gift")


async def test_only_tokens_of_a_session_end_one(client: AsyncClient, things: Things) -> None:
    for kind, thing in things.given.items():
        if kind not in {"access", "refresh"}:
            ended = await used(client, things, "revoke", thing)
            assert ended.status_code == (400 if kind == "outside" else 200)
    assert (await used(client, things, "access", things.given["access"])).status_code == 200
    await used(client, things, "revoke", things.given["refresh"])
    assert (await used(client, things, "access", things.given["access"])).status_code == 401
