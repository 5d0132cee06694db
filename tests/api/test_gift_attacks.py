"""Gifts in the wrong hands: what is no gift for this article opens nothing, and nothing tells of a token."""

import logging
import secrets
from collections.abc import Callable

import pytest
from httpx import AsyncClient

from tests.api.test_gifts import BODY, FORMATS, GATE, SECRET, gated, given, opens
from tests.newsroom import Json, Newsroom, Office, People, paragraph, words
from tests.partners import program, token_of

Attack = Callable[[str], str]
NO_GIFTS: dict[str, Attack] = {
    "guessed": lambda _: secrets.token_urlsafe(32),
    "empty": lambda _: "",
    "upper": lambda token: token.upper(),
    "swapped": lambda token: token.swapcase(),
    "shorter": lambda token: token[:-1],
    "longer": lambda token: f"{token}A",
    "padded": lambda token: f"{token}=",
    "spaced": lambda token: f" {token}",
    "a line": lambda token: f"{token}\n",
    "any": lambda _: "%",
    "like": lambda token: f"{token[:20]}%",
    "sql": lambda token: f"{token}' OR '1'='1",
    "star": lambda _: "*",
    "null": lambda _: "null",
    "very long": lambda token: token * 1_000,
    "other letters": lambda _: "ſ" * 43,
    "twice": lambda token: f"{token},{token}",
}


@pytest.fixture
async def giver(people: People) -> Json:
    return await people.headers("subscriber")


@pytest.mark.parametrize("name", NO_GIFTS)
async def test_what_is_no_gift_is_as_if_none_came(
    client: AsyncClient, newsroom: Newsroom, giver: Json, people: People, name: str
) -> None:
    await gated(newsroom)
    token, _ = await given(client, "gated", giver)
    false = NO_GIFTS[name](token)
    for headers in ({}, await people.headers("partner")):
        for below in FORMATS:
            path = f"/v1/articles/gated{below}"
            without = await client.get(path, headers=headers)
            answer = await client.get(path, params={"gift": false}, headers=headers)
            assert (answer.status_code, answer.content) == (200, without.content)
            assert SECRET not in answer.text
            own = {"cache-control", "surrogate-key"}
            assert {k: v for k, v in answer.headers.items() if k not in own} == {
                k: v for k, v in without.headers.items() if k not in own
            }
            assert answer.headers["cache-control"] == "private, no-store"
    assert await opens(client, "gated", token)


async def test_a_gift_is_for_one_article_and_not_for_its_translation(
    client: AsyncClient, newsroom: Newsroom, giver: Json
) -> None:
    made = await gated(newsroom, slug="same")
    other = await gated(newsroom, "Other")
    french = await gated(newsroom, slug="same", language="fr", translation_of=made["id"])
    token, _ = await given(client, "same", giver)
    assert await opens(client, made["id"], token)
    for slug in ("other", other["id"], french["id"]):
        assert not await opens(client, slug, token)
    for language, whole in (("en", True), ("fr", False)):
        asked = {"language": language, "gift": token}
        assert (SECRET in (await client.get("/v1/articles/same", params=asked)).text) is whole
    (link,) = (
        (await client.post("/v1/articles/same/gifts?language=fr", headers=giver)).json()["url"].split("gift=")[1:]
    )
    assert await opens(client, french["id"], link)
    assert not await opens(client, made["id"], link)


async def test_what_a_gifted_article_links_to_stays_shut(
    client: AsyncClient, newsroom: Newsroom, giver: Json
) -> None:
    other = await gated(newsroom, "Other", body=[paragraph(words(80)), paragraph("qzother")])
    link = {"_type": "related", "article_id": other["id"]}
    await gated(newsroom, body=[*BODY, link, paragraph("End.")], related=[other["id"]])
    token, _ = await given(client, "gated", giver)
    for below in FORMATS:
        answer = await client.get(f"/v1/articles/gated{below}", params={"gift": token})
        assert SECRET in answer.text
        assert "qzother" not in answer.text
        assert token not in answer.text
    assert "qzother" not in (await client.get("/v1/articles/other", params={"gift": token})).text


async def test_a_gift_is_named_once_and_by_its_name(client: AsyncClient, newsroom: Newsroom, giver: Json) -> None:
    await gated(newsroom)
    token, _ = await given(client, "gated", giver)
    path = "/v1/articles/gated"
    for query in (
        f"gift={token}&gift={token}",
        f"gift=x&gift={token}",
        f"gift={token}&%67ift=x",
        f"Gift={token}",
        f"GIFT={token}",
        f"gift[]={token}",
        f"gift%00={token}",
        f"gift={token}%00",
        f"token={token}",
        token,
    ):
        answer = await client.get(f"{path}?{query}")
        assert answer.status_code == 400, query
        assert token not in answer.text + str(answer.headers)
    encoded = await client.get(f"{path}?%67if%74={token}")  # a name in another spelling is the same name
    assert (SECRET in encoded.text, encoded.headers["cache-control"]) == (True, "private, no-store")
    for name in ("Gift", "X-Gift", "Cookie", "Referer"):
        assert SECRET not in (await client.get(path, headers={name: f"gift={token}"})).text
    assert SECRET not in (await client.request("GET", path, data={"gift": token})).text


