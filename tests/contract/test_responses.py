"""Real requests over every operation, good and bad, whose answers must be what the contract says."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Request, Response
from sqlalchemy import update

from api.problem_examples import EXAMPLES
from domain.people import Role
from infra.passwords import hash_password
from infra.tables import idempotency_keys
from tests.api import rich
from tests.contract.checking import Checker, Unlike
from tests.letters import letters_to, token_in
from tests.newsroom import PLAN, Json, Newsroom, Office, People, lines, paragraph, png, somewhere
from tests.partners import basic, headers_of, posted, program

NEVER = "018f0000-0000-7000-8000-000000000000"
PASSWORD = "long-enough-for-anybody"
FOUND = ("la-maree", "withdrawn", "never", "before")
FORMS = ("ninjs", "jsonld", "html", "markdown", "text")
FEEDS = ("rss.xml", "atom.xml", "feed.json")


@pytest.fixture
def checker(app: FastAPI, client: AsyncClient) -> Checker:
    checker = Checker(app.openapi())
    client.event_hooks["response"].append(checker)
    return checker


async def read_everything(client: AsyncClient, newsroom: Newsroom, people: People) -> None:
    written = await rich.write(newsroom)
    picture, lead = written.picture["id"], written.lead["id"]
    withdrawn = await newsroom.published(slug="withdrawn")
    await newsroom.act(await newsroom.edit(await newsroom.published(slug="before"), slug="after"), "publish")
    await newsroom.act(withdrawn, "withdraw", public_note="Wrong.")
    paths = [
        *("/healthz", "/readyz", "/.well-known/jwks.json", "/.well-known/oauth-authorization-server"),
        *("/v1/articles/la-maree", "/v1/articles/withdrawn", "/v1/articles/never", "/v1/articles/la-maree?x=1"),
        *("/v1/articles", "/v1/articles?limit=1&language=en&access=free", "/v1/articles?cursor=x"),
        *("/v1/search?q=the&limit=1", "/v1/search?q=the&fields=id,highlights", "/v1/search", "/v1/search?q=x*"),
        *("/v1/sync", "/v1/sync?limit=1&language=fr&tag=kaz", "/v1/sync?cursor=x", "/v1/sync?x=1"),
        *("/v1/tags", "/v1/tags?limit=1", "/v1/tags/sea", "/v1/tags/salt", "/v1/tags?kind=x"),
        *(f"/v1/articles/{slug}/{form}" for slug in FOUND for form in FORMS),
        *(f"/v1/articles/la-maree?body_format={form}" for form in ("html", "markdown", "text", "x")),
        *(f"/v1/articles/la-maree/{form}?x=1" for form in FORMS),
        *(f"/v1/feeds/{feed}{query}" for feed in FEEDS for query in ("", "?tag=kaz&language=fr", "?x=1")),
        *("/sitemap.xml", "/sitemaps/2026-01-1.xml", "/sitemaps/2025-01-1.xml", "/sitemaps/2026-01-1.xml?x=1"),
        *("/news-sitemap.xml", "/robots.txt", "/sitemap.xml?x=1", "/news-sitemap.xml?x=1", "/robots.txt?x=1"),
        *("/v1/contributors", "/v1/contributors/ana", "/v1/contributors/never", "/v1/contributors?limit=0"),
        *(f"/media/{lead}/original", f"/media/{picture}/original", f"/media/{NEVER}/original"),
    ]
    for path in paths:
        for headers in (
            {},
            await people.headers("subscriber"),
            {"Authorization": "Bearer x"},
            {"If-None-Match": "*"},
        ):
            if not (path.startswith(("/healthz", "/readyz", "/.well-known")) and headers):
                await client.get(path, headers=headers)
    began = (await client.get("/v1/sync")).json()["next_cursor"]  # and goes on as somebody with other rights
    await client.get(f"/v1/sync?cursor={began}", headers=await people.headers("subscriber"))
    for asked in ("bytes=0-3", "bytes=999999-", "x"):
        await client.get(f"/media/{lead}/original", headers={"Range": asked})
    signed = written.picture["url"].removeprefix("https://api.test")
    await client.get(signed)
    await client.get(signed, headers={"Range": "bytes=-1"})


async def give_away(client: AsyncClient, newsroom: Newsroom, people: People) -> None:
    live = await newsroom.published(slug="given", access={"requires": "subscriber"})
    await newsroom.published(slug="open-to-all")
    await newsroom.act(await newsroom.published(slug="taken-back"), "withdraw", public_note="Wrong.")
    giver, path = await people.headers("subscriber"), "/v1/articles/given/gifts"
    for slug in ("given", "open-to-all", "taken-back", "never"):
        await client.post(f"/v1/articles/{slug}/gifts", headers=giver)
    for headers in ({}, await people.headers("reader"), {**giver, "Idempotency-Key": ""}):
        await client.post(path, headers=headers)
    for query in ("?x=1", "?language=fr"):
        await client.post(path + query, headers=giver)
    once = {**giver, "Idempotency-Key": "gift"}
    token = (await client.post(path, headers=once)).json()["url"].partition("gift=")[2]
    for more in ({}, {"language": "en"}):  # one key for two requests
        await client.post(path, headers=once, params=more)
    for form in ("", *(f"/{name}" for name in FORMS), "/access"):
        for headers in ({}, giver, {"Authorization": "Bearer x"}, {"If-None-Match": "*"}):
            await client.get(f"/v1/articles/given{form}", params={"gift": token}, headers=headers)
    await newsroom.act(await newsroom.edit(live, slug="given-on"), "publish")
    for slug in ("given", "given-on", "taken-back", "never", "open-to-all"):
        for query in ("", "?x=1", f"?gift={token}"):
            await client.get(f"/v1/articles/{slug}/access{query}")
    stripped = replace(await people.add("reader"), roles=frozenset({Role.PARTNER}))  # it has no role any more
    await take_back(client, giver, {"Authorization": f"Bearer {people.token(stripped)}"})


async def take_back(client: AsyncClient, giver: Json, nobody: Json) -> None:
    for query in ("", "?limit=1", "?cursor=x", "?limit=0"):
        for headers in ({}, giver, nobody):
            await client.get(f"/v1/me/gifts{query}", headers=headers)
    listed = await client.get("/v1/me/gifts", headers=giver)
    for gift_id in (listed.json()["items"][0]["id"], NEVER, "x"):
        for headers in ({}, giver, nobody):
            await client.delete(f"/v1/me/gifts/{gift_id}", headers=headers)
    await client.delete(f"/v1/me/gifts/{NEVER}?x=1", headers=giver)


async def sign_in(client: AsyncClient, people: People) -> None:
    account = await people.add("subscriber", plans=("monthly",), password_hash=hash_password(PASSWORD))
    form = {"grant_type": "password", "username": account.email, "password": PASSWORD}
    tokens = (await client.post("/v1/auth/token", data=form)).json()
    await client.get("/v1/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    for data in (again, again, {**form, "password": "wrong"}, {"grant_type": "x"}, {}):
        await client.post("/v1/auth/token", data=data)
    for path in ("/v1/auth/token", "/v1/auth/revoke"):
        await client.post(path, json={})
        await client.post(path, data=form, headers={"Authorization": "Basic x"})
        await client.post(f"{path}?x=1", data=form)
        await client.post(
            path, content=b"a" * 3_000_000, headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
    for data in ({"token": tokens["refresh_token"]}, {"token": "never"}, {}):
        await client.post("/v1/auth/revoke", data=data)
    stripped = replace(account, roles=frozenset({Role.PARTNER}))  # a role that the account has not any more
    for token in (tokens["access_token"], people.token(stripped)):
        await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    await client.get("/v1/me")
    bearer = await people.headers("reader")
    for headers in (
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": f"Bearer {people.token(stripped)}"},
        bearer,
    ):
        for method, path in (("GET", ""), ("DELETE", f"/{NEVER}"), ("DELETE", "/x"), ("DELETE", "")):
            await client.request(method, f"/v1/me/sessions{path}", headers=headers)
    for method in ("GET", "DELETE"):
        await client.request(method, "/v1/me/sessions?x=1", headers=bearer)
    signed_in = (await client.post("/v1/auth/token", data=form)).json()
    mine = {"Authorization": f"Bearer {signed_in['access_token']}"}
    session = (await client.get("/v1/me/sessions", headers=mine)).json()["items"][0]
    await client.delete(f"/v1/me/sessions/{session['id']}", headers=mine)


async def keep_account(client: AsyncClient, people: People) -> None:
    path, email = "/v1/accounts", "new@example.org"
    form = {"email": email, "password": PASSWORD, "name": "New"}
    for body in (form, {**form, "roles": ["admin"]}):
        await client.post(path, json=body)
    (letter,) = await letters_to(people.parts, email)
    for token in (token_in(letter), token_in(letter), ""):
        await client.post(f"{path}/confirm", json={"token": token, "password": PASSWORD})
    await client.post(f"{path}/reset", json={"email": email})
    reset = {"token": token_in((await letters_to(people.parts, email, count=2))[1]), "password": PASSWORD}
    for body in (reset, reset, {"email": "nobody"}):
        await client.post(f"{path}/reset", json=body)
    for where in (path, f"{path}/confirm", f"{path}/reset"):
        await client.post(where, json={}, headers={"Authorization": "Basic x"})
        await client.post(where, content=b"{}", headers={"Content-Type": "text/plain"})
        await client.post(where, content=b"a" * 3_000_000, headers={"Content-Type": "application/json"})
    signed_in = {"grant_type": "password", "username": email, "password": PASSWORD}
    token = (await client.post("/v1/auth/token", data=signed_in)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    for patch in (
        {"name": "Old"},
        {"email": "old@example.org", "current_password": PASSWORD},
        {"password": "short"},
    ):
        await client.patch("/v1/me", json=patch, headers=headers)
    await client.get("/v1/me/export", headers=headers)
    await client.delete("/v1/me", headers=headers)
    await client.delete("/v1/me", headers=await people.headers("admin"))
    bare = replace(await people.add("reader"), roles=frozenset({Role.PARTNER}))
    await client.get("/v1/me/export", headers={"Authorization": f"Bearer {people.token(bare)}"})


async def write_articles(newsroom: Newsroom, people: People) -> None:
    draft = await newsroom.draft(teaser={"percent": 10}, access={"requires": "registered"})
    one = f"/articles/{draft['id']}"
    await newsroom.send(
        "POST", "/articles?dry_run=true", json={"title": "T", "language": "en", "body_html": "<p>x"}
    )
    for bad in ({}, {"title": "T", "language": "en", "x": 1}, {"title": "T", "language": "en", "tags": ["never"]}):
        await newsroom.send("POST", "/articles", json=bad)
        await newsroom.send("POST", "/articles?dry_run=true", json=bad)
    for query in ("", "?body_format=html", "?body_format=markdown", "?body_format=x"):
        await newsroom.send("GET", f"{one}{query}")
    for changes in ({"body_markdown": "a\n\nb"}, {"title": ""}):
        await newsroom.send("PATCH", f"{one}?dry_run=true", version=1, json=changes)
    await newsroom.send("GET", "/articles?limit=1&state=draft")
    await newsroom.send("GET", "/articles?state=x")
    await newsroom.send("GET", f"/articles/{NEVER}")
    await newsroom.send("PATCH", one, json={"title": "T"})
    for body in ({"title": "Other"}, {"title": None}, {"title": "Stale"}):
        await newsroom.send("PATCH", one, version=1, json=body)
    draft = await newsroom.act({**draft, "version": 2}, "submit")
    await newsroom.send("POST", f"{one}/actions/submit", version=draft["version"])
    await newsroom.send("POST", f"{one}/actions/submit", version=1)
    await newsroom.send("POST", f"{one}/actions/submit")
    await newsroom.send("POST", f"{one}/actions/fly", version=1)
    writer = Newsroom(newsroom.client, await people.headers("contributor"))
    own = await writer.act(await writer.draft(), "submit")
    await writer.send("PATCH", f"/articles/{own['id']}", version=own["version"], json={"title": "Late"})
    await writer.send("PATCH", one, version=1, json={"title": "Somebody else's"})
    live = await newsroom.act(draft, "publish")
    await newsroom.send("PATCH", one, version=live["version"], json={"title": 7})
    await newsroom.send("DELETE", one, version=live["version"])
    await newsroom.send("POST", f"{one}/actions/withdraw", version=live["version"], json={})
    await newsroom.act(live, "withdraw", public_note="Wrong.")
    twin = await newsroom.draft(slug="other")
    await newsroom.published(slug="other")
    await newsroom.send("POST", f"/articles/{twin['id']}/actions/publish", version=1)
    for version in (None, 9, 1, 1):
        await newsroom.send("DELETE", f"/articles/{twin['id']}", version=version)


async def write_history(newsroom: Newsroom, people: People) -> None:
    draft = await newsroom.draft(slug="history", note="First.")
    draft = await newsroom.edit(
        draft, title="Second", access={"requires": "registered"}, body=[{"_type": "divider"}]
    )
    one = f"/articles/{draft['id']}"
    for path in (
        "/revisions",
        "/revisions/1",
        "/revisions/1/diff",
        "/previews",
        "/events",
        "/linked-from",
        "/readable-as",
    ):
        await newsroom.send("GET", one + path)
        await newsroom.send("GET", f"/articles/{NEVER}{path}")
        await newsroom.send("GET", f"{one}{path}?x=1")
    await newsroom.send("GET", f"{one}/revisions/9")
    for path in ("/revisions/1/restore", "/previews"):
        await newsroom.send("POST", f"/articles/{NEVER}{path}", version=1)
    restore = f"{one}/revisions/1/restore"
    for version in (None, 1, 2):
        await newsroom.send("POST", restore, version=version)
    for number in (1, 2):  # one key for two requests
        path = f"{one}/revisions/{number}/restore"
        await newsroom.send("POST", path, version=3, headers={"Idempotency-Key": "restore"})
    draft = (await newsroom.send("GET", one)).json()
    gone = await newsroom.draft()
    linking = await newsroom.edit(await newsroom.draft(related=[gone["id"]]), related=[])
    await newsroom.send("DELETE", f"/articles/{gone['id']}", version=1)
    await newsroom.send("POST", f"/articles/{linking['id']}/revisions/1/restore", version=2)
    writer = Newsroom(newsroom.client, await people.headers("contributor"))
    own = await writer.act(await writer.draft(), "submit")
    await writer.send("POST", f"/articles/{own['id']}/revisions/1/restore", version=2)
    for form in ({}, {"revision": 9}, {"x": 1}):
        made = await newsroom.send("POST", f"{one}/previews", json=form)
    for _ in range(2):  # what is told once is not told again
        await newsroom.send("POST", f"{one}/previews", headers={"Idempotency-Key": "preview"})
    made = await newsroom.send("POST", f"{one}/previews")
    await newsroom.client.get(made.json()["url"])
    await newsroom.client.get(made.json()["url"] + "?x=1")
    await newsroom.client.get(made.json()["url"], headers={"Authorization": "Bearer x"})
    await newsroom.client.get("/v1/previews/x")
    for match in (None, 9, 1, 1):
        await newsroom.send("DELETE", f"{one}/previews/{made.json()['id']}", version=match)
    live = await newsroom.act(draft, "publish")
    await newsroom.send("GET", f"{one}/readable-as")
    await newsroom.act(await newsroom.edit(live, slug="moved"), "correct", public_note="A slug.")
    await newsroom.client.get("/v1/articles/history")


async def write_names(newsroom: Newsroom) -> None:
    for kind in ("tags", "contributors"):
        for form in ({"name": "Some Name"}, {"name": "Some Name"}, {}, {"name": "N", "x": 1}):
            await newsroom.send("POST", f"/{kind}", json=form)
        one = f"/{kind}/some-name"
        for path in (f"/{kind}?limit=1", f"/{kind}?cursor=x", one, f"/{kind}/never"):
            await newsroom.send("GET", path)
        await newsroom.send("PATCH", one, json={})
        for patch in ({"name": "New"}, {"name": "Stale"}):
            await newsroom.send("PATCH", one, version=1, json=patch)
        await newsroom.send("PATCH", one, version=2, json={"name": ""})
        await newsroom.send("PATCH", f"/{kind}/never", version=1, json={})
        await newsroom.send("POST", f"/{kind}", json={"name": "Taken"})
        await newsroom.send("PATCH", one, version=2, json={"slug": "taken"})
        await write_merges(newsroom, kind)


async def write_merges(newsroom: Newsroom, kind: str) -> None:
    """Merge and delete, well and badly; `taken` is there, and what is written here is found under `renamed`."""
    for name in ("Gone", "Used", "Unused"):
        await newsroom.send("POST", f"/{kind}", json={"name": name})
    await newsroom.send("PATCH", f"/{kind}/used", version=1, json={"slug": "renamed"})
    uses = {"tags": ["used"]} if kind == "tags" else {"credits": [{"role": "author", "contributor": "used"}]}
    await newsroom.published(title=f"Named by {kind}", **uses)
    for version, into in ((None, "taken"), (7, "taken"), (1, "never"), (1, "gone"), (1, "taken"), (1, "taken")):
        await newsroom.send("POST", f"/{kind}/gone/merge", version=version, json={"into": into})
    for slug, version in (("renamed", 2), ("unused", None), ("unused", 9), ("unused", 1), ("unused", 1)):
        await newsroom.send("DELETE", f"/{kind}/{slug}", version=version)
    await newsroom.send("GET", f"/{kind}/gone")
    await newsroom.client.get(f"/v1/{kind}/used")


async def write_media(newsroom: Newsroom) -> None:
    medium = await newsroom.medium()
    one = f"/media/{medium['id']}"
    for file in (b"", b"no picture", png()[:40]):
        await newsroom.send("POST", "/media", files={"file": ("a.png", file)})
    await newsroom.send("POST", "/media", data={"x": "1"}, files={"file": ("a.png", png())})
    for path in ("/media?limit=1", "/media?cursor=x", one, f"/media/{NEVER}"):
        await newsroom.send("GET", path)
    await newsroom.send("PATCH", one, json={"alt": "New"})
    for patch in ({"alt": "New"}, {"alt": "Stale"}):
        await newsroom.send("PATCH", one, version=1, json=patch)
    await newsroom.send("PATCH", one, version=2, json={"alt": 7})
    await newsroom.send("PATCH", f"/media/{NEVER}", version=1, json={})
    for _ in range(2):
        await newsroom.send("POST", "/media", files={"file": ("a.png", png(40, 40))})
    await newsroom.draft(lead_image={"media_id": medium["id"]})
    await newsroom.send("GET", one)
    unused = (await newsroom.medium())["id"]
    for id_, version in ((medium["id"], 2), (unused, None), (unused, 2), (unused, 1), (unused, 1)):
        await newsroom.send("DELETE", f"/media/{id_}", version=version)


async def send_again(newsroom: Newsroom, people: People) -> None:
    """Send requests again under their keys, the way it is meant and another."""
    form = {"title": "Once", "language": "en"}
    requests: list[tuple[str, dict[str, Any]]] = [
        ("/articles", {"json": form}),
        ("/tags", {"json": {"name": "Once"}}),
        ("/contributors", {"json": {"name": "Once"}}),
        ("/media", {"files": {"file": ("a.png", png(4, 4))}}),
        ("/articles/bulk", lines({"op": "create", "article": form})),
    ]
    for path, request in requests:
        typed = request.pop("headers", {})
        for key in (path, path, "", "one for all"):
            await newsroom.send("POST", path, headers={"Idempotency-Key": key, **typed}, **request)
        async with people.parts.database.write() as connection:
            await connection.execute(update(idempotency_keys).values(status=None))  # as if they were running
        await newsroom.send("POST", path, headers={"Idempotency-Key": path, **typed}, **request)


async def write_bulks(newsroom: Newsroom) -> None:
    draft, other = await newsroom.draft(), await newsroom.draft()
    form = {"title": "Row", "language": "en", "body": [paragraph("A few words.")]}
    rows = (
        {"op": "create", "article": form},
        {"op": "create", "article": {**form, "slug": "row"}, "action": "publish", "note": "Good."},
        {"op": "patch", "id": draft["id"], "version": 1, "article": {"title": "New", "seo": None}},
        {"op": "act", "id": draft["id"], "version": 2, "action": "submit"},
        {"op": "delete", "id": other["id"], "version": 1},
        {"op": "delete", "id": other["id"], "version": 1},
        {"op": "act", "id": draft["id"], "version": 1, "action": "submit"},
        {"op": "create", "article": {**form, "tags": ["never"]}},
    )
    for path in ("/articles/bulk", "/articles/bulk?atomic=true", "/articles/bulk?atomic=x"):
        await newsroom.send("POST", path, **lines(*rows))
    await newsroom.send("POST", "/articles/bulk?atomic=true", **lines(rows[0]))


async def administer(office: Office, people: People) -> None:
    account = await people.add("reader")
    somebody = {"email": "somebody@new.test", "name": "S", "roles": ["reader"]}
    plan = {"slug": "coast", **PLAN, "trial": "P14D"}
    given = {"account_id": account.id, "plan": "coast", "source": "till", "external_id": "s1"}
    forms: dict[str, list[Json]] = {
        "accounts": [somebody, somebody, {}],
        "plans": [plan, plan, {**plan, "opens": {"tags": ["never"]}}],
        "subscriptions": [
            given,
            given,
            {**given, "ends_at": "2030-01-01T00:00:00Z"},
            {**given, "external_id": "s2", "plan": "never"},
        ],
    }
    for kind, some in forms.items():
        answers = [await office.send("POST", f"/{kind}", json=form) for form in some]
        made = answers[0].json()
        one = f"/{kind}/{made['slug' if kind == 'plans' else 'id']}"
        for path in (f"/{kind}?limit=1", f"/{kind}?cursor=x", one, f"/{kind}/{NEVER}"):
            await office.send("GET", path)
        change: Json = {"email": account.email} if kind == "accounts" else {}
        for patch, version in (({}, None), ({"x": 1}, 1), ({}, 1), ({}, 1), (change, 2)):
            await office.send("PATCH", one, version=version, json=patch)
        await office.send("PATCH", f"/{kind}/{NEVER}", version=1, json={})
    held = (await office.send("GET", "/subscriptions")).json()["items"][0]
    revoke = f"/subscriptions/{held['id']}/revoke"
    for version in (None, 1, held["version"], held["version"] + 1):
        await office.send("POST", revoke, version=version)
    for _ in range(2):  # one key for two requests
        other = await office.subscribe(account.id, "coast")
        path = f"/subscriptions/{other['id']}/revoke"
        await office.send("POST", path, version=1, headers={"Idempotency-Key": "revoke"})
    await office.send("POST", f"/subscriptions/{NEVER}/revoke", version=1)
    await office.send("PATCH", f"/subscriptions/{held['id']}", version=held["version"] + 1, json={})
    (admin,) = (await office.send("GET", "/accounts?role=admin")).json()["items"]
    await office.send("PATCH", f"/accounts/{admin['id']}", version=1, json={"roles": []})
    await office.send("DELETE", f"/accounts/{admin['id']}", version=1)
    await office.client.delete("/v1/me", headers=office.headers)
    await office.send("DELETE", "/plans/coast", version=3)
    await office.plan("gone")
    gone = await people.add("reader")
    for one in (f"/subscriptions/{other['id']}", "/plans/gone", f"/accounts/{gone.id}"):
        told = (await office.send("GET", one)).json()["version"]
        for given_version in (None, 9, told, told):
            await office.send("DELETE", one, version=given_version)
    for query in ("", "?limit=1", "?subject=x"):
        await office.send("GET", f"/events{query}")


async def let_programs_in(client: AsyncClient, office: Office) -> None:
    answers = [await office.send("POST", "/clients", json=form) for form in ({"name": "Wire"}, {}, {"x": 1})]
    one = answers[0].json()
    place = f"/clients/{one['id']}"
    for _ in range(2):  # what is told once is not told again
        await office.send("POST", "/clients", json={"name": "Other"}, headers={"Idempotency-Key": "client"})
    for path in ("/clients", "/clients?limit=1", "/clients?cursor=x", place, f"/clients/{NEVER}"):
        await office.send("GET", path)
    await sign_in_as_client(client, one["id"], one["secret"])
    for patch, version in (({}, None), ({"x": 1}, 1), ({"networks": ["192.0.2.0/24"]}, 1), ({}, 1)):
        await office.send("PATCH", place, version=version, json=patch)
    await office.send("PATCH", f"/clients/{NEVER}", version=1, json={})
    for path in (place, place, f"/clients/{NEVER}"):
        await office.send("POST", f"{path}/secrets")
    for version in (None, 9, 3, 4):
        await office.send("DELETE", f"{place}/secrets/{one['secrets'][0]['id']}", version=version)
    other = f"{place}/secrets"
    for path in (other, f"/clients/{NEVER}/secrets"):  # one key for two requests
        await office.send("POST", path, headers={"Idempotency-Key": "secret"})
    for version in (None, 9, 5, 5):
        await office.send("DELETE", place, version=version)


async def license_programs(client: AsyncClient, office: Office, newsroom: Newsroom) -> None:
    partner, other = [await program(office, name=name) for name in ("Licensed", "Bare")]
    form = {"client_id": partner.id, "articles": "everything", "quota": 9}
    key = {"Idempotency-Key": "licence"}
    made = [
        await office.send("POST", "/licences", json=one, headers=headers)
        for one, headers in ((form, key), (form, {}), ({}, {}), ({"x": 1}, key), ({**form, "articles": {}}, {}))
    ]
    place = f"/licences/{made[0].json()['id']}"
    gone = (await office.licence(other.id))["id"]
    headers = await headers_of(client, partner)
    live = await newsroom.published(title="Licensed", access={"requires": "subscriber"})
    for path in ("/v1/articles/licensed", "/v1/sync", "/v1/me"):
        assert (await client.get(path, headers=headers)).status_code == 200
    await newsroom.act(live, "withdraw", public_note="Wrong.")
    bodies: list[Json] = [{"ids": [live["id"]]}, {"ids": []}, {"ids": [NEVER]}]
    for body in bodies:
        await client.post("/v1/sync/acknowledgements", json=body, headers=headers)
    once = {**headers, "Idempotency-Key": "acknowledged"}  # of several at once, some come while one is running
    await asyncio.gather(
        *(client.post("/v1/sync/acknowledgements", json=bodies[0], headers=once) for _ in range(8))
    )
    for path in ("/licences", "/licences?limit=1", "/licences?cursor=x", place, f"/licences/{NEVER}"):
        await office.send("GET", path)
    for path in (place, f"/licences/{NEVER}"):
        for query in ("ledger", "ledger?limit=1", "ledger?cursor=x", "ledger/export", "ledger/export?x=1"):
            await office.send("GET", f"{path}/{query}")
    for patch, version in (({}, None), ({"x": 1}, 1), ({"quota": None}, 1), ({}, 1)):
        await office.send("PATCH", place, version=version, json=patch)
    await office.send("PATCH", f"/licences/{NEVER}", version=1, json={})
    await office.send("DELETE", f"/clients/{partner.id}", version=1)
    unused = f"/licences/{gone}"
    for path, version in ((place, None), (place, 9), (place, 2), (unused, 1), (unused, 1)):
        await office.send("DELETE", path, version=version)


async def sign_in_as_client(client: AsyncClient, client_id: str, secret: str) -> None:
    path, grant, form = "/v1/auth/token", {"grant_type": "client_credentials"}, posted(client_id, secret)
    tokens = (await client.post(path, data=form)).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    for mine in ("/v1/me", "/v1/me/export"):
        await client.get(mine, headers=headers)
    await client.post("/v1/auth/revoke", data={"token": tokens["access_token"]})
    for data in ({**form, "client_secret": "x"}, grant):
        await client.post(path, data=data)
    for given in (basic(client_id, secret), basic(client_id, "x"), {"Authorization": "Digest x"}):
        await client.post(path, data=grant, headers=given)


async def knock_everywhere(client: AsyncClient, people: People, document: Json) -> None:
    """Call every newsroom operation as somebody who may not, and with bodies that none takes."""
    reader, editor = await people.headers("reader"), await people.headers("admin", "partner")
    partner = await people.headers("partner")
    for path, methods in document["paths"].items():
        url = somewhere(path)
        for method, operation in methods.items():
            await client.request(method, f"{url}?x=1", headers=editor)
            if "x-permission" not in operation:
                continue
            await client.request(method, url)
            await client.request(method, url, headers=partner if path.startswith("/v1/me") else reader)
            if "requestBody" in operation:
                match = {**editor, "If-Match": '"1"'}
                types = operation["requestBody"]["content"]
                kind = next(iter(types)) if "application/json" not in types else "application/json"
                await client.request(method, url, content=b"{}", headers={**match, "Content-Type": "text/plain"})
                await client.request(method, url, content=b"{", headers={**match, "Content-Type": kind})
                size = 3_000_000 if kind == "application/json" else 30_000_000
                large = {**match, "Content-Type": f"{kind}; boundary=b", "Content-Length": str(size)}
                await client.request(method, url, content=b"{}", headers=large)


async def test_every_answer_is_what_the_contract_says(
    client: AsyncClient, newsroom: Newsroom, office: Office, people: People, checker: Checker
) -> None:
    await read_everything(client, newsroom, people)
    await give_away(client, newsroom, people)
    await sign_in(client, people)
    await keep_account(client, people)
    await write_articles(newsroom, people)
    await write_history(newsroom, people)
    await write_names(newsroom)
    await write_media(newsroom)
    await send_again(newsroom, people)
    await write_bulks(newsroom)
    await administer(office, people)
    await let_programs_in(client, office)
    await license_programs(client, office, newsroom)
    await knock_everywhere(client, people, checker.document)
    expected = {
        (operation["operationId"], int(status))
        for methods in checker.document["paths"].values()
        for operation in methods.values()
        for status in operation["responses"]
        if status not in {"429", "503", "default"}  # of 429 see test_limited
    }
    assert checker.count > 150
    for name, example in EXAMPLES.items():
        members = example.model_dump(exclude_none=True).keys()
        assert members in checker.problems.get(example.type, [members]), f"no real {name} is like its example"
    assert "\n".join(sorted(map(str, expected - checker.seen))) == ""


async def test_the_checker_notices_what_differs(client: AsyncClient, newsroom: Newsroom, checker: Checker) -> None:
    await newsroom.published(slug="a")
    good = await client.get("/v1/articles/a")
    article = good.json()
    request, headers = good.request, dict(good.headers) | {"content-encoding": "identity"}
    headers.pop("content-length")
    checker.check(request, Response(200, headers=headers, json=article))
    wrong = [
        Response(201, headers=headers, json=article),
        Response(200, headers=headers, json={**article, "x": 1}),
        Response(200, headers=headers, json={name: article[name] for name in article if name != "seo"}),
        Response(200, headers=headers, json={**article, "revision": "1"}),
        Response(200, headers=headers, json={**article, "published_at": "yesterday"}),
        Response(200, headers=headers, json={**article, "body": [{"_type": "block"}]}),
        Response(200, headers={**headers, "content-type": "text/html"}, content=json.dumps(article)),
        Response(200, headers={"content-type": "application/json"}, json=article),
        Response(200, headers={**headers, "location": "/"}, json=article),
        Response(404, json={"detail": "x"}),
        Response(304, headers=headers, content=b"x"),
    ]
    for response in wrong:
        with pytest.raises(Unlike):
            checker.check(request, response)
    with pytest.raises(Unlike):
        checker.check(Request("GET", "https://api.test/v1/nowhere"), good)