async def test_a_gift_opens_no_list(client: AsyncClient, newsroom: Newsroom, giver: Json) -> None:
    made = await gated(newsroom)
    token, _ = await given(client, "gated", giver)
    for path in (
        "/v1/articles",
        f"/v1/articles?ids={made['id']}",
        f"/v1/search?q={SECRET}",
        "/v1/sync",
        "/v1/feeds/rss.xml",
        "/v1/feeds/atom.xml",
        "/v1/feeds/feed.json",
        "/sitemap.xml",
        "/v1/me/gifts",
        "/v1/tags",
    ):
        answer = await client.get(f"{path}{'&' if '?' in path else '?'}gift={token}", headers=giver)
        assert (answer.status_code, answer.headers["cache-control"]) == (400, "private, no-store"), path
        assert token not in answer.text


async def test_other_methods_and_fields_open_nothing_more(
    client: AsyncClient, newsroom: Newsroom, giver: Json
) -> None:
    await gated(newsroom)
    token, gift_id = await given(client, "gated", giver)
    path, asked = "/v1/articles/gated", {"gift": token}
    whole = await client.get(path, params=asked)
    head = await client.head(path, params=asked)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", whole.headers["etag"])
    ranged = await client.get(path, params=asked, headers={"Range": "bytes=0-9"})
    assert (ranged.status_code, ranged.content) == (200, whole.content)
    known = await client.get(path, params=asked, headers={"If-None-Match": whole.headers["etag"]})
    assert (known.status_code, known.headers["cache-control"]) == (304, "private, no-store")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert (await client.request(method, path, params=asked, headers=giver)).status_code == 405
    await client.delete(f"/v1/me/gifts/{gift_id}", headers=giver)
    teaser = await client.get(path)
    for more in ({"If-None-Match": whole.headers["etag"]}, {"Range": "bytes=0-"}, {"Sec-Purpose": "prefetch"}):
        refused = await client.get(path, params=asked, headers=more)
        assert (refused.status_code, refused.content) == (200, teaser.content)
    assert (await client.head(path, params=asked)).headers["etag"] == teaser.headers["etag"]


async def test_bad_credentials_are_refused_whatever_gift_comes_along(
    client: AsyncClient, newsroom: Newsroom, giver: Json
) -> None:
    await gated(newsroom)
    token, _ = await given(client, "gated", giver)
    for credentials in (f"Bearer {token}", "Bearer x", f"Basic {token}"):
        answer = await client.get(
            "/v1/articles/gated", params={"gift": token}, headers={"Authorization": credentials}
        )
        assert (answer.status_code, answer.headers["cache-control"]) == (401, "private, no-store")
        assert token not in answer.text + str(answer.headers)


async def test_who_gave_it_is_told_to_nobody(client: AsyncClient, newsroom: Newsroom, people: People) -> None:
    made = await gated(newsroom)
    account = await people.add("subscriber")
    headers = {"Authorization": f"Bearer {people.token(account)}"}
    token, gift_id = await given(client, "gated", headers)
    for below in (*FORMATS, "/access"):
        answer = await client.get(f"/v1/articles/gated{below}", params={"gift": token})
        for secret in (account.id, account.email, gift_id):
            assert secret not in answer.text + str(answer.headers)
    for path in ("", "/events", "/linked-from", "/previews", "/readable-as"):
        answer = await newsroom.send("GET", f"/articles/{made['id']}{path}")
        assert answer.status_code == 200
        assert account.id not in answer.text


async def test_no_log_line_tells_of_a_token(
    client: AsyncClient, newsroom: Newsroom, people: People, giver: Json, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = await gated(newsroom, slug="first")
    token, gift_id = await given(client, "first", giver)
    await newsroom.act(await newsroom.edit(made, slug="second"), "publish")
    for slug in ("first", "second", "nothing-here"):
        for below in (*FORMATS, "/access", "/gifts", "/nothing"):
            for method in ("GET", "HEAD", "POST"):
                await client.request(method, f"/v1/articles/{slug}{below}", params={"gift": token}, headers=giver)
    await client.delete(f"/v1/me/gifts/{gift_id}", headers=giver)
    audit = await client.get("/v1/admin/events?limit=100", headers=await people.headers("admin"))
    assert "give" in audit.text
    assert "standfirst.access" in {record.name for record in caplog.records}
    logged = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))
    assert token not in logged + audit.text


async def test_only_articles_give_their_forms_to_a_gift(
    client: AsyncClient, newsroom: Newsroom, giver: Json
) -> None:
    await newsroom.published(title="Open", body=BODY)
    await gated(newsroom, access={**GATE, "plans": ["gold"]}, slug="gold")
    await gated(newsroom)
    token, _ = await given(client, "gated", giver)
    assert await opens(client, "open", token)
    assert not await opens(client, "gold", token)


async def test_a_partners_program_reads_nothing_past_its_ledger(
    client: AsyncClient, newsroom: Newsroom, giver: Json, office: Office
) -> None:
    await gated(newsroom)
    token, _ = await given(client, "gated", giver)
    wire = await program(office)
    bearer = {"Authorization": f"Bearer {await token_of(client, wire)}"}
    assert await opens(client, "gated", token)
    for below in FORMATS:
        answer = await client.get(f"/v1/articles/gated{below}", params={"gift": token}, headers=bearer)
        assert answer.status_code == 200
        assert SECRET not in answer.text
    told = (await client.get("/v1/articles/gated/access", params={"gift": token}, headers=bearer)).json()
    assert (told["access"]["granted"], told["access"]["reason"]) == ("teaser", "subscription_required")
